"""Content-Digest (RFC 9530) with exactly one digest, that of the signing key's suite.

Refuses every other form, also legal ones: two digests let one party check the weak one and another
the strong one.
"""

from base64 import b64encode

from tongban.kernel.suites import Suite
from tongban.kernel.wire.structured import Item, StructuredInvalid, parse_dictionary


def content_digest(by: Suite, body: bytes) -> str:
    """Write the field; the key is ``sha-256``, or ``sm3``, which no registry holds yet.

    >>> from tongban.kernel.suites import suite
    >>> content_digest(suite("std"), b"")
    'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:'
    """
    return f"{by.digest_name}=:{b64encode(by.digest(body)).decode()}:"


def digest_fault(value: str, by: Suite, body: bytes) -> str:
    """Say what is wrong with a Content-Digest; empty: nothing."""
    if value == content_digest(by, body):
        return ""
    try:
        digests = parse_dictionary(value)
    except StructuredInvalid as wrong:
        return f"content-digest does not read: {wrong}"
    if list(digests) != [by.digest_name]:
        return f"content-digest has {', '.join(digests)}; this key takes {by.digest_name} alone"
    if digests[by.digest_name] == Item(by.digest(body), {}):
        return "content-digest is not written in the exact form"
    return "content-digest is that of another body"
