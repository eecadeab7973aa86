"""Rows of the log for one call: what was asked, and what was answered (日志行)."""

from dataclasses import dataclass
from typing import Literal

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
    subjects = marks(by, told.question)
    return (
        _row(by, told, "request", asked, subjects, Ended(0, "", 0, 0)),
        _row(by, told, "answer", answered, subjects, ended),
    )


def _row(
    by: Identity,
    told: Told,
    kind: Literal["request", "answer"],
    message: Message,
    subjects: tuple[str, ...],
    ended: Ended,
) -> RowDraft:
    headers, claims = message
    caller = told.caller
    return RowDraft(
        side=told.side,
        kind=kind,
        call=caller.call,
        client=str(caller.client),
        service=str(told.service),
        operation=told.operation,
        purposes=caller.purposes,
        grants=told.grants,
        consent=told.consent,
        issue=caller.issue,
        user=caller.user,
        represented=caller.represented,
        status=ended.status,
        code=ended.code,
        fields=len(told.question.fields) if told.question else 0,
        records=ended.records,
        digest=next((v for n, v in headers if n == "content-digest"), "") if claims else "",
        signature_input=claims.signature_input if claims else "",
        signature=claims.signature.hex() if claims else "",
        base=claims.base if claims else "",
        keyid=claims.keyid if claims else "",
        nonce=claims.nonce if claims else "",
        suite=claims.keyid.split("/")[1] if claims else by.suite.name,
        subjects=subjects,
        micros=ended.micros,
    )
