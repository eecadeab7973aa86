"""Signatures beside documents (签名声明、电子印章): who signed which, as what, in which words.

A statement names the document by its digest and stays apart from it, so that any kind of file can
be signed and none is changed. It refuses a role that is not known, and a statement in another suite
than that of its key. Whose a key is, and since when, is for the evidence log to prove.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from tongban.kernel.events import canonical, instant
from tongban.kernel.suites import Signer, suite
from tongban.kernel.wire.documents import DocumentInvalid, KeyOf, open_document, seal_document

APPLICANT: Final = "applicant"  # 申请人签名
ORGANISATION: Final = "organisation"  # 单位电子印章
#: What each role says of its signer: a pseudonym of this installation, or a public body.
ROLES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {APPLICANT: frozenset({"id"}), ORGANISATION: frozenset({"uscc", "name"})}
)
#: The name of the format in each suite; that of ``gm`` is private, for no register has one.
FORMATS: Final[Mapping[str, str]] = MappingProxyType(
    {"std": "tongban.signature.ed25519.v1", "gm": "tongban.signature.sm2-sm3.v1"}
)


class StatementInvalid(DocumentInvalid):
    """The bytes are no statement that the named key signed."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What is signed. ``digest`` is ``sha-256:<hex>`` or ``sm3:<hex>`` of the document's bytes.

    ``signer`` are the words that its role wants, see `ROLES`; ``zh`` and ``en`` the words that the
    signer was shown; ``signed`` an instant with zone, by the clock of whoever keeps the key.
    """

    digest: str
    media_type: str
    case: str
    role: str
    signer: Mapping[str, str]
    zh: str
    en: str
    signed: datetime

    def __post_init__(self) -> None:
        if self.role not in ROLES or self.signer.keys() != ROLES[self.role]:
            raise StatementInvalid(
                f"StatementInvalid: {str(self.role)[:40]!r} is no role, or its signer is not so"
            )

    def told(self, by: str) -> dict[str, Any]:
        """Give what is signed in the suite ``by``, as JSON; raise SuiteUnknown."""
        return {
            "case": self.case,
            "format": FORMATS[suite(by).name],
            "of": {"digest": self.digest, "media_type": self.media_type},
            "purpose": {"en": self.en, "zh": self.zh},
            "role": self.role,
            "signed": instant(self.signed),
            "signer": dict(self.signer),
        }

    def sign(self, key: str, signer: Signer, by: str) -> bytes:
        """Sign in the suite ``by``; give the file to keep beside the document, canonical JSON.

        ``key`` is the id of the signer's key (``kernel.wire.documents.key_id``). Raise
        SuiteUnknown, EventInvalid for what is no JSON.

        >>> from datetime import UTC
        >>> one = Statement("sha-256:00", "text/plain", "c", APPLICANT, {"id": "p"}, "认", "yes",
        ...     datetime(2026, 11, 24, tzinfo=UTC))
        >>> one.sign("p/std/00", suite("std").signer(bytes(32)), "std")[:70].decode()
        '{"document":{"case":"c","format":"tongban.signature.ed25519.v1","of":{'
        """
        return canonical(seal_document(self.told(by), key, signer, by))


def read(written: bytes, key_of: KeyOf) -> Statement:
    """Give the statement if a key that ``key_of`` knows signed it; raise StatementInvalid."""
    try:
        told = open_document(written, key_of)
        of, purpose = told["of"], told["purpose"]
        found = Statement(
            digest=of["digest"],
            media_type=of["media_type"],
            case=told["case"],
            role=told["role"],
            signer=told["signer"],
            zh=purpose["zh"],
            en=purpose["en"],
            signed=datetime.fromisoformat(told["signed"]),
        )
        same = found.told(json.loads(written)["suite"]) == told
    except (DocumentInvalid, KeyError, TypeError, ValueError, AttributeError) as wrong:
        raise StatementInvalid(f"StatementInvalid: {wrong}") from wrong
    if not same:
        raise StatementInvalid(
            "StatementInvalid: it does not say what a statement of its suite says"
        )
    return found
