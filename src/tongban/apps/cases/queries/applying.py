"""What is told before anybody applies: the data plan of a life event, the pre-check (预检)."""

from collections.abc import Mapping

from tongban.apps.cases import services
from tongban.apps.cases.domain import prechecking
from tongban.apps.cases.domain.prechecking import Basis, Precheck, Wanted
from tongban.apps.cases.domain.state import Json
from tongban.apps.items import queries as items
from tongban.apps.parties import queries as parties
from tongban.kernel.facts import to_json


def plan_view(life_event: str, lang: str) -> dict[str, Json]:
    """Show what an application asks, fetches and waives before anyone applies (数据计划)."""
    event = items.life_event(life_event)
    plan = event.plan
    labels = event.labels(lang)
    return {
        "life_event": event.slug,
        "version": event.version,
        "name": event.name.of(lang),
        "ask": [
            {
                "fact": f.fact.name,
                "label": f.fact.title.of(lang),
                "type": f.fact.type,
                "required": f.required,
                "help": f.help.of(lang) if f.help else "",
                "options": [
                    {"value": to_json(o.value), "label": o.label.of(lang)} for o in f.fact.options
                ],
                "when": [c.text for c in f.when],
                "items": list(f.items),
            }
            for f in plan.ask
        ],
        "consent": [
            {
                "department": parties.department_name(line.department, lang),
                "basis": line.basis,
                "facts": [labels.get(f, f) for f in line.facts],
                "items": list(line.items),
                "legal_basis": [f"{b.title} {b.article}".strip() for b in line.legal_basis],
            }
            for line in plan.consent
        ],
        "materials": [
            {
                "item": m.item,
                "code": m.spec.code,
                "name": m.spec.name.of(lang),
                "necessity": m.spec.necessity,
                "status": m.status,
                "by": list(m.by),
            }
            for m in plan.materials
        ],
    }


def precheck(life_event: str, answers: Mapping[str, Json]) -> tuple[Precheck, ...]:
    """Say what the rules would answer, item by item, to the answers so far (预检).

    Nothing is submitted, kept or fetched; any fact that the plan knows may be answered, also one
    that a department would supply. Raises `SubmissionInvalid`, `items.NotPublished`.
    """
    event = items.life_event(life_event)
    chosen = {branch.item: branch.version for branch in event.branches}
    ground = services.ground_of(event.slug, event.version, chosen)
    basis = Basis(event, ground.definitions, ground.vocabulary, ground.today)
    return prechecking.precheck(
        basis, services.read_answers(answers, basis.askable, ground.vocabulary)
    )


def precheck_facts(life_event: str) -> frozenset[str]:
    """Name every fact that a pre-check may be told; raises `items.NotPublished`."""
    event = items.life_event(life_event)
    chosen = {branch.item: branch.version for branch in event.branches}
    ground = services.ground_of(event.slug, event.version, chosen)
    return Basis(event, ground.definitions, ground.vocabulary, ground.today).askable


def precheck_view(life_event: str, answers: Mapping[str, Json], lang: str) -> list[dict[str, Json]]:
    """Show a pre-check: each item's answer, its reasons, what would settle it and from whom."""
    event = items.life_event(life_event)
    names = {b.item: items.item(b.item, b.version).name.of(lang) for b in event.branches}
    return [
        {
            "item": one.item,
            "name": names[one.item],
            "answer": one.answer,
            "person": one.person,
            "reasons": [{"rule": r.rule, "text": r.text.of(lang)} for r in one.reasons],
            "wanted": [
                {
                    "fact": w.fact,
                    "label": w.label.of(lang),
                    "origin": w.origin,
                    "by": _supplier(w, names, lang),
                }
                for w in one.wanted
            ],
            "materials": list(one.materials),
        }
        for one in precheck(life_event, answers)
    ]


def _supplier(wanted: Wanted, names: Mapping[str, str], lang: str) -> str:
    if wanted.origin == "fetched":
        return parties.department_name(wanted.by, lang)
    return names.get(wanted.by, "") if wanted.origin == "produced" else ""
