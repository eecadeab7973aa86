"""Rows of the log for one call: what was asked, and what was answered (日志行)."""

from dataclasses import dataclass
from typing import Any, Literal

from tongban.kernel.wire.rows import RowDraft
from tongban.kernel.wire.signatures import Claims
from tongban.kernel.wire.words import Caller, Headers, Identifier, Operation, Question
from tongban.node.core.words import Identity

Side = Literal["provider", "consumer"]
#: Headers of a message with what its signature says (None: it is not signed, or was never sent).
Message = tuple[Headers, Claims | None]
_MARK_BYTES = 16


@dataclass(frozen=True, slots=True)
class Told:
    """What both rows of a call say of it."""

    side: Side
    caller: Caller
    service: Identifier
    operation: Operation
    question: Question | None
    grants: tuple[str, ...] = ()
    consent: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """What the row of the answer says beyond that."""

    status: int
    code: str
    records: int
    micros: int


def marks(by: Identity, question: Question | None) -> tuple[str, ...]:
    """Give the mark of each key value that a question names: 32 hex digits of a keyed digest."""
    if question is None or not question.keys:
        return ()
    mac, key = by.suite.mac, by.subject_key
    return tuple(
        sorted(
            {
                mac(key, f"{name}={value}".encode())[:_MARK_BYTES].hex()
                for one in question.keys
                for name, value in one.items()
            }
        )
    )


def rows(
    by: Identity,
    told: Told,
    asked: Message,
    answered: Message,
    ended: Ended,
) -> tuple[RowDraft, RowDraft]:
    """Draft the row of the request and the row of the answer."""
    common: dict[str, Any] = {
        "side": told.side,
        "call": told.caller.call,
        "client": str(told.caller.client),
        "service": str(told.service),
        "operation": told.operation,
        "purposes": told.caller.purposes,
        "grants": told.grants,
        "consent": told.consent,
        "issue": told.caller.issue,
        "user": told.caller.user,
        "represented": told.caller.represented,
        "fields": len(told.question.fields) if told.question else 0,
        "subjects": marks(by, told.question),
    }
    return (
        RowDraft(kind="request", **common, **_signed(by, asked)),
        RowDraft(
            kind="answer",
            status=ended.status,
            code=ended.code,
            records=ended.records,
            micros=ended.micros,
            **common,
            **_signed(by, answered),
        ),
    )


def _signed(by: Identity, message: Message) -> dict[str, Any]:
    headers, claims = message
    if claims is None:
        return {"suite": by.suite.name}
    return {
        "digest": next(value for name, value in headers if name == "content-digest"),
        "signature_input": claims.signature_input,
        "signature": claims.signature.hex(),
        "base": claims.base,
        "keyid": claims.keyid,
        "nonce": claims.nonce,
        "suite": claims.keyid.split("/")[1],
    }
