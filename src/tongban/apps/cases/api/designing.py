"""The API of the designer (事项设计): drafts of packs, their files, findings, effect, publication.

For publishers, by the rules and services of the pages. It stands here since cases alone know what
is open on a version that a draft would replace.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from ninja import Router, Schema
from ninja.responses import Status
from pydantic import Field, StringConstraints

from tongban.apps.cases import queries as cases
from tongban.apps.items.workshop import queries, services
from tongban.apps.items.workshop.access import DRAFT, PUBLISH
from tongban.apps.items.workshop.domain import LONGEST, editable
from tongban.apps.parties.asking import asking
from tongban.infra.api import Body, Problem, Slug

router = Router()
_TAGS = ["design · 事项设计"]
_READ: dict[int, type[Problem]] = dict.fromkeys((401, 403, 404, 422), Problem)
_WRITE: dict[int, type[Problem]] = _READ | {409: Problem}
Number = Annotated[int, Field(ge=1, le=2**53 - 1)]
Title = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
]
FilePath = Annotated[
    str, StringConstraints(max_length=100, pattern=r"^[a-z-]{1,20}/[a-z0-9][a-z0-9._-]{0,70}$")
]
Content = Annotated[str, StringConstraints(max_length=LONGEST, pattern=r"^[^\x00]*$")]
Digest = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")]


class DesignDraftOut(Schema):
    """A draft (草稿); ``closed`` is empty while it is open."""

    number: str
    pack: str
    title: str
    department: str
    opened_by: str
    opened_at: datetime
    closed: Literal["", "published", "discarded"]
    closed_at: datetime | None


class DesignDraftIn(Body):
    """A draft to begin."""

    pack: Slug
    title: Title


class DesignFileOut(Schema):
    """A file of a draft; ``digest`` is to be sent back with a change, ``text`` null: none."""

    path: str
    digest: str
    changed: bool
    text: str | None


class DesignFileIn(Body):
    """A text for a file, null to remove it; ``seen`` is the digest that was read, empty: new."""

    path: FilePath
    text: Content | None
    seen: Digest


class DesignDigestOut(Schema):
    """The digest of the text that a file has now; empty where it has none."""

    digest: str


class DesignFindingOut(Schema):
    """What hinders publication: place, code with arguments, and a sentence in both languages."""

    file: str
    line: int
    code: str
    arguments: dict[str, str | int]
    zh: str
    en: str


class DesignValueOut(Schema):
    """One value that differs; null: absent."""

    place: list[str | int]
    was: Any
    now: Any


class DesignChangeOut(Schema):
    """What a draft does to one file: values of its data, lines with their sign."""

    path: str
    kind: str
    state: Literal["changed", "new", "removed"]
    values: list[DesignValueOut]
    lines: list[str]


class DesignFreshOut(Schema):
    """A version that publication would make; ``open_cases`` finish on the one before."""

    kind: str
    slug: str
    version: int
    open_cases: int


class DesignRaiseOut(Schema):
    """A version that must be raised before."""

    kind: str
    slug: str
    version: int


class DesignEffectOut(Schema):
    """What publication would do (发布后的效果)."""

    ready: bool
    fresh: list[DesignFreshOut]
    unraised: list[DesignRaiseOut]


class DesignPublishedOut(Schema):
    """What was published: kind, slug and version of each definition."""

    published: list[DesignRaiseOut]


@router.get(
    "/design/drafts",
    response={200: list[DesignDraftOut], **_READ},
    summary="草稿列表 · Drafts",
    operation_id="design_drafts",
    tags=_TAGS,
)
def drafts(request: HttpRequest) -> Any:
    """Give the drafts of the caller's departments, at most 100, open ones first."""
    return queries.drafts(asking(request, DRAFT))


@router.post(
    "/design/drafts",
    response={201: DesignDraftOut, **_WRITE},
    summary="新建草稿 · Begin a draft",
    operation_id="begin_draft",
    tags=_TAGS,
)
def begin(request: HttpRequest, body: DesignDraftIn) -> Any:
    """Begin a draft of one pack."""
    subject = asking(request, DRAFT)
    number = services.open_draft(subject, body.pack, body.title)
    return Status(201, queries.draft(subject, number))


@router.get(
    "/design/drafts/{number}",
    response={200: DesignDraftOut, **_READ},
    summary="草稿 · A draft",
    operation_id="design_draft",
    tags=_TAGS,
)
def draft(request: HttpRequest, number: Number) -> Any:
    """Give one draft."""
    return queries.draft(asking(request, DRAFT), str(number))


@router.get(
    "/design/drafts/{number}/file",
    response={200: DesignFileOut, **_READ},
    summary="草稿中的文件 · A file of a draft",
    operation_id="design_file",
    tags=_TAGS,
)
def file(request: HttpRequest, number: Number, path: FilePath) -> Any:
    """Give a file as the draft has it."""
    subject = asking(request, DRAFT)
    if not editable(path):
        raise Http404
    return queries.text_of(subject, str(number), path)


@router.put(
    "/design/drafts/{number}/file",
    response={200: DesignDigestOut, **_WRITE},
    summary="写入文件 · Put a file",
    operation_id="put_design_file",
    tags=_TAGS,
)
def put(request: HttpRequest, number: Number, body: DesignFileIn) -> Any:
    """Give a file of the draft a text, or remove it; refused where it changed since it was read."""
    subject = asking(request, DRAFT)
    if body.text is None:
        services.remove(subject, str(number), body.path, body.seen)
        return {"digest": ""}
    return {"digest": services.write(subject, str(number), body.path, body.text, body.seen)}


@router.get(
    "/design/drafts/{number}/findings",
    response={200: list[DesignFindingOut], **_READ},
    summary="需要改正的问题 · Findings",
    operation_id="design_findings",
    tags=_TAGS,
)
def findings(request: HttpRequest, number: Number) -> Any:
    """Give everything that hinders publication, by file and line."""
    found = queries.findings(asking(request, DRAFT), str(number))
    return [one.as_json() for one in found]


@router.get(
    "/design/drafts/{number}/diff",
    response={200: list[DesignChangeOut], **_READ},
    summary="改动 · Differences",
    operation_id="design_diff",
    tags=_TAGS,
)
def diff(request: HttpRequest, number: Number) -> Any:
    """Give what the draft changes, file by file."""
    return [
        {
            "path": one.path,
            "kind": one.kind,
            "state": one.state,
            "values": [{"place": list(v.place), "was": v.was, "now": v.now} for v in one.values],
            "lines": [f"{sign}{line}" for sign, line in one.lines],
        }
        for one in queries.changes(asking(request, DRAFT), str(number))
    ]


@router.get(
    "/design/drafts/{number}/effect",
    response={200: DesignEffectOut, **_READ},
    summary="发布后的效果 · What publication would do",
    operation_id="design_effect",
    tags=_TAGS,
)
def effect(request: HttpRequest, number: Number) -> Any:
    """Give the versions that publication would make, and how many cases are open before them."""
    found = queries.effect(asking(request, DRAFT), str(number))
    return {
        "ready": found.ready,
        "fresh": [
            {
                "kind": one.kind,
                "slug": one.slug,
                "version": one.version,
                "open_cases": cases.open_on(one.kind, one.slug)
                if one.kind in {"item", "life-event"}
                else 0,
            }
            for one in found.fresh
        ],
        "unraised": [
            {"kind": one.ready.kind, "slug": one.ready.slug, "version": one.version}
            for one in found.unraised
        ],
    }


@router.post(
    "/design/drafts/{number}/publication",
    response={200: DesignPublishedOut, **_WRITE},
    summary="发布草稿 · Publish a draft",
    operation_id="publish_draft",
    tags=_TAGS,
)
def publish(request: HttpRequest, number: Number) -> Any:
    """Publish a draft, proved by a second factor; open cases stay on their versions."""
    made = services.publish(asking(request, PUBLISH), str(number))
    return {
        "published": [
            {"kind": kind, "slug": slug, "version": version}
            for kind, slug, version in made.published
        ]
    }


@router.delete(
    "/design/drafts/{number}",
    response={200: DesignDraftOut, **_WRITE},
    summary="放弃草稿 · Discard a draft",
    operation_id="discard_draft",
    tags=_TAGS,
)
def discard(request: HttpRequest, number: Number) -> Any:
    """End a draft without publishing it; its texts stay readable."""
    subject = asking(request, DRAFT)
    services.discard(subject, str(number))
    return queries.draft(subject, str(number))
