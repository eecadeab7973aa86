"""The API of ratings (好差评): rate what was decided; counts are open, words are not."""

from datetime import date
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.responses import Status
from pydantic import Field, StringConstraints

from tongban.apps.cases.api.common import READ, WRITE, refusals
from tongban.apps.cases.api.schemas.base import Number
from tongban.apps.cases.services import allowed
from tongban.apps.parties.asking import acting
from tongban.infra.api import Body, Lang, Size, Slug, speaks

from . import queries, services
from .domain import LONGEST, MOST_TAGS, Answer, Opinion

router = Router()
_TAGS = ["ratings · 好差评"]
Level = Annotated[int, Field(ge=1, le=5)]
# a wish, which may be empty
Key = Annotated[str, StringConstraints(max_length=60, pattern=r"^[a-z0-9-]*$")]


class RatingIn(Body):
    """A level from 5 (非常满意) to 1 (非常不满意); the two lowest say what was wrong."""

    level: Level
    tags: Annotated[list[Slug], Field(max_length=MOST_TAGS)] = []
    words: Annotated[
        str, StringConstraints(max_length=LONGEST, pattern=r"^[^\x00-\x09\x0b-\x1f\x7f]*$")
    ] = ""
    anonymous: bool = False


class GivenOut(Schema):
    """A rating that was given."""

    level: int
    tags: list[str]


class TagOut(Schema):
    """A tag."""

    slug: str
    text: str


class GroupOut(Schema):
    """A group of tags."""

    slug: str
    text: str
    tags: list[TagOut]


class OfferedOut(Schema):
    """The tags that are offered for a level."""

    version: int
    level: str
    groups: list[GroupOut]


class CountsOut(Schema):
    """How often each level and tag was given; nothing where it was given too rarely."""

    levels: dict[int, int] | None
    tags: dict[str, int]


class CallBackOut(Schema):
    """The call-back of a low rating: until when, and what came of it."""

    due: date | None
    open: bool
    late: bool
    how: str
    found: str
    mended: bool | None


class RatingOut(Schema):
    """A rating as the department sees it; of an unnamed one there is no case."""

    id: int
    item: str
    level: int
    tags: list[str]
    words: str
    case: str
    day: date
    call_back: CallBackOut | None


class CallBackIn(Body):
    """What came of a call-back (差评回访)."""

    how: Literal["phone", "visit", "message", "unreachable", "looked-into"]
    words: Annotated[
        str, StringConstraints(max_length=LONGEST, pattern=r"^[^\x00-\x09\x0b-\x1f\x7f]*$")
    ]
    mended: bool


@router.get(
    "/ratings",
    auth=None,
    response={200: CountsOut, 422: refusals(READ)[422]},
    summary="评价统计 · Counts of ratings",
    operation_id="count_ratings",
    tags=_TAGS,
)
def counts(request: HttpRequest, item: Key = "", department: Key = "") -> Any:  # noqa: ARG001
    """Count ratings of an item, of a department, or of all."""
    return queries.counts(item=item, department=department)


@router.get(
    "/ratings/tags/{level}",
    auth=None,
    response={200: OfferedOut, 422: refusals(READ)[422]},
    summary="评价标签 · The tags of a level",
    operation_id="rating_tags",
    tags=_TAGS,
)
def tags(request: HttpRequest, level: Level, lang: Lang | None = None) -> Any:
    """List the tags that are offered for a level."""
    return queries.offered(level, speaks(request, lang))


@router.get(
    "/cases/{number}/ratings",
    response={200: dict[str, GivenOut | None], **refusals(READ)},
    summary="本办件评价 · What of a case can be rated, and was",
    operation_id="ratings_of_case",
    tags=_TAGS,
)
def of_case(request: HttpRequest, number: Number) -> Any:
    """Show which items of a case are decided, and how they were rated."""
    caller = acting(request, "case.read")
    row = allowed(caller, number, "case.read")
    return queries.of_case(number) if row.applicant == caller.person_id else {}


@router.post(
    "/cases/{number}/branches/{item}/rating",
    response={204: None, **refusals(WRITE)},
    summary="评价 · Rate",
    operation_id="rate",
    tags=_TAGS,
)
def rate(request: HttpRequest, number: Number, item: Slug, body: RatingIn) -> Any:
    """Rate a decided item of one's own case, once."""
    caller = acting(request, "case.correct")
    services.rate(caller, number, item, Opinion(body.level, body.tags, body.words, body.anonymous))
    return Status(204, None)


@router.get(
    "/departments/{department}/ratings",
    response={200: list[RatingOut], **refusals(READ)},
    summary="部门评价 · The ratings of a department",
    operation_id="ratings_of_department",
    tags=_TAGS,
)
def of_department(
    request: HttpRequest,
    department: Slug,
    before: Annotated[int, Field(ge=0, le=2**53)] = 0,
    size: Size = 20,
) -> Any:
    """List a department's ratings for who holds a post there."""
    caller = acting(request, "case.read")
    return queries.of_department(caller, department, before=before, size=size)


@router.post(
    "/ratings/{rating}/call-back",
    response={204: None, **refusals(WRITE)},
    summary="差评回访 · Close a call-back",
    operation_id="call_back",
    tags=_TAGS,
)
def call_back(
    request: HttpRequest, rating: Annotated[int, Field(ge=1, le=2**53)], body: CallBackIn
) -> Any:
    """Say how a person was called back, what was found, and whether it is mended (official)."""
    caller = acting(request, "voice.answer")
    services.call_back(caller, rating, Answer(body.how, body.words, body.mended))
    return Status(204, None)
