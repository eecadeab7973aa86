"""Builds definitions from published content: reads the flow and the tables, proves, compiles.

Content was validated before it was published; here nothing is judged again but what the kernel
judges anyway.
"""

from collections.abc import Mapping
from typing import Any

from tongban.apps.exchange.domain import Catalogue, law, words
from tongban.apps.items.domain.words import (
    Alone,
    Assigner,
    Charge,
    Definition,
    Desk,
    EventBranch,
    LicenceKind,
    LifeEvent,
    Payment,
    Policy,
    Template,
)
from tongban.kernel.facts import Vocabulary, Words
from tongban.kernel.feel import Condition, parse_condition
from tongban.kernel.forms import (
    Branch,
    FieldSpec,
    ItemNeeds,
    MaterialSpec,
    plan,
    wanted,
)
from tongban.kernel.nets import Net, compile_net, prove, read_bpmn
from tongban.kernel.tables import Compiled, DecisionTable, compile_table, read_dmn

Plain = Mapping[str, Any]


def condition(text: str | None) -> Condition | None:
    """Read a condition that may be left out."""
    return parse_condition(text) if text else None


def licence_kind(raw: Plain) -> LicenceKind:
    """Build a licence kind."""
    years = None if raw["valid"] == "forever" else raw["valid"]["years"]
    return LicenceKind(
        raw["slug"],
        raw.get("version", 1),
        words(raw["name"]),
        raw["authority"],
        raw["type_code"],
        raw["holder"],
        tuple(raw["content"]),
        years,
    )


def payment(raw: Plain, role: str = "") -> Payment:
    """Build a payment; without an account of its own it goes to the payee's bank_account."""
    to = raw.get("to", role)
    other = raw.get("instead")
    return Payment(
        raw["amount"],
        to,
        raw.get("account", f"{to}.bank_account"),
        (parse_condition(other["when"]), other["account"]) if other else None,
        raw.get("policy", ""),
    )


def charge(raw: Plain) -> Charge | None:
    """Build the fee of an item; None where it asks none."""
    told = raw.get("fee")
    if told is None:
        return None
    return Charge(
        words(told["name"]),
        told["amount"],
        told["when"],
        condition(told.get("waived")),
        law(told["legal_basis"]),
        told.get("receiver", raw["department"]),
        told["days"],
        frozenset(told["refund"]),
    )


def produces(raw: Plain) -> dict[str, Assigner | str]:
    """Build what an item produces."""
    return {
        fact: how
        if isinstance(how, str)
        else Assigner(how["assign"], {k: v for k, v in how.items() if k != "assign"})
        for fact, how in raw.get("produces", {}).items()
    }


def item_needs(raw: Plain, facts: frozenset[str]) -> ItemNeeds:
    """Build what an item needs; ``facts`` are those of its rules, flow and result."""
    return ItemNeeds(
        raw["slug"],
        facts,
        tuple(
            FieldSpec(
                field["fact"],
                words(field["help"]) if "help" in field else None,
                condition(field.get("when")),
                field.get("required", True),
            )
            for field in raw.get("form", ())
        ),
        tuple(_material(m) for m in raw.get("materials", ())),
        frozenset(raw.get("produces", ())),
        raw["result"].get("licence", ""),
    )


def _material(raw: Plain) -> MaterialSpec:
    waived = raw.get("waived_by") or {}
    return MaterialSpec(
        raw["code"],
        words(raw["name"]),
        raw["necessity"],
        condition(raw.get("when")),
        law(raw["legal_basis"]) if "legal_basis" in raw else None,
        frozenset(waived.get("facts", ())),
        waived.get("licence", ""),
    )


def desk(raw: Plain) -> Desk:
    """Build how an item is handled by people."""
    return Desk(
        raw.get("doubted", Desk.doubted),
        raw.get("batch", Desk.batch),
        raw.get("transfer", Desk.transfer),
        tuple(Template(r["slug"], r["use"], words(r["text"])) for r in raw.get("reasons", ())),
    )


def net(drawing: Plain) -> Net:
    """Read, compile and prove a flow with the flows it calls."""
    called = {name: net(inner) for name, inner in drawing["called"].items()}
    made = compile_net(read_bpmn(drawing["text"].encode(), drawing["file"]), called)
    prove(made)
    return made


def table(drawing: Plain) -> DecisionTable:
    """Read one decision of a rule file."""
    tables = read_dmn(drawing["text"].encode(), drawing["file"])
    return next(t for t in tables if t.id == drawing["decision"])


def definition(content: Plain) -> Definition:
    """Build a service item from its published content."""
    raw = content["data"]
    kind = content["licence_kind"]
    needs = item_needs(raw, frozenset(content["facts"]))
    proofs = (material.waived_by_facts for material in needs.materials)
    return Definition(
        slug=raw["slug"],
        version=raw["version"],
        name=words(raw["name"]),
        department=raw["department"],
        implementation_code=content["implementation_code"],
        project_type=raw["project_type"],
        service_object=raw["service_object"],
        legal_basis=tuple(law(basis) for basis in raw["legal_basis"]),
        statutory_days=raw["statutory_days"],
        promised_days=raw["promised_days"],
        alone=Alone(
            raw.get("visits_alone", 0),
            raw.get("days_alone", 0),
            raw.get("submissions_alone", 0),
            raw.get("alone_source", ""),
        ),
        needs=needs,
        wanted=wanted(Branch(needs)).union(content["counted_from"], *proofs),
        net=net(content["flow"]),
        rules={alias: compile_table(table(d)) for alias, d in content["rules"].items()},
        licence_kind=licence_kind(kind) if kind else None,
        payment=payment(raw["result"]["payment"]) if "payment" in raw["result"] else None,
        produces=produces(raw),
        once=tuple(raw.get("once", ())),
        record=words(raw["result"].get("record", {"zh": "", "en": ""})),
        charge=charge(raw),
        desk=desk(raw.get("desk", {})),
    )


def life_event(
    content: Plain, definitions: Mapping[str, Definition], catalogue: Catalogue
) -> LifeEvent:
    """Build a life event; its plan follows the grants of ``catalogue``."""
    raw = content["data"]
    when = {b["item"]: parse_condition(b["when"]) for b in raw["branches"] if "when" in b}
    binds = raw.get("bind", {})
    return LifeEvent(
        slug=raw["slug"],
        version=raw["version"],
        name=words(raw["name"]),
        applicant=raw["applicant"],
        binds=binds,
        branches=tuple(
            EventBranch(b["item"], content["items"][b["item"]], tuple(b.get("after", ())))
            for b in raw["branches"]
        ),
        when=when,
        plan=plan(
            [
                Branch(definitions[b["item"]].needs, tuple(b.get("after", ())), when.get(b["item"]))
                for b in raw["branches"]
            ],
            catalogue.vocabulary,
            catalogue.resources,
            catalogue.grants,
            given=frozenset({f"{raw['applicant']}.id_number"}),
            binds=binds,
        ),
        before={name: str(figure) for name, figure in raw.get("before", {}).items()},
        titles={
            lang: {name: title.of(lang) for name, title in titles(catalogue.vocabulary).items()}
            for lang in ("zh", "en")
        },
    )


def titles(vocabulary: Vocabulary) -> dict[str, Words]:
    """Give role and attribute in words for every fact of the vocabulary."""
    return {
        f"{role}.{attribute}": vocabulary.fact(f"{role}.{attribute}").title
        for role, played in vocabulary.roles.items()
        for attribute in vocabulary.kinds.get(played.kind, ())
    }


def policy(content: Plain) -> Policy:
    """Build a policy from its published content."""
    raw = content["data"]
    rule: Compiled = compile_table(table(content["rule"]))
    return Policy(
        slug=raw["slug"],
        version=raw["version"],
        name=words(raw["name"]),
        department=raw["department"],
        role=raw["role"],
        legal_basis=tuple(law(basis) for basis in raw["legal_basis"]),
        rule=rule,
        needs=frozenset(content["facts"]),
        population=raw["population"]["resource"],
        payment=payment(raw["payment"], raw["role"]),
    )
