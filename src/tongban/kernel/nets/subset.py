"""The subset of BPMN 2.0 by element name: what is read, what is passed over, and the mends.

Data only; `bpmn` reads by it and refuses everything else.
"""

GATEWAYS = {
    "exclusiveGateway": "exclusive",
    "parallelGateway": "parallel",
    "inclusiveGateway": "inclusive",
}
"""The gateways that are read, and what each is."""
SILENT = frozenset({
    "documentation", "extensionElements", "laneSet", "dataObject", "dataObjectReference",
    "dataStoreReference", "textAnnotation", "association", "group", "ioSpecification",
    "property", "auditing", "monitoring", "correlationSubscription", "supports", "resourceRole",
    "performer", "humanPerformer", "potentialOwner",
})  # fmt: skip
"""Elements of a process that do nothing."""
DECLARED = frozenset({
    "import", "itemDefinition", "message", "signal", "error", "escalation", "category",
    "dataStore", "interface", "endPoint", "resource", "partnerEntity", "partnerRole",
    "correlationProperty", "extension", "relationship", "eventDefinition", "documentation",
    "extensionElements",
})  # fmt: skip
"""Declarations beside a process."""
INSIDE = SILENT | frozenset({
    "incoming", "outgoing", "dataInputAssociation", "dataOutputAssociation", "dataInput",
    "dataOutput", "inputSet", "outputSet", "rendering",
})  # fmt: skip
"""Children of an element that do nothing."""
MENDS = {
    "scriptTask": "use a business rule task with a decision table, or a service task",
    "sendTask": "use a service task",
    "subProcess": "draw it as a flow of its own and call it with a call activity",
    "adHocSubProcess": "draw it as a flow of its own and call it with a call activity",
    "transaction": "draw it as a flow of its own and call it with a call activity",
    "complexGateway": "use exclusive and parallel gateways",
    "eventBasedGateway": "put a timer on the boundary of a receive task",
    "intermediateThrowEvent": "use a service task",
    "globalTask": "use a call activity that calls a flow",
    "standardLoopCharacteristics": "draw the loop with an exclusive gateway",
    "multiInstanceLoopCharacteristics": "draw one step a branch, or open one case each",
    "choreography": "draw one process",
    "eventSubProcess": "use a boundary timer",
}
"""What to draw instead of an element that is outside."""
