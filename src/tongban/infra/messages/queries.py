"""Reads of messages: a person's inbox, its channels, and what went out."""

from typing import Any

from tongban.infra.messages.models import Channel, Delivery, Message


def inbox(person: str, lang: str, *, before: int = 0, size: int = 20) -> list[dict[str, Any]]:
    """Give a person's messages, the latest first; those older than the id ``before``, if any."""
    rows = Message.objects.filter(person=person)
    rows = rows.filter(pk__lt=before) if before else rows
    return [_shown(row, lang) for row in rows.order_by("-pk")[:size]]


def message(person: str, number: int, lang: str) -> dict[str, Any] | None:
    """Give one message of this person; None where it has no such message."""
    row = Message.objects.filter(person=person, pk=number).first()
    return _shown(row, lang) if row else None


def _shown(row: Message, lang: str) -> dict[str, Any]:
    return {
        "id": row.pk,
        "chain": row.chain,
        "template": row.template,
        "must": row.must,
        "title": row.words[lang]["title"],
        "text": row.words[lang]["text"],
        "told": row.told,
        "read": row.read,
    }


def unread(person: str) -> int:
    """Count a person's unread messages."""
    return Message.objects.filter(person=person, read=None).count()


def channels(person: str) -> list[dict[str, Any]]:
    """Give a person's channels, their addresses masked."""
    return [
        {
            "kind": row.kind,
            "wish": row.wish,
            "lang": row.lang,
            "address": masked(row.address),
            "confirmed": row.confirmed is not None,
        }
        for row in Channel.objects.filter(person=person).order_by("kind")
    ]


def masked(address: str) -> str:
    """Mask an address so that its owner knows it again.

    >>> masked("wang.wu@example.org"), masked("13800138000")
    ('w***@example.org', '138****8000')
    """
    name, at, host = address.partition("@")
    if at:
        return f"{name[:1]}***@{host}"
    return f"{address[:3]}****{address[-4:]}"


def deliveries(person: str, message: int) -> list[dict[str, Any]]:
    """Give what became of a message of this person outside the inbox (发送记录)."""
    rows = Delivery.objects.filter(message_id=message, message__person=person)
    found = rows.order_by("kind").values("kind", "state", "attempts", "at", "error")
    return [dict(row) for row in found]
