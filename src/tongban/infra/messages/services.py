"""Verbs of messages: tell a person of an event, send what waits, read, choose and confirm channels.

Each event makes at most one message a person, in the transaction in which the relay reads it. What
goes out of the house goes as jobs, gathered a little, so that seven decisions are one letter.
"""

import secrets
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, validate_email
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from tongban.infra import clock
from tongban.infra.access.limits import Limit, allows
from tongban.infra.jobs import services as jobs
from tongban.infra.messages import sending, templates
from tongban.infra.messages.models import Channel, Delivery, Message
from tongban.infra.messages.sending import NeverSent
from tongban.kernel.events import Event

SEND = "messages.send"
#: gives by language what the places of a template are for an event
Describer = Callable[[Event], Mapping[str, Mapping[str, str]]]
_describers: dict[str, Describer] = {}
#: A new installation of messages does not tell last year's news.
_STALE = timedelta(days=7)
_GATHER = timedelta(seconds=60)
_CODE_LASTS = timedelta(minutes=15)
_CODE_TRIES = 5
#: Codes sent for one person: nobody is written to in its name over and over.
_CODES = Limit("channel-codes", 5, timedelta(hours=1))
_phone = RegexValidator(r"^\+?[0-9]{6,15}\Z")


class ChannelRefused(ValueError):
    """The channel cannot be set or confirmed so; ``zh`` and ``en`` say what to do."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def describe(prefix: str, describer: Describer) -> None:
    """Let an app say what the places of templates are for its events."""
    _describers[prefix] = describer


def tell(event: Event) -> Message | None:
    """Tell the person whom an event is about, once; None where nothing is to be told."""
    if not event.on_behalf_of or event.erased or clock.now() - event.recorded > _STALE:
        return None
    template = templates.fitting(event)
    describer = next((d for p, d in _describers.items() if event.type.startswith(p)), None)
    if template is None or describer is None:
        return None
    if Message.objects.filter(person=event.on_behalf_of, event=UUID(event.id)).exists():
        return None
    words: Any = templates.render(template, describer(event))
    message = Message.objects.create(
        person=event.on_behalf_of,
        event=UUID(event.id),
        chain=event.chain,
        template=template.slug,
        must=template.must,
        words=words,
        told=clock.now(),
    )
    for channel in Channel.objects.filter(person=message.person, confirmed__isnull=False):
        if message.must or channel.wish == Channel.Wish.ALL:
            Delivery.objects.create(
                message=message,
                kind=channel.kind,
                state=Delivery.State.WAITING,
                at=message.told,
            )
            jobs.enqueue(
                SEND,
                {"person": message.person, "kind": channel.kind, "chain": message.chain},
                run_after=message.told + _GATHER,
            )
    return message


def send(person: str, kind: str, chain: str) -> None:
    """Send what waits for a person by a channel about one matter; raises `NotSent` to be retried.

    A batch keeps its name from try to try; what can never go out is dropped with its reason.
    """
    batch = _batch(person, kind, chain)
    rows = Delivery.objects.filter(batch=batch, state=Delivery.State.WAITING)
    waiting = list(rows.select_related("message").order_by("message_id")) if batch else []
    if not waiting:
        return
    channel = Channel.objects.filter(person=person, kind=kind, confirmed__isnull=False).first()
    try:
        _go(channel, [row.message for row in waiting], batch)
    except NeverSent as never:
        _mark(batch, Delivery.State.DROPPED, str(never))
    except Exception as error:
        _mark(batch, Delivery.State.WAITING, str(error))
        raise
    else:
        _mark(batch, Delivery.State.SENT, "")


def _batch(person: str, kind: str, chain: str) -> str:
    """Give the batch that is to be sent: the one that was begun, else all that waits."""
    with transaction.atomic():
        waiting = Delivery.objects.select_for_update(of=("self",)).filter(
            message__person=person,
            message__chain=chain,
            kind=kind,
            state=Delivery.State.WAITING,
        )
        rows = list(waiting.order_by("pk"))
        begun = next((row.batch for row in rows if row.batch), "")
        if begun or not rows:
            return begun
        batch = secrets.token_hex(16)
        Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(batch=batch)
        return batch


def _go(channel: Channel | None, messages: list[Message], batch: str) -> None:
    if channel is None:
        raise NeverSent("the person has taken the address back")
    texts = [message.words[channel.lang] for message in messages]
    if channel.kind == Channel.Kind.SMS:
        sending.send_sms(channel.address, texts[-1]["sms"], batch=batch)
        return
    more = len(texts) - 1
    title = texts[-1]["title"] + (f" (+{more})" if more else "")
    body = "\n\n".join(f"{text['title']}\n{text['text']}" for text in texts)
    sending.send_mail(channel.address, title, body, batch=batch)


def _mark(batch: str, state: Delivery.State, error: str) -> None:
    with transaction.atomic():
        for row in Delivery.objects.select_for_update().filter(batch=batch):
            row.state, row.error, row.at = state, error[:300], clock.now()
            row.attempts += 1
            row.save()


def mark_read(person: str, ids: Collection[int]) -> int:
    """Mark messages of this person as read (all where none is named); give how many were not."""
    rows = Message.objects.filter(person=person, read=None)
    return (rows.filter(pk__in=ids) if ids else rows).update(read=clock.now())


def set_channel(person: str, kind: str, address: str, *, wish: str, lang: str) -> None:
    """Name an address; it counts once the code that goes there now is given back.

    The same address again only changes the wish. Raises `ChannelRefused`.
    """
    try:
        if Channel.Kind(kind) is Channel.Kind.EMAIL:
            validate_email(address)
        else:
            _phone(address)
        chosen = Channel.Wish(wish)
    except (ValidationError, ValueError):
        raise ChannelRefused("请填写有效的地址", "give a valid address") from None
    with transaction.atomic():
        row = Channel.objects.select_for_update().filter(person=person, kind=kind).first()
        same = row is not None and row.address == address
        if row is None:
            row = Channel(person=person, kind=kind)
        row.wish, row.lang, row.address = chosen, lang, address
        if same and row.confirmed is not None:
            row.save()
            return
        if not allows(_CODES, person):
            raise ChannelRefused("验证码发送过多，请一小时后再试", "too many codes; wait an hour")
        code = f"{secrets.randbelow(1_000_000):06d}"
        row.confirmed = None
        row.code = _digest(person, kind, code)
        row.code_until = clock.now() + _CODE_LASTS
        row.tries = _CODE_TRIES
        row.save()
        transaction.on_commit(partial(_send_code, kind, address, lang, code))


def _send_code(kind: str, address: str, lang: str, code: str) -> None:
    """Send the code at once: kept nowhere, so it is asked for again where it did not arrive."""
    text = (
        f"Tongban code {code}, 15 min." if lang == "en" else f"【通办】验证码{code}，15分钟内有效。"
    )
    try:
        if kind == Channel.Kind.SMS:
            sending.send_sms(address, text, batch=secrets.token_hex(16))
        else:
            sending.send_mail(address, text, text, batch=secrets.token_hex(16))
    except (sending.NotSent, NeverSent) as error:
        raise ChannelRefused(
            "验证码未能发出，请稍后再试", f"the code was not sent: {error}"
        ) from error


def confirm_channel(person: str, kind: str, code: str) -> None:
    """Give back the code that was sent to an address; raises `ChannelRefused`."""
    with transaction.atomic():
        row = Channel.objects.select_for_update().filter(person=person, kind=kind).first()
        alive = (
            row is not None
            and row.code_until is not None
            and row.tries > 0
            and clock.now() <= row.code_until
        )
        right = (
            alive
            and row is not None
            and constant_time_compare(row.code, _digest(person, kind, code))
        )
        if row is not None:
            if right:
                row.confirmed, row.code, row.code_until = clock.now(), "", None
            row.tries = max(0, row.tries - 1)
            row.save()
    if not right:
        raise ChannelRefused("验证码不正确或已失效", "the code is wrong or has run out")


def drop_channel(person: str, kind: str) -> None:
    """Take an address back; what still waits to go there is dropped when its turn comes."""
    Channel.objects.filter(person=person, kind=kind).delete()


def _digest(person: str, kind: str, code: str) -> str:
    return salted_hmac(f"inbox.{person}.{kind}", code, algorithm="sha256").hexdigest()
