"""Signed documents (签名文档): snapshots, feeds, consents, checkpoints, manifests.

A document is JSON in its one canonical form, beside the id of the key, the name of its suite and
the signature. Whoever opens it says which keys count; the suite is the key's own and is never taken
from the document.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from tongban.kernel.events import EventInvalid, canonical
from tongban.kernel.suites import Signer, Suite, Verifier

_BEFORE = b"tongban.document.v1\n"
_PARTS = frozenset({"document", "key", "suite", "signature"})
_LARGEST = 256 * 1024 * 1024
_LONGEST_TOKEN = 16 * 1024


class DocumentInvalid(ValueError):
    """What was given is no document that a known key signed."""


class VerifyingKey(Protocol):
    """A public key with the name of its suite."""

    @property
    def suite(self) -> str: ...

    @property
    def verifier(self) -> Verifier: ...


KeyOf = Callable[[str], VerifyingKey | None]


def key_id(member: str, suite: Suite, public: bytes) -> str:
    """Give the id of a public key of ``member``: member/suite/first 16 hex digits of its digest."""
    return f"{member}/{suite.name}/{suite.digest(public).hex()[:16]}"


def seal_document(
    document: Mapping[str, Any], key: str, signer: Signer, suite: str
) -> dict[str, Any]:
    """Sign a document; ``key`` is the id of the signer's key. Raise EventInvalid for no JSON."""
    signature = signer.sign(_BEFORE + canonical(document))
    return {"document": dict(document), "key": key, "suite": suite, "signature": signature.hex()}


def _invalid(why: str) -> DocumentInvalid:
    return DocumentInvalid(f"DocumentInvalid: {why}; ask whoever issued it for a good one")


def open_document(sealed: Mapping[str, Any] | bytes, key_of: KeyOf) -> dict[str, Any]:
    """Give the document if a key that ``key_of`` knows signed exactly it; raise DocumentInvalid.

    Bytes must be canonical JSON of the whole: one signed document has one writing.
    """
    read = _read(sealed) if isinstance(sealed, bytes) else sealed
    if read.keys() != _PARTS or not isinstance(read["document"], Mapping):
        raise _invalid(f"it has not exactly the members {', '.join(sorted(_PARTS))}")
    keyid, name, signature = read["key"], read["suite"], read["signature"]
    if not isinstance(keyid, str) or not isinstance(name, str) or not isinstance(signature, str):
        raise _invalid("key, suite and signature are not all text")
    key = key_of(keyid)
    if key is None:
        raise _invalid(f"no known key {keyid[:80]!a} that is good now")
    if name != key.suite:
        raise _invalid("it names another suite than that of its key")
    try:
        told, signed = canonical(read["document"]), bytes.fromhex(signature)
    except (EventInvalid, ValueError) as wrong:
        raise _invalid(f"it cannot have been signed ({wrong})") from wrong
    if signed.hex() != signature or not key.verifier.verify(_BEFORE + told, signed):
        raise _invalid("the signature does not hold")
    return dict(read["document"])


def _read(sealed: bytes) -> Mapping[str, Any]:
    if len(sealed) > _LARGEST:
        raise _invalid(f"it is larger than {_LARGEST} bytes")
    try:
        read = json.loads(sealed)
    except (ValueError, RecursionError) as wrong:
        raise _invalid(f"it is no JSON ({wrong})") from wrong
    if not isinstance(read, Mapping):
        raise _invalid("it is no object")
    try:
        written = canonical(read)
    except EventInvalid as wrong:
        raise _invalid(f"it cannot have been signed ({wrong})") from wrong
    if written != sealed:
        raise _invalid("it is not written in canonical JSON")
    return read


def write_token(sealed: Mapping[str, Any]) -> str:
    """Write a signed document so that it fits a header: base64url of canonical JSON, no padding."""
    return urlsafe_b64encode(canonical(sealed)).decode().rstrip("=")


def read_token(token: str, key_of: KeyOf) -> dict[str, Any]:
    """Open what `write_token` wrote; raise DocumentInvalid."""
    if len(token) > _LONGEST_TOKEN:
        raise _invalid(f"the token is longer than {_LONGEST_TOKEN} characters")
    try:
        sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError as wrong:
        raise _invalid("the token is no base64url") from wrong
    if urlsafe_b64encode(sealed).decode().rstrip("=") != token:
        raise _invalid("the token is not written in its one form")
    return open_document(sealed, key_of)
