"""Cases as they are shown: items, facts with their sources, what they wait for (办件).

The same view serves the API, the page and the command line, so that nobody sees a different truth.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from tongban.apps.cases import events as say
from tongban.apps.cases import services
from tongban.apps.cases.domain import acceptance, charging, clocks, engine
from tongban.apps.cases.domain.fold import Said, fold
from tongban.apps.cases.domain.ground import Ground, all_facts, department_of
from tongban.apps.cases.domain.state import ENDED, Branch, Case, Json, Stage
from tongban.apps.cases.models import BranchRow
from tongban.apps.cases.models import Case as CaseRow
from tongban.apps.exchange import queries as exchange
from tongban.apps.fees import queries as fees
from tongban.apps.licences import queries as licences
from tongban.apps.parties import queries as parties
from tongban.infra.trail import queries as trail
from tongban.kernel import workdays
from tongban.kernel.events import Event
from tongban.kernel.facts import Words, to_json
from tongban.kernel.feel import Value

STAGES = {
    Stage.WAITING: Words("等待前序事项", "waiting for an earlier item"),
    Stage.GATHERING: Words("正在取数", "fetching data"),
    Stage.CORRECTION: Words("待补正", "correction asked"),
    Stage.EXAMINING: Words("待受理", "a clerk looks at the documents"),
    Stage.PAYMENT: Words("待缴费", "a fee is to be paid"),
    Stage.PROCESSING: Words("办理中", "being processed"),
    Stage.RECONFIRM: Words("待确认", "to be confirmed"),
    Stage.GRANTED: Words("准予", "granted"),
    Stage.REFUSED: Words("不予", "refused"),
    Stage.WITHDRAWN: Words("已撤回", "withdrawn"),
    Stage.IMPOSSIBLE: Words("前序未成，无法办理", "not possible: an earlier item failed"),
    Stage.NOT_APPLICABLE: Words("不适用", "does not apply"),
}


_NOTES = {
    "duplicate": Words(
        "同一事项已由办件{note}办结，不重复办理", "case {note} gave this already; it is given once"
    ),
    "paid-before": Words(
        "本月已下达拨付指令（{note}），不重复发放",
        "this month's payment was ordered already ({note}); it is paid once",
    ),
    "fee_unpaid": Words(
        "逾期未缴费，视为撤回，可重新申请", "the fee was not paid in time: taken back; apply again"
    ),
}


FEE = Words("缴费", "the fee")


YES, NO = Words("是", "yes"), Words("否", "no")


WHY = {
    "missing": Words("缺少此项", "is missing"),
    "material": Words("请上传此材料", "please upload this document"),
    "changed-since-shown": Words("来源数据与您看到的不同，请确认", "changed since you saw it"),
    "changed-at-source": Words("来源数据已变化，请确认", "the source has changed; please confirm"),
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """A case with the ground to read it on."""

    case: Case
    ground: Ground


def load(number: str) -> Loaded:
    """Give a case and its frozen definitions at the present instant."""
    case = services.load(number)
    return Loaded(case, services.ground_for(case))


def replay(number: str) -> Case:
    """Rebuild a case from the trail alone (状态是事件的折叠)."""
    return fold(
        number,
        (
            Said(e.type, e.occurred, e.data, e.item, e.step, e.actor)
            for e in trail.history(number)
            if e.type.startswith("tongban.cases.")
        ),
    )


def _asked(branch: Branch, ground: Ground, lang: str) -> list[dict[str, Json]]:
    if branch.stage not in {Stage.CORRECTION, Stage.RECONFIRM}:
        return []
    names = {m.code: m.name for m in ground.definitions[branch.item].needs.materials}
    labels = ground.life_event.labels(lang)
    return [
        {
            "name": name,
            "label": names[name].of(lang) if name in names else labels.get(name, name),
            "why": WHY[why].of(lang) if why in WHY else why,
        }
        for name, why in branch.asked
    ]


def branch_view(case: Case, branch: Branch, ground: Ground, lang: str) -> dict[str, Json]:
    """Show one branch: where it stands, who decided and why, its clock, what is asked."""
    definition = ground.definitions[branch.item]
    ledger = clocks.clock(branch, ground)
    due = clocks.due(branch, ground)
    clock = workdays.status(ground.calendar, ledger, ground.today) if ledger else None
    return {
        "item": branch.item,
        "version": branch.version,
        "name": definition.name.of(lang),
        "implementation_code": definition.implementation_code,
        "department": parties.department_name(department_of(branch, ground), lang),
        "state": branch.stage.value,
        "state_words": STAGES[branch.stage].of(lang),
        "outcome": branch.outcome,
        "decided_by": branch.decided_by,
        "reasons": [r[lang] for r in branch.reasons],
        "rules": [r["rule"] for r in branch.reasons if r["table"] and r["rule"]],
        "licence": branch.licence.partition(":")[2],
        "started_after": list(branch.after),
        "received": branch.received and branch.received.isoformat(),
        "accepted": branch.accepted and branch.accepted.isoformat(),
        "deemed": branch.deemed,
        "promised_days": definition.promised_days,
        "statutory_days": definition.statutory_days,
        "promised_date": due and due.isoformat(),
        "decided": branch.decided and branch.decided.isoformat(),
        "clock": clock and {"light": clock.light, "words": clock.zh if lang == "zh" else clock.en},
        "asked": _asked(branch, ground, lang),
        "unavailable_until": branch.retry_at if branch.stage is Stage.GATHERING else "",
        "waiting_for": _waiting_for(case, branch, ground, lang),
        "note": _NOTES[branch.outcome].of(lang).format(note=branch.note)
        if branch.outcome in _NOTES
        else branch.note,
        "urged": branch.urged,
        "fee": fees.number_of(charging.reference(case, branch)) if branch.fee else "",
    }


def _waiting_for(case: Case, branch: Branch, ground: Ground, lang: str) -> list[str]:
    """Name whom a branch waits for, truthfully: departments, earlier items, or a post."""
    if branch.stage is Stage.WAITING:
        return [ground.definitions[item].name.of(lang) for item in branch.after]
    if branch.stage is Stage.PAYMENT:
        return [FEE.of(lang)]
    if branch.stage is Stage.GATHERING:
        down = acceptance.unanswered(case, branch, ground)
        return [parties.department_name(d, lang) for d in down]
    return [t.post for t in engine.tasks(case, ground) if t.item == branch.item]


def track(number: str, lang: str) -> dict[str, Json]:
    """Show a case to those who may see it; ``lang`` is zh or en."""
    loaded = load(number)
    case, ground = loaded.case, loaded.ground
    return {
        "number": case.number,
        "life_event": case.life_event,
        "name": ground.life_event.name.of(lang),
        "version": case.version,
        "submitted": case.submitted,
        "ended": case.ended,
        "branches": [branch_view(case, b, ground, lang) for b in case.branches.values()],
    }


def facts_view(loaded: Loaded, lang: str) -> list[dict[str, Json]]:
    """Show every fact of a case with its source department, time and state."""
    labels = loaded.ground.life_event.labels(lang)
    return [
        {
            "fact": name,
            "label": labels.get(name, name),
            "value": to_json(known.value),
            "shown": shown(loaded, name, lang),
            "status": known.status,
            "origin": known.origin,
            "department": parties.department_name(known.department, lang),
            "resource": known.resource,
            "as_of": known.as_of,
            "unverified": known.unverified,
            "doubt": _doubt(loaded, name, lang),
        }
        for name, known in loaded.case.facts.items()
    ]


def _doubt(loaded: Loaded, name: str, lang: str) -> dict[str, Json] | None:
    """Show what the applicant says of a fact instead (更正请求)."""
    doubt = loaded.case.doubts.get(name)
    if doubt is None:
        return None
    return {
        "says": to_json(doubt.says),
        "shown": in_words(loaded, name, doubt.says, lang),
        "why": doubt.why,
        "at": doubt.at,
    }


@dataclass(frozen=True, slots=True)
class Matter:
    """A branch as another app may judge it: whose, by which department, when, by which hands."""

    applicant: str
    department: str
    version: int
    decided: date | None
    hands: frozenset[str]  # user ids of who did a step


def matter(number: str, item: str) -> Matter | None:
    """Give one branch of a case; None where the case has no such item or nobody decided it."""
    loaded = load(number)
    branch = loaded.case.branches.get(item)
    if branch is None:
        return None
    judged = branch.stage in {Stage.GRANTED, Stage.REFUSED}
    return Matter(
        loaded.case.applicant,
        department_of(branch, loaded.ground),
        branch.version,
        branch.decided if judged else None,
        frozenset(actor for _, actor in branch.done_by),
    )


def decided(number: str) -> tuple[str, ...]:
    """Name the items of a case that were granted or refused."""
    branches = services.load(number).branches.values()
    return tuple(b.item for b in branches if b.stage in {Stage.GRANTED, Stage.REFUSED})


def required_materials(loaded: Loaded, branch: Branch) -> tuple[str, ...]:
    """Give the codes of the materials that this applicant's branch requires, waived or not."""
    facts = all_facts(loaded.case, loaded.ground)
    return tuple(m.code for m in acceptance.documents(branch, loaded.ground, facts))


def visits(loaded: Loaded, history: Sequence[Event]) -> int:
    """Count the steps at which somebody had to be present (跑动次数): manual tasks done."""
    count = 0
    for event in history:
        branch = loaded.case.branches.get(event.item)
        if event.type == say.STEPPED and branch and event.step:
            step = loaded.ground.definitions[branch.item].net.steps[event.step]
            count += step.kind == "manual"
    return count


def shown(loaded: Loaded, name: str, lang: str) -> str:
    """Give a fact's value as a person reads it: the label of an option, yes or no."""
    return in_words(loaded, name, loaded.case.facts[name].value, lang)


def in_words(loaded: Loaded, name: str, value: Value, lang: str) -> str:
    """Give a value of a fact as a person reads it."""
    for option in loaded.ground.vocabulary.fact(name).options:
        if option.value == value:
            return option.label.of(lang)
    if isinstance(value, bool):
        return (YES if value else NO).of(lang)
    return "" if value is None else str(value)


def values(loaded: Loaded) -> Mapping[str, Json]:
    """Give every known value of a case, bound and derived facts included, as JSON."""
    return {n: to_json(v) for n, v in all_facts(loaded.case, loaded.ground).items()}


def timeline(number: str) -> tuple[Event, ...]:
    """Give the events of a case, oldest first."""
    return tuple(trail.history(number))


def licences_of(number: str) -> list[dict[str, Json]]:
    """Give the licences a case issued."""
    return [
        {
            "identifier": licence.identifier,
            "number": licence.number,
            "kind": licence.kind,
            "item": licence.item,
            "state": licence.state,
            "issued": licence.issued.isoformat(),
            "valid_until": licence.valid_until and licence.valid_until.isoformat(),
        }
        for licence in licences.of_case(number)
    ]


def resources_called(number: str) -> list[dict[str, Json]]:
    """List the calls that were made for a case: who was asked for what, on which ground."""
    return [
        {**event.data, "occurred": event.occurred.isoformat()}
        for event in trail.history(number)
        if event.type == exchange.CALLED and not event.erased
    ]


def open_on(kind: str, slug: str) -> int:
    """Count the open cases of a life event, or with an open branch of an item, in any version."""
    if kind == "life-event":
        return CaseRow.objects.filter(life_event=slug, ended=False).count()
    ended = [stage.value for stage in ENDED]
    return BranchRow.objects.filter(item=slug).exclude(stage__in=ended).count()
