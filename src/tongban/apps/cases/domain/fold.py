"""The fold: a case is nothing but its events, applied in order.

``apply`` is total over the types in ``events`` and refuses any other; the events carry all that
it needs, so a case can be rebuilt from the trail alone, without definitions, sources or a clock.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from tongban.apps.cases import events as say
from tongban.kernel.workdays import Extension, Suspension

from .state import (
    ENDED,
    Branch,
    Case,
    Doubt,
    Handed,
    Json,
    Known,
    Stage,
    read_known,
    read_value,
    read_values,
)


@dataclass(frozen=True, slots=True)
class Said:
    """One event of a case before it is on the trail."""

    type: str
    at: datetime
    data: Mapping[str, Json]
    item: str = ""
    step: str = ""
    actor: str = "system"
    organisation: str = ""
    authority: str = ""
    reason: str = ""


def _submitted(number: str, data: Mapping[str, Json]) -> Case:
    answers = read_values(data["answers"])
    return Case(
        number=number,
        life_event=data["life_event"],
        version=data["version"],
        applicant=data["applicant"],
        on_behalf_of=data.get("on_behalf_of", ""),
        agent=data.get("agent", ""),
        submitted=data["submitted"],
        reference=date.fromisoformat(data["reference"]),
        consent=data["consent"],
        consent_id=data.get("consent_id", ""),
        seen=read_values(data.get("seen", {})),
        facts={
            **{n: Known(v, "value", "applicant") for n, v in answers.items()},
            **{n: Known(v, "value", "login") for n, v in read_values(data["given"]).items()},
        },
        materials=dict(data.get("materials", {})),
        licences=dict(data.get("licences", {})),
        branches={
            b["item"]: Branch(
                item=b["item"],
                version=b["version"],
                after=tuple(b["after"]),
                when=b.get("when", ""),
                received=date.fromisoformat(data["reference"]),
            )
            for b in data["branches"]
        },
    )


def _answered(case: Case, data: Mapping[str, Json]) -> Case:
    """An answer goes to every branch that asked; branches that have ended are left alone.

    It bears its instant: unlike a value typed unasked, it does not wait for a source.
    """
    answers, at = read_values(data["answers"]), data["at"]
    branches = dict(case.branches)
    for item, branch in branches.items():
        if branch.stage is Stage.CORRECTION:
            branches[item] = replace(branch, stage=Stage.GATHERING)
        elif branch.stage is Stage.RECONFIRM:
            branches[item] = replace(branch, stage=Stage.PROCESSING)
    return replace(
        case,
        seen={},
        facts={
            **case.facts,
            **{n: Known(v, "value", "applicant", as_of=at) for n, v in answers.items()},
        },
        materials={**case.materials, **data.get("materials", {})},
        licences={**case.licences, **data.get("licences", {})},
        branches=branches,
    )


def _accepted(branch: Branch, said: Said) -> Branch:
    data = said.data
    return replace(
        branch,
        stage=Stage.PROCESSING,
        accepted=date.fromisoformat(data["on"]),
        deemed=data["deemed"],
        marking=data["marking"],
        timers=tuple((a, b) for a, b in data["timers"]),
        retry_at="",
    )


def _stepped(branch: Branch, said: Said) -> Branch:
    data, step, actor = said.data, said.step, said.actor
    decision = data.get("decision")
    return replace(
        branch,
        marking=data["marking"],
        timers=tuple((a, b) for a, b in data["timers"]),
        done_by=(*branch.done_by, (step, actor)) if actor != "system" else branch.done_by,
        handed=tuple(h for h in branch.handed if h[0] != step),
        results={**branch.results, **read_values(data.get("results", {}))},
        decided_by=decision["by"] if decision else branch.decided_by,
        reasons=(*branch.reasons, *(decision["reasons"] if decision else ())),
        licence=data.get("licence", branch.licence),
        steps=branch.steps + 1,
    )


def _held(branch: Branch, said: Said) -> Branch:
    whole = said.data.get("completed")
    completed = date.fromisoformat(whole) if whole else None
    return replace(branch, stage=Stage.EXAMINING, completed=completed)


def _corrected(branch: Branch, said: Said) -> Branch:
    return replace(
        branch,
        stage=Stage.CORRECTION,
        asked_on=date.fromisoformat(said.data["on"]),
        asked=tuple((a, b) for a, b in said.data["asked"]),
    )


def _handed(branch: Branch, said: Said) -> Branch:
    data = said.data
    why = Handed(data["post"], tuple(data["missing"]), data["message"])
    return replace(branch, handed=(*branch.handed, (said.step, why)))


def _asked_again(branch: Branch, said: Said) -> Branch:
    asked = tuple((a, b) for a, b in said.data["asked"])
    return replace(branch, stage=Stage.RECONFIRM, asked=asked)


def _suspended(branch: Branch, said: Said) -> Branch:
    data = said.data
    pause = Suspension(data["kind"], data["reason"], date.fromisoformat(data["start"]))
    return replace(branch, suspensions=(*branch.suspensions, pause))


def _resumed(branch: Branch, said: Said) -> Branch:
    last = replace(branch.suspensions[-1], end=date.fromisoformat(said.data["end"]))
    return replace(branch, suspensions=(*branch.suspensions[:-1], last))


def _extension_asked(branch: Branch, said: Said) -> Branch:
    return replace(branch, extension_asked=(said.data["days"], said.data["reason"], said.actor))


def _extended(branch: Branch, said: Said) -> Branch:
    data = said.data
    on = date.fromisoformat(data["on"])
    extension = Extension(data["days"], data["reason"], said.actor, on)
    return replace(branch, extension=extension, extension_asked=None)


def _charged(branch: Branch, said: Said) -> Branch:
    """Wait for a fee; where the decision is made already, the office's clock ends here."""
    on = date.fromisoformat(said.data["on"])
    return replace(
        branch, stage=Stage.PAYMENT, fee="asked", charged=on if branch.accepted else None
    )


def _paid(branch: Branch, said: Said) -> Branch:
    """Go on after a fee; before acceptance the application is complete from this day only."""
    if branch.accepted:
        return replace(branch, stage=Stage.PROCESSING, fee="paid")
    on = branch.received if branch.asked else date.fromisoformat(said.data["on"])
    return replace(branch, stage=Stage.GATHERING, fee="paid", received=on)


def _ended(branch: Branch, said: Said) -> Branch:
    data = said.data
    return replace(
        branch,
        stage=Stage(data["stage"]),
        outcome=data["outcome"],
        decided=date.fromisoformat(data["on"]),
        note=data.get("note", ""),
        timers=(),
        retry_at="",
    )


def _free(branch: Branch) -> Branch:
    return replace(branch, claimed_by="", claimed_until="")


def _claimed(branch: Branch, said: Said) -> Branch:
    return replace(branch, claimed_by=said.actor, claimed_until=said.data["until"])


def _move_asked(branch: Branch, said: Said) -> Branch:
    return replace(branch, move=(said.data["department"], said.data["post"], said.actor))


def _moved(branch: Branch, said: Said) -> Branch:
    data = said.data
    return replace(_free(branch), department=data["department"], post=data["post"], move=())


_ON_BRANCH: Mapping[str, Callable[[Branch, Said], Branch]] = {
    say.ENTERED: lambda branch, said: replace(
        branch, stage=Stage.GATHERING, received=date.fromisoformat(said.data["on"])
    ),
    say.HELD_FOR_EXAMINATION: _held,
    say.SOURCE_UNAVAILABLE: lambda branch, said: replace(
        branch, retry_at=said.data["retry_at"], attempts=branch.attempts + 1
    ),
    say.CORRECTION_ASKED: _corrected,
    say.ACCEPTED: _accepted,
    say.STEPPED: _stepped,
    say.HANDED: _handed,
    say.RECONFIRM_ASKED: _asked_again,
    say.FEE_ASKED: _charged,
    say.FEE_PAID: _paid,
    say.SUSPENDED: _suspended,
    say.RESUMED: _resumed,
    say.EXTENSION_ASKED: _extension_asked,
    say.EXTENDED: _extended,
    say.EXTENSION_REFUSED: lambda branch, _: replace(branch, extension_asked=None),
    say.URGED: lambda branch, _: replace(branch, urged=branch.urged + 1),
    say.ENDED: _ended,
    say.CLAIMED: _claimed,
    say.RELEASED: lambda branch, _: _free(branch),
    say.TRANSFER_ASKED: _move_asked,
    say.TRANSFERRED: _moved,
    say.TRANSFER_REFUSED: lambda branch, _: replace(branch, move=()),
}
# who had the task in hand has done it; what comes next is anybody's
_DONE = frozenset({say.ACCEPTED, say.STEPPED, say.CORRECTION_ASKED, say.ENDED})
# events that tell of a case what its state need not hold
_NEWS = frozenset({say.DUE_SOON, say.DELIVERED, say.PAYMENT_ORDERED, say.CLOCK_MOVED, say.CLOSED})


def apply(case: Case | None, number: str, said: Said) -> Case:
    """Apply one event; the first must be ``submitted``. Raises ValueError for a foreign type."""
    type_, data = said.type, said.data
    if case is None:
        if type_ != say.SUBMITTED:
            raise ValueError(f"a case begins with {say.SUBMITTED}, not {type_}")
        after = _submitted(number, data)
    elif type_ == say.FACTS_RECEIVED:
        facts = {name: read_known(k) for name, k in data["facts"].items()}
        after = replace(case, facts={**case.facts, **facts}, calls=case.calls + data["calls"])
    elif type_ == say.ANSWERED:
        after = _answered(case, data)
    elif type_ == say.ASSIGNED:
        given = read_values(data["facts"])
        known = {name: Known(v, "value", "assigned") for name, v in given.items()}
        after = replace(case, facts={**case.facts, **known})
    elif type_ == say.DOUBTED:
        doubt = Doubt(read_value(data["says"]), data["why"], data["at"])
        after = replace(case, doubts={**case.doubts, data["fact"]: doubt})
    elif type_ == say.DOUBT_WITHDRAWN:
        left = {name: doubt for name, doubt in case.doubts.items() if name != data["fact"]}
        after = replace(case, doubts=left)
    elif type_ in _NEWS:
        after = case
    elif type_ in _ON_BRANCH:
        branch = case.branches[said.item]
        if branch.stage in ENDED:
            raise ValueError(f"{said.item} of case {number} has ended; {type_} cannot follow")
        moved = _ON_BRANCH[type_](branch, said)
        if type_ in _DONE and said.actor != "system":
            moved = replace(_free(moved), post="", move=())
        after = case.with_branch(moved)
    else:
        raise ValueError(f"{type_} is not an event of a case")
    return replace(after, sequence=after.sequence + 1)


def fold(number: str, said: Iterable[Said]) -> Case:
    """Rebuild a case from all its events, oldest first."""
    case: Case | None = None
    for event in said:
        case = apply(case, number, event)
    if case is None:
        raise ValueError(f"case {number} has no events")
    return case
