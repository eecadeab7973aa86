"""The base builder makes the RFC's own bases, and the RFC's own signatures stand over them."""

import hmac
from base64 import b64decode, urlsafe_b64decode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

from tongban.kernel.suites import suite
from tongban.kernel.wire.bases import BaseImpossible, Parts, parts, signature_base
from tongban.kernel.wire.words import Request, Response

# RFC 9421, B.2: the messages that its examples sign.
SHA512 = (
    "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAg"
    "BWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:"
)
REQUEST = Request(
    "POST",
    "/foo",
    "param=Value&Pet=dog",
    (
        ("host", "example.com"),
        ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
        ("content-type", "application/json"),
        ("content-digest", SHA512),
        ("content-length", "18"),
    ),
    b'{"hello": "world"}',
)
ANSWER_SHA512 = (
    "sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsP"
    "p29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:"
)
RESPONSE = Response(
    200,
    (
        ("date", "Tue, 20 Apr 2021 02:07:56 GMT"),
        ("content-type", "application/json"),
        ("content-digest", ANSWER_SHA512),
        ("content-length", "23"),
    ),
    b'{"message": "good dog"}',
)
UNAVAILABLE_SHA512 = (
    "sha-512=:0Y6iCBzGg5rZtoXS95Ijz03mslf6KAMCloESHObfwnHJDbkkWWQ"
    "z6PhhU9kxsTbARtY2PTBOzq24uJFpHsMuAg==:"
)
UNAVAILABLE = Response(
    503,
    (
        ("date", "Tue, 20 Apr 2021 02:07:56 GMT"),
        ("content-type", "application/json"),
        ("content-length", "62"),
        ("content-digest", UNAVAILABLE_SHA512),
    ),
    b"",
)
# B.1.3, B.1.4, B.1.5: the keys of the examples.
_X = urlsafe_b64decode("qIVYZVLCrPZHGHjP17CTW0_-D9Lfw0EkjqF7xB4FivA=")
_Y = urlsafe_b64decode("Mc4nN9LTDOBhfoUeg8Ye9WedFRhnZXZJA12Qp0zZ6F0=")
P256 = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + _X + _Y)
ED25519_SECRET = urlsafe_b64decode("n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU=")
ED25519_PUBLIC = urlsafe_b64decode("JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs=")
SHARED = b64decode(
    "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ=="
)


def p256_holds(base: str, signature: str) -> None:
    raw = b64decode(signature)
    r, s = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
    P256.verify(encode_dss_signature(r, s), base.encode(), ec.ECDSA(SHA256()))


def test_b21_signs_parameters_alone():
    told = ';created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd"'
    assert signature_base("()", told, parts(REQUEST)) == f'"@signature-params": (){told}'


def test_b22_signs_selected_components():
    components = '("@authority" "content-digest" "@query-param";name="Pet")'
    told = ';created=1618884473;keyid="test-key-rsa-pss";tag="header-example"'
    assert signature_base(components, told, parts(REQUEST)).split("\n") == [
        '"@authority": example.com',
        f'"content-digest": {SHA512}',
        '"@query-param";name="Pet": dog',
        f'"@signature-params": {components}{told}',
    ]


def test_b23_signs_everything():
    components = (
        '("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" '
        '"content-length")'
    )
    told = ';created=1618884473;keyid="test-key-rsa-pss"'
    assert signature_base(components, told, parts(REQUEST)).split("\n") == [
        '"date": Tue, 20 Apr 2021 02:07:55 GMT',
        '"@method": POST',
        '"@path": /foo',
        '"@query": ?param=Value&Pet=dog',
        '"@authority": example.com',
        '"content-type": application/json',
        f'"content-digest": {SHA512}',
        '"content-length": 18',
        f'"@signature-params": {components}{told}',
    ]


def test_b24_signs_a_response_and_its_signature_stands():
    components = '("@status" "content-type" "content-digest" "content-length")'
    told = ';created=1618884473;keyid="test-key-ecc-p256"'
    base = signature_base(components, told, parts(RESPONSE))
    assert base.split("\n") == [
        '"@status": 200',
        '"content-type": application/json',
        f'"content-digest": {ANSWER_SHA512}',
        '"content-length": 23',
        f'"@signature-params": {components}{told}',
    ]
    p256_holds(
        base,
        "wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==",
    )


def test_b25_its_keyed_digest_stands():
    components = '("date" "@authority" "content-type")'
    told = ';created=1618884473;keyid="test-shared-secret"'
    base = signature_base(components, told, parts(REQUEST))
    made = hmac.digest(SHARED, base.encode(), "sha256")
    assert made == b64decode("pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=")


def test_b26_our_ed25519_makes_its_signature():
    components = '("date" "@method" "@path" "@authority" "content-type" "content-length")'
    told = ';created=1618884473;keyid="test-key-ed25519"'
    base = signature_base(components, told, parts(REQUEST)).encode()
    signer = suite("std").signer(ED25519_SECRET)
    assert signer.public == ED25519_PUBLIC
    signature = signer.sign(base)
    assert signature == b64decode(
        "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
    )
    assert suite("std").verifier(ED25519_PUBLIC).verify(base, signature)


def test_section_24_binds_a_response_to_its_request_and_its_signature_stands():
    components = (
        '("@status" "content-digest" "content-type" "@authority";req "@method";req "@path";req '
        '"content-digest";req)'
    )
    told = ';created=1618884479;keyid="test-key-ecc-p256"'
    base = signature_base(components, told, parts(UNAVAILABLE), parts(REQUEST))
    assert base.split("\n") == [
        '"@status": 503',
        f'"content-digest": {UNAVAILABLE_SHA512}',
        '"content-type": application/json',
        '"@authority";req: example.com',
        '"@method";req: POST',
        '"@path";req: /foo',
        f'"content-digest";req: {SHA512}',
        f'"@signature-params": {components}{told}',
    ]
    p256_holds(
        base,
        "dMT/A/76ehrdBTD/2Xx8QuKV6FoyzEP/I9hdzKN8LQJLNgzU4W767HK05rx1i8meNQQgQPgQp8wq2ive3tV5Ag==",
    )


def test_a_member_of_a_dictionary_is_taken_out_in_exact_form():
    # section 2.1.2
    field = "  a=1,    b=2;x=1;y=2,   c=(a   b   c), d"
    told = Parts("GET", "", "", 0, {"example-dict": field.strip()})
    names = [f'"example-dict";key="{key}"' for key in "adbc"]
    components = f"({' '.join(names)})"
    assert signature_base(components, "", told).split("\n")[:-1] == [
        '"example-dict";key="a": 1',
        '"example-dict";key="d": ?1',
        '"example-dict";key="b": 2;x=1;y=2',
        '"example-dict";key="c": (a b c)',
    ]


def test_repeated_fields_are_joined_and_an_empty_path_is_a_slash():
    told = parts(Request("GET", "", "", (("via", " a "), ("via", "b")), b""))
    assert signature_base('("via" "@path" "@query")', "", told).startswith(
        '"via": a, b\n"@path": /\n"@query": ?\n'
    )


@pytest.mark.parametrize(
    "components",
    [
        '("x-absent")',
        '("@authority" "@authority")',
        '("@target-uri")',
        '("@status";key="a")',
        '("content-type";sf)',
        '("content-type";bs)',
        '("content-type";tr)',
        '("content-type";key="a")',
        '("content-digest";key="md5")',
        '("content-digest";key=a)',
        '("content-type";req=1)',
        '("content-type";req)',
        '("Content-Type")',
        "(content-type)",
        '("@query-param")',
        '("@query-param";name="absent")',
        '( "@method")',
        '("@method"',
        '"@method"',
        "",
    ],
)
def test_a_component_that_is_not_there_or_not_known_is_named(components):
    with pytest.raises(BaseImpossible, match="BaseImpossible: "):
        signature_base(components, "", parts(REQUEST))


@pytest.mark.parametrize("query", ["a=1&a=2", "a=%31", "a=1+2", "a=1&b=%20", "b=1"])
def test_a_query_parameter_that_two_readers_could_decode_differently_is_not_signed(query):
    with pytest.raises(BaseImpossible, match="not once, or encoded"):
        signature_base('("@query-param";name="a")', "", Parts("GET", "/", query, 0, {}))


@given(st.text("a\n\r:é", max_size=6), st.sampled_from(["path", "query", "method", "x-road-issue"]))
def test_no_value_forges_a_line_of_the_base(value, place):
    told = {"method": "POST", "path": "/r1", "query": ""}
    fields = {"x-road-issue": "case"}
    (fields if place in fields else told)[place] = value
    message = Parts(told["method"], told["path"], told["query"], 0, fields)
    try:
        base = signature_base('("@method" "@path" "@query" "x-road-issue")', "", message)
    except BaseImpossible:
        assert not value.isascii() or {"\n", "\r"} & set(value)
    else:
        assert [line.split(":")[0] for line in base.split("\n")] == [
            '"@method"',
            '"@path"',
            '"@query"',
            '"x-road-issue"',
            '"@signature-params"',
        ]
