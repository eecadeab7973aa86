"""The desk (窗口): claim, release, move, decide many, act for somebody who is present."""

from typing import Any

from django.http import HttpRequest
from ninja.responses import Status

from tongban.apps.cases import disclosure, services
from tongban.apps.parties.asking import acting
from tongban.infra.access.domain import Subject
from tongban.infra.api import Lang, Slug, speaks

from .acts import verdict
from .common import WRITE, refusals, router
from .schemas.acts import (
    BatchIn,
    ClaimIn,
    CounterIn,
    CounterOut,
    ExtensionIn,
    OutcomeOut,
    SettlementIn,
    TransferIn,
)
from .schemas.base import Number, Step
from .schemas.showing import CaseOut

_TAGS = ["desk · 窗口"]
_BRANCH = "/cases/{number}/branches/{item}"
_ANSWERS = {200: CaseOut, **refusals(WRITE)}
_POSTS = tuple(services.POSTS.values())


def _now(request: HttpRequest, caller: Subject, number: str, lang: Lang | None) -> Any:
    return disclosure.case(disclosure.look(caller, number), speaks(request, lang))


@router.post(
    _BRANCH + "/claim",
    response=_ANSWERS,
    summary="认领、接手 · Claim a task, or take it over",
    operation_id="claim",
    tags=_TAGS,
)
def claim(
    request: HttpRequest, number: Number, item: Slug, body: ClaimIn, lang: Lang | None = None
) -> Any:
    """Have a task in hand for some office hours; nobody else acts on it meanwhile."""
    caller = acting(request, *_POSTS)
    services.claim(caller, number, item, take_over=body.take_over, reason=body.reason)
    return _now(request, caller, number, lang)


@router.delete(
    _BRANCH + "/claim",
    response=_ANSWERS,
    summary="释放 · Let go of a task",
    operation_id="release",
    tags=_TAGS,
)
def release(request: HttpRequest, number: Number, item: Slug, lang: Lang | None = None) -> Any:
    """Let go of a claimed task."""
    caller = acting(request, *_POSTS)
    services.release(caller, number, item)
    return _now(request, caller, number, lang)


@router.post(
    _BRANCH + "/transfer",
    response={204: None, **refusals(WRITE)},
    summary="转办 · Move to another desk",
    operation_id="transfer",
    tags=_TAGS,
)
def transfer(request: HttpRequest, number: Number, item: Slug, body: TransferIn) -> Any:
    """Move the work to another post or department; where the item says so, ask for it."""
    services.transfer(
        acting(request, *_POSTS),
        number,
        item,
        department=body.department,
        post=body.post,
        reason=body.reason,
    )
    return Status(204, None)


@router.post(
    _BRANCH + "/transfer/settlement",
    response={204: None, **refusals(WRITE)},
    summary="批准转办 · Approve a move",
    operation_id="settle_transfer",
    tags=_TAGS,
)
def settle(request: HttpRequest, number: Number, item: Slug, body: SettlementIn) -> Any:
    """Approve a move that waits, or not (approver)."""
    caller = acting(request, "case.decide")
    services.settle_transfer(caller, number, item, agreed=body.agreed, reason=body.reason)
    return Status(204, None)


@router.post(
    _BRANCH + "/extension",
    response=_ANSWERS,
    summary="申请延长办理期限 · Ask for more time, once",
    operation_id="ask_extension",
    tags=_TAGS,
)
def ask_extension(
    request: HttpRequest, number: Number, item: Slug, body: ExtensionIn, lang: Lang | None = None
) -> Any:
    """Ask for at most ten working days more, once, with a reason (whoever has the work)."""
    caller = acting(request, *_POSTS)
    services.ask_extension(caller, number, item, body.days, body.reason)
    return _now(request, caller, number, lang)


@router.post(
    _BRANCH + "/extension/settlement",
    response=_ANSWERS,
    summary="批准延长办理期限 · Approve more time",
    operation_id="settle_extension",
    tags=_TAGS,
)
def settle_extension(
    request: HttpRequest, number: Number, item: Slug, body: SettlementIn, lang: Lang | None = None
) -> Any:
    """Approve more time that waits, or not (approver); who asked for it may not."""
    caller = acting(request, "case.decide")
    services.settle_extension(caller, number, item, agreed=body.agreed, reason=body.reason)
    return _now(request, caller, number, lang)


@router.post(
    "/tasks/{item}/{path:step}/decisions",
    response={200: list[OutcomeOut], **refusals(WRITE)},
    summary="批量审批 · Decide several",
    operation_id="decide_many",
    tags=_TAGS,
)
def decide_many(request: HttpRequest, item: Slug, step: Step, body: BatchIn) -> Any:
    """Decide one step of several cases; one that is refused stops no other."""
    caller = acting(request, *_POSTS)
    return [
        {
            "number": outcome.number,
            "decided": outcome.refused is None,
            "refused": outcome.refused and {"zh": outcome.refused.zh, "en": outcome.refused.en},
        }
        for outcome in services.decide_many(caller, body.cases, item, step, verdict(body))
    ]


@router.post(
    "/counter",
    response={200: CounterOut, **refusals(WRITE - {404})},
    summary="窗口代办 · Act for a person who is present",
    operation_id="at_counter",
    tags=_TAGS,
)
def at_counter(request: HttpRequest, body: CounterIn) -> Any:
    """Record who is present and how that was checked; then act in its name today."""
    caller = acting(request, "delegation.record", "case.submit")
    present = services.Present(body.id_number, body.name, body.checked, body.consent)
    number = services.at_counter(caller, present, body.life_event, department=body.department)
    return {"delegation": number}
