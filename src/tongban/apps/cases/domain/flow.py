"""After acceptance: a branch follows its published flow.

Rule steps decide by their tables with the rows that fired as the reason; what a table cannot
settle, or what rests on an unverified value, is handed to people. Timers are due facts.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from tongban.apps.cases import events as say
from tongban.kernel import nets, tables, workdays
from tongban.kernel.feel import Value

from .fold import Said
from .ground import Ground, marking_of, stale, unverified, view
from .state import Branch, Case, Json, Stage, write_values

_AUTOMATIC = frozenset({"service", "task"})
HUMAN = frozenset({"user", "manual"})

Perform = Callable[[Case, Branch, nets.Step, Mapping[str, Value]], tuple[Said, ...]]


def ended(
    branch: Branch,
    stage: Stage,
    outcome: str,
    ground: Ground,
    *,
    note: str = "",
    actor: str = "system",
) -> Said:
    """Say that a branch has ended (办结) and how."""
    data = {"stage": stage.value, "outcome": outcome, "on": ground.today.isoformat(), "note": note}
    return Said(say.ENDED, ground.now, data, branch.item, actor=actor)


def timers(
    net: nets.Net, marking: nets.Marking, before: tuple[tuple[str, str], ...], now: datetime
) -> list[list[str]]:
    """Keep the timers that are still armed and arm those that have become so."""
    armed = dict(before)
    return [
        [step.id, armed.get(step.id, now.isoformat())]
        for step in nets.enabled(net, marking)
        if step.kind == "timer"
    ]


def stepped(
    branch: Branch,
    ground: Ground,
    facts: Mapping[str, Value],
    step: str,
    results: Mapping[str, Value],
    *,
    decision: Json = None,
    licence: str = "",
    actor: str = "system",
    organisation: str = "",
    reason: str = "",
) -> Said:
    """Fire one step of a branch's net (or, with no step, let its gateways look again)."""
    net = ground.definitions[branch.item].net
    known = {**view(branch, ground, facts), **results}
    before = marking_of(branch, ground)
    settled = nets.fire(net, before, step, known) if step else nets.settle(net, before, known)
    data: dict[str, Json] = {
        "marking": nets.encode(settled.marking).hex(),
        "timers": timers(net, settled.marking, branch.timers, ground.now),
    }
    if results:
        data["results"] = write_values(results)
    if decision:
        data["decision"] = decision
    if licence:
        data["licence"] = licence
    return Said(
        say.STEPPED,
        ground.now,
        data,
        branch.item,
        step,
        actor=actor,
        organisation=organisation,
        reason=reason,
    )


def process(
    case: Case,
    branch: Branch,
    ground: Ground,
    facts: Mapping[str, Value],
    perform: Perform,
) -> tuple[Said, ...]:
    """Give the next events of a branch in its flow; none where people or time must move first."""
    net = ground.definitions[branch.item].net
    marking = marking_of(branch, ground)
    if (ends := nets.outcome(net, marking)) is not None:
        # an end without outcome is a side path, such as a reminder that was sent
        outcomes = {o for end in ends if (o := net.ends[end].attributes.get("outcome"))}
        outcome = "granted" if outcomes == {"granted"} else "refused"
        stage = Stage.GRANTED if outcome == "granted" else Stage.REFUSED
        return _closing(case, branch, stage, outcome, ground)
    handed = {step for step, _ in branch.handed}
    armed = dict(branch.timers)
    for step in nets.enabled(net, marking):
        if step.kind == "timer":
            since = datetime.fromisoformat(armed[step.id])
            due = timer_due(step, since, ground)
            if due is not None and due <= ground.now:
                return (stepped(branch, ground, facts, step.id, {}),)
        elif step.kind == "rule" and step.id not in handed:
            # a stale value is read again first: see sources.wants
            if not stale(case, branch, ground):
                return (_rule(case, branch, ground, facts, step),)
        elif step.kind in _AUTOMATIC:
            return perform(case, branch, step, view(branch, ground, facts))
    return _waiting_gateway(branch, ground, facts)


def _closing(
    case: Case, branch: Branch, stage: Stage, outcome: str, ground: Ground
) -> tuple[Said, ...]:
    """End a branch, and deliver what it gave: an electronic result needs no visit (送达)."""
    end = ended(branch, stage, outcome, ground)
    if stage is not Stage.GRANTED:
        return (end,)
    data = {"licence": branch.licence, "channel": "electronic", "to": case.applicant}
    return end, Said(say.DELIVERED, ground.now, data, branch.item)


def _waiting_gateway(
    branch: Branch, ground: Ground, facts: Mapping[str, Value]
) -> tuple[Said, ...]:
    """Let gateways look again; put the question that would settle an unknown condition."""
    net = ground.definitions[branch.item].net
    marking = marking_of(branch, ground)
    settled = nets.settle(net, marking, view(branch, ground, facts))
    if settled.marking != marking:
        return (stepped(branch, ground, facts, "", {}),)
    asked = [[name, "missing"] for name in sorted(settled.waiting)]
    if not asked or any(step.kind in HUMAN for step in nets.enabled(net, marking)):
        return ()
    return (Said(say.RECONFIRM_ASKED, ground.now, {"asked": asked}, branch.item),)


def _rule(
    case: Case, branch: Branch, ground: Ground, facts: Mapping[str, Value], step: nets.Step
) -> Said:
    """Let the rule table decide, with the rows that fired; hand to people what it cannot settle."""
    alias = step.attributes["rule"]
    rule = ground.definitions[branch.item].rules[alias]
    doubtful = unverified(case, branch, ground, rule.table.needs)
    decision = rule.decide(view(branch, ground, facts))
    if decision.status == "decided" and not doubtful:
        results = {f"{alias}.{name}": v for name, v in decision.outputs[0].items()}
        zh, en = (
            tables.reasons(rule.table, decision, lang, ground.life_event.labels(lang))
            for lang in ("zh", "en")
        )
        reasons = [
            {"table": rule.table.id, "rule": row, "zh": a, "en": b}
            for (row, a), (_, b) in zip(zh, en, strict=True)
        ]
        by = {"by": "rule", "reasons": reasons}
        return stepped(branch, ground, facts, step.id, results, decision=by)
    data = {
        "post": step.attributes.get("post", "reviewer"),
        "missing": list(doubtful or decision.missing),
        "message": "unverified" if doubtful else decision.message or decision.status,
    }
    return Said(say.HANDED, ground.now, data, branch.item, step.id)


def timer_due(step: nets.Step, armed: datetime, ground: Ground) -> datetime | None:
    """Give the instant at which a timer fires: elapsed time, or the end of its last working day.

    None while the calendar of that day is not announced: it does not fire before.
    """
    timer = step.timer
    if timer is None:
        raise ValueError(f"{step.id} is not a timer")
    if timer.duration is not None:
        return armed + timer.duration
    return after_workdays(armed, timer.workdays or 0, ground)


def after_workdays(since: datetime, days: int, ground: Ground) -> datetime | None:
    """Give the end of the ``days``-th working day after ``since``; None if nobody can know it."""
    try:
        last = workdays.add_workdays(ground.calendar, since.date(), days)
    except workdays.CalendarEnded:
        return None
    midnight = datetime.combine(last, datetime.min.time(), tzinfo=since.tzinfo)
    return midnight + timedelta(days=1)
