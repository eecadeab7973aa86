"""Messages (消息): the caller's own inbox, and where else it wants to be told."""

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Schema
from ninja.responses import Status
from pydantic import Field, StringConstraints

from tongban.apps.cases.errors import NotAllowed
from tongban.apps.parties.asking import acting
from tongban.infra.api import Body, Lang, Size, speaks
from tongban.infra.messages import queries, services

from .common import READ, WRITE, refusals, router

_TAGS = ["messages · 消息"]
Id = Annotated[int, Field(ge=0, le=2**53)]
Kind = Literal["email", "sms"]


class MessageOut(Schema):
    """A message; ``must``: the law wants it told."""

    id: int
    chain: str
    template: str
    must: bool
    title: str
    text: str
    told: datetime
    read: datetime | None


class InboxOut(Schema):
    """Messages, the latest first; go on with ``before`` the last id."""

    unread: int
    rows: list[MessageOut]


class ReadIn(Body):
    """Which messages were read; all where none is named."""

    ids: Annotated[list[Id], Field(max_length=100)] = []


class ChannelIn(Body):
    """Where else to be told: everything, or only what the law wants told."""

    address: Annotated[str, StringConstraints(min_length=3, max_length=254, pattern=r"^[!-~]+$")]
    wish: Literal["all", "lawful"] = "all"
    lang: Lang = "zh"


class CodeIn(Body):
    """The code that was sent to the address."""

    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]


class ChannelOut(Schema):
    """A channel, its address masked; it counts once it is confirmed."""

    kind: Kind
    wish: Literal["all", "lawful"]
    lang: Lang
    address: str
    confirmed: bool


class DeliveryOut(Schema):
    """What became of a message outside the inbox."""

    kind: Kind
    state: Literal["waiting", "sent", "dropped"]
    attempts: int
    at: datetime
    error: str


def _person(request: HttpRequest, action: str) -> str:
    """Give whose messages these are: nobody reads another's, whatever it may do for him."""
    caller = acting(request, action)
    if not caller.person_id or caller.behalf is not None:
        raise NotAllowed("消息只供本人查看", "messages are for the person alone")
    return caller.person_id


@router.get(
    "/messages",
    response={200: InboxOut, **refusals(READ - {404})},
    summary="我的消息 · My messages",
    operation_id="list_messages",
    tags=_TAGS,
)
def messages(
    request: HttpRequest, before: Id = 0, size: Size = 20, lang: Lang | None = None
) -> Any:
    """List the caller's messages, the latest first."""
    person = _person(request, "case.read")
    rows = queries.inbox(person, speaks(request, lang), before=before, size=size)
    return {"unread": queries.unread(person), "rows": rows}


@router.post(
    "/messages/read",
    response={204: None, **refusals(WRITE - {404, 409})},
    summary="标为已读 · Mark as read",
    operation_id="mark_read",
    tags=_TAGS,
)
def mark_read(request: HttpRequest, body: ReadIn) -> Any:
    """Mark messages as read."""
    services.mark_read(_person(request, "case.read"), body.ids)
    return Status(204, None)


@router.get(
    "/messages/{message}/deliveries",
    response={200: list[DeliveryOut], **refusals(READ - {404})},
    summary="发送记录 · What went out",
    operation_id="deliveries",
    tags=_TAGS,
)
def deliveries(request: HttpRequest, message: Id) -> Any:
    """Show what became of a message by e-mail and SMS."""
    return queries.deliveries(_person(request, "case.read"), message)


@router.get(
    "/channels",
    response={200: list[ChannelOut], **refusals(READ - {404})},
    summary="通知方式 · Where I am told",
    operation_id="list_channels",
    tags=_TAGS,
)
def channels(request: HttpRequest) -> Any:
    """List where else the caller wants to be told."""
    return queries.channels(_person(request, "case.read"))


@router.put(
    "/channels/{kind}",
    response={200: list[ChannelOut], **refusals(WRITE - {404})},
    summary="设置通知方式 · Set a channel",
    operation_id="set_channel",
    tags=_TAGS,
)
def set_channel(request: HttpRequest, kind: Kind, body: ChannelIn) -> Any:
    """Name an address; a new one gets a code, and counts once that is given back."""
    person = _person(request, "case.correct")
    services.set_channel(person, kind, body.address, wish=body.wish, lang=body.lang)
    return queries.channels(person)


@router.post(
    "/channels/{kind}/confirmation",
    response={200: list[ChannelOut], **refusals(WRITE - {404})},
    summary="确认通知方式 · Confirm a channel",
    operation_id="confirm_channel",
    tags=_TAGS,
)
def confirm_channel(request: HttpRequest, kind: Kind, body: CodeIn) -> Any:
    """Give back the code that was sent there."""
    person = _person(request, "case.correct")
    services.confirm_channel(person, kind, body.code)
    return queries.channels(person)


@router.delete(
    "/channels/{kind}",
    response={204: None, **refusals(WRITE - {404, 409})},
    summary="取消通知方式 · Take a channel back",
    operation_id="drop_channel",
    tags=_TAGS,
)
def drop_channel(request: HttpRequest, kind: Kind) -> Any:
    """Take an address back."""
    services.drop_channel(_person(request, "case.correct"), kind)
    return Status(204, None)
