"""What instances of the exchange say to each other (平台级联): requests across levels, decisions.

Pure: rows to documents and back. A document counts for the instance that its pinned key belongs to
and for no other; what it says of anybody else's members is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tongban.kernel.events import instant
from tongban.kernel.wire.words import Identifier

REQUEST = "tongban-request/1"
DECISION = "tongban-decision/1"
RELATIONS = ("parent", "child", "other")
Document = dict[str, Any]
_PLAIN = ("number", "client", "service", "fields", "item", "purpose", "basis", "legal_basis")
_MORE = ("reason", "rows", "bulk", "calls", "records", "flow_back")


class DocumentUnfit(ValueError):
    """A document of another instance that says what it may not say, or that does not read."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the owning instance says of a request: its state there, the ground, the grant.

    ``grant`` is empty where there is none, ``ended`` says that it was ended since.
    """

    number: str
    state: str
    refusal: Mapping[str, str]
    note: str
    grant: str
    ended: bool


def request(row: Any, origin: str, *, withdrawn: bool, at: datetime) -> Document:
    """Write a request for the instance that owns the resource (``tongban-request/1``)."""
    told = {name: getattr(row, name) for name in (*_PLAIN, *_MORE)}
    return {
        "format": REQUEST,
        "origin": origin,
        **told,
        "valid_until": instant(row.valid_until) if row.valid_until else None,
        "withdrawn": withdrawn,
        "at": instant(at),
    }


def read_request(document: Mapping[str, Any], origin: str, own: str) -> Document:
    """Check a request of ``origin`` to this instance; give it plain. Raises `DocumentUnfit`."""
    try:
        client, service = (Identifier.parse(document[part]) for part in ("client", "service"))
        told = {name: document[name] for name in (*_PLAIN, *_MORE, "withdrawn")}
        until = document["valid_until"]
        told["valid_until"] = datetime.fromisoformat(until) if until else None
        texts = ("number", "item", "purpose", "basis", "legal_basis", "reason")
        fits = (
            document["format"] == REQUEST
            and document["origin"] == client.instance == origin
            and service.instance == own
            and told["number"].startswith(f"{origin.removeprefix('CN-')}-")
            and all(isinstance(told[name], str) and told[name] for name in texts)
            and all(isinstance(name, str) for name in told["fields"])
            and isinstance(told["rows"], dict)
            and told["basis"] in {"statutory", "consent"}
            and not (told["bulk"] and told["basis"] == "consent")
            and all(type(told[name]) is bool for name in ("bulk", "flow_back", "withdrawn"))
            and all(type(told[name]) is int and told[name] >= 0 for name in ("calls", "records"))
        )
    except (KeyError, TypeError, ValueError, AttributeError) as wrong:
        raise DocumentUnfit(f"DocumentUnfit: the request does not read: {wrong!r}") from wrong
    if not fits:
        raise DocumentUnfit(
            f"DocumentUnfit: it is no request of {origin} for a resource of {own}; send it there"
        )
    return told


def decision(told: Decision, own: str, at: datetime) -> Document:
    """Write how a request stands here (``tongban-decision/1``)."""
    return {
        "format": DECISION,
        "instance": own,
        "number": told.number,
        "state": told.state,
        "refusal": dict(told.refusal),
        "note": told.note,
        "grant": told.grant,
        "ended": told.ended,
        "at": instant(at),
    }


def read_decision(document: Mapping[str, Any], instance: str, number: str) -> Decision:
    """Read a decision of this instance on this request; raises `DocumentUnfit`."""
    if (document.get("format"), document.get("instance"), document.get("number")) != (
        DECISION,
        instance,
        number,
    ):
        raise DocumentUnfit(f"DocumentUnfit: it is no decision of {instance} on {number}")
    try:
        return Decision(
            number,
            str(document["state"]),
            {str(name): str(text) for name, text in document["refusal"].items()},
            str(document["note"]),
            str(document["grant"]),
            document["ended"] is True,
        )
    except (KeyError, AttributeError) as wrong:
        raise DocumentUnfit(f"DocumentUnfit: the decision does not read: {wrong!r}") from wrong
