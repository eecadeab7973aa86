"""The signs inside events, gateways and tasks: our own strokes on a grid of -10 to 10."""

from collections.abc import Mapping

EVENTS: Mapping[str, str] = {
    "timer": "M0-8a8 8 0 1 1 0 16 8 8 0 1 1 0-16M0-5V0L4 2",
    "message": "M-8-5H8V6H-8zM-8-5 0 1 8-5",
    "signal": "M0-8 8 6H-8z",
    "error": "M-7 7-3-6 3 3 7-7 3 7-3-2z",
    "escalation": "M0-8 6 7 0 1-6 7z",
    "terminate": "M0-7a7 7 0 1 1 0 14 7 7 0 1 1 0-14",
    "cancel": "M-6-6 6 6M6-6-6 6",
    "compensate": "M0-6V6L-8 0zM8-6V6L0 0z",
    "conditional": "M-6-8H6V8H-6zM-4-4H4M-4 0H4M-4 4H4",
    "link": "M-8-3H1V-7L8 0 1 7V3H-8z",
    "multiple": "M0-8 8-2 5 7H-5L-8-2z",
}
"""What an event waits for or tells."""

GATEWAYS: Mapping[str, str] = {
    "exclusiveGateway": "M-7-7 7 7M7-7-7 7",
    "parallelGateway": "M0-9V9M-9 0H9",
    "inclusiveGateway": "M0-8a8 8 0 1 1 0 16 8 8 0 1 1 0-16",
    "eventBasedGateway": "M0-8a8 8 0 1 1 0 16 8 8 0 1 1 0-16M0-5 5-1 3 4H-3L-5-1z",
    "complexGateway": "M0-9V9M-9 0H9M-6-6 6 6M6-6-6 6",
}
"""How a gateway chooses."""

TASKS: Mapping[str, str] = {
    "userTask": "M0-8a4 4 0 1 1 0 8 4 4 0 1 1 0-8M-8 8c0-6 3-8 8-8s8 2 8 8z",
    "manualTask": "M-8 0C-6-5 0-8 4-6L2-3H8V0H3 8V3H2 7V6H-2C-6 6-8 4-8 0z",
    "serviceTask": (
        "M0-3a3 3 0 1 1 0 6 3 3 0 1 1 0-6M0-8V-5M0 5V8M-8 0H-5M5 0H8"
        "M-6-6-4-4M4 4 6 6M6-6 4-4M-4 4-6 6"
    ),
    "businessRuleTask": "M-8-6H8V6H-8zM-8-2H8M-8 2H8M-3-2V6",
    "receiveTask": "M-8-5H8V6H-8zM-8-5 0 1 8-5",
    "sendTask": "M-8-5H8V6H-8zM-8-5 0 1 8-5",
    "scriptTask": "M-5-8H7C3-4 7 4 3 8H-8C-4 4-8-4-5-8zM-3-4H3M-4 0H2M-3 4H3",
}
"""What kind of work a task is."""

REPEATS = "M5-4A6 6 0 1 0 6 2M6-8V-3H1"
INSIDE = "M-6-6H6V6H-6zM0-4V4M-4 0H4"
