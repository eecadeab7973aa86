"""Signed messages: the strict profile ``tongban-r1`` of HTTP Message Signatures (RFC 9421).

One signature a message, over a fixed list of components in a fixed order, by the algorithm that
belongs to the key and never by one that the message names. An answer is bound to its request.
Whether a nonce was seen before, and whether the key's owner is who the message speaks for, is for
whoever keeps them.
"""

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from tongban.kernel.suites import Signer, Suite, suite
from tongban.kernel.wire.bases import BaseImpossible, Parts, signature_base
from tongban.kernel.wire.digests import content_digest, digest_fault
from tongban.kernel.wire.documents import KeyOf
from tongban.kernel.wire.headers import CALL, REQUEST, RESPONSE, protocol_fields
from tongban.kernel.wire.structured import (
    Bare,
    StructuredInvalid,
    parse_parameters,
    write_parameters,
)
from tongban.kernel.wire.words import Request, Response, WireRefused

TAG = "tongban-r1"
#: Seconds from ``created`` to ``expires``, at most.
LIFETIME = 60
#: Seconds that the signer's clock may be ahead.
SKEW = 5
_NONCE = re.compile(r"[A-Za-z0-9_-]{22,64}", re.ASCII)
_KEYID = re.compile(r"[0-9A-Z]{18}/([a-z][a-z0-9]{0,7})/[0-9a-f]{16}", re.ASCII)
#: The parameters as this module writes them: exact by its form, so it need not be read and
#: written again to see that it is.
_USUAL = re.compile(
    r";created=(0|[1-9][0-9]{0,14})(?:;expires=(0|[1-9][0-9]{0,14});nonce=\"([A-Za-z0-9_-]*)\")?"
    r";keyid=\"([0-9A-Za-z/]*)\";tag=\"tongban-r1\"",
    re.ASCII,
)
_MUST = ("x-road-client", "x-road-id")
_PARAMETERS = frozenset({"created", "expires", "nonce", "keyid", "tag"})
_ANSWER_PARAMETERS = frozenset({"created", "keyid", "tag"})
_ANSWER = (
    '("@status" "content-type" "content-digest" "x-road-id" "@method";req "@path";req '
    '"@query";req "content-digest";req "signature";req;key="tb")'
)
_BOUND = frozenset({"content-digest", "signature", "x-road-id"})


class SigningImpossible(ValueError):
    """What is to be signed does not fit the profile: a fault of the caller, not of a message."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What the signature of a message says; whether it holds is not known yet.

    ``created`` and ``expires`` are Unix seconds; an answer has neither ``expires`` (0) nor a
    ``nonce`` (empty). ``base`` is the text that was signed and ``signature_input`` the header, so
    that a log can show the signature again later.
    """

    keyid: str
    created: int
    expires: int
    nonce: str
    base: str
    signature: bytes
    signature_input: str

    @property
    def member(self) -> str:
        """The credit code of the member that the key id names."""
        return self.keyid[:18]


@dataclass(frozen=True, slots=True)
class Verified(Claims):
    """The claims of a signature that held."""


def sign_request(
    request: Request,
    keyid: str,
    signer: Signer,
    created: datetime,
    nonce: str,
    lifetime: int = LIFETIME,
) -> Request:
    """Give the request with Content-Digest, Signature-Input and Signature.

    ``nonce`` is base64url of 16 random bytes or more, never used before with this key; ``lifetime``
    is in seconds. Raise `WireRefused` (malformed) for headers that cannot be signed and
    SigningImpossible for the other arguments.
    """
    return signed_request(request, keyid, signer, created, nonce, lifetime)[0]


def signed_request(
    request: Request,
    keyid: str,
    signer: Signer,
    created: datetime,
    nonce: str,
    lifetime: int = LIFETIME,
) -> tuple[Request, Claims]:
    """Do as `sign_request`, and give what the signature says, for the signer's log."""
    if not _NONCE.fullmatch(nonce):
        raise SigningImpossible("SigningImpossible: the nonce; give base64url of 16 random bytes")
    if not 0 < lifetime <= LIFETIME:
        raise SigningImpossible(f"SigningImpossible: a lifetime of {lifetime}; give 1 to 60 s")
    fields = protocol_fields(request.headers, REQUEST)
    if brought := fields.keys() & {"content-digest", "signature", "signature-input"}:
        raise WireRefused(
            "malformed",
            f"请求已带 {'、'.join(sorted(brought))}，须由节点生成",
            f"the request brings {', '.join(sorted(brought))}, which the node makes; leave it out",
        )
    fields["content-digest"] = content_digest(_suite_of(keyid), request.body)
    components, second = _components(fields, "malformed"), int(created.timestamp())
    parameters = (
        f';created={second};expires={second + lifetime};nonce="{nonce}";keyid="{keyid}";tag="{TAG}"'
    )
    base = _base(components, parameters, _asked(request, fields), None, "malformed")
    signature, told = signer.sign(base.encode()), f"tb={components}{parameters}"
    headers = (
        *request.headers,
        ("content-digest", fields["content-digest"]),
        ("signature-input", told),
        ("signature", _written(signature)),
    )
    made = Request(request.method, request.path, request.query, headers, request.body)
    return made, Claims(keyid, second, second + lifetime, nonce, base, signature, told)


def read_request(request: Request) -> Claims:
    """Read what the request's signature claims, without checking it.

    For the log of whoever signed it; a receiver calls `verify_request`. Raise `WireRefused`
    (malformed or signature).
    """
    return _request_claims(request)[0]


def verify_request(request: Request, key_of: KeyOf, now: datetime) -> Verified:
    """Check signature, digest and times of a request.

    ``key_of`` gives the key of an id if it is good now, or None. The caller must then refuse a
    nonce that this key used before, until ``expires``. Raise `WireRefused`: malformed for headers,
    signature for all else.
    """
    claims, fields = _request_claims(request)
    moment = now.timestamp()
    if claims.created > moment + SKEW:
        raise _refused("signature", "created is in the future; set the clock")
    if claims.expires < moment:
        raise _refused("signature", "it has expired; sign anew and send at once")
    return _held(claims, key_of, fields["content-digest"], request.body, "signature")


def sign_response(
    response: Response, request: Request, keyid: str, signer: Signer, created: datetime
) -> Response:
    """Give the response with X-Road-Id, Content-Digest, Signature-Input and Signature.

    ``request`` is the verified one that it answers. Raise SigningImpossible.
    """
    return signed_response(response, request, keyid, signer, created)[0]


def signed_response(
    response: Response, request: Request, keyid: str, signer: Signer, created: datetime
) -> tuple[Response, Claims]:
    """Do as `sign_response`, and give what the signature says, for the signer's log."""
    asked = _bound(request)
    try:
        fields = protocol_fields(response.headers, RESPONSE)
    except WireRefused as wrong:
        raise SigningImpossible(f"SigningImpossible: {wrong.en}") from None
    if fields.keys() != {"content-type"}:
        raise SigningImpossible("SigningImpossible: give Content-Type and no other protocol header")
    made = {
        "x-road-id": asked.fields.get("x-road-id", ""),
        "content-digest": content_digest(_suite_of(keyid), response.body),
    }
    second = int(created.timestamp())
    parameters = f';created={second};keyid="{keyid}";tag="{TAG}"'
    told = Parts("", "", "", response.status, fields | made)
    try:
        base = signature_base(_ANSWER, parameters, told, asked)
    except BaseImpossible as wrong:
        raise SigningImpossible(f"SigningImpossible: {wrong}") from None
    signature, written = signer.sign(base.encode()), f"tb={_ANSWER}{parameters}"
    headers = (
        *response.headers,
        *made.items(),
        ("signature-input", written),
        ("signature", _written(signature)),
    )
    claims = Claims(keyid, second, 0, "", base, signature, written)
    return Response(response.status, headers, response.body), claims


def read_response(response: Response, request: Request) -> Claims:
    """Read what the answer's signature claims, without checking it; raise `WireRefused`."""
    return _response_claims(response, request)[0]


def verify_response(response: Response, request: Request, key_of: KeyOf, now: datetime) -> Verified:
    """Check that this is the answer to this signed request; raise `WireRefused` (bad_answer)."""
    claims, fields = _response_claims(response, request)
    if claims.created > now.timestamp() + SKEW:
        raise _refused("bad_answer", "created is in the future")
    return _held(claims, key_of, fields["content-digest"], response.body, "bad_answer")


def _request_claims(request: Request) -> tuple[Claims, dict[str, str]]:
    fields = protocol_fields(request.headers, REQUEST)
    components = _components(fields, "signature")
    parameters, values = _parameters(fields, components, _PARAMETERS, "signature")
    nonce, expires = values["nonce"], values["expires"]
    created, keyid = _created(values, "signature"), _keyid(values, "signature")
    if not isinstance(nonce, str) or not _NONCE.fullmatch(nonce):
        raise _refused("signature", "nonce is not 22 to 64 characters of base64url")
    if type(expires) is not int or not created < expires <= created + LIFETIME:
        raise _refused("signature", f"expires is not 1 to {LIFETIME} s after created")
    base = _base(components, parameters, _asked(request, fields), None, "signature")
    signature = _signature(fields["signature"], "signature")
    claims = Claims(keyid, created, expires, nonce, base, signature, fields["signature-input"])
    return claims, fields


def _response_claims(response: Response, request: Request) -> tuple[Claims, dict[str, str]]:
    try:
        fields = protocol_fields(response.headers, RESPONSE)
    except WireRefused as wrong:
        raise _refused("bad_answer", wrong.en) from None
    if missing := RESPONSE - fields.keys():
        raise _refused("bad_answer", f"{', '.join(sorted(missing))} missing")
    asked = _bound(request)
    if fields["x-road-id"] != asked.fields.get("x-road-id"):
        raise _refused("bad_answer", "x-road-id is that of another call")
    parameters, values = _parameters(fields, _ANSWER, _ANSWER_PARAMETERS, "bad_answer")
    created, keyid = _created(values, "bad_answer"), _keyid(values, "bad_answer")
    told = Parts("", "", "", response.status, fields)
    base = _base(_ANSWER, parameters, told, asked, "bad_answer")
    signature = _signature(fields["signature"], "bad_answer")
    return Claims(keyid, created, 0, "", base, signature, fields["signature-input"]), fields


def _held(claims: Claims, key_of: KeyOf, digest: str, body: bytes, code: str) -> Verified:
    key = key_of(claims.keyid)
    # one text for both: whether a key is registered is not told to whoever holds none
    if key is None or not key.verifier.verify(claims.base.encode(), claims.signature):
        raise _refused(
            code,
            "no key that is good now made it over this message",
            "key unknown, ended or withdrawn" if key is None else "signature wrong",
        )
    if claims.keyid.split("/")[1] != key.suite:
        raise _refused(code, "keyid names another suite than that of the key")
    if fault := digest_fault(digest, suite(key.suite), body):
        raise _refused(code, fault)
    return Verified(
        claims.keyid,
        claims.created,
        claims.expires,
        claims.nonce,
        claims.base,
        claims.signature,
        claims.signature_input,
    )


def _refused(code: str, en: str, detail: str = "") -> WireRefused:
    if code == "bad_answer":
        return WireRefused(
            code,
            "对方节点的答复未通过验签，已弃用；请联系该节点的运维人员",
            "the answer of the other node does not hold and was dropped; tell its operators",
            detail or en,
        )
    return WireRefused(
        code,
        f"报文未通过 {TAG} 验签：{en}",
        f"the message does not hold under {TAG}: {en}",
        detail or en,
    )


def _asked(request: Request, fields: dict[str, str]) -> Parts:
    return Parts(request.method, request.path, request.query, 0, fields)


def _bound(request: Request) -> Parts:
    """Take what an answer is bound to from a request that was verified, or signed here."""
    return _asked(request, {name: value for name, value in request.headers if name in _BOUND})


def _base(components: str, parameters: str, told: Parts, asked: Parts | None, code: str) -> str:
    try:
        return signature_base(components, parameters, told, asked)
    except BaseImpossible as wrong:
        raise _refused(code, str(wrong)) from None


def _components(fields: dict[str, str], code: str) -> str:
    """Write the list that a request with these headers must cover."""
    for name in ("content-type", "content-digest", *_MUST):
        if name not in fields:
            raise _refused(code, f"{name} is missing")
    return _covering(tuple([name for name in CALL if name in fields]))


@lru_cache(maxsize=128)
def _covering(present: tuple[str, ...]) -> str:
    names = ("@method", "@path", "@query", "content-type", "content-digest", *present)
    return "(" + " ".join(f'"{name}"' for name in names) + ")"


def _parameters(
    fields: dict[str, str], components: str, wanted: frozenset[str], code: str
) -> tuple[str, dict[str, Bare]]:
    """Read the signature's parameters, which may stand in any order, in exact form only."""
    if "signature" not in fields or "signature-input" not in fields:
        raise _refused(code, "it is not signed")
    begin, text = f"tb={components}", fields["signature-input"]
    if not text.startswith(begin):
        raise _refused(code, f"signature-input covers other than {begin}")
    parameters = text[len(begin) :]
    if usual := _USUAL.fullmatch(parameters):
        return parameters, _as_usual(usual, wanted, code)
    try:
        values = parse_parameters(parameters)
        exact = write_parameters(values) == parameters
    except StructuredInvalid as wrong:
        raise _refused(code, f"signature-input has more than one signature: {wrong}") from None
    if not exact:
        raise _refused(code, "signature-input is not written in the exact form of RFC 9651")
    if values.keys() != wanted:
        raise _refused(code, f"the parameters are other than {', '.join(sorted(wanted))}")
    if values["tag"] != TAG:
        raise _refused(code, f"tag is not {TAG}")
    return parameters, values


def _as_usual(usual: re.Match[str], wanted: frozenset[str], code: str) -> dict[str, Bare]:
    created, expires, nonce, keyid = usual.groups()
    values: dict[str, Bare] = {"created": int(created), "keyid": keyid, "tag": TAG}
    if expires is not None:
        values |= {"expires": int(expires), "nonce": nonce}
    if values.keys() != wanted:
        raise _refused(code, f"the parameters are other than {', '.join(sorted(wanted))}")
    return values


def _created(values: dict[str, Bare], code: str) -> int:
    created = values["created"]
    if type(created) is not int or created < 0:
        raise _refused(code, "created is no Unix time in seconds")
    return created


def _keyid(values: dict[str, Bare], code: str) -> str:
    keyid = values["keyid"]
    if not isinstance(keyid, str) or not _KEYID.fullmatch(keyid):
        raise _refused(code, "keyid is not credit code/suite/16 hex digits")
    return keyid


@lru_cache(maxsize=1024)
def _suite_of(keyid: str) -> Suite:
    found = _KEYID.fullmatch(keyid)
    if not found:
        raise SigningImpossible(f"SigningImpossible: key id {keyid!r}")
    return suite(found[1])


def _written(signature: bytes) -> str:
    return f"tb=:{b64encode(signature).decode()}:"


def _signature(text: str, code: str) -> bytes:
    try:
        read = b64decode(text[4:-1], validate=True)
    except ValueError:
        read = b""
    if not read or _written(read) != text:
        raise _refused(code, "signature is not one byte sequence labelled tb")
    return read
