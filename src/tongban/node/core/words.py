"""What the node's core takes and gives: who the node is, what it knows, and how a call stands.

Frozen data; nothing here opens, sends or waits.
"""

from dataclasses import dataclass, field
from datetime import datetime

from tongban.kernel.suites import Signer, Suite
from tongban.kernel.wire.documents import DocumentInvalid, KeyOf, VerifyingKey, read_token
from tongban.kernel.wire.judging import Consent, Permit, judge, read_consent
from tongban.kernel.wire.signatures import Claims, Verified
from tongban.kernel.wire.snapshot import Revocations, Snapshot
from tongban.kernel.wire.words import (
    Caller,
    Found,
    Identifier,
    Operation,
    Question,
    Request,
    Response,
    WireRefused,
)
from tongban.node.store import Entry


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a node is: its name, the key it signs with, and the key that its marks are made with.

    ``subject_key`` (32 bytes) turns the number of a person into a mark in the log, so that the log
    answers who looked at whom and holds no number.
    """

    node: str
    keyid: str
    suite: Suite
    signer: Signer = field(repr=False)
    subject_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What a node knows of the network now; ``control`` knows the keys of the control plane.

    ``revoked`` is None until a feed was read. A consent counts if the own control plane signed it,
    or another instance that the snapshot knows.
    """

    snapshot: Snapshot
    revoked: Revocations | None
    control: KeyOf

    def keys(self, now: datetime) -> KeyOf:
        """Give what finds the key of an id, if it is good now and was not withdrawn."""

        def key_of(keyid: str) -> VerifyingKey | None:
            if self.revoked is not None and keyid in self.revoked.keys:
                return None
            return self.snapshot.key(keyid, now)

        return key_of

    def speaks_for(self, keyid: str, member: str) -> bool:
        """Say whether this key may sign for the member."""
        key = self.snapshot.keys.get(keyid)
        return key is not None and self.snapshot.speaks_for(key, member)

    def judge(
        self, caller: Caller, service: Identifier, question: Question, now: datetime
    ) -> Permit:
        """Say what of a question may be answered, the caller's consent included.

        Raise `WireRefused`.
        """
        consent = self._consent(caller)
        return judge(caller, service, question, self.snapshot, self.revoked, now, consent)

    def _consent(self, caller: Caller) -> Consent | None:
        if not caller.consent:
            return None
        issuer = ""

        def key_of(keyid: str) -> VerifyingKey | None:
            nonlocal issuer
            own = self.control(keyid)
            if own is not None:
                return own
            other = self.snapshot.instances.get(keyid)
            issuer = other.name if other is not None else ""
            return other

        try:
            document = read_token(caller.consent, key_of)
        except DocumentInvalid as wrong:
            raise WireRefused(
                "consent_unfit",
                "授权同意书无法验证；请重新取得同意",
                "the consent token does not hold; ask the person anew",
                str(wrong),
            ) from None
        return read_consent(document, issuer)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ends: what leaves, and what must be on the log before it does.

    ``entry`` is None for what nobody signed: it is counted and not logged. ``code`` is that of a
    refusal (empty: served) and ``detail`` its reason for the node's own log lines. ``heard`` is the
    request at the provider's node, for whoever has to refuse it after all (`Node.refuse`).
    """

    response: Response
    entry: Entry | None
    code: str = ""
    detail: str = ""
    found: Found | None = None
    heard: "Heard | None" = None


@dataclass(frozen=True, slots=True)
class Heard:
    """A request whose signature holds: who asks, for what, and since when it is here."""

    request: Request
    claims: Verified
    caller: Caller
    service: Identifier
    operation: Operation
    at: datetime
    question: Question | None = None
    permit: Permit | None = None


@dataclass(frozen=True, slots=True)
class Accepted(Heard):
    """A request that may be answered: ask the provider for ``permit.question``."""

    question: Question
    permit: Permit


@dataclass(frozen=True, slots=True)
class Asked:
    """What a system of the node's own asks of the network."""

    caller: Caller
    service: Identifier
    question: Question


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request that is signed and ready to send to ``address``."""

    asked: Asked
    request: Request
    claims: Claims
    address: str
    at: datetime
