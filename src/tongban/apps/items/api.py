"""The API of items: service guides, the list of services, the ask box (办事指南、事项清单、问一问).

Public reads: whoever wants to apply must be able to look first. Asking costs more than reading, so
it is counted by address; nothing of who asked or what is kept.
"""

from datetime import date
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field, StringConstraints

from tongban.apps.exchange import queries as exchange
from tongban.apps.items import queries, translating
from tongban.apps.items.domain.guides import Paragraph, Theme
from tongban.apps.items.domain.pieces import Piece, pieces
from tongban.apps.items.errors import TooManyQuestions
from tongban.apps.items.queries import Reply, ServiceRow
from tongban.infra.access.questions import may_ask
from tongban.infra.api import Lang, Page, Problem, Size, Slug, speaks

router = Router(auth=None)
_TAGS = ["services · 事项"]

Region = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
Question = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
]
Tag = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
Version = Annotated[int, Field(ge=1, le=999_999)]


class ThemeOut(Schema):
    """A theme (办事主题)."""

    slug: str
    audience: Literal["person", "company"]
    name: str


class ServiceOut(Schema):
    """A line of the list: an item, or a life event with its items.

    ``lang`` is the language of name and summary.
    """

    of: Literal["item", "life-event"]
    slug: str
    version: int
    lang: str
    name: str
    summary: str
    audience: Literal["person", "company"]
    department: str
    region: str
    themes: list[ThemeOut]
    items: list[str]
    apply: list[str]
    promised_days: int


class ServicePage(Schema):
    """One page of services; ``count`` is of all pages.

    ``reading``: the index is still being built; ask by ``q`` again in a moment.
    """

    count: int
    page: int
    size: int
    reading: bool
    rows: list[ServiceOut]


class ParagraphOut(Schema):
    """A paragraph in the language ``lang``: the one asked for, where a translation was signed."""

    id: str
    lang: str
    heading: str
    text: str
    legal_basis: str
    computed: bool


class KnownOut(Schema):
    """What a department knows already."""

    department: str
    facts: list[str]
    consent: bool


class BringOut(Schema):
    """A document: handed in, or not asked for, and what stands for it."""

    code: str
    name: str
    status: Literal["asked", "shared", "waived"]
    necessity: Literal["required", "optional"]
    when: str
    by: list[str]


class DaysOut(Schema):
    """Working days of one item."""

    item: str
    name: str
    promised: int
    statutory: int


class GuideOut(Schema):
    """A service guide (办事指南); ``edition`` 0: computed, nobody has written one.

    ``lang`` is the language of name and summary.
    """

    of: Literal["item", "life-event"]
    slug: str
    version: int
    edition: int
    published: date
    lang: str
    name: str
    summary: str
    audience: Literal["person", "company"]
    department: str
    region: str
    themes: list[ThemeOut]
    items: list[str]
    apply: list[str]
    known: list[KnownOut]
    asked: list[str]
    bring: list[BringOut]
    days: list[DaysOut]
    legal_basis: list[str]
    paragraphs: list[ParagraphOut]


class QuoteOut(Schema):
    """A quoted paragraph of a service's guide, with its edition and its date.

    ``lang`` is the language of heading and text.
    """

    of: Literal["item", "life-event"]
    slug: str
    version: int
    name: str
    paragraph: str
    lang: str
    heading: str
    text: str
    edition: int
    published: date
    score: float
    coverage: float


class ReplyOut(Schema):
    """An answer where ``known``; else the quotes are only what might have been meant."""

    known: bool
    reason: Literal["", "unsure", "nothing", "elsewhere", "reading"]
    elsewhere: str
    quotes: list[QuoteOut]


@router.get(
    "/services",
    response={200: ServicePage, 422: Problem, 429: Problem},
    summary="事项清单 · Services by theme, department, region",
    operation_id="list_services",
    tags=_TAGS,
)
def services(
    request: HttpRequest,
    page: Page = 1,
    size: Size = 20,
    of: Literal["item", "life-event"] | None = None,
    audience: Literal["person", "company"] | None = None,
    theme: Slug | None = None,
    department: Slug | None = None,
    life_event: Slug | None = None,
    region: Region | None = None,
    q: Question | None = None,
    lang: Lang | None = None,
    translation: Tag | None = None,
) -> Any:
    """List what can be applied for, life events first; filters are exact and add up.

    With ``q`` only what is called so, best first: also in pinyin, by initials or mistyped.
    ``translation`` gives names and summaries in a further language where signed, and finds them.
    """
    words = speaks(request, lang)
    if q and not may_ask(request):
        raise TooManyQuestions
    found = queries.services(
        of=of or "",
        theme=theme or "",
        department=department or "",
        region=region or "",
        audience=audience or "",
        life_event=life_event or "",
        named=q or "",
        called=translating.called(q, translation) if q and translation else (),
        page=page,
        size=size,
    )
    signed = translating.shown((r.about for r in found.rows), translation) if translation else {}
    rows = [_row(row, words, signed) for row in found.rows]
    told = {"count": found.total, "page": page, "size": size, "reading": found.reading}
    return told | {"rows": rows}


@router.get(
    "/services/{slug}/guide",
    response={200: GuideOut, 404: Problem, 422: Problem},
    summary="办事指南 · The service guide",
    operation_id="guide",
    tags=_TAGS,
)
def guide(
    request: HttpRequest,
    slug: Slug,
    version: Version | None = None,
    lang: Lang | None = None,
    translation: Tag | None = None,
) -> Any:
    """Show a guide: what is known, brought and asked, how long, by which law, and the questions
    people ask. ``translation`` gives name, sections and paragraphs in a further language where
    signed."""
    words = speaks(request, lang)
    found = queries.guide(slug, version)
    whole = pieces(found)
    signed = translating.shown(whole, translation) if translation else {}
    about = _piece(whole[0], words, signed)
    return {
        "of": found.of,
        "slug": found.slug,
        "version": found.version,
        "edition": found.edition,
        "published": found.published.date(),
        "lang": about["lang"],
        "name": about["heading"],
        "summary": about["text"],
        "audience": found.audience,
        "department": _department(found.department, words),
        "region": found.region,
        "themes": [_theme(theme, words) for theme in found.themes],
        "items": list(found.items),
        "apply": list(found.apply),
        "known": [
            {
                "department": one.name.of(words),
                "facts": [fact.of(words) for fact in one.facts],
                "consent": one.consent,
            }
            for one in found.known
        ],
        "asked": [one.of(words) for one in found.asked],
        "bring": [
            {
                "code": one.code,
                "name": one.name.of(words),
                "status": one.status,
                "necessity": one.necessity,
                "when": one.when.of(words),
                "by": [by.of(words) for by in one.by],
            }
            for one in found.bring
        ],
        "days": [
            {
                "item": one.item,
                "name": one.name.of(words),
                "promised": one.promised,
                "statutory": one.statutory,
            }
            for one in found.days
        ],
        "legal_basis": [f"{law.title} {law.article}".strip() for law in found.laws],
        "paragraphs": [
            _piece(part, words, signed)
            | {
                "id": one.id,
                "legal_basis": _law(one),
                "computed": one in found.sections,
            }
            for part, one in zip(whole[1:], (*found.sections, *found.paragraphs), strict=True)
        ],
    }


@router.get(
    "/ask",
    response={200: ReplyOut, 422: Problem, 429: Problem},
    summary="问一问 · Ask a question",
    operation_id="ask",
    tags=_TAGS,
)
def ask(
    request: HttpRequest,
    q: Question,
    region: Region | None = None,
    lang: Lang | None = None,
    translation: Tag | None = None,
) -> Any:
    """Answer by a quoted paragraph of a published guide, or say that nobody knows.

    ``translation`` quotes in a further language where signed.
    """
    words = speaks(request, lang)
    if not may_ask(request):
        raise TooManyQuestions
    return _reply(queries.ask(q, region or ""), words, translation)


def _reply(reply: Reply, words: Lang, translation: str | None) -> dict[str, Any]:
    quoted = [part for one in reply.quotes for part in (one.service.about, one.piece)]
    signed = translating.shown(quoted, translation) if translation else {}
    return {
        "known": reply.known,
        "reason": reply.reason,
        "elsewhere": reply.elsewhere,
        "quotes": [
            {
                "of": one.service.of,
                "slug": one.service.slug,
                "version": one.service.version,
                "name": _piece(one.service.about, words, signed)["heading"],
                "paragraph": one.paragraph,
                **_piece(one.piece, words, signed),
                "edition": one.edition,
                "published": one.published.date(),
                "score": round(one.score, 4),
                "coverage": round(one.coverage, 4),
            }
            for one in reply.quotes
        ],
    }


def _row(row: ServiceRow, words: Lang, signed: translating.Shown) -> dict[str, Any]:
    about = _piece(row.about, words, signed)
    return {
        "of": row.of,
        "slug": row.slug,
        "version": row.version,
        "lang": about["lang"],
        "name": about["heading"],
        "summary": about["text"],
        "audience": row.audience,
        "department": _department(row.department, words),
        "region": row.region,
        "themes": [_theme(theme, words) for theme in row.themes],
        "items": list(row.items),
        "apply": list(row.apply),
        "promised_days": row.promised_days,
    }


def _theme(theme: Theme, words: Lang) -> dict[str, Any]:
    return {"slug": theme.slug, "audience": theme.audience, "name": theme.name.of(words)}


def _department(key: str, words: Lang) -> str:
    found = exchange.departments().get(key)
    return found.name.of(words) if found else key


def _law(one: Paragraph) -> str:
    law = one.legal_basis
    return f"{law.title} {law.article}".strip() if law else ""


def _piece(one: Piece, words: Lang, signed: translating.Shown) -> dict[str, str]:
    there = signed.get((one.slug, one.id))
    if there is None:
        return {"lang": words, "heading": one.heading.of(words), "text": one.text.of(words)}
    return {"lang": there.language, "heading": there.heading, "text": there.text}
