"""Before acceptance: gather the data, ask once and completely, and accept by rule, clerk or law.

The law is the same for every item (行政许可法 arts 32, 42), so this part is code and not a flow: a
correction is asked once, within five working days, else the case counts as accepted on the day of
receipt. Documents that somebody uploaded are looked at by a clerk; sources need no clerk.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from tongban.apps.cases import events as say
from tongban.apps.items.domain import LicenceKind
from tongban.kernel import feel, forms, nets, workdays
from tongban.kernel.feel import Value

from . import charging
from .flow import timers
from .fold import Said
from .ground import Ground, view
from .state import Branch, Case

RETRY_FIRST = timedelta(seconds=30)
RETRY_MOST = timedelta(minutes=10)


def intake(branch: Branch) -> workdays.Intake:
    """Give the clock before acceptance (受理期限) of a branch."""
    if branch.received is None:
        raise ValueError(f"{branch.item} was never received")
    return workdays.Intake(branch.received, branch.asked_on, branch.completed)


def gather(case: Case, branch: Branch, ground: Ground, facts: Mapping[str, Value]) -> Said | None:
    """Accept when nothing stands in the way; ask once; wait for a source; or let a clerk look."""
    down = unanswered(case, branch, ground)
    found = () if down else problems(case, branch, ground, facts)
    if (down or found) and (deemed := deem(branch, ground, facts)):
        return deemed
    if down:
        if branch.retry_at > ground.now.isoformat():
            return None
        wait = min(RETRY_FIRST * 2 ** min(branch.attempts, 10), RETRY_MOST)
        data = {"departments": down, "retry_at": (ground.now + wait).isoformat()}
        return Said(say.SOURCE_UNAVAILABLE, ground.now, data, branch.item)
    if found and not branch.asked:
        data = {"asked": [list(p) for p in found], "on": ground.today.isoformat()}
        return Said(say.CORRECTION_ASKED, ground.now, data, branch.item)
    fee = charging.before_acceptance(branch, ground, facts)
    return fee or _complete(case, branch, ground, facts, whole=not found)


def _complete(
    case: Case, branch: Branch, ground: Ground, facts: Mapping[str, Value], *, whole: bool
) -> Said:
    """Let a clerk look where somebody uploaded or something is still missing; else accept."""
    if not whole or uploaded(case, branch, ground, facts):
        corrected = branch.asked and whole
        data = {"completed": ground.today.isoformat()} if corrected else {}
        return Said(say.HELD_FOR_EXAMINATION, ground.now, data, branch.item)
    return accepted(branch, ground, facts)


def unanswered(case: Case, branch: Branch, ground: Ground) -> list[str]:
    """List the departments that owe this branch an answer, keys to further sources included."""
    return sorted(
        {
            k.department
            for item, name in ground.life_event.plan.origin
            if item == branch.item
            and (k := case.facts.get(name)) is not None
            and k.status in {"unavailable", "pending"}
        }
    )


def deem(branch: Branch, ground: Ground, facts: Mapping[str, Value]) -> Said | None:
    """Accept by law (视为受理) when the office stays silent for five working days.

    Where nothing was asked for, the case counts as accepted from the day of receipt; where all
    that was asked for has come, from the day it came.
    """
    since = intake(branch).acceptance(ground.calendar, ground.today)
    if since is None or (branch.asked and not _silent(since, ground)):
        return None
    return accepted(branch, ground, facts, deemed_since=since)


def _silent(since: date, ground: Ground) -> bool:
    clock = workdays.Ledger(since, workdays.Budget(workdays.CORRECTION_DAYS))
    return workdays.overdue(ground.calendar, clock, ground.today)


def problems(
    case: Case, branch: Branch, ground: Ground, facts: Mapping[str, Value]
) -> tuple[tuple[str, str], ...]:
    """List everything that stands between a branch and acceptance, completely (一次性告知).

    Pairs of the name of a fact or the code of a material, and why: ``missing``,
    ``changed-since-shown`` or ``material``.
    """
    definition = ground.definitions[branch.item]
    found: list[tuple[str, str]] = []
    for spec in definition.needs.fields:
        shown = spec.when is None or feel.judge(spec.when, facts).value is True
        if spec.required and shown and spec.fact not in facts:
            found.append((spec.fact, "missing"))
    for name, value in case.seen.items():
        if name in definition.wanted and name in facts and facts[name] != value:
            found.append((name, "changed-since-shown"))
    found += [
        (spec.code, "material")
        for spec in documents(branch, ground, facts)
        if spec.code not in case.materials and not waived(spec, case)
    ]
    return tuple(found)


def documents(
    branch: Branch, ground: Ground, facts: Mapping[str, Value]
) -> Iterator[forms.MaterialSpec]:
    """Give the required materials that apply to this applicant."""
    for spec in ground.definitions[branch.item].needs.materials:
        applies = spec.when is None or feel.judge(spec.when, facts).value is True
        if spec.necessity == "required" and applies:
            yield spec


def waived(spec: forms.MaterialSpec, case: Case) -> bool:
    """Say whether a material is not asked for (免提交): sources or an issued licence stand for it.

    A fact that the applicant typed never stands for a document.
    """
    if spec.waived_by_facts and all(
        (k := case.facts.get(n)) is not None and k.status == "value" and k.origin != "applicant"
        for n in spec.waived_by_facts
    ):
        return True
    return by_held(spec, case) or any(
        b.licence.startswith(f"{spec.waived_by_licence}:")
        for b in case.branches.values()
        if spec.waived_by_licence
    )


def by_held(spec: forms.MaterialSpec, case: Case) -> bool:
    """Say whether a licence that the applicant held already stands for this material."""
    return spec.waived_by_licence in case.licences


def holder(kind: LicenceKind, facts: Mapping[str, Value]) -> str:
    """Give who holds such a licence by number; empty for a newborn, who has none yet."""
    for attribute in ("id_number", "uscc"):
        if number := facts.get(f"{kind.holder}.{attribute}"):
            return str(number)
    return ""


def uploaded(
    case: Case, branch: Branch, ground: Ground, facts: Mapping[str, Value]
) -> tuple[str, ...]:
    """Give the required materials that the applicant uploaded: a clerk looks at them."""
    return tuple(
        spec.code
        for spec in documents(branch, ground, facts)
        if spec.code in case.materials and not waived(spec, case)
    )


def accepted(
    branch: Branch,
    ground: Ground,
    facts: Mapping[str, Value],
    *,
    deemed_since: date | None = None,
    actor: str = "system",
) -> Said:
    """Accept (受理) and begin the flow.

    What was corrected in full counts as accepted from the day it came (行政许可法 art. 32 (5)).
    """
    net = ground.definitions[branch.item].net
    marking = nets.settle(net, nets.start(net), view(branch, ground, facts)).marking
    on = deemed_since or branch.completed or ground.today
    data = {
        "on": on.isoformat(),
        "deemed": deemed_since is not None,
        "marking": nets.encode(marking).hex(),
        "timers": timers(net, marking, (), ground.now),
    }
    return Said(
        say.ACCEPTED,
        ground.now,
        data,
        branch.item,
        actor=actor,
        authority="行政许可法 第三十二条",
    )
