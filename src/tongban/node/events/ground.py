"""What every part of the asynchronous half stands on: the node's store, its view, its key.

Signs and checks the messages between nodes that are no calls (subscribing, delivering), and drafts
their rows. Answers of refusals are signed where the request's signature held, as for calls.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tongban.kernel.events import canonical
from tongban.kernel.suites import NONCE_BYTES, SealBroken, Suite
from tongban.kernel.wire.bodies import JSON, PROBLEM, write_problem
from tongban.kernel.wire.rows import Kind, RowDraft, Side
from tongban.kernel.wire.signatures import (
    Claims,
    Verified,
    signed_response,
    verify_request,
)
from tongban.kernel.wire.words import (
    Caller,
    Headers,
    Identifier,
    Question,
    Request,
    Response,
    WireRefused,
)
from tongban.node import clock
from tongban.node.core import Identity, View, no_network
from tongban.node.events.words import Settings, mark
from tongban.node.flusher import Flusher
from tongban.node.inner import Clients
from tongban.node.measures import Measures
from tongban.node.peers import Peers
from tongban.node.sources import Sources
from tongban.node.store import Entry, Nonce, Usage, Write
from tongban.node.store.events import EventStore

Signed = tuple[Response, Claims]
_SEALING = b"tongban.events.v1"


class Sealing:
    """Seals what lies in the store (静态加密): authenticated, and bound to what it belongs to."""

    def __init__(self, by: Suite, secret: bytes) -> None:
        """Derive the key from the node's key for records."""
        self._cipher = by.cipher(by.mac(secret, _SEALING)[: by.cipher_key_bytes])

    def seal(self, plain: bytes, context: str) -> bytes:
        """Seal; the same context opens it."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.seal(nonce, plain, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """Open; raise SealBroken."""
        if len(sealed) <= NONCE_BYTES:
            raise SealBroken("SealBroken: nothing is there")
        return self._cipher.open(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context.encode())


@dataclass(frozen=True, slots=True)
class Ground:
    """The node, as the asynchronous half needs it."""

    members: tuple[str, ...]
    identity: Identity
    known: Callable[[], View | None]
    served: frozenset[str]
    flusher: Flusher
    sources: Sources
    peers: Peers
    clients: Clients
    store: EventStore
    sealing: Sealing
    settings: Settings
    most_body: int
    measures: Measures

    def view(self) -> View:
        """Give what is known of the network; raise `WireRefused` where nothing is."""
        found = self.known()
        if found is None:
            raise no_network()
        return found

    def mark(self, key: Mapping[str, Any]) -> str:
        """Give the mark of a record key; see `words.mark`."""
        return mark(self.identity.suite, self.identity.subject_key, key)

    def heard(self, request: Request) -> Verified:
        """Check the signature of a request; raise `WireRefused`."""
        now = clock.now()
        return verify_request(request, self.view().keys(now), now)

    def signed(self, request: Request, status: int, kind: str, body: bytes) -> Signed:
        """Give the signed answer to a request whose signature held, and what its signature says."""
        by = self.identity
        plain = Response(status, (("content-type", kind),), body)
        return signed_response(plain, request, by.keyid, by.signer, clock.now())

    def answered(self, request: Request, status: int, told: Mapping[str, Any]) -> Signed:
        """Give a signed answer in JSON."""
        return self.signed(request, status, JSON, canonical(told))

    def refused(self, request: Request, refused: WireRefused, call: str) -> Signed:
        """Give the signed refusal of a request."""
        return self.signed(request, refused.status, PROBLEM, write_problem(refused, call))

    async def commit(
        self,
        rows: tuple[RowDraft, ...],
        *writes: Write,
        nonce: Nonce | None = None,
        usage: tuple[Usage, ...] = (),
    ) -> None:
        """Commit rows and writes together; raise LogDown, NonceSeen, QuotaSpent."""
        await self.flusher.commit(Entry(rows=rows, nonce=nonce, usage=usage, writes=writes))


@dataclass(frozen=True, slots=True)
class About:
    """What the rows of one exchange of messages say of it."""

    side: Side
    caller: Caller
    service: Identifier
    operation: str
    question: Question | None = None
    grants: tuple[str, ...] = ()
    consent: str = ""
    subjects: tuple[str, ...] = ()


def row(
    by: Identity,
    about: About,
    kind: Kind,
    message: tuple[Headers, Claims | None] = ((), None),
    *,
    status: int = 0,
    code: str = "",
    records: int = 0,
    micros: int = 0,
) -> RowDraft:
    """Draft a row; ``message`` is the signed one that it stands for."""
    headers, claims = message
    caller = about.caller
    return RowDraft(
        side=about.side,
        kind=kind,
        call=caller.call,
        client=str(caller.client),
        service=str(about.service),
        operation=about.operation,
        purposes=caller.purposes,
        grants=about.grants,
        consent=about.consent,
        issue=caller.issue,
        user=caller.user,
        represented=caller.represented,
        status=status,
        code=code,
        fields=len(about.question.fields) if about.question else 0,
        records=records,
        digest=next((v for n, v in headers if n == "content-digest"), "") if claims else "",
        signature_input=claims.signature_input if claims else "",
        signature=claims.signature.hex() if claims else "",
        base=claims.base if claims else "",
        keyid=claims.keyid if claims else "",
        nonce=claims.nonce if claims else "",
        suite=claims.keyid.split("/")[1] if claims else by.suite.name,
        subjects=about.subjects,
        micros=micros,
    )


def of(message: Request | Response, claims: Claims) -> tuple[Headers, Claims]:
    """Give a signed message as `row` takes it."""
    return message.headers, claims


def nonce_of(claims: Claims) -> Nonce:
    """Give the nonce that a signature spends."""
    return Nonce(claims.keyid, claims.nonce, claims.expires)
