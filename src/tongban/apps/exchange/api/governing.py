"""The API of governance: requests for data and grants for officials, consents for their givers.

Mounted by ``config.api``. Nothing is decided here; what may be done to a request is named with it
(``actions``), by the same judgement that refuses the rest.
"""

from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.responses import Status
from pydantic import Field, StrictBool, StrictInt, StringConstraints

from tongban.apps.exchange import consents, files, grants, queries, requests
from tongban.apps.exchange.domain.governance import PLATFORM
from tongban.apps.exchange.domain.requests import WORDS, Action, NotForYou
from tongban.apps.exchange.models import Grant, GrantRequest
from tongban.apps.parties.asking import asking
from tongban.infra import clock
from tongban.infra.access.domain import Subject, judge
from tongban.infra.api import Body, Problem, Reason, Sentence, Slug, Text

router = Router()
_READ = dict.fromkeys((401, 403, 404, 422), Problem)
_WRITE = _READ | {409: Problem}
_TAGS = ["sharing · 共享授权"]
_OWN = ["consent · 同意"]
Number = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}-[0-9]{8}-[2-9A-HJ-NP-Z]{8}$")]
GrantId = Annotated[str, StringConstraints(pattern=r"^g[1-9][0-9]{0,15}$")]
ConsentId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
Service = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9/-]{1,220}$")]
Quota = Annotated[StrictInt, Field(ge=0, le=2_000_000_000)]
Plain = StrictBool | Annotated[StrictInt, Field(ge=-(2**53) + 1, le=2**53 - 1)] | Text


class RequestIn(Body):
    """What is asked for: items of a resource, for a service item, on a legal basis."""

    service: Service
    fields: Annotated[list[Word], Field(max_length=500)]
    item: Slug
    basis: Literal["statutory", "consent"]
    legal_basis: Text
    reason: Text
    department: Slug
    system: Slug = PLATFORM
    rows: Annotated[dict[Word, Annotated[list[Plain], Field(max_length=400)]], Field()] = {}
    bulk: bool = False
    calls: Quota = 0
    records: Quota = 0
    days: Annotated[StrictInt, Field(ge=1, le=3650)] | None = None
    flow_back: bool = False
    draft: bool = False


class ActionIn(Body):
    """What to do to a request; ``ground`` names the legal ground of a refusal."""

    action: Literal["submit", "take", "forward", "grant", "refuse", "withdraw"]
    ground: Slug | None = None
    note: Text = ""


class ReasonIn(Body):
    """Why something ends."""

    reason: Reason


class ClockOut(Schema):
    """How the clock of the present step stands."""

    light: Literal["green", "amber", "red"]
    due: date | None
    words: Sentence


class RequestOut(Schema):
    """A request for data and where it stands."""

    number: str
    client: str
    service: str
    fields: list[str]
    item: str
    purpose: str
    basis: str
    legal_basis: str
    reason: str
    rows: dict[str, list[Any]]
    bulk: bool
    flow_back: bool
    asking: str
    provider: str
    state: str
    words: Sentence
    clock: ClockOut | None
    actions: list[str]
    refusal: dict[str, str]
    note: str
    created: datetime


class GrantOut(Schema):
    """A grant in force."""

    id: str
    client: str
    service: str
    fields: list[str]
    purpose: str
    basis: str
    legal_basis: str
    rows: dict[str, list[Any]]
    bulk: bool
    since: datetime
    until: datetime
    source: str
    flow_back: bool


class RefusalOut(Schema):
    """A legal ground on which data may be withheld."""

    slug: str
    title: str
    article: str
    label: Sentence


class FileIn(Body):
    """Whose file is opened, for what and why; one's own needs no purpose."""

    kind: Literal["person", "company"]
    number: Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{18}$")]
    purpose: Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9-]{0,59})?$")] = ""
    reason: Text = ""
    case: Annotated[str, StringConstraints(pattern=r"^[0-9A-Z-]{0,32}$")] = ""


class SectionOut(Schema):
    """What one resource holds."""

    library: str
    department: str
    resource: str
    status: Literal["value", "absent", "several", "refused", "unavailable"]
    values: dict[str, Any]


class FileOut(Schema):
    """One file, as it was read for one purpose."""

    kind: str
    purpose: str
    legal_basis: str
    sections: list[SectionOut]


class ConsentOut(Schema):
    """A consent of the caller, with its signed receipt."""

    number: str
    case: str
    life_event: str
    given: datetime
    until: datetime
    withdrawn: datetime | None
    stands: bool
    receipt: dict[str, Any]


def _request(row: GrantRequest, subject: Subject) -> dict[str, Any]:
    stands = requests.how_late(row, queries.catalogue())
    words = WORDS[row.state]
    shown = {
        name: getattr(row, name)
        for name in (
            *("number", "client", "service", "fields", "item", "purpose", "basis", "legal_basis"),
            *("reason", "rows", "bulk", "flow_back", "asking", "provider", "state", "refusal"),
            *("note", "created"),
        )
    }
    return shown | {
        "words": {"zh": words.zh, "en": words.en},
        "clock": stands
        and {
            "light": stands.light,
            "due": stands.due,
            "words": {"zh": stands.zh, "en": stands.en},
        },
        "actions": [action.value for action in requests.actions_of(subject, row)],
    }


@router.get(
    "/exchange/requests",
    response={200: list[RequestOut], **_READ},
    summary="共享申请清单 · Requests for data that concern me",
    operation_id="list_data_requests",
    tags=_TAGS,
)
def list_requests(request: HttpRequest) -> Any:
    """List the requests that the caller's posts may see, with what may be done to each."""
    subject = asking(request, "exchange.read")
    return [_request(row, subject) for row in requests.requests_of(subject, 200)]


@router.post(
    "/exchange/requests",
    response={201: RequestOut, **_WRITE},
    summary="申请共享 · Ask for data",
    operation_id="ask_for_data",
    tags=_TAGS,
)
def ask(request: HttpRequest, body: RequestIn) -> Any:
    """Ask for items of a resource; unconditional ones are granted at once."""
    subject = asking(request, "exchange.request")
    told = body.model_dump()
    days, draft = told.pop("days"), told.pop("draft")
    until = None if days is None else clock.now() + timedelta(days=days)
    number = requests.ask(subject, requests.NewRequest(**told, valid_until=until), submit=not draft)
    return Status(201, _request(requests.look(subject, number), subject))


@router.get(
    "/exchange/requests/{number}",
    response={200: RequestOut, **_READ},
    summary="共享申请详情 · One request for data",
    operation_id="data_request",
    tags=_TAGS,
)
def one_request(request: HttpRequest, number: Number) -> Any:
    """Show one request with its clock and what may be done to it now."""
    subject = asking(request, "exchange.read")
    return _request(requests.look(subject, number), subject)


@router.post(
    "/exchange/requests/{number}/actions",
    response={200: RequestOut, **_WRITE},
    summary="办理共享申请 · Review, grant, refuse, withdraw",
    operation_id="act_on_data_request",
    tags=_TAGS,
)
def act(request: HttpRequest, number: Number, body: ActionIn) -> Any:
    """Do one thing to a request; 409 where it is not its turn, 403 where it is not yours."""
    action = Action(body.action)
    asks = {Action.SUBMIT: "request", Action.WITHDRAW: "request", Action.GRANT: "grant"}
    subject = asking(request, f"exchange.{asks.get(action, 'review')}")
    requests.act(subject, number, action, ground=body.ground or "", note=body.note)
    return _request(requests.look(subject, number), subject)


@router.get(
    "/exchange/refusals",
    response={200: list[RefusalOut], **_READ},
    summary="不予共享的法定依据 · Legal grounds of a refusal",
    operation_id="refusals",
    tags=_TAGS,
)
def refusals(request: HttpRequest) -> Any:
    """List the only grounds on which data may be withheld here."""
    asking(request, "exchange.read")
    return [
        {
            "slug": one.slug,
            "title": one.title,
            "article": one.article,
            "label": {"zh": one.label.zh, "en": one.label.en},
        }
        for one in queries.catalogue().governance.refusals.values()
    ]


@router.get(
    "/exchange/grants",
    response={200: list[GrantOut], **_READ},
    summary="有效授权 · Grants in force",
    operation_id="list_grants",
    tags=_TAGS,
)
def list_grants(request: HttpRequest, client: Service | None = None) -> Any:
    """List the grants in force that the caller's department gives, uses or supervises."""
    subject = asking(request, "exchange.read")
    rules = queries.catalogue().governance
    mine = {post.department for post in subject.posts}
    sees_all = rules.operator in mine or any(p.role == "auditor" for p in subject.posts)
    codes = {rules.members[name] for name in mine if name in rules.members}
    if not any(
        judge(subject, "exchange.read", grants.place_of(name)).allowed for name in sorted(mine)
    ):
        raise NotForYou("您的岗位无权查看授权", "no post of yours may see grants")
    rows = Grant.objects.filter(ended=None, until__gt=clock.now()).order_by("pk")
    rows = rows.filter(client=client) if client else rows
    return [
        _grant(row)
        for row in rows[:2000]
        if sees_all or codes & {row.client.split("/")[2], row.service.split("/")[2]}
    ]


def _grant(row: Grant) -> dict[str, Any]:
    shown = {
        name: getattr(row, name)
        for name in (
            *("client", "service", "fields", "basis", "legal_basis", "rows", "bulk", "since"),
            *("until", "source", "flow_back"),
        )
    }
    return shown | {"id": row.ref or f"g{row.pk}", "purpose": row.purpose_id}


@router.post(
    "/exchange/grants/{grant}/end",
    response={204: None, **_WRITE},
    summary="终止授权 · End a grant",
    operation_id="end_grant",
    tags=_TAGS,
)
def end_grant(request: HttpRequest, grant: GrantId, body: ReasonIn) -> Any:
    """End a grant of one's own department, on every node within seconds."""
    subject = asking(request, "exchange.end")
    grants.end(grant, subject.user_id, body.reason, subject)
    return Status(204, None)


@router.get(
    "/consents",
    response={200: list[ConsentOut], **_READ},
    summary="我的同意 · What I consented to",
    operation_id="list_consents",
    tags=_OWN,
)
def own_consents(request: HttpRequest) -> Any:
    """List the caller's consents with their signed receipts, newest first."""
    subject = asking(request, "consent.read")
    now = clock.now()
    return [_consent(given, now) for given in consents.consents_of(subject)]


@router.post(
    "/consents/{number}/withdraw",
    response={200: ConsentOut, **_READ},
    summary="撤回同意 · Withdraw a consent",
    operation_id="withdraw_consent",
    tags=_OWN,
)
def withdraw(request: HttpRequest, number: ConsentId) -> Any:
    """Withdraw a consent of one's own; every node stops within seconds."""
    subject = asking(request, "consent.withdraw")
    consents.withdraw(number, subject)
    return _consent(consents.consent_of(subject, number), clock.now())


def _consent(given: consents.Given, now: datetime) -> dict[str, Any]:
    return {
        "number": given.number,
        "case": given.case,
        "life_event": given.life_event,
        "given": given.given,
        "until": given.until,
        "withdrawn": given.withdrawn,
        "stands": given.stands(now),
        "receipt": given.receipt,
    }


@router.post(
    "/exchange/files",
    response={200: FileOut, **_READ},
    summary="一人一档、一企一档 · Open a file",
    operation_id="open_file",
    tags=_TAGS,
)
def open_file(request: HttpRequest, body: FileIn) -> Any:
    """Read what the sources hold on a person or company; the look is told to whom it is about."""
    subject = asking(request, "file.open")
    return asdict(
        files.open_file(
            body.kind,
            body.number,
            subject,
            purpose=body.purpose,
            reason=body.reason,
            case=body.case,
        )
    )
