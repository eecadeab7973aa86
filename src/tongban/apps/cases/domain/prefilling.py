"""What sources say before anything is sent (预填): a stand-in for the case that a draft may become.

The stand-in knows what the login says and what sources said to that, and nothing that was typed: so
nobody's record is found by a number that somebody typed. What is read is used for as long as a
value may be used for a decision; an older one is read again after sending. Pure.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tongban.apps.cases import events as say
from tongban.kernel import feel
from tongban.kernel.events import canonical
from tongban.kernel.feel import Value
from tongban.kernel.forms import DataPlan

from .fold import Said, apply
from .ground import FRESH, Ground, all_facts
from .state import Case, Doubt, Json, Known, read_known, read_value, write_known, write_value

#: What a source said, and need not be asked again for: a value, or that it has none.
SETTLED = frozenset({"value", "absent"})


@dataclass(frozen=True, slots=True)
class Held:
    """What is kept of a reading: facts by source, what is doubted of them, calls that were made."""

    facts: Mapping[str, Known] = field(default_factory=dict)
    doubts: Mapping[str, Doubt] = field(default_factory=dict)
    calls: int = 0


def write(held: Held) -> Json:
    """Write what is held as JSON."""
    return {
        "facts": {name: write_known(known) for name, known in held.facts.items()},
        "doubts": {n: [write_value(d.says), d.why, d.at] for n, d in held.doubts.items()},
        "calls": held.calls,
    }


def read(written: Mapping[str, Json]) -> Held:
    """Read what ``write`` wrote."""
    return Held(
        {name: read_known(known) for name, known in written["facts"].items()},
        {n: Doubt(read_value(says), why, at) for n, (says, why, at) in written["doubts"].items()},
        written["calls"],
    )


def panel(plan: DataPlan) -> str:
    """Give the digest of a consent panel: another one must be agreed to anew."""
    lines = [
        [line.department, line.basis, list(line.facts), list(line.items)] for line in plan.consent
    ]
    return hashlib.sha256(canonical(lines)).hexdigest()


def stand_in(
    about: Mapping[str, Json], ground: Ground, typed: Mapping[str, Value], held: Held
) -> Case:
    """Give the case as it would stand now, if only the login and the sources had spoken.

    ``about`` is data of a submission: number, applicant, given, consent and consent_id. What was
    ``typed`` opens no source; it only leaves out an item whose condition it makes false.
    """
    event = ground.life_event
    now = ground.now
    chosen = {b.item for b in event.branches if b.item in ground.definitions}
    data = {
        **about,
        "life_event": event.slug,
        "version": event.version,
        "submitted": now.isoformat(),
        "reference": ground.today.isoformat(),
        "answers": {},
        "branches": [
            {
                "item": b.item,
                "version": ground.definitions[b.item].version,
                "after": [item for item in b.after if item in chosen],
            }
            for b in event.branches
            if b.item in chosen
        ],
    }
    case = apply(None, about["number"], Said(say.SUBMITTED, now, data))
    if held.facts:
        facts = {name: write_known(known) for name, known in held.facts.items()}
        received = Said(say.FACTS_RECEIVED, now, {"facts": facts, "calls": held.calls})
        case = apply(case, case.number, received)
    for name, doubt in held.doubts.items():
        told = {"fact": name, "says": write_value(doubt.says), "why": doubt.why, "at": doubt.at}
        case = apply(case, case.number, Said(say.DOUBTED, now, told))
    known = {**typed, **all_facts(case, ground)}
    for item in sorted(chosen):
        condition = event.when.get(item)
        if condition is not None and feel.judge(condition, known).value is False:
            ended = {"stage": "not_applicable", "outcome": "", "on": ground.today.isoformat()}
            case = apply(case, case.number, Said(say.ENDED, now, ended, item))
    return case


def fresh(known: Known, now: datetime) -> bool:
    """Say whether a source settled this so lately that a case may begin with it."""
    return known.status in SETTLED and now - datetime.fromisoformat(known.as_of) <= FRESH


def carried(held: Held, now: datetime) -> dict[str, Known]:
    """Give what a case begins with; all else is asked anew once it is sent."""
    return {name: known for name, known in held.facts.items() if fresh(known, now)}


def seen(held: Held) -> dict[str, Value]:
    """Give the values that were shown: where one changes before acceptance, the applicant is asked.

    >>> seen(Held({"a.b": Known(1, "value", "source"), "a.c": Known(None, "absent", "source")}))
    {'a.b': 1}
    """
    return {name: known.value for name, known in held.facts.items() if known.status == "value"}


def standing_doubts(held: Held) -> dict[str, Doubt]:
    """Give the doubts to send: what a source says by now is doubted no more."""
    return {
        name: doubt
        for name, doubt in held.doubts.items()
        if doubt.says is None or seen(held).get(name) != doubt.says
    }


def later(case: Case, ground: Ground) -> dict[str, list[str]]:
    """Give the facts that will be asked for after sending, by department.

    Those of calls that were not made, for want of a key or of time, or that came to nothing.
    """
    found: dict[str, set[str]] = {}
    for call in ground.life_event.plan.calls:
        for use in call.uses:
            branch = case.branches.get(use.item)
            if branch is None or branch.decided is not None:
                continue
            open_ = {name for name in use.facts if not _settled(case.facts.get(name))}
            if open_:
                found.setdefault(call.department, set()).update(open_)
    return {department: sorted(names) for department, names in sorted(found.items())}


def _settled(known: Known | None) -> bool:
    return known is not None and known.origin == "source" and known.status in SETTLED


@dataclass(frozen=True, slots=True)
class Difference:
    """A question that was answered otherwise than a department says: its value goes first."""

    fact: str
    typed: Value
    value: Value
    source: Known


def differences(
    case: Case, ground: Ground, typed: Mapping[str, Value]
) -> Iterator[tuple[Difference, bool]]:
    """Give the typed facts that a source gives as well; True where the two are not the same.

    A fact that is bound to another one is compared with that.
    """
    known = all_facts(case, ground)
    binds = ground.life_event.binds
    for name, value in sorted(typed.items()):
        source = case.facts.get(name) or case.facts.get(binds.get(name, ""))
        if source is None or source.origin != "source" or known.get(name) is None:
            continue
        yield Difference(name, value, known[name], source), known[name] != value
