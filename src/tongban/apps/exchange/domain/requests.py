"""The course of a request for data (共享申请): who may do what now, and by which day.

A pure state machine: the API refuses and the page offers by the same `available_actions`. Duties
are held apart: who asked does not review, who reviewed does not decide. A refusal cites a legal
ground of the region's list, or is not possible.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tongban.apps.exchange.domain.governance import Governance
from tongban.infra.access.domain import Subject, judge
from tongban.kernel.facts import Words
from tongban.kernel.workdays import Budget, Calendar, Ledger, Status, status


class State(StrEnum):
    """Where a request stands."""

    DRAFT = "draft"  # 草稿
    SUBMITTED = "submitted"  # 已提交
    REVIEW = "review"  # 审核中
    PROVIDER = "provider"  # 提供部门办理中
    GRANTED = "granted"  # 已授权
    REFUSED = "refused"  # 不予共享
    WITHDRAWN = "withdrawn"  # 已撤回
    LAPSED = "lapsed"  # 已失效


class Action(StrEnum):
    """What somebody, or time, may do to a request."""

    SUBMIT = "submit"
    TAKE = "take"  # the reviewer takes it up
    FORWARD = "forward"  # the reviewer hands it to the provider
    GRANT = "grant"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    LAPSE = "lapse"


WORDS: Mapping[str, Words] = {
    "draft": Words("草稿", "draft"),
    "submitted": Words("待审核", "waits for review"),
    "review": Words("审核中", "under review"),
    "provider": Words("提供部门办理中", "with the provider"),
    "granted": Words("已授权", "granted"),
    "refused": Words("不予共享", "refused"),
    "withdrawn": Words("已撤回", "withdrawn"),
    "lapsed": Words("已失效", "lapsed"),
    "submit": Words("提交", "submit"),
    "take": Words("受理审核", "take up"),
    "forward": Words("审核通过，转提供部门", "pass to the provider"),
    "grant": Words("同意共享", "grant"),
    "refuse": Words("不予共享", "refuse"),
    "withdraw": Words("撤回申请", "withdraw"),
    "lapse": Words("失效", "lapse"),
}
ENDED = frozenset({State.GRANTED, State.REFUSED, State.WITHDRAWN, State.LAPSED})
_S = State
#: state → action → next state
MOVES: Mapping[State, Mapping[Action, State]] = {
    _S.DRAFT: {
        Action.SUBMIT: _S.SUBMITTED,
        Action.WITHDRAW: _S.WITHDRAWN,
        Action.LAPSE: _S.LAPSED,
    },
    _S.SUBMITTED: {Action.TAKE: _S.REVIEW, Action.WITHDRAW: _S.WITHDRAWN, Action.LAPSE: _S.LAPSED},
    _S.REVIEW: {
        Action.FORWARD: _S.PROVIDER,
        Action.REFUSE: _S.REFUSED,
        Action.WITHDRAW: _S.WITHDRAWN,
        Action.LAPSE: _S.LAPSED,
    },
    _S.PROVIDER: {
        Action.GRANT: _S.GRANTED,
        Action.REFUSE: _S.REFUSED,
        Action.WITHDRAW: _S.WITHDRAWN,
        Action.LAPSE: _S.LAPSED,
    },
}
#: action → what `infra.access` is asked, and which department's post must do it
_NEEDS: Mapping[Action, tuple[str, str]] = {
    Action.SUBMIT: ("exchange.request", "asking"),
    Action.WITHDRAW: ("exchange.request", "asking"),
    Action.TAKE: ("exchange.review", "operator"),
    Action.FORWARD: ("exchange.review", "operator"),
    Action.GRANT: ("exchange.grant", "provider"),
    Action.REFUSE: ("exchange.grant", "provider"),
}


class ActionRefused(PermissionError):
    """This may not be done to the request now, or not by this person; ``zh`` and ``en`` say why.

    ``needs`` names the level of assurance at which it may be; 0 where that is not what is amiss.
    """

    def __init__(self, zh: str, en: str, needs: int = 0) -> None:
        self.zh, self.en, self.needs = zh, en, needs
        super().__init__(en)


class NotForYou(ActionRefused):
    """This may be done now, but not by this person."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as far as its course depends on it.

    ``asking`` and ``provider`` are departments of this instance, empty where they belong to
    another one; ``waits_abroad`` says that another instance decides.
    """

    state: State
    asking: str
    provider: str
    asked_by: str
    reviewed_by: str = ""
    waits_abroad: bool = False


def after(state: State, action: Action) -> State:
    """Give the state that an action leads to; raises `ActionRefused`.

    >>> after(State.REVIEW, Action.FORWARD).value
    'provider'
    """
    found = MOVES.get(state, {}).get(action)
    if found is None:
        now, wanted = WORDS[state], WORDS[action]
        raise ActionRefused(
            f"申请{now.zh}，不能{wanted.zh}", f"the request is {now.en}: you cannot {wanted.en}"
        )
    return found


def available_actions(
    request: Request, subject: Subject, rules: Governance, regions: Mapping[str, str]
) -> tuple[Action, ...]:
    """Give what this person may do to the request now; ``regions`` has each department's division.

    `why_not` gives the reason for what is not among them.
    """
    refusals = {
        action: why_not(action, request, subject, rules, regions)
        for action in MOVES.get(request.state, {})
        if action is not Action.LAPSE
    }
    # what only signing in again stands before is offered: the act itself asks for that
    return tuple(action for action, no in refusals.items() if no is None or no.needs)


def why_not(
    action: Action,
    request: Request,
    subject: Subject,
    rules: Governance,
    regions: Mapping[str, str],
) -> ActionRefused | None:
    """Say why this person may not do this now; None where it may."""
    try:
        after(request.state, action)
    except ActionRefused as refused:
        return refused
    if action is Action.LAPSE:
        return NotForYou("只能由系统按期处理", "only time does this")
    if request.waits_abroad and action in {
        Action.TAKE,
        Action.FORWARD,
        Action.GRANT,
        Action.REFUSE,
    }:
        return NotForYou(
            "由资源所属平台办理", "the instance that owns the resource decides on this"
        )
    asked, whose = _NEEDS[action]
    if action is Action.REFUSE and request.state is State.REVIEW:
        asked, whose = "exchange.review", "operator"
    department = {
        "asking": request.asking,
        "provider": request.provider,
        "operator": rules.operator,
    }[whose]
    resource = {"department": department, "region": regions.get(department, "")}
    ruling = judge(subject, asked, resource)
    apart = _apart(action, request, subject)
    if not ruling.allowed and not (ruling.needs and apart):  # signing in again would not help
        return NotForYou(ruling.zh, ruling.en, ruling.needs)
    return apart


def _apart(action: Action, request: Request, subject: Subject) -> ActionRefused | None:
    if action in {Action.SUBMIT, Action.WITHDRAW}:
        return None
    if subject.user_id == request.asked_by:
        return NotForYou("申请人不得审核或决定自己的申请", "who asked neither reviews nor decides")
    decides = action in {Action.GRANT, Action.REFUSE} and request.state is State.PROVIDER
    if decides and subject.user_id == request.reviewed_by:
        return NotForYou("审核人不得作出决定", "who reviewed does not decide")
    return None


def budget(state: State, rules: Governance, *, served: bool = True) -> int | None:
    """Give the working days of the step that a request is in; None where no clock runs.

    A grant keeps its provider's clock running until the service can be reached (``served``).
    """
    if state in {State.SUBMITTED, State.REVIEW}:
        return rules.review_days
    if state is State.PROVIDER:
        return rules.decide_days
    if state is State.GRANTED and not served:
        return rules.publish_days
    return None


def clock(
    state: State,
    entered: date,
    rules: Governance,
    calendar: Calendar,
    today: date,
    *,
    served: bool = True,
) -> Status | None:
    """Tell how the clock of the present step stands; None where none runs.

    ``entered`` is the day of submission until the review has ended, then the day of its end.
    """
    days = budget(state, rules, served=served)
    if days is None:
        return None
    return status(calendar, Ledger(entered, Budget(days, promised=days)), today)
