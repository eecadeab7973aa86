"""Judges packs as a whole and makes the contents to publish, in the order of their dependence.

Licence kinds, items, life events, policies, guides; and the grants, which must belong to one of
them. A life event is refused while a fact is unmet: that a person would learn it at the counter is
the fault this check exists for.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tongban.apps.exchange import reading
from tongban.apps.items import domain
from tongban.apps.items.checking.guides import guides
from tongban.apps.items.checking.impact import granted_beyond_need
from tongban.apps.items.checking.item import ItemCheck
from tongban.apps.items.checking.shelf import Ready, Shelf
from tongban.infra.packs import Document, Pack, PackInvalid, problem, problems_of
from tongban.kernel.facts import UnknownFact
from tongban.kernel.forms import (
    Branch,
    BranchUnknown,
    DataPlan,
    ItemNeeds,
    PlanTooTangled,
    alone,
    plan,
)

DEFAULT_FACE = "certificate"
# other files, packages from the network, compiled code: a face needs none of them
_REACHES_OUT = re.compile(r"\b(?:import|include|plugin)\b")


@dataclass(frozen=True, slots=True)
class Checked:
    """Packs that hold together: the catalogue's data and the definitions, in order."""

    catalogue: Mapping[str, Any]
    definitions: tuple[Ready, ...]


def check_packs(packs: Sequence[Pack]) -> Checked:
    """Check packs as a whole; raises `PackInvalid` with every problem found."""
    shelf = Shelf(packs)
    beside = problems_of(packs)
    if shelf.broken:  # words refer to nothing: what follows would only repeat it
        raise PackInvalid([*shelf.problems, *beside])
    ready = [*_licences(shelf), *_items(shelf)]
    if not shelf.problems:
        ready += _life_events(shelf, ready)
        ready += _policies(shelf)
        ready += guides(shelf, ready)
        _grants(shelf)
    if not shelf.problems:
        granted_beyond_need(shelf, ready)
    if shelf.problems or beside:
        raise PackInvalid([*shelf.problems, *beside])
    return Checked(shelf.data, tuple(ready))


def _licences(shelf: Shelf) -> list[Ready]:
    ready = []
    for slug, document in shelf.documents["licence-kind"].items():
        raw = document.data
        _department(shelf, document, "authority")
        _role(shelf, document, "holder")
        for index, fact in enumerate(raw["content"]):
            shelf.known(fact, document, ("content", index))
        content = {"data": raw, "face": _face(shelf, document)}
        ready.append(Ready("licence-kind", slug, raw.get("version", 1), content, document))
    return ready


def _face(shelf: Shelf, document: Document) -> str:
    """Give the template of the kind's face; it may draw on its data and on nothing else."""
    name = document.data.get("face", DEFAULT_FACE)
    drawing = shelf.face(name)
    if drawing is None:
        if "face" in document.data:
            shelf.say(document, ("face",), "no-face", name=name)
        return ""
    text = drawing.content.decode(errors="replace")
    for number, line in enumerate(text.splitlines(), 1):
        if found := _REACHES_OUT.search(line.split("//")[0]):
            shelf.problems.append(problem(drawing.file, number, "face-reaches", word=found.group()))
    return text


def _department(shelf: Shelf, document: Document, part: str) -> None:
    if document.data[part] not in shelf.catalogue.departments:
        shelf.say(document, (part,), "no-department", name=document.data[part])


def _role(shelf: Shelf, document: Document, part: str) -> bool:
    if document.data[part] in shelf.catalogue.vocabulary.roles:
        return True
    shelf.say(document, (part,), "no-role", name=document.data[part])
    return False


def _items(shelf: Shelf) -> list[Ready]:
    return [
        Ready("item", slug, d.data["version"], ItemCheck(shelf, d).content(), d)
        for slug, d in shelf.documents["item"].items()
    ]


def _life_events(shelf: Shelf, ready: Sequence[Ready]) -> list[Ready]:
    items = {r.slug: r for r in ready if r.kind == "item"}
    found = []
    for slug, document in shelf.documents["life-event"].items():
        raw = document.data
        before = len(shelf.problems)
        _life_event(shelf, document, items)
        if len(shelf.problems) > before:
            continue
        chosen = {b["item"]: items[b["item"]].version for b in raw["branches"]}
        content = {"data": raw, "items": chosen}
        found.append(Ready("life-event", slug, raw["version"], content, document))
    return found


def _life_event(shelf: Shelf, document: Document, items: Mapping[str, Ready]) -> None:
    raw = document.data
    if _role(shelf, document, "applicant"):
        shelf.known(f"{raw['applicant']}.id_number", document, ("applicant",))
    for target, source in raw.get("bind", {}).items():
        shelf.known(target, document, ("bind", target))
        shelf.known(source, document, ("bind", target))
    branches = []
    places: dict[str, int] = {}
    for index, branch in enumerate(raw["branches"]):
        item = branch["item"]
        place = ("branches", index)
        if item in places:
            shelf.say(document, place, "branch-twice", name=item)
        places[item] = index
        if item not in items:
            shelf.say(document, place, "no-item", name=item)
            continue
        when = (
            shelf.condition(branch["when"], document, (*place, "when"))
            if "when" in branch
            else None
        )
        content = items[item].content
        needs = domain.item_needs(content["data"], frozenset(content["facts"]))
        branches.append(Branch(needs, tuple(branch.get("after", ())), when))
    if len(branches) < len(raw["branches"]):
        return
    made = _plan(shelf, document, branches, f"{raw['applicant']}.id_number", raw.get("bind", {}))
    for gap in made.unmet if made else ():
        shelf.say(
            document,
            ("branches", places[gap.item]),
            "branch-unmet",
            item=gap.item,
            fact=gap.fact,
            mend=gap.mend,
        )


def _plan(
    shelf: Shelf,
    document: Document,
    branches: Sequence[Branch],
    given: str,
    binds: Mapping[str, str],
) -> DataPlan | None:
    try:
        return plan(
            branches,
            shelf.catalogue.vocabulary,
            shelf.catalogue.resources,
            shelf.catalogue.grants,
            given=frozenset({given}),
            binds=binds,
        )
    except (BranchUnknown, PlanTooTangled, UnknownFact) as wrong:
        message, _, mend = str(wrong).rpartition("; ")
        shelf.say(document, ("branches",), "branches-wrong", why=message or mend, mend=mend)
        return None


def _policies(shelf: Shelf) -> list[Ready]:
    found = []
    for slug, document in shelf.documents["policy"].items():
        raw = document.data
        before = len(shelf.problems)
        facts = _policy(shelf, document)
        if len(shelf.problems) > before:
            continue
        rule = shelf.decisions[raw["rule"]].content()
        content = {"data": raw, "facts": sorted(facts), "rule": rule}
        found.append(Ready("policy", slug, raw["version"], content, document))
    return found


def _policy(shelf: Shelf, document: Document) -> frozenset[str]:
    raw = document.data
    slug = raw["slug"]
    if slug in shelf.documents["item"]:
        shelf.say(document, ("slug",), "policy-item", slug=slug)
    _department(shelf, document, "department")
    rule = shelf.decisions.get(raw["rule"])
    if rule is None:
        shelf.say(document, ("rule",), "no-decision", name=raw["rule"])
    resource = shelf.catalogue.contracts.get(raw["population"]["resource"])
    if resource is None:
        name = raw["population"]["resource"]
        shelf.say(document, ("population", "resource"), "no-resource", name=name)
    if not _role(shelf, document, "role") or rule is None or resource is None:
        return frozenset()
    role = raw["role"]
    payment = domain.payment(raw["payment"], role)
    outputs = {f"decide.{output.name}" for output in rule.table.outputs}
    if payment.amount not in outputs:
        shelf.say(
            document,
            ("payment", "amount"),
            "policy-amount",
            amount=payment.amount,
            known=", ".join(sorted(outputs)),
        )
    facts = frozenset({*rule.table.needs, payment.account, f"{role}.id_number"})
    if not all(shelf.known(fact, document, ("rule",)) for fact in sorted(facts)):
        return facts
    branches = alone(ItemNeeds(slug, facts))
    made = _plan(shelf, document, branches, f"{role}.{resource.resource.key[0]}", {})
    for fact in (*made.facts("asked", "unmet"),) if made else ():
        shelf.say(
            document,
            ("population",),
            "policy-unmet",
            slug=slug,
            fact=fact,
        )
    return facts


def _grants(shelf: Shelf) -> None:
    known = shelf.documents["item"].keys() | shelf.documents["policy"].keys()
    for document in reading.documents(shelf.packs, "grants"):
        for index, grant in enumerate(document.data["grants"]):
            if grant["item"] not in known:
                shelf.say(
                    document,
                    ("grants", index, "item"),
                    "no-grantee",
                    name=grant["item"],
                )
