"""Reads: life events and their plans, cases with facts and timeline, the queue of an official."""

from datetime import date
from typing import Any, Literal

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from tongban.apps.cases import desk, disclosure, queries
from tongban.apps.cases.papers import PDF
from tongban.apps.items import queries as items
from tongban.apps.parties.asking import acting
from tongban.infra.api import Lang, Page, Size, Slug, speaks

from .common import READ, refusals, router
from .schemas.acts import DocumentOut
from .schemas.base import After, Key, Number
from .schemas.desk import ChecklistOut, QueuePage
from .schemas.intake import LifeEventOut, PlanOut, PrecheckIn, PrecheckOut
from .schemas.showing import CaseOut, CasePage, FactsOut, LookOut, TimelineOut

_TAGS = ["reads · 查询"]


@router.get(
    "/life-events",
    auth=None,
    response={200: list[LifeEventOut], 422: refusals(READ)[422]},
    summary="一件事清单 · Life events that can be applied for",
    operation_id="list_life_events",
    tags=_TAGS,
)
def life_events(request: HttpRequest, lang: Lang | None = None) -> Any:
    """List what a person can apply for once, with the items inside."""
    words = speaks(request, lang)
    return [
        {
            "slug": event.slug,
            "version": event.version,
            "name": event.name.of(words),
            "items": [branch.item for branch in event.branches],
        }
        for event in map(items.life_event, items.life_events())
    ]


@router.get(
    "/life-events/{slug}/plan",
    auth=None,
    response={200: PlanOut, **refusals(frozenset({404, 422}))},
    summary="数据计划：需填、调取、免交 · What is asked, fetched and waived",
    operation_id="plan",
    tags=_TAGS,
)
def plan(request: HttpRequest, slug: Slug, lang: Lang | None = None) -> Any:
    """Show the form, the consent and the documents before anyone applies."""
    return queries.plan_view(slug, speaks(request, lang))


@router.post(
    "/life-events/{slug}/precheck",
    response={200: list[PrecheckOut], **refusals(READ | {413})},
    summary="预检：规则怎么说、还差什么 · What the rules would say",
    operation_id="precheck",
    tags=_TAGS,
)
def precheck(request: HttpRequest, slug: Slug, body: PrecheckIn, lang: Lang | None = None) -> Any:
    """Answer yes, no or which fact is missing, item by item; nothing is submitted or fetched."""
    acting(request, "case.submit")
    return queries.precheck_view(slug, body.answers, speaks(request, lang))


@router.get(
    "/cases",
    response={200: CasePage, **refusals(READ - {404})},
    summary="我的办件 · My own cases",
    operation_id="list_cases",
    tags=_TAGS,
)
def own_cases(
    request: HttpRequest, page: Page = 1, size: Size = 20, lang: Lang | None = None
) -> Any:
    """List the caller's own cases, newest first; a page beyond the last is empty."""
    words = speaks(request, lang)
    count, rows = _page(queries.cases_of(acting(request, "case.read")), page, size)
    lines = [
        {
            "number": row.number,
            "life_event": row.life_event,
            "name": items.life_event(row.life_event, row.version).name.of(words),
            "version": row.version,
            "submitted": row.submitted,
            "ended": row.ended,
        }
        for row in rows
    ]
    return {"count": count, "page": page, "size": size, "rows": lines}


def _page(rows: QuerySet[Any], page: int, size: int) -> tuple[int, list[Any]]:
    pages = Paginator(rows, size)
    if page > pages.num_pages:
        return pages.count, []
    return pages.count, list(pages.page(page))


@router.get(
    "/cases/{number}",
    response={200: CaseOut, **refusals(READ)},
    summary="办件进度 · Track a case",
    operation_id="track",
    tags=_TAGS,
)
def track(request: HttpRequest, number: Number, lang: Lang | None = None) -> Any:
    """Show where every item of a case stands, who decided it and why."""
    sight = disclosure.look(acting(request, "case.read"), number)
    return disclosure.case(sight, speaks(request, lang))


@router.get(
    "/cases/{number}/facts",
    response={200: FactsOut, **refusals(READ)},
    summary="数据与来源 · Facts and their sources",
    operation_id="facts",
    tags=_TAGS,
)
def facts(request: HttpRequest, number: Number, lang: Lang | None = None) -> Any:
    """Show every fact with the department it came from, and every call that was made."""
    words = speaks(request, lang)
    sight = disclosure.look(acting(request, "case.read"), number)
    return {"facts": disclosure.facts(sight, words), "calls": disclosure.calls(sight, words)}


@router.get(
    "/cases/{number}/timeline",
    response={200: TimelineOut, **refusals(READ)},
    summary="办件留痕 · The trail of a case",
    operation_id="timeline",
    tags=_TAGS,
)
def timeline(request: HttpRequest, number: Number, lang: Lang | None = None) -> Any:
    """Show the events of a case with their hashes, and whether the chain holds."""
    sight = disclosure.look(acting(request, "case.read"), number)
    return disclosure.timeline(sight, speaks(request, lang))


@router.get(
    "/cases/{number}/documents",
    response={200: list[DocumentOut], **refusals(READ)},
    summary="办件文件与签名 · Documents, and who signed them",
    operation_id="documents",
    tags=_TAGS,
)
def documents(request: HttpRequest, number: Number) -> Any:
    """List what was handed in and the notices of decisions, with signatures and seals."""
    return disclosure.documents(disclosure.look(acting(request, "case.read"), number))


@router.get(
    "/cases/{number}/branches/{item}/notice",
    response={200: bytes, **refusals(READ | {409})},
    summary="决定书 · The notice of a decision as PDF",
    operation_id="notice",
    tags=_TAGS,
    openapi_extra={
        "responses": {
            200: {
                "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}
            }
        }
    },
)
def notice(request: HttpRequest, number: Number, item: Slug) -> Any:
    """Give the notice under the department's seal; 409 while nothing is decided, or none can be."""
    sight = disclosure.look(acting(request, "case.read"), number)
    return HttpResponse(disclosure.notice(sight, item), content_type=PDF)


@router.get(
    "/tasks",
    response={200: QueuePage, **refusals(READ - {404})},
    summary="待办 · The work that waits for my posts",
    operation_id="list_tasks",
    tags=_TAGS,
)
def tasks(
    request: HttpRequest,
    after: After = "",
    size: Size = 20,
    item: Key = "",
    stage: Key = "",
    claimed: Literal["", "free", "mine", "others"] = "",
    due_before: date | None = None,
    lang: Lang | None = None,
) -> Any:
    """List what waits for the caller's posts, the most urgent first, with the steps to decide.

    Go on with ``after`` of the last page; lights and words are those of the clock now.
    """
    caller = acting(request, "case.read")
    wanted = desk.Wanted(item, stage, claimed, due_before)
    page = desk.queue(caller, wanted, speaks(request, lang), after=after, size=size)
    count = desk.waiting(caller, wanted)
    return {"count": count, "size": size, "after": page.after, "rows": page.rows}


@router.get(
    "/cases/{number}/branches/{item}/checklist",
    response={200: ChecklistOut, **refusals(READ)},
    summary="补正清单 · What may be asked of the applicant",
    operation_id="checklist",
    tags=_TAGS,
)
def checklist(request: HttpRequest, number: Number, item: Slug, lang: Lang | None = None) -> Any:
    """List every field and document of an item with how it stands, to ask once and completely."""
    caller = acting(request, "case.ask")
    return desk.checklist(caller, number, item, speaks(request, lang))


@router.get(
    "/looks",
    response={200: list[LookOut], **refusals(READ - {404})},
    summary="谁查了我 · Who looked at my data",
    operation_id="looks",
    tags=_TAGS,
)
def looks(request: HttpRequest, lang: Lang | None = None) -> Any:
    """List every look at the caller's data, by law or by consent, newest first."""
    return disclosure.looks(acting(request, "case.read"), speaks(request, lang))
