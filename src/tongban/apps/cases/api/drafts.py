"""Drafts (草稿): what a person has begun and not sent, from any of its devices."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja.responses import Status

from tongban.apps.cases import disclosure, prefilled, queries, services
from tongban.apps.items import queries as items
from tongban.apps.parties.asking import acting
from tongban.infra.api import Lang, Slug, speaks

from .acts import doubts
from .common import READ, WRITE, refusals, router, seen
from .schemas.base import DraftNumber, FactName
from .schemas.drafts import (
    DraftIn,
    DraftLine,
    DraftOut,
    DraftSubmissionIn,
    DraftUploadIn,
    LookAtOut,
    PrefilledOut,
    ReadingIn,
)
from .schemas.intake import DoubtIn
from .schemas.showing import CaseOut

_TAGS = ["drafts · 草稿"]
_ANSWERS = {200: DraftOut, **refusals(WRITE)}
_SUBMIT = "case.submit"


@router.get(
    "/drafts",
    response={200: list[DraftLine], **refusals(READ - {404})},
    summary="我的草稿 · My drafts",
    operation_id="list_drafts",
    tags=_TAGS,
)
def own_drafts(request: HttpRequest, lang: Lang | None = None) -> Any:
    """List what the caller has begun and not sent, the latest first."""
    words = speaks(request, lang)
    return [
        {
            "number": row.number,
            "life_event": row.life_event,
            "name": items.life_event(row.life_event).name.of(words),
            "version": row.version,
            "saved": row.saved,
            "ends": row.ends,
        }
        for row in queries.drafts_of(acting(request, _SUBMIT))
    ]


@router.post(
    "/drafts",
    response=_ANSWERS,
    summary="保存草稿 · Save a draft",
    operation_id="save_draft",
    tags=_TAGS,
)
def save(request: HttpRequest, body: DraftIn) -> Any:
    """Save some answers; what another device answered otherwise meanwhile is refused (409)."""
    caller = acting(request, _SUBMIT)
    saved = services.save_draft(caller, body.life_event, body.answers, version=body.version)
    return queries.draft(caller, saved.number)


@router.get(
    "/drafts/{number}",
    response={200: DraftOut, **refusals(READ)},
    summary="草稿内容 · A draft",
    operation_id="draft",
    tags=_TAGS,
)
def draft(request: HttpRequest, number: DraftNumber) -> Any:
    """Show a draft with what is amiss in it."""
    return queries.draft(acting(request, _SUBMIT), number)


@router.delete(
    "/drafts/{number}",
    response={204: None, **refusals(WRITE)},
    summary="删除草稿 · Drop a draft",
    operation_id="drop_draft",
    tags=_TAGS,
)
def drop(request: HttpRequest, number: DraftNumber) -> Any:
    """Drop a draft with all it holds."""
    services.drop_draft(acting(request, _SUBMIT), number)
    return Status(204, None)


@router.post(
    "/drafts/{number}/documents",
    response=_ANSWERS,
    summary="上传材料 · Put a file to a draft",
    operation_id="attach",
    tags=_TAGS,
)
def attach(request: HttpRequest, number: DraftNumber, body: DraftUploadIn) -> Any:
    """Keep a file with the draft: its kind read from its content, place and camera left out."""
    caller = acting(request, _SUBMIT)
    upload = services.Upload(body.material, body.filename, body.media_type, body.content)
    services.attach(caller, number, upload, replaces=body.replaces)
    return queries.draft(caller, number)


@router.delete(
    "/drafts/{number}/documents/{material}",
    response=_ANSWERS,
    summary="撤下材料 · Take a file out of a draft",
    operation_id="detach",
    tags=_TAGS,
)
def detach(request: HttpRequest, number: DraftNumber, material: Slug) -> Any:
    """Take a file out again."""
    caller = acting(request, _SUBMIT)
    services.detach(caller, number, material)
    return queries.draft(caller, number)


@router.get(
    "/drafts/{number}/documents/{material}/look",
    response={200: LookAtOut, **refusals(READ)},
    summary="材料预检 · Look at a file before it is handed in",
    operation_id="look_at",
    tags=_TAGS,
)
def look_at(request: HttpRequest, number: DraftNumber, material: Slug) -> Any:
    """Say at once what a clerk would: too dark, blurred, another paper, no longer valid."""
    return seen(services.look(acting(request, _SUBMIT), number, material))


_READING = {200: PrefilledOut, **refusals(WRITE)}


@router.post(
    "/drafts/{number}/reading",
    response=_READING,
    summary="同意取数并预填 · Agree, and have departments asked",
    operation_id="read_ahead",
    tags=_TAGS,
)
def read_ahead(
    request: HttpRequest, number: DraftNumber, body: ReadingIn, lang: Lang | None = None
) -> Any:
    """Have the departments asked before sending; what did not come in time may be asked for by GET.

    Nothing is asked by a key that was typed. A few times a draft and a day; after that the draft is
    sent without.
    """
    caller = acting(request, _SUBMIT)
    services.read_ahead(caller, number, consent=body.consent)
    return prefilled.of(caller, number, speaks(request, lang))


@router.get(
    "/drafts/{number}/reading",
    response={200: PrefilledOut, **refusals(READ)},
    summary="预填数据 · What departments said",
    operation_id="prefilled",
    tags=_TAGS,
)
def reading(request: HttpRequest, number: DraftNumber, lang: Lang | None = None) -> Any:
    """Show what departments said, what differs from the answers, and what is asked later."""
    return prefilled.of(acting(request, _SUBMIT), number, speaks(request, lang))


@router.post(
    "/drafts/{number}/facts/{fact}/doubt",
    response=_READING,
    summary="数据有误 · Not right? (before sending)",
    operation_id="doubt_ahead",
    tags=_TAGS,
)
def doubt_ahead(
    request: HttpRequest,
    number: DraftNumber,
    fact: FactName,
    body: DoubtIn,
    lang: Lang | None = None,
) -> Any:
    """Doubt a fact that was read; the department is told when the draft is sent."""
    caller = acting(request, _SUBMIT)
    services.doubt_ahead(caller, number, fact, services.Doubted(body.says, body.why))
    return prefilled.of(caller, number, speaks(request, lang))


@router.delete(
    "/drafts/{number}/facts/{fact}/doubt",
    response=_READING,
    summary="撤回更正请求 · Take a doubt back (before sending)",
    operation_id="withdraw_doubt_ahead",
    tags=_TAGS,
)
def withdraw_doubt_ahead(
    request: HttpRequest, number: DraftNumber, fact: FactName, lang: Lang | None = None
) -> Any:
    """Take a doubt back before it is sent."""
    caller = acting(request, _SUBMIT)
    services.withdraw_doubt_ahead(caller, number, fact)
    return prefilled.of(caller, number, speaks(request, lang))


@router.post(
    "/drafts/{number}/submission",
    response={201: CaseOut, **refusals(WRITE)},
    summary="提交草稿 · Send a draft",
    operation_id="submit_draft",
    tags=_TAGS,
)
def submit(
    request: HttpRequest,
    response: HttpResponse,
    number: DraftNumber,
    body: DraftSubmissionIn,
    lang: Lang | None = None,
) -> Any:
    """Apply with what the draft holds; however often it is sent, there is one case."""
    caller = acting(request, _SUBMIT)
    case = services.submit_draft(
        caller,
        number,
        version=body.version,
        consent=body.consent,
        seen=body.seen,
        chosen=body.items,
        doubts=doubts(body.doubts),
    )
    response["Location"] = f"{request.path.partition('/drafts/')[0]}/cases/{case}"
    return Status(201, disclosure.case(disclosure.look(caller, case), speaks(request, lang)))
