"""The profile tongban-r1: genuine messages hold, everything else is refused, and others agree."""

import hmac
import time
from base64 import b64encode
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import gmalg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    MappingKeyResolver,
    algorithms,
)
from hypothesis import given
from hypothesis import strategies as st

from tongban.kernel.suites import Signer, Verifier, suite
from tongban.kernel.wire.bases import parts, signature_base
from tongban.kernel.wire.digests import content_digest
from tongban.kernel.wire.documents import key_id
from tongban.kernel.wire.signatures import (
    Claims,
    SigningImpossible,
    Verified,
    read_request,
    read_response,
    sign_request,
    sign_response,
    signed_request,
    signed_response,
    verify_request,
    verify_response,
)
from tongban.kernel.wire.words import Headers, Request, Response, WireRefused

MEMBER = "11330100MB1A23019Q"
CLIENT = f"CN-330100/GOV/{MEMBER}/tongban"
PATH = f"/r1/CN-330100/GOV/{MEMBER}/data/births/find"
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
NONCE = "c2l4dGVlbiByYW5kb20gYg"
REQUEST = Request(
    "POST",
    PATH,
    "",
    (
        ("host", "health.example"),
        ("content-type", "application/json"),
        ("x-road-client", CLIENT),
        ("x-road-id", "4f1c"),
        ("x-road-issue", "330100-1"),
        ("tb-purpose", "household-registration"),
    ),
    b'{"fields":["weight"],"key":{"number":"P1"}}',
)
ANSWER = Response(
    200, (("server", "tongban"), ("content-type", "application/json")), b'{"records":[]}'
)
both = pytest.mark.parametrize("name", ["std", "gm"])


@dataclass(frozen=True)
class Pair:
    """A key pair of one suite, known to the other side."""

    suite: str
    keyid: str
    signer: Signer
    verifier: Verifier
    secret: bytes

    def of(self, keyid: str) -> "Pair | None":
        return self if keyid == self.keyid else None


def pair(name: str, number: int = 7) -> Pair:
    by, secret = suite(name), bytes(31) + bytes((number,))
    signer = by.signer(secret)
    return Pair(name, key_id(MEMBER, by, signer.public), signer, by.verifier(signer.public), secret)


PAIRS = {name: pair(name) for name in ("std", "gm")}


def signed(by: Pair, request: Request = REQUEST, at: datetime = NOW) -> Request:
    return sign_request(request, by.keyid, by.signer, at, NONCE)


def without(headers: Headers, *names: str) -> Headers:
    return tuple((name, value) for name, value in headers if name not in names)


def changed(message, **values):
    """Give the message with some headers changed or, by None, left out; _ stands for -."""
    told = {name.replace("_", "-"): value for name, value in values.items()}
    headers = tuple(
        (name, told.get(name, value))
        for name, value in message.headers
        if told.get(name, value) is not None
    )
    return replace(message, headers=headers)


def header(message, name: str) -> str:
    return next(value for given, value in message.headers if given == name)


def forged(
    by: Pair, request: Request, components: str | None = None, parameters: str | None = None
):
    """Sign anew, genuinely, over another list of components or other parameters."""
    first = signed(by) if "signature" not in dict(request.headers) else request
    told = header(first, "signature-input").removeprefix("tb=")
    at = told.index(")") + 1
    components = told[:at] if components is None else components
    parameters = told[at:] if parameters is None else parameters
    base = signature_base(components, parameters, parts(first))
    return changed(
        first,
        signature_input=f"tb={components}{parameters}",
        signature=f"tb=:{b64encode(by.signer.sign(base.encode())).decode()}:",
    )


def refused(request: Request, by: Pair, now: datetime = NOW, code: str = "signature") -> str:
    with pytest.raises(WireRefused) as caught:
        verify_request(request, by.of, now)
    assert caught.value.code == code
    return caught.value.detail or caught.value.en


def answer_refused(response: Response, request: Request, by: Pair, now: datetime = NOW) -> str:
    with pytest.raises(WireRefused) as caught:
        verify_response(response, request, by.of, now)
    assert caught.value.code == "bad_answer"
    assert caught.value.en.startswith("the answer of the other node does not hold")
    return caught.value.detail


@both
def test_a_call_and_its_answer_hold(name):
    by = PAIRS[name]
    request = signed(by)
    held = verify_request(request, by.of, NOW)
    assert isinstance(held, Verified)
    assert (held.keyid, held.nonce, held.member) == (by.keyid, NONCE, MEMBER)
    assert (held.created, held.expires) == (int(NOW.timestamp()), int(NOW.timestamp()) + 60)
    assert by.verifier.verify(held.base.encode(), held.signature)
    assert held.signature_input == header(request, "signature-input")
    response = sign_response(ANSWER, request, by.keyid, by.signer, NOW)
    told = verify_response(response, request, by.of, NOW)
    assert (told.keyid, told.expires, told.nonce) == (by.keyid, 0, "")
    assert by.verifier.verify(told.base.encode(), told.signature)
    assert header(response, "x-road-id") == "4f1c"
    assert header(response, "server") == "tongban"


@both
def test_what_the_signer_logs_is_what_the_receiver_reads(name):
    by = PAIRS[name]
    request, said = signed_request(REQUEST, by.keyid, by.signer, NOW, NONCE, 30)
    assert type(said) is Claims
    assert said == read_request(request)
    response, told = signed_response(ANSWER, request, by.keyid, by.signer, NOW)
    assert told == read_response(response, request)


def test_the_base_of_a_call_is_this_text():
    by = PAIRS["std"]
    created = int(NOW.timestamp())
    told = (
        '("@method" "@path" "@query" "content-type" "content-digest" '
        '"x-road-client" "x-road-id" "x-road-issue" "tb-purpose")'
        f';created={created};expires={created + 60};nonce="{NONCE}";keyid="{by.keyid}"'
        ';tag="tongban-r1"'
    )
    assert read_request(signed(by)).base.split("\n") == [
        '"@method": POST',
        f'"@path": {PATH}',
        '"@query": ?',
        '"content-type": application/json',
        f'"content-digest": {content_digest(suite("std"), REQUEST.body)}',
        f'"x-road-client": {CLIENT}',
        '"x-road-id": 4f1c',
        '"x-road-issue": 330100-1',
        '"tb-purpose": household-registration',
        f'"@signature-params": {told}',
    ]


# others agree


def theirs(by: Pair):
    private = Ed25519PrivateKey.from_private_bytes(by.secret)
    public = Ed25519PublicKey.from_public_bytes(by.signer.public)
    return {
        "signature_algorithm": algorithms.ED25519,
        "key_resolver": MappingKeyResolver(
            public_keys={by.keyid: public}, private_keys={by.keyid: private}
        ),
    }


def as_theirs(message, asked=None):
    headers = {name.title(): value for name, value in message.headers}
    if isinstance(message, Response):
        return SimpleNamespace(
            status_code=message.status, headers=headers, request=as_theirs(asked), url=""
        )
    query = f"?{message.query}" if message.query else ""
    url = f"https://health.example{message.path}{query}"
    return SimpleNamespace(method=message.method, url=url, headers=headers)


def as_ours(message) -> Headers:
    return tuple((name.lower(), value) for name, value in message.headers.items())


def told_lines(result) -> str:
    return "\n".join(f"{name}: {value}" for name, value in result.covered_components.items())


def now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


@pytest.mark.parametrize("query", ["", "number=P%201&fields=weight"])
def test_http_message_signatures_holds_what_we_sign(query):
    by = PAIRS["std"]
    request = signed(by, replace(REQUEST, query=query), now())
    verifier = HTTPMessageVerifier(**theirs(by))
    (held,) = verifier.verify(
        as_theirs(request),
        expect_tag="tongban-r1",
        expect_label="tb",
        body=request.body,
        require_components=("@method", "@path", "@query", "content-digest", "tb-purpose"),
    )
    assert held.nonce == NONCE
    response = sign_response(ANSWER, request, by.keyid, by.signer, now())
    (told,) = verifier.verify(
        as_theirs(response, request), expect_tag="tongban-r1", body=response.body
    )
    assert told_lines(told) == read_response(response, request).base
    assert told_lines(held) == read_request(request).base


@pytest.mark.parametrize("query", ["", "number=P%201&fields=weight"])
def test_we_hold_what_http_message_signatures_signs(query):
    by, moment = PAIRS["std"], now()
    plain = replace(REQUEST, query=query)
    message = as_theirs(plain)
    signer = HTTPMessageSigner(**theirs(by))
    signer.sign(
        message,
        key_id=by.keyid,
        created=moment,
        expires=moment + timedelta(seconds=60),
        nonce=NONCE,
        label="tb",
        tag="tongban-r1",
        include_alg=False,
        covered_component_ids=(
            "@method",
            "@path",
            "@query",
            "content-type",
            "content-digest",
            "x-road-client",
            "x-road-id",
            "x-road-issue",
            "tb-purpose",
        ),
        body=plain.body,
    )
    request = replace(plain, headers=as_ours(message))
    assert verify_request(request, by.of, moment).nonce == NONCE
    answer = as_theirs(replace(ANSWER, headers=(*ANSWER.headers, ("x-road-id", "4f1c"))), request)
    signer.sign(
        answer,
        key_id=by.keyid,
        created=moment,
        label="tb",
        tag="tongban-r1",
        include_alg=False,
        covered_component_ids=(
            "@status",
            "content-type",
            "content-digest",
            "x-road-id",
            '"@method";req',
            '"@path";req',
            '"@query";req',
            '"content-digest";req',
            '"signature";req;key="tb"',
        ),
        body=ANSWER.body,
    )
    response = replace(ANSWER, headers=as_ours(answer))
    assert verify_response(response, request, by.of, moment).member == MEMBER


def gm_other(by: Pair, user: bytes = b"1234567812345678") -> gmalg.SM2:
    return gmalg.SM2(by.secret, user, b"\x04" + by.signer.public)


def test_gmalg_holds_what_we_sign_and_we_hold_what_it_signs():
    by = PAIRS["gm"]
    request = signed(by)
    told = read_request(request)
    body_digest = gmalg.SM3()
    body_digest.update(REQUEST.body)
    written = b64encode(body_digest.value()).decode()
    assert header(request, "content-digest") == f"sm3=:{written}:"
    assert gm_other(by).verify(told.base.encode(), told.signature[:32], told.signature[32:])
    made = by_gmalg(by, told.base)
    assert verify_request(changed(request, signature=made), by.of, NOW).keyid == by.keyid


def by_gmalg(by: Pair, base: str, user: bytes = b"1234567812345678") -> str:
    r, s = gm_other(by, user).sign(base.encode())
    return f"tb=:{b64encode(r.rjust(32, bytes(1)) + s.rjust(32, bytes(1))).decode()}:"


# downgrades


def test_sm2_under_another_user_id_is_refused():
    by = PAIRS["gm"]
    request = signed(by)
    made = by_gmalg(by, read_request(request).base, b"ALICE123@YAHOO.COM")
    assert refused(changed(request, signature=made), by) == "signature wrong"


@both
def test_a_keyed_digest_with_the_public_key_as_secret_is_refused(name):
    by = PAIRS[name]
    request = signed(by)
    base = read_request(request).base.encode()
    for algorithm in ("sha256", "sha512"):
        made = b64encode(hmac.digest(by.signer.public, base, algorithm)).decode()
        assert refused(changed(request, signature=f"tb=:{made}:"), by) == "signature wrong"
    told = header(request, "signature-input") + ';alg="hmac-sha256"'
    assert "parameters are other than" in refused(changed(request, signature_input=told), by)


@both
@pytest.mark.parametrize("algorithm", ["ed25519", "hmac-sha256", "sm2"])
def test_a_message_that_names_its_algorithm_is_refused_although_signed(name, algorithm):
    by = PAIRS[name]
    told = header(signed(by), "signature-input")
    parameters = told[told.index(")") + 1 :] + f';alg="{algorithm}"'
    assert "parameters are other than" in refused(forged(by, REQUEST, None, parameters), by)


@both
def test_a_digest_that_is_not_covered_is_refused_although_signed(name):
    by = PAIRS[name]
    told = header(signed(by), "signature-input").removeprefix("tb=")
    components = told[: told.index(")") + 1].replace(' "content-digest"', "")
    bent = replace(forged(by, REQUEST, components), body=b"{}")
    assert "covers other than" in refused(bent, by)


@both
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (' "@query"', ""),
        (' "tb-purpose"', ""),
        (' "x-road-client"', ""),
        ('"@method" "@path"', '"@path" "@method"'),
        ('"x-road-id" "x-road-issue"', '"x-road-issue" "x-road-id"'),
        ('"tb-purpose"', '"tb-purpose" "host"'),
        ('"@method"', '"@method" "@authority"'),
        ('"content-digest"', f'"content-digest";key="{"{}"}"'),
    ],
)
def test_another_list_or_order_of_components_is_refused_although_signed(name, old, new):
    by = PAIRS[name]
    told = header(signed(by), "signature-input").removeprefix("tb=")
    components = told[: told.index(")") + 1]
    assert old in components
    components = components.replace(old, new.replace("{}", suite(name).digest_name))
    assert "covers other than" in refused(forged(by, REQUEST, components), by)


@both
def test_a_digest_of_the_other_suite_is_refused_although_it_is_right_and_signed(name):
    by, other = PAIRS[name], PAIRS["gm" if name == "std" else "std"]
    right = content_digest(suite(other.suite), REQUEST.body)
    bent = forged(by, changed(signed(by), content_digest=right))
    assert "this key takes" in refused(bent, by)


def test_two_digests_of_which_one_is_wrong_are_refused_although_signed():
    by = PAIRS["gm"]
    right, wrong = content_digest(suite("std"), REQUEST.body), content_digest(suite("gm"), b"")
    own = content_digest(suite("gm"), REQUEST.body)
    for told in (f"{right}, {wrong}", f"{own}, {right}", f"{wrong}, {right}", right):
        bent = forged(by, changed(signed(by), content_digest=told))
        assert "this key takes sm3 alone" in refused(bent, by)
    bent = forged(by, changed(signed(by), content_digest=wrong))
    assert refused(bent, by) == "content-digest is that of another body"
    for told in (f"{own};q=1", own.replace("=:", "= :"), own + " "):
        bent = changed(signed(by), content_digest=told)
        assert refused(
            forged(by, bent) if told != own + " " else bent,
            by,
            code="malformed" if told == own + " " else "signature",
        )


@both
def test_a_key_that_the_snapshot_holds_under_another_suite_is_refused(name):
    by = PAIRS[name]
    other = replace(by, suite="gm" if name == "std" else "std")
    assert "another suite" in refused(signed(by), other)


# times


@both
def test_times_are_held_to_the_second(name):
    by, second = PAIRS[name], timedelta(seconds=1)
    request = signed(by)
    verify_request(request, by.of, NOW + 60 * second)
    assert "expired" in refused(request, by, NOW + 60 * second + timedelta(milliseconds=1))
    verify_request(request, by.of, NOW - 5 * second)
    assert "in the future" in refused(request, by, NOW - 5 * second - timedelta(milliseconds=1))
    response = sign_response(ANSWER, request, by.keyid, by.signer, NOW)
    verify_response(response, request, by.of, NOW - 5 * second)
    assert "in the future" in answer_refused(response, request, by, NOW - 6 * second)


@pytest.mark.parametrize("lifetime", [61, 3600, 0, -1])
def test_a_lifetime_beyond_a_minute_is_neither_signed_nor_held(lifetime):
    by = PAIRS["std"]
    with pytest.raises(SigningImpossible, match="lifetime"):
        sign_request(REQUEST, by.keyid, by.signer, NOW, NONCE, lifetime)
    told = header(signed(by), "signature-input")
    created = int(NOW.timestamp())
    parameters = told[told.index(")") + 1 :].replace(
        f"expires={created + 60}", f"expires={created + lifetime}"
    )
    assert "after created" in refused(forged(by, REQUEST, None, parameters), by)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f';nonce="{NONCE}"', ""),
        (f';nonce="{NONCE}"', ';nonce="short"'),
        (f';nonce="{NONCE}"', ";nonce=12345"),
        (f';nonce="{NONCE}"', f';nonce="{NONCE}=="'),
        (';tag="tongban-r1"', ""),
        (';tag="tongban-r1"', ';tag="tongban-r2"'),
        (';tag="tongban-r1"', ";tag=tongban-r1"),
        (';tag="tongban-r1"', ';tag="tongban-r1";x=1'),
        (";created=", ";created=-"),
        (";created=", ';created="a";was='),
        (";created=", ";created=?1;was="),
        (';keyid="', ';keyid="x'),
    ],
)
def test_other_parameters_are_refused_although_signed(old, new):
    by = PAIRS["std"]
    told = header(signed(by), "signature-input")
    parameters = told[told.index(")") + 1 :]
    assert old in parameters
    refused(forged(by, REQUEST, None, parameters.replace(old, new, 1)), by)


def test_parameters_may_stand_in_any_order_but_are_written_exactly():
    by = PAIRS["std"]
    told = header(signed(by), "signature-input")
    parameters = told[told.index(")") + 1 :]
    turned = "".join(f";{part}" for part in reversed(parameters[1:].split(";")))
    assert verify_request(forged(by, REQUEST, None, turned), by.of, NOW).nonce == NONCE
    for bent in (parameters.replace(";", "; ", 1), parameters.replace("=1", "=01", 1)):
        assert "exact form" in refused(forged(by, REQUEST, None, bent), by)


# headers


@both
@pytest.mark.parametrize(
    "extra",
    [
        ("x-road-userid", "admin"),
        ("tb-consent", "token"),
        ("x-road-represented-party", "COM/1"),
    ],
)
def test_a_protocol_header_added_after_signing_is_refused(name, extra):
    request = signed(PAIRS[name])
    bent = replace(request, headers=(*request.headers, extra))
    assert "covers other than" in refused(bent, PAIRS[name])


@pytest.mark.parametrize(
    "extra",
    [
        ("x-road-client", CLIENT),
        ("x-road-client", "CN-330100/GOV/other"),
        ("content-type", "application/json"),
        ("content-digest", "sha-256=:AA==:"),
        ("signature", "tb=:AA==:"),
        ("signature-input", "tb=()"),
        ("x-road-request-hash", "AA=="),
        ("x-road-service", "CN-330100"),
        ("tb-other", "1"),
        ("X-Road-UserId", "admin"),
        ("x_road_userid", "admin"),
        ("Tb-Consent", "token"),
        ("tb_consent", "token"),
        ("Content-Digest", "sha-256=:AA==:"),
        ("signature_input", "tb=()"),
        ("Accept", "*/*"),
    ],
)
def test_a_header_that_two_readers_could_take_differently_is_refused(extra):
    by = PAIRS["std"]
    request = signed(by)
    for headers in ((*request.headers, extra), (extra, *request.headers)):
        refused(replace(request, headers=headers), by, code="malformed")


def test_headers_of_others_may_come_and_go():
    by = PAIRS["std"]
    request = signed(by)
    headers = (*without(request.headers, "host"), ("via", "1.1 a"), ("via", "b"), ("a_b", "1"))
    verify_request(replace(request, headers=headers), by.of, NOW)


@pytest.mark.parametrize(
    "value", ["", " a", "a ", "a\tb", "a\nb", "a\rb", "a\x00b", "é", "a" * 16385]
)
def test_a_protocol_header_beyond_plain_ascii_is_refused(value):
    by = PAIRS["std"]
    with pytest.raises(WireRefused, match="malformed"):
        signed(by, changed(REQUEST, x_road_issue=value))
    refused(changed(signed(by), x_road_issue=value), by, code="malformed")


@pytest.mark.parametrize(
    "missing", ["content-type", "content-digest", "x-road-client", "x-road-id"]
)
def test_what_every_call_must_carry_is_missed(missing):
    by = PAIRS["std"]
    request = signed(by)
    bent = replace(request, headers=without(request.headers, missing))
    assert refused(bent, by) == f"{missing} is missing"
    if missing != "content-digest":
        with pytest.raises(WireRefused, match=f"{missing} is missing"):
            signed(by, replace(REQUEST, headers=without(REQUEST.headers, missing)))


@pytest.mark.parametrize(
    "names", [("signature",), ("signature-input",), ("signature", "signature-input")]
)
def test_an_unsigned_call_is_refused(names):
    by = PAIRS["std"]
    request = signed(by)
    bent = replace(request, headers=without(request.headers, *names))
    assert refused(bent, by) == "it is not signed"


def test_two_signatures_or_a_label_twice_are_refused():
    by = PAIRS["std"]
    request = signed(by)
    told, made = header(request, "signature-input"), header(request, "signature")
    for inputs, signatures in [
        (f"{told}, {told}", f"{made}, {made}"),
        (f"{told}, b{told[1:]}", f"{made}, b{made[1:]}"),
        (told, f"{made}, {made}"),
        (told, f"{made}, b{made[1:]}"),
        (told.replace("tb=", "xy="), made.replace("tb=", "xy=")),
        (told, made.replace("tb=", "xy=")),
        (told, made + ";a"),
        (told, "tb=::"),
        (told, "tb=:%%%%:"),
        (told, made.replace("==:", ":")),
        (told, "tb"),
    ]:
        refused(changed(request, signature_input=inputs, signature=signatures), by)


def test_a_node_signs_nothing_that_already_bears_a_signature():
    by = PAIRS["std"]
    for name in ("signature", "signature-input", "content-digest"):
        bearing = replace(REQUEST, headers=(*REQUEST.headers, (name, "tb=:AA==:")))
        with pytest.raises(WireRefused, match="which the node makes"):
            signed(by, bearing)


def test_a_wrong_key_id_or_nonce_is_not_signed():
    by = PAIRS["std"]
    for keyid in ("", MEMBER, by.keyid + "0", by.keyid.lower()):
        with pytest.raises(SigningImpossible, match="key id"):
            sign_request(REQUEST, keyid, by.signer, NOW, NONCE)
    for nonce in ("", "a" * 21, "a" * 65, 'a"' * 12, "é" * 22):
        with pytest.raises(SigningImpossible, match="nonce"):
            sign_request(REQUEST, by.keyid, by.signer, NOW, nonce)


def test_whether_a_key_is_registered_is_not_told():
    by, stranger = PAIRS["std"], pair("std", 9)
    request = signed(by)
    bent = changed(request, signature=header(signed(stranger), "signature"))
    texts = set()
    for message, known in [(request, stranger), (bent, by)]:
        with pytest.raises(WireRefused) as caught:
            verify_request(message, known.of, NOW)
        texts.add((caught.value.code, caught.value.zh, caught.value.en))
    assert len(texts) == 1


# answers


@both
def test_a_genuine_answer_to_another_request_is_refused(name):
    by = PAIRS[name]
    first = signed(by)
    again = sign_request(REQUEST, by.keyid, by.signer, NOW, NONCE[::-1])
    elsewhere = signed(by, replace(REQUEST, path=PATH.replace("births", "deaths")))
    response = sign_response(ANSWER, first, by.keyid, by.signer, NOW)
    verify_response(response, first, by.of, NOW)
    for other in (again, elsewhere, replace(first, method="GET"), replace(first, query="a=1")):
        assert answer_refused(response, other, by) == "signature wrong"
    other = changed(first, x_road_id="4f1d")
    assert answer_refused(response, other, by) == "x-road-id is that of another call"


@both
@pytest.mark.parametrize(
    "extra",
    [("x-road-client", CLIENT), ("tb-purpose", "a"), ("x-road-id", "4f1c"), ("X-Road-Id", "1")],
)
def test_an_answer_with_an_unsigned_protocol_header_is_refused(name, extra):
    by = PAIRS[name]
    request = signed(by)
    response = sign_response(ANSWER, request, by.keyid, by.signer, NOW)
    assert answer_refused(replace(response, headers=(*response.headers, extra)), request, by)


@pytest.mark.parametrize(
    "missing", ["content-type", "content-digest", "x-road-id", "signature", "signature-input"]
)
def test_an_answer_that_lacks_a_header_is_refused(missing):
    by = PAIRS["std"]
    request = signed(by)
    response = sign_response(ANSWER, request, by.keyid, by.signer, NOW)
    bent = replace(response, headers=without(response.headers, missing))
    assert answer_refused(bent, request, by) == f"{missing} missing"


def test_a_request_is_no_answer_and_an_answer_no_request():
    by = PAIRS["std"]
    request = signed(by)
    response = sign_response(ANSWER, request, by.keyid, by.signer, NOW)
    answer_refused(replace(response, headers=request.headers), request, by)
    refused(replace(request, headers=response.headers), by)


def test_an_answer_with_headers_that_it_may_not_have_is_not_signed():
    by = PAIRS["std"]
    request = signed(by)
    for headers in (
        (),
        (*ANSWER.headers, ("x-road-id", "1")),
        (*ANSWER.headers, ("tb-age", "1")),
        (("content-type", "é"),),
    ):
        with pytest.raises(SigningImpossible):
            sign_response(replace(ANSWER, headers=headers), request, by.keyid, by.signer, NOW)
    with pytest.raises(SigningImpossible):
        sign_response(ANSWER, REQUEST, by.keyid, by.signer, NOW)


# any flipped bit

SIGNED = {name: signed(by) for name, by in PAIRS.items()}
ANSWERED = {
    name: sign_response(ANSWER, SIGNED[name], by.keyid, by.signer, NOW)
    for name, by in PAIRS.items()
}
OTHERS = {"host", "server"}


def bent_text(text: str, place: int, bit: int) -> str:
    at = place % len(text)
    return text[:at] + chr(ord(text[at]) ^ 1 << bit) + text[at + 1 :]


def bent(message, place: int, bit: int, part: str):
    if part == "body":
        at = place % len(message.body)
        body = bytearray(message.body)
        body[at] ^= 1 << bit
        return replace(message, body=bytes(body))
    if part == "status":
        return replace(message, status=message.status ^ 1 << bit)
    if part in {"path", "method"}:
        return replace(message, **{part: bent_text(getattr(message, part), place, bit)})
    ours = [at for at, (name, _) in enumerate(message.headers) if name not in OTHERS]
    at = ours[place % len(ours)]
    name, value = message.headers[at]
    changed = (name, bent_text(value, place // len(ours), bit))
    if part == "name":
        changed = (bent_text(name, place // len(ours), bit), value)
    return replace(message, headers=(*message.headers[:at], changed, *message.headers[at + 1 :]))


@both
@given(
    place=st.integers(0, 10**6),
    bit=st.integers(0, 7),
    part=st.sampled_from(["body", "path", "method", "value", "name"]),
)
def test_no_flipped_bit_of_a_call_passes(name, place, bit, part):
    with pytest.raises(WireRefused):
        verify_request(bent(SIGNED[name], place, bit, part), PAIRS[name].of, NOW)


@both
@given(
    place=st.integers(0, 10**6),
    bit=st.integers(0, 7),
    part=st.sampled_from(["body", "status", "value", "name"]),
)
def test_no_flipped_bit_of_an_answer_passes(name, place, bit, part):
    message = bent(ANSWERED[name], place, bit, part)
    with pytest.raises(WireRefused):
        verify_response(message, SIGNED[name], PAIRS[name].of, NOW)


@both
@given(text=st.text(max_size=40), at=st.sampled_from(["signature", "signature-input"]))
def test_any_text_in_place_of_a_signature_is_refused_by_name(name, text, at):
    with pytest.raises(WireRefused):
        verify_request(changed(SIGNED[name], **{at.replace("-", "_"): text}), PAIRS[name].of, NOW)
