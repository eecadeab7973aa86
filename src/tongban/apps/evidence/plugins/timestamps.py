"""Tokens of a time-stamp authority (时间戳, RFC 3161), for courts that know those and no witnesses.

Needs the extra ``timestamps``. A token counts only if it is over our bytes, answers our nonce, and
its signature leads to a root that this installation was given.
"""

import http.client
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.x509 import load_pem_x509_certificates
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

_PATIENCE = 20.0
_LONGEST_ANSWER = 64 * 1024


class NotStamped(RuntimeError):
    """The authority gave no token that counts; nothing is kept, and it is asked again later."""


@dataclass(frozen=True, slots=True)
class Stamped:
    """A token as it came (DER of TimeStampResp), and the time in it."""

    token: bytes
    time: datetime


def ask(url: str, roots: Path, over: bytes) -> Stamped:
    """Ask for a token over these bytes; raise NotStamped.

    ``roots`` holds certificates in PEM: the roots, and what lies between them and the authority.
    """
    request = TimestampRequestBuilder().data(over).hash_algorithm(HashAlgorithm.SHA256).build()
    try:
        verifier = VerifierBuilder.from_request(request)
        for one in load_pem_x509_certificates(roots.read_bytes()):
            if one.issuer == one.subject:
                verifier = verifier.add_root_certificate(one)
            else:
                verifier = verifier.add_intermediate_certificate(one)
        told = _post(url, request.as_bytes())
        answer = decode_timestamp_response(told)
        verifier.build().verify_message(answer, over)
    except (OSError, http.client.HTTPException, ValueError, VerificationError) as wrong:
        raise NotStamped(f"NotStamped: {url}: {wrong}") from wrong
    return Stamped(told, answer.tst_info.gen_time)


def _post(url: str, body: bytes) -> bytes:
    """Speak the protocol over HTTP (RFC 3161, section 3.4)."""
    place = urlsplit(url)
    kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
    if place.scheme not in kinds:
        raise ValueError("write an address that begins with http:// or https://")
    link: http.client.HTTPConnection = kinds[place.scheme](
        place.hostname or "", place.port, timeout=_PATIENCE
    )
    try:
        link.request(
            "POST", place.path or "/", body, {"Content-Type": "application/timestamp-query"}
        )
        answer = link.getresponse()
        told: bytes = answer.read(_LONGEST_ANSWER)
        if answer.status != 200:
            raise ValueError(f"it answers {answer.status}")
        return told
    finally:
        link.close()
