"""The shipped region packs against outside material and against themselves.

The OMG schemas (as SpiffWorkflow ships them) judge the drawings, python-stdnum the codes; the
kernel's own readers prove that flows are sound and tables complete.
"""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from stdnum.cn import uscc

from tongban.apps.items import queries, services
from tongban.infra.packs import find_packs, read_packs
from tongban.kernel.codes import USCC, ItemCode
from tongban.kernel.feel import Value, parse_condition
from tongban.kernel.nets import compile_net, enabled, fire, gaps, prove, read_bpmn, settle, start
from tongban.kernel.tables import DecisionTable, check, compile_table, read_dmn

PACKS = read_packs(find_packs())
FLOWS = {name: drawing for pack in PACKS for name, drawing in pack.flows.items()}
RULES = {name: drawing for pack in PACKS for name, drawing in pack.rules.items()}
SPIFF = find_spec("SpiffWorkflow")
assert SPIFF is not None
SCHEMAS = Path(SPIFF.origin or "").parent
DI = {
    "bpmndi": "http://www.omg.org/spec/BPMN/20100524/DI",
    "dc": "http://www.omg.org/spec/DD/20100524/DC",
    "di": "http://www.omg.org/spec/DD/20100524/DI",
    "bpmn": "http://www.omg.org/spec/BPMN/20100524/MODEL",
}


def documents(kind: str) -> dict[str, Any]:
    """Give the data of every file of a kind by slug."""
    return {
        document.data["slug"]: document.data
        for pack in PACKS
        for document in pack.documents.get(kind, ())
    }


def merged(kind: str, part: str) -> dict[str, Any]:
    """Give one mapping of a single-file kind over all packs."""
    return {
        key: value
        for pack in PACKS
        for document in pack.documents.get(kind, ())
        for key, value in document.data.get(part, {}).items()
    }


ITEMS, RESOURCES, LICENCES = documents("item"), documents("resource"), documents("licence-kind")
EVENTS, POLICIES = documents("life-event"), documents("policy")
DEPARTMENTS = merged("departments", "departments")
KINDS, ROLES = merged("facts", "kinds"), merged("facts", "roles")
GRANTS = [
    grant for pack in PACKS for d in pack.documents.get("grants", ()) for grant in d.data["grants"]
]
TABLES: dict[str, DecisionTable] = {
    table.id: table
    for drawing in RULES.values()
    for table in read_dmn(drawing.content, drawing.file)
}


def known(fact: str) -> bool:
    """Tell whether the vocabulary explains a fact."""
    role, _, attribute = fact.partition(".")
    return role in ROLES and attribute in KINDS[ROLES[role]["kind"]]["attributes"]


@pytest.mark.parametrize("name", sorted(FLOWS))
def test_a_flow_is_valid_bpmn_and_sound(name: str) -> None:
    drawing = FLOWS[name]
    schema = etree.XMLSchema(etree.parse(SCHEMAS / "bpmn/parser/schema/BPMN20.xsd"))
    schema.assertValid(etree.fromstring(drawing.content))
    flow = read_bpmn(drawing.content, drawing.file)
    assert gaps(flow) == ()
    assert prove(compile_net(flow)).states > 0
    assert flow.id == name


@pytest.mark.parametrize("name", sorted(FLOWS))
def test_a_flow_can_be_drawn(name: str) -> None:
    """Every element has a place, nothing lies on anything else, every line touches its ends."""
    tree = etree.fromstring(FLOWS[name].content)
    boxes = {
        shape.attrib["bpmnElement"]: _numbers(shape[0], "x", "y", "width", "height")
        for shape in tree.iterfind(".//bpmndi:BPMNShape", DI)
    }
    lines = {
        edge.attrib["bpmnElement"]: [_numbers(p, "x", "y") for p in edge.findall("di:waypoint", DI)]
        for edge in tree.iterfind(".//bpmndi:BPMNEdge", DI)
    }
    process = tree.find("bpmn:process", DI)
    assert process is not None
    assert {element.attrib["id"] for element in process} == boxes.keys() | lines.keys()
    timers = {timer.attrib["id"] for timer in process.findall("bpmn:boundaryEvent", DI)}
    solid = [box for key, box in boxes.items() if key not in timers]
    for index, (x, y, w, h) in enumerate(solid):
        assert min(x, y) >= 0
        for ox, oy, ow, oh in solid[:index]:
            assert x >= ox + ow or ox >= x + w or y >= oy + oh or oy >= y + h
    for flow in process.findall("bpmn:sequenceFlow", DI):
        ends = lines[flow.attrib["id"]]
        for (px, py), key in ((ends[0], "sourceRef"), (ends[-1], "targetRef")):
            x, y, w, h = boxes[flow.attrib[key]]
            assert x <= px <= x + w
            assert y <= py <= y + h


def _numbers(element: etree._Element, *keys: str) -> tuple[float, ...]:
    return tuple(float(element.attrib[key]) for key in keys)


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_rule_file_is_valid_dmn(name: str) -> None:
    schema = etree.XMLSchema(etree.parse(SCHEMAS / "dmn/parser/schema/DMN13.xsd"))
    schema.assertValid(etree.fromstring(RULES[name].content))


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_table_is_complete_and_speaks_both_languages(name: str) -> None:
    table = TABLES[name]
    assert check(table) == ()
    for rule in table.rules:
        assert all(rule.annotations[column] for column in ("zh", "en", "依据"))
    for column in table.inputs:
        assert known(column.name)
        declared = KINDS[ROLES[column.name.partition(".")[0]]["kind"]]["attributes"]
        assert declared[column.name.partition(".")[2]]["type"] == column.type


def test_every_code_is_valid_and_no_two_are_alike() -> None:
    codes = [department["uscc"] for department in DEPARTMENTS.values()]
    assert len(set(codes)) == len(codes)
    for code in codes:
        assert uscc.is_valid(code)
        assert USCC.validate(code) is None
    items = [
        ItemCode.make(
            USCC.parse(DEPARTMENTS[item["department"]]["uscc"]), item["level"], item["base_code"]
        ).text
        for item in ITEMS.values()
    ]
    assert len(set(items)) == len(items)
    kinds = [(licence["authority"], licence["type_code"]) for licence in LICENCES.values()]
    assert len(set(kinds)) == len(kinds)
    resources = [resource["code"] for resource in RESOURCES.values()]
    assert len(set(resources)) == len(resources)


def test_each_attribute_has_at_most_one_source_of_truth() -> None:
    leads = [
        (resource["kind"], name)
        for resource in RESOURCES.values()
        for name in resource.get("lead", ())
    ]
    assert len(set(leads)) == len(leads)


def test_registers_and_grants_speak_of_known_attributes() -> None:
    for resource in RESOURCES.values():
        attributes = KINDS[resource["kind"]]["attributes"]
        named = {*resource["fields"], *resource["key"], *resource.get("lead", ())}
        assert named <= attributes.keys()
        assert {*resource["key"], *resource.get("lead", ())} <= resource["fields"].keys()
        assert resource["department"] in DEPARTMENTS
    for grant in GRANTS:
        assert grant["item"] in ITEMS.keys() | POLICIES.keys()
        assert set(grant["attributes"]) <= RESOURCES[grant["resource"]]["fields"].keys()
        assert RESOURCES[grant["resource"]]["sharing"] != "none"


@pytest.mark.parametrize("slug", sorted(ITEMS))
def test_an_item_refers_only_to_what_exists(slug: str) -> None:
    item = ITEMS[slug]
    assert item["department"] in DEPARTMENTS
    assert set(item["rules"].values()) <= TABLES.keys()
    drawing = FLOWS[item["flow"]]
    nodes = read_bpmn(drawing.content, drawing.file).nodes.values()
    assert {n.attributes["rule"] for n in nodes if "rule" in n.attributes} == item["rules"].keys()
    verb = {"licence": "issue-licence", "payment": "order-payment", "record": "record-result"}
    assert verb[next(iter(item["result"]))] in {n.attributes.get("verb") for n in nodes}
    posts = {post["role"] for post in DEPARTMENTS[item["department"]]["posts"]}
    assert {n.attributes["post"] for n in nodes if "post" in n.attributes} <= posts
    for material in item["materials"]:
        waiver = material["waived_by"] or {}
        assert all(known(fact) for fact in waiver.get("facts", ()))
        assert waiver.get("licence", "birth-certificate") in LICENCES
    conditions = [part["when"] for part in (*item["form"], *item["materials"]) if "when" in part]
    named = {name for text in conditions for name in parse_condition(text).names}
    assert all(known(fact) for fact in named | {field["fact"] for field in item["form"]})
    assert item["promised_days"] <= item["statutory_days"]


def test_life_events_wait_for_what_they_need() -> None:
    order = {b["item"]: b.get("after", []) for b in EVENTS["newborn"]["branches"]}
    assert len(order) == 7
    assert order["household-registration"] == ["birth-certificate"]
    assert order["resident-medical-insurance"] == ["household-registration"]
    assert order["social-security-card"] == ["household-registration"]
    assert order["maternity-reimbursement"] == ["birth-certificate"]
    for event in EVENTS.values():
        here = [branch["item"] for branch in event["branches"]]
        assert set(here) <= ITEMS.keys()
        assert event["applicant"] in ROLES
        for branch in event["branches"]:
            assert set(branch.get("after", ())) <= set(here)
        for fact, source in event.get("bind", {}).items():
            assert known(fact)
            assert known(source)


def test_licences_and_policies_refer_only_to_what_exists() -> None:
    for licence in LICENCES.values():
        assert licence["authority"] in DEPARTMENTS
        assert licence["holder"] in ROLES
        assert all(known(fact) for fact in licence["content"])
    for policy in POLICIES.values():
        assert policy["rule"] in TABLES
        assert policy["population"]["resource"] in RESOURCES
        assert known(policy["payment"]["account"])


def test_every_label_is_in_chinese_and_english() -> None:
    for pack in PACKS:
        for kind in pack.documents.values():
            for document in kind:
                for words in _words(document.data):
                    assert words["zh"].strip()
                    assert words["en"].isascii(), words
    for drawing in FLOWS.values():
        for node in read_bpmn(drawing.content, drawing.file).nodes.values():
            assert bool(node.name) == bool(node.attributes.get("name-en"))


def _words(data: Any) -> Iterator[dict[str, str]]:
    if isinstance(data, dict):
        if "zh" in data or "en" in data:
            yield data
        data = list(data.values())
    if isinstance(data, list):
        for part in data:
            yield from _words(part)


FAMILY: dict[str, Value] = {
    "child.birth_certificate_issued": False,
    "child.live_birth": True,
    "child.birth_in_institution": True,
    "child.birth_in_city": True,
    "child.vaccination_certificate_issued": False,
    "child.surname_follows": "father",
    "child.household_with": "mother",
    "child.hukou_region": "330106",
    "child.age": 0,
    "child.age_days": 5,
    "child.gestation_weeks": 39,
    "child.birth_weight_g": 3280,
    "child.delivery_mode": "caesarean",
    "mother.residence_region": "330106",
    "mother.hukou_region": "330106",
    "mother.hukou_status": "normal",
    "mother.marital_status": "married",
    "mother.maternity_reimbursed": False,
    "mother.insurance_status": "active",
    "mother.insurance_kind": "employee",
    "mother.insurance_months": 46,
    "mother.delivery_cost_fen": 1_268_000,
    "father.hukou_region": "330105",
    "father.hukou_status": "normal",
}
ELDER: dict[str, Value] = {
    "elder.age": 80,
    "elder.deceased": False,
    "elder.death_reported": False,
    "elder.hukou_region": "330102",
    "elder.hukou_status": "normal",
    "elder.receives_old_age_allowance": False,
}
FOUNDER: dict[str, Value] = {
    "company.name_conflict": False,
    "representative.age": 34,
    "representative.office_barred": False,
    "company.contribution_years": 5,
    "company.needs_prior_approval": False,
    "company.address_use": "commercial",
    "company.model_articles": True,
}


@pytest.mark.parametrize(
    ("table", "base", "changes", "row"),
    [
        ("birth-certificate", FAMILY, {}, "grant-institution"),
        ("vaccination-certificate", FAMILY, {}, "grant-residence"),
        ("household-registration", FAMILY, {}, "grant-mother"),
        ("household-region", FAMILY, {}, "mother-330106"),
        ("resident-medical-insurance", FAMILY, {}, "grant-from-birth"),
        ("social-security-card", FAMILY, {}, "grant-guardian"),
        ("childcare-guidance", FAMILY, {}, "grant-standard"),
        ("maternity-reimbursement", FAMILY, {}, "review-high-cost"),
        ("maternity-amount", FAMILY, {}, "employee-caesarean"),
        (
            "maternity-reimbursement",
            FAMILY,
            {"mother.delivery_cost_fen": 420_000},
            "grant-employee",
        ),
        (
            "maternity-reimbursement",
            FAMILY,
            {"child.birth_in_city": False, "mother.delivery_cost_fen": None},
            "review-elsewhere",
        ),
        (
            "maternity-reimbursement",
            FAMILY,
            {"mother.insurance_status": "suspended"},
            "refuse-not-insured",
        ),
        (
            "household-registration",
            FAMILY,
            {"child.household_with": "father", "mother.marital_status": "single"},
            "review-father-unmarried",
        ),
        (
            "household-registration",
            FAMILY,
            {
                "mother.marital_status": None,
                "father.hukou_region": None,
                "father.hukou_status": None,
            },
            "grant-mother",
        ),
        ("company-registration", FOUNDER, {}, "grant-complete"),
        (
            "company-registration",
            FOUNDER,
            {"company.address_use": "residential"},
            "review-residential",
        ),
        ("company-registration", FOUNDER, {"company.contribution_years": 6}, "refuse-contribution"),
        ("old-age-allowance", ELDER, {}, "grant-80"),
        ("old-age-allowance", ELDER, {"elder.age": 100}, "grant-100"),
        ("old-age-allowance", ELDER, {"elder.age": 79}, "refuse-under-80"),
        ("old-age-allowance", ELDER, {"elder.death_reported": True}, "review-death-reported"),
        ("old-age-allowance", ELDER, {"elder.hukou_region": "310115"}, "refuse-elsewhere"),
    ],
)
def test_a_table_decides_as_the_law_says(
    table: str, base: dict[str, Value], changes: dict[str, Value], row: str
) -> None:
    decision = compile_table(TABLES[table]).decide({**base, **changes})
    assert decision.status == "decided"
    assert decision.rules == (row,)


@pytest.mark.parametrize("fact", sorted(ELDER))
def test_an_elder_of_whom_something_is_unknown_is_neither_paid_nor_excluded(fact: str) -> None:
    decision = compile_table(TABLES["old-age-allowance"]).decide({**ELDER, fact: None})
    assert decision.status == "unknown"
    assert decision.missing == (fact,)


@pytest.mark.django_db
def test_the_packs_are_published_and_ask_little() -> None:
    services.publish(PACKS, actor="system:test")
    newborn = queries.life_event("newborn").plan
    assert newborn.unmet == ()
    assert {field.fact.name for field in newborn.ask} == {
        "child.name",
        "child.surname_follows",
        "child.household_with",
        "child.ethnicity_follows",
        "child.card_bank",
        "child.care_wish",
    }
    assert len(newborn.facts("fetched")) >= 40
    status = {material.spec.code: material.status for material in newborn.materials}
    assert {code for code, how in status.items() if how == "asked"} == {
        "unmarried-statement",
        "parentage-report",
        "hospital-invoice-elsewhere",
    }
    start = queries.life_event("enterprise-start").plan
    assert start.unmet == ()
    assert len(start.ask) == 9
    asked = {m.spec.code for m in start.materials if m.status == "asked"}
    assert asked == {"lease-contract", "articles", "prior-approval"}


def _walk(flow: str, steps: list[tuple[str, dict[str, Value]]]) -> list[str]:
    """Fire steps by id, each with what is known then; give what is offered next."""
    drawing = FLOWS[flow]
    net = compile_net(read_bpmn(drawing.content, drawing.file))
    facts: dict[str, Value] = {}
    marking = settle(net, start(net), facts).marking
    for step, results in steps:
        facts |= results
        marking = fire(net, marking, step, facts).marking
    return [step.id for step in enabled(net, marking)]


@pytest.mark.parametrize(("amount", "then"), [(300_000, "pay"), (300_001, "approve")])
def test_only_a_large_payment_needs_a_second_official(amount: int, then: str) -> None:
    offered = _walk(
        "promised-payment",
        [
            ("decide", {"decide.outcome": "review"}),
            ("assess", {"assess.amount_fen": amount}),
            ("review", {"review.outcome": "grant"}),
        ],
    )
    assert offered == [then]


def test_a_late_review_is_urged_and_goes_on() -> None:
    offered = _walk(
        "promised-payment",
        [
            ("decide", {"decide.outcome": "review"}),
            ("assess", {"assess.amount_fen": 450_000}),
            ("review-late", {}),
        ],
    )
    assert sorted(offered) == ["review", "urge"]


@pytest.mark.parametrize("flow", sorted(FLOWS))
def test_a_refusal_by_rule_reaches_no_further_step(flow: str) -> None:
    assert _walk(flow, [("decide", {"decide.outcome": "refuse"})]) == []
