"""The API of the catalogue (目录): search, read, register, change, publish, withdraw.

Mounted by ``config.api``. Whoever is signed in reads what is published; drafts and what was
withdrawn are for officials. Every act is a verb of `catalogue.services`, which judges who may.
"""

from datetime import date
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from ninja.responses import Status
from pydantic import Field, StrictInt

from tongban.apps.exchange.catalogue import errors, exporting, libraries, queries, services
from tongban.apps.exchange.domain.records import Registered
from tongban.apps.parties.asking import asking
from tongban.infra.access.domain import Subject
from tongban.infra.api import Body, Page, Problem, Reason, Sentence, Size, Slug, Text

router = Router(tags=["catalogue · 目录"])
READ = dict.fromkeys((401, 403, 404, 422), Problem)
WRITE = READ | dict.fromkeys((409, 413), Problem)
Count = Annotated[StrictInt, Field(ge=0, le=10_000)]


class Both(Body):
    """A text in Chinese and, where it is known, in English."""

    zh: Text
    en: Text = ""


class ItemIn(Body):
    """A data item (信息项)."""

    name: Text
    label: Both
    type: Text
    classification: Text = ""
    mask: Text = ""
    key: bool = False
    lead: bool = False


class EntryIn(Body):
    """The metadata of a resource; ``department`` and ``lead`` are keys of departments."""

    code: Text
    name: Both
    department: Slug
    items: list[ItemIn]
    sharing: Text
    abstract: Both | None = None
    classes: list[Text] = []
    lead: Slug | None = None
    format: Text = ""
    kind: Text = ""
    condition: Both | None = None
    mode: Text = ""
    open: Text = ""
    update_cycle: Text = ""
    published_on: Text | None = None
    related: list[Text] = []
    source_item: Text = ""
    classification: Text = ""
    quality: dict[Text, Count] = {}
    base_library: Text = ""


class RegisterIn(EntryIn):
    """A new resource with the slug by which it is addressed."""

    slug: Slug


class ChangeIn(EntryIn):
    """The whole record as it shall be; ``seen`` is the version the caller saw."""

    seen: Count


class WithdrawIn(Body):
    """Why a resource is withdrawn."""

    reason: Reason


class OrganisationOut(Schema):
    """A department of a record."""

    key: str
    uscc: str
    name: Sentence


class ItemOut(Schema):
    """A data item."""

    name: str
    label: Sentence
    type: str
    classification: str
    mask: str
    key: bool
    lead: bool


class ResourceOut(Schema):
    """A resource of the catalogue."""

    slug: str
    code: str
    category: str
    classes: list[str]
    name: Sentence
    abstract: Sentence
    department: OrganisationOut
    lead: OrganisationOut
    format: str
    kind: str
    items: list[ItemOut]
    sharing: str
    condition: Sentence
    mode: str
    open: str
    update_cycle: str
    published_on: str | None
    related: list[str]
    source_item: str
    classification: str
    quality: dict[str, int]
    base_library: str
    region: str
    level: str
    origin: str
    origin_id: str
    iri: str
    path: list[str]
    source: Literal["pack", "registered", "harvested"]
    state: Literal["draft", "published", "withdrawn"]
    version: int
    modified: str


class Piece(Schema):
    """A stretch of a text, and whether it is what was searched for."""

    text: str
    hit: bool


class HitOut(Schema):
    """A resource that fits, and where."""

    resource: ResourceOut
    marks: dict[str, list[Piece]]


class FoundOut(Schema):
    """One page of a search; ``more`` says that hits were not counted to the end."""

    hits: list[HitOut]
    total: int
    more: bool
    page: int
    size: int


class VersionOut(Schema):
    """One published state."""

    version: int
    state: str
    digest: str
    published: str


class OverdueOut(Schema):
    """A resource that was not updated within its cycle."""

    slug: str
    name: Sentence
    cycle: str
    changed: str | None


class LibraryOut(Schema):
    """A base library (基础库): its owners, how much it holds, and what it lacks."""

    slug: str
    name: Sentence
    owners: list[OrganisationOut]
    resources: int
    items: int
    fresh: int
    unknown: int
    overdue: list[OverdueOut]
    gaps: list[str]


def _shown(found: Registered) -> dict[str, Any]:
    return exporting.record(found)


def _visible(subject: Subject, found: Registered) -> Registered:
    if found.state == "draft" and found.entry.department.key not in {
        post.department for post in subject.posts
    }:
        raise errors.ResourceUnknown(found.entry.slug)
    return found


@router.get("", response={200: FoundOut, **READ}, summary="检索目录 · Search the catalogue")
def search(
    request: HttpRequest,
    q: Annotated[str, Query(max_length=200)] = "",
    department: Annotated[str, Query(max_length=60)] = "",
    sharing: Literal["", "unconditional", "conditional", "none"] = "",
    base_library: Annotated[str, Query(max_length=20)] = "",
    level: Annotated[str, Query(max_length=10)] = "",
    state: Literal["", "draft", "published", "withdrawn"] = "",
    page: Page = 1,
    size: Size = 20,
) -> Any:
    """Search by words of any part of a record; drafts are shown to their own department only."""
    subject = asking(request, "resource.read")
    filters = {
        "department": department,
        "sharing": sharing,
        "base_library": base_library,
        "level": level,
        "state": state,
    }
    if state == "draft" and department not in {post.department for post in subject.posts}:
        raise errors.ResourceDenied(
            "草稿仅限本部门查看，请用 department 指定本部门",
            "drafts are for their department: name yours in department",
        )
    found = queries.search(q, filters, page, size)
    hits = [
        {
            "resource": _shown(hit.resource),
            "marks": {
                name: [{"text": text, "hit": is_hit} for text, is_hit in pieces]
                for name, pieces in hit.marks.items()
            },
        }
        for hit in found.hits
    ]
    return {"hits": hits, "total": found.total, "more": found.more, "page": page, "size": size}


@router.get(
    "/libraries",
    response={200: list[LibraryOut], **READ},
    summary="八大基础库 · The eight base libraries",
)
def base_libraries(request: HttpRequest) -> Any:
    """Show for each library who owns it, how fresh it is and what it lacks."""
    asking(request, "resource.read")
    return [libraries.plain(view) for view in libraries.views()]


@router.get("/{slug}", response={200: ResourceOut, **READ}, summary="资源详情 · One resource")
def get(request: HttpRequest, slug: Slug) -> Any:
    """Show one resource with all its metadata."""
    return _shown(_visible(asking(request, "resource.read"), queries.get(slug)))


@router.get(
    "/{slug}/versions",
    response={200: list[VersionOut], **READ},
    summary="历史版本 · Published versions",
)
def versions(request: HttpRequest, slug: Slug) -> Any:
    """List every published state, oldest first."""
    _visible(asking(request, "resource.read"), queries.get(slug))
    return [
        {**{k: v for k, v in one.items() if k != "content"}, "published": _iso(one["published"])}
        for one in queries.versions(slug)
    ]


@router.get(
    "/{slug}/versions/{number}",
    response={200: dict[str, Any], **READ},
    summary="某一版本 · One version",
)
def version(request: HttpRequest, slug: Slug, number: int) -> Any:
    """Show a published state as it was signed off, byte for byte the same content."""
    _visible(asking(request, "resource.read"), queries.get(slug))
    for one in queries.versions(slug):
        if one["version"] == number:
            return {**one, "published": _iso(one["published"])}
    raise errors.ResourceUnknown(f"{slug} v{number}")


@router.post("", response={201: ResourceOut, **WRITE}, summary="登记资源 · Register a resource")
def register(request: HttpRequest, response: HttpResponse, body: RegisterIn) -> Any:
    """Register a draft for one's own department (clerk or publisher)."""
    made = services.register(asking(request, "resource.register"), body.model_dump())
    response["Location"] = f"{request.path}/{made.entry.slug}"
    return Status(201, _shown(made))


@router.put("/{slug}", response={200: ResourceOut, **WRITE}, summary="变更资源 · Change")
def change(request: HttpRequest, slug: Slug, body: ChangeIn) -> Any:
    """Change a draft, or a published resource, which has a new version then."""
    subject = asking(request, "resource.register")
    raw = body.model_dump(exclude={"seen"})
    return _shown(services.change(subject, slug, raw, body.seen))


@router.post(
    "/{slug}/publication", response={200: ResourceOut, **WRITE}, summary="发布资源 · Publish"
)
def publish(request: HttpRequest, slug: Slug) -> Any:
    """Publish a draft, or again what was withdrawn (approver or publisher)."""
    return _shown(services.publish(asking(request, "resource.publish"), slug))


@router.post(
    "/{slug}/withdrawal", response={200: ResourceOut, **WRITE}, summary="撤回资源 · Withdraw"
)
def withdraw(request: HttpRequest, slug: Slug, body: WithdrawIn) -> Any:
    """Withdraw a published resource; what was published stays on record."""
    return _shown(services.withdraw(asking(request, "resource.withdraw"), slug, body.reason))


def _iso(instant: Any) -> str:
    return str(instant.isoformat()) if isinstance(instant, date) else str(instant)
