"""What happens next in a case: the pure engine.

``advance`` takes a case as far as rules and automatic steps can take it and gives back the events
that say so; work that only people can do stays offered by ``tasks``. Verbs that write (a licence,
a payment order) are carried out by the caller's ``perform`` inside its transaction; the engine
reads no table, no network and no clock.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from tongban.apps.cases import events as say
from tongban.kernel import feel, nets, workdays
from tongban.kernel.feel import Value

from . import acceptance, charging, flow
from .flow import Perform
from .fold import Said, apply
from .ground import Ground, all_facts, offered
from .state import ENDED, FAILED, Branch, Case, Known, Stage


@dataclass(frozen=True, slots=True)
class Task:
    """Work that a person must do (待办): for which post, and why a rule could not."""

    item: str
    step: str
    name: str
    post: str
    not_by: str = ""
    rule: bool = False
    missing: tuple[str, ...] = ()
    message: str = ""


def charged(perform: Perform, ground: Ground, facts: Mapping[str, Value]) -> Perform:
    """Let a step that gives a result wait for its fee before it is performed."""

    def first_the_fee(
        case: Case, branch: Branch, step: nets.Step, seen: Mapping[str, Value]
    ) -> tuple[Said, ...]:
        fee = charging.before_step(branch, step, ground, facts)
        return perform(case, branch, step, seen) if fee is None else (fee,)

    return first_the_fee


def tell(case: Case, event: Said) -> Case:
    """Apply one event to a case that has begun."""
    return apply(case, case.number, event)


def advance(case: Case, ground: Ground, perform: Perform) -> tuple[Case, tuple[Said, ...]]:
    """Take the case as far as it goes by itself; give it back with the events that say so."""
    told: list[Said] = []
    held: Mapping[str, Known] | None = None
    facts: dict[str, Value] = {}
    while True:
        if case.facts is not held:
            held, facts = case.facts, all_facts(case, ground)
        said = _next(case, ground, facts, perform)
        if not said:
            break
        for event in said:
            case = tell(case, event)
        told.extend(said)
    if case.ended and told:
        closed = Said(say.CLOSED, ground.now, {})
        return tell(case, closed), (*told, closed)
    return case, tuple(told)


def _next(
    case: Case, ground: Ground, facts: Mapping[str, Value], perform: Perform
) -> tuple[Said, ...]:
    """Give the next events of the first branch that can move, or nothing."""
    for branch in case.branches.values():
        one: Said | None = None
        if branch.stage is Stage.WAITING:
            one = _wait(case, branch, ground, facts)
        elif branch.stage is Stage.GATHERING:
            one = acceptance.gather(case, branch, ground, facts)
        elif branch.stage is Stage.EXAMINING:
            one = acceptance.deem(branch, ground, facts)
        elif (
            branch.stage is Stage.PROCESSING
            and not _stopped(branch)
            and (said := flow.process(case, branch, ground, facts, charged(perform, ground, facts)))
        ):
            return said
        if one is not None:
            return (one,)
    return ()


def _stopped(branch: Branch) -> bool:
    return any(s.end is None for s in branch.suspensions)


def _wait(case: Case, branch: Branch, ground: Ground, facts: Mapping[str, Value]) -> Said | None:
    """Enter a branch when what it depends on has ended well and its condition does not forbid it.

    An unknown condition lets the branch in: what is missing is then asked, or settled by a person.
    The day of entry is its day of receipt: before, nobody could have asked for a correction.
    """
    before = [case.branches[item] for item in branch.after]
    if failed := [b.item for b in before if b.stage in FAILED]:
        return flow.ended(branch, Stage.IMPOSSIBLE, "impossible", ground, note=failed[0])
    if any(b.stage not in ENDED for b in before):
        return None
    condition = ground.life_event.when.get(branch.item)
    if condition is not None and feel.judge(condition, facts).value is False:
        return flow.ended(branch, Stage.NOT_APPLICABLE, "not_applicable", ground)
    return Said(say.ENTERED, ground.now, {"on": ground.today.isoformat()}, branch.item)


def tasks(case: Case, ground: Ground) -> Iterator[Task]:
    """List the work that people must do now (待办), of every branch."""
    for branch in case.branches.values():
        if branch.stage is Stage.EXAMINING:
            yield Task(branch.item, "acceptance", "受理", branch.post or "clerk")
        handed = dict(branch.handed)
        for step in offered(branch, ground):
            if step.kind in flow.HUMAN:
                post = branch.post or step.attributes.get("post", "reviewer")
                yield Task(branch.item, step.id, step.name, post, step.attributes.get("not-by", ""))
            elif step.id in handed:
                why = handed[step.id]
                yield Task(
                    branch.item,
                    step.id,
                    step.name,
                    branch.post or why.post,
                    rule=True,
                    missing=why.missing,
                    message=why.message,
                )


def wake_at(case: Case, ground: Ground) -> datetime | None:
    """Give the next instant at which time itself moves the case, or None.

    None too where it hangs on a calendar that is not announced yet: announcing it wakes the case.
    A branch that time cannot move, stopped or asked already, names no instant.
    """
    times: list[datetime | None] = []
    for branch in case.branches.values():
        if branch.retry_at and branch.stage is Stage.GATHERING:
            times.append(datetime.fromisoformat(branch.retry_at))
        silent_since = branch.completed if branch.asked else branch.received
        if branch.stage is Stage.EXAMINING and silent_since is not None:
            since = datetime.combine(silent_since, datetime.min.time(), ground.now.tzinfo)
            times.append(flow.after_workdays(since, workdays.CORRECTION_DAYS, ground))
        if branch.timers and not _stopped(branch):
            armed = dict(branch.timers)
            times += [
                flow.timer_due(step, datetime.fromisoformat(armed[step.id]), ground)
                for step in offered(branch, ground)
                if step.kind == "timer" and step.id in armed
            ]
    return min((time for time in times if time is not None), default=None)
