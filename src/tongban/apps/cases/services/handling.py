"""The desk's verbs (窗口): claim, release, move, decide many, act for who is present, warn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal

from django.conf import settings
from django.db import transaction
from django.db.models import F

from tongban.apps.cases import events as say
from tongban.apps.cases.domain import clocks, engine, handling
from tongban.apps.cases.domain.engine import tell
from tongban.apps.cases.domain.fold import Said
from tongban.apps.cases.domain.ground import Ground, department_of
from tongban.apps.cases.domain.state import Case
from tongban.apps.cases.errors import CaseError, CaseMoved, CaseRefused, SubmissionInvalid
from tongban.apps.cases.models import BranchRow
from tongban.apps.parties import delegating
from tongban.apps.parties import domain as acting
from tongban.apps.parties import queries as parties
from tongban.infra import clock
from tongban.infra.access.domain import Subject
from tongban.infra.trail.services import ChainMoved
from tongban.kernel import workdays

from .acts import POSTS, Verdict, act_on, decide
from .turns import TRIES, allowed, calendar, drafts_of, ground_for, load, save

MOST_AT_ONCE = 50
#: How the identity of somebody at a counter was checked (身份核验方式).
CHECKS = {
    "id-card-reader": "身份证读卡核验",
    "id-card-seen": "查验身份证原件",
    "face": "人脸比对",
    "document": "查验其他有效证件",
}
Check = Literal["id-card-reader", "id-card-seen", "face", "document"]


def _at(subject: Subject, number: str, item: str) -> str:
    """Give the action that the task of this branch needs; refuses where no task is offered."""
    allowed(subject, number, "case.read", item)
    case = load(number)
    ground = ground_for(case)
    posts = [task.post for task in engine.tasks(case, ground) if task.item == item]
    if not posts:
        raise CaseRefused("目前没有待办任务", "no task waits here at present")
    mine = {(post.department, post.role) for post in subject.posts}
    here = department_of(case.branches[item], ground)
    return POSTS[next((post for post in posts if (here, post) in mine), posts[0])]


def _branch_act(
    subject: Subject, number: str, item: str, act: Callable[[Case, Ground], Said]
) -> Case:
    def said(case: Case, ground: Ground) -> Sequence[Said]:
        return (act(case, ground),)

    return act_on(subject, number, _at(subject, number, item), item, said)


def claim(
    subject: Subject, number: str, item: str, *, take_over: bool = False, reason: str = ""
) -> Case:
    """Claim the task of a branch for some office hours (认领), or take it over with a reason."""

    def act(case: Case, ground: Ground) -> Said:
        return handling.claim(
            case.branches[item],
            ground,
            actor=subject.user_id,
            hours=settings.CLAIM_HOURS,
            take_over=take_over,
            reason=reason,
        )

    return _branch_act(subject, number, item, act)


def release(subject: Subject, number: str, item: str) -> Case:
    """Let go of a claimed task (释放)."""
    return _branch_act(
        subject,
        number,
        item,
        lambda case, ground: handling.release(case.branches[item], ground, actor=subject.user_id),
    )


def transfer(
    subject: Subject, number: str, item: str, *, department: str, post: str, reason: str
) -> Case:
    """Move the work to another post or department (转办), where somebody must hold that post."""
    if post not in POSTS or not parties.officials(department, post):
        raise SubmissionInvalid({"post": ("该部门没有此岗位", "nobody holds this post there")})

    def act(case: Case, ground: Ground) -> Said:
        return handling.transfer(
            case.branches[item],
            ground,
            department,
            post,
            held={task.post for task in engine.tasks(case, ground) if task.item == item},
            reason=reason,
            actor=subject.user_id,
        )

    return _branch_act(subject, number, item, act)


def settle_transfer(
    subject: Subject, number: str, item: str, *, agreed: bool, reason: str = ""
) -> Case:
    """Approve a move to another department or not (批准转办)."""

    def act(case: Case, ground: Ground) -> Sequence[Said]:
        return (
            handling.settle_transfer(
                case.branches[item], ground, agreed=agreed, reason=reason, actor=subject.user_id
            ),
        )

    return act_on(subject, number, "case.decide", item, act)


def ask_extension(subject: Subject, number: str, item: str, days: int, reason: str) -> Case:
    """Ask for more time (申请延长办理期限), by whoever the work waits for."""

    def act(case: Case, ground: Ground) -> Said:
        return clocks.ask_extension(
            case, ground, item, days=days, actor=subject.user_id, reason=reason
        )

    return _branch_act(subject, number, item, act)


def settle_extension(
    subject: Subject, number: str, item: str, *, agreed: bool, reason: str = ""
) -> Case:
    """Extend the clock once as was asked, or not, by an approver (批准延长办理期限)."""

    def act(case: Case, ground: Ground) -> Sequence[Said]:
        return (
            clocks.settle_extension(
                case, ground, item, agreed=agreed, reason=reason, approver=subject.user_id
            ),
        )

    return act_on(subject, number, "case.decide", item, act)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one case of several: nothing where it was decided, else why not."""

    number: str
    refused: CaseError | None = None


def decide_many(
    subject: Subject, numbers: Sequence[str], item: str, step: str, verdict: Verdict
) -> list[Outcome]:
    """Decide one step of several cases (批量审批), each by itself, where the item allows it.

    One that is refused stops no other. Raises `SubmissionInvalid` for too many or the same twice.
    """
    if not 0 < len(numbers) <= MOST_AT_ONCE or len(set(numbers)) < len(numbers):
        raise SubmissionInvalid(
            {"cases": (f"一次最多{MOST_AT_ONCE}件，不重复", f"at most {MOST_AT_ONCE}, each once")}
        )
    return [_one(subject, number, item, step, verdict) for number in numbers]


def _one(subject: Subject, number: str, item: str, step: str, verdict: Verdict) -> Outcome:
    try:
        allowed(subject, number, "case.read", item)
        case = load(number)
        if item in case.branches and not ground_for(case).definitions[item].desk.batch:
            raise CaseRefused("该事项不允许批量审批", "this item is decided one by one")
        decide(subject, number, item, step, verdict)
    except CaseError as refused:
        return Outcome(number, refused)
    return Outcome(number)


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody at a counter: number, name, how it was checked, and the paper that was signed."""

    id_number: str
    name: str
    checked: Check
    consent: str


def at_counter(subject: Subject, present: Present, life_event: str, *, department: str) -> str:
    """Act for a person who is present (窗口代办), today, for one life event; give the delegation.

    Who acts is on the trail with how the identity was checked. Raises ``DelegationRefused``.
    """
    close = datetime.combine(clock.today() + timedelta(days=1), time(), clock.SHANGHAI)
    scope = delegating.Scope([acting.READ, acting.SUBMIT, acting.CORRECT], [life_event], close)
    return delegating.record_assistance(
        subject,
        delegating.Named(present.id_number, present.name),
        scope,
        department=department,
        basis=f"{CHECKS[present.checked]}；{present.consent}",
    )


def warn(most: int = 100) -> int:
    """Tell applicants, once a promised day, that it is the next working day; give how many."""
    today = clock.today()
    try:
        soon = workdays.add_workdays(calendar(), today, 1)
    except workdays.CalendarEnded:
        return 0
    rows = BranchRow.objects.filter(
        due__gte=today, due__lte=soon, stage__in=["processing", "reconfirm"]
    ).exclude(warned=F("due"))
    found = list(rows.order_by("due", "pk").values_list("case_id", "item")[:most])
    for number, item in found:
        _warn(number, item)
    return len(found)


def _warn(number: str, item: str) -> None:
    for _ in range(TRIES):
        case = load(number)
        ground = ground_for(case)
        row = BranchRow.objects.get(case_id=number, item=item)
        data = {"due": row.due.isoformat() if row.due else ""}
        said = Said(say.DUE_SOON, ground.now, data, item)
        after = tell(case, said)
        try:
            with transaction.atomic():
                BranchRow.objects.filter(pk=row.pk).update(warned=row.due)
                save(case, after, ground, drafts_of(after, ground, [said]))
        except (CaseMoved, ChainMoved):
            continue
        return
