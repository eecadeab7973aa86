"""SD-JWT: the RFC's vectors, an outside library both ways, and all that must not pass."""

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwcrypto.jwk import JWK
from sd_jwt.common import SDObj
from sd_jwt.holder import SDJWTHolder
from sd_jwt.issuer import SDJWTIssuer
from sd_jwt.verifier import SDJWTVerifier

from tongban.kernel import sdjwt
from tongban.kernel.sdjwt import Binding, Hide, PublicKey, SecretKey, TokenRefused, jws, strict
from tongban.kernel.sdjwt.disclosures import by_digest
from tongban.kernel.sdjwt.keys import hash_of
from tongban.kernel.suites import suite

RFC = json.loads((Path(__file__).parent / "vectors" / "rfc9901.json").read_text(encoding="utf-8"))
NOW = 1_790_000_000
ISSUER = "https://tongban.example"
SHOP = "https://shop.example"
NONCE = "n-0S6_WzA2Mj"
KINDS = ("std", "gm", "p256")


def key(kind: str = "std", number: int = 7) -> SecretKey:
    if kind == "p256":
        return sdjwt.p256_key(strict.decode(RFC["issuer_secret"]))
    return sdjwt.key_of_suite(suite(kind).signer(number.to_bytes(32, "big")), kind)


def salts() -> Iterator[bytes]:
    return (n.to_bytes(16, "big") for n in count(1))


def known(*keys: SecretKey) -> Callable[[str, str], PublicKey | None]:
    found = {(ISSUER, k.public.thumbprint): k.public for k in keys}
    return lambda issuer, kid: found.get((issuer, kid))


HOLDER = {kind: key("std" if kind == "p256" else kind, 9) for kind in KINDS}


def licence(kind: str = "std", **changed: Any) -> str:
    """Issue a licence: name and birth date hidden, whether over 60 hidden, an address inside."""
    claims = {
        "iss": ISSUER,
        "iat": NOW,
        "exp": NOW + 86_400,
        "vct": f"{ISSUER}/kinds/elder-card/1",
        "cnf": {"jwk": dict(HOLDER[kind].public.jwk)},
        "name": Hide("龚䶮㛃"),
        "over_60": Hide(value=True),
        "birth_date": Hide("1960-01-01"),
        "address": Hide({"region": Hide("330106"), "street": Hide("文三路1号")}),
        "posts": ["open", Hide("first"), Hide({"kind": Hide("second")})],
        **changed,
    }
    return sdjwt.issue({n: v for n, v in claims.items() if v is not None}, key(kind), salts()).text


def shown(*names: str, kind: str = "std", text: str = "", **changed: Any) -> str:
    bare = sdjwt.hold(text or licence(kind)).show(names)
    asked = {"audience": SHOP, "nonce": NONCE, "now": NOW} | changed
    return sdjwt.bind(bare, HOLDER[kind], **asked)


def check(presented: str, kind: str = "std", **changed: Any) -> Mapping[str, Any]:
    asked = {"now": NOW, "binding": Binding(SHOP, NONCE)} | changed
    return sdjwt.verify(presented, known(key(kind)), **asked).claims


# what must pass


def rfc_key(issuer: str, kid: str) -> PublicKey | None:
    return sdjwt.read_key(RFC["issuer"]) if (issuer, kid) == (RFC["processed"]["iss"], "") else None


def test_the_rfc_s_presentation_gives_the_rfc_s_claims() -> None:
    asked = Binding(RFC["audience"], RFC["nonce"])
    found = sdjwt.verify(RFC["presented"], rfc_key, now=RFC["bound"], binding=asked, typ=RFC["typ"])
    assert found.claims == RFC["processed"]
    assert found.holder is not None
    assert found.holder.jwk == RFC["processed"]["cnf"]["jwk"]


def test_the_rfc_s_disclosures_have_the_rfc_s_digests() -> None:
    found = by_digest(RFC["issued"].split("~")[1:-1], "std")
    assert {d.name: digest for digest, d in found.items() if d.name} == RFC["digests"]
    claims = sdjwt.verify(RFC["issued"], rfc_key, now=RFC["bound"], typ=RFC["typ"]).claims
    assert claims["nationalities"] == ["US", "DE"]
    assert claims["birthdate"] == "1940-01-01"


@pytest.mark.parametrize("kind", KINDS)
def test_the_holder_shows_that_she_is_over_60_and_nothing_else(kind: str) -> None:
    told = check(shown("over_60", kind=kind), kind)
    assert told["over_60"] is True
    assert not {"name", "birth_date", "address"} & told.keys()
    assert told["posts"] == ["open"]
    everything = sdjwt.verify(licence(kind), known(key(kind)), now=NOW).claims
    assert everything["address"] == {"region": "330106", "street": "文三路1号"}
    assert everything["posts"] == ["open", "first", {"kind": "second"}]


def test_what_lies_inside_a_shown_claim_is_shown_with_it() -> None:
    assert check(shown("address", "name"))["address"] == {"region": "330106", "street": "文三路1号"}
    with pytest.raises(KeyError, match="salary"):
        sdjwt.hold(licence()).show(["salary"])


def test_an_outside_library_takes_what_we_issue_and_present() -> None:
    holder = sdjwt.p256_key(strict.decode(RFC["issuer_secret"]))
    text = licence("p256", cnf={"jwk": dict(holder.public.jwk)})
    bare = sdjwt.hold(text).show(["name", "address"])
    whole = sdjwt.bind(bare, holder, audience=SHOP, nonce=NONCE, now=NOW)

    def issuer_key(_issuer: str, _header: object = None) -> JWK:
        return JWK(**RFC["issuer"])

    told = SDJWTVerifier(whole, issuer_key, SHOP, NONCE).get_verified_payload()
    assert told == check(whole, "p256")


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=20), max_size=6))
def test_we_take_what_an_outside_library_issues_and_presents(claims: dict[str, str]) -> None:
    mine = JWK(**RFC["issuer"], d=RFC["issuer_secret"])
    hidden: dict[Any, Any] = {SDObj(f"c{name}"): value for name, value in claims.items()}
    issued = SDJWTIssuer({"iss": ISSUER, "sub": "x", **hidden}, mine, mine).sd_jwt_issuance
    holder = SDJWTHolder(issued)
    holder.create_presentation({f"c{name}": True for name in claims}, NONCE, SHOP, mine)
    signer = key("p256")
    found = sdjwt.verify(
        holder.sd_jwt_presentation,
        lambda issuer, kid: signer.public if issuer == ISSUER else None,
        now=2**40,
        binding=Binding(SHOP, NONCE, within=2**40),
        typ="example+sd-jwt",
    )
    assert {n[1:]: v for n, v in found.claims.items() if n[0] == "c" and n != "cnf"} == claims


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | words,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner.map(Hide), max_size=3)
        | st.dictionaries(words, inner | inner.map(Hide), max_size=3)
    ),
    max_leaves=12,
)


def plain(value: Any) -> Any:
    if isinstance(value, Hide):
        return plain(value.value)
    if isinstance(value, dict):
        return {n: plain(v) for n, v in value.items()}
    return [plain(v) for v in value] if isinstance(value, list) else value


@given(values, st.sampled_from(KINDS))
def test_whatever_is_hidden_comes_back_where_it_was(value: Any, kind: str) -> None:
    text = licence(kind, anything=[value])
    assert sdjwt.verify(text, known(key(kind)), now=NOW).claims["anything"] == [plain(value)]


# what must not pass: one row a fault, and the reason it is refused for


def forged(change: Callable[[dict[str, Any]], None], **header: Any) -> str:
    """Sign, with the issuer's own key, a payload that no honest issuer would."""
    text = licence()
    payload = strict.read_object(strict.decode(text.split("~")[0].split(".")[1]))
    change(payload)
    whole = {"typ": "dc+sd-jwt", "kid": key().public.thumbprint} | header
    token = jws.sign(whole, payload, key())
    return "~".join((token, *text.split("~")[1:]))


def disclosure(*parts: Any) -> str:
    return strict.encode(strict.write_json(["c2FsdHNhbHRzYWx0c2FsdA", *parts]))


def planted(text: str, **more: Any) -> str:
    """Issue with one more digest, and its disclosure."""
    token = forged(lambda p: p["_sd"].append(hash_of("std", text)) or p.update(more))
    return token + text + "~"


def replaced(text: str, place: int, part: bytes) -> str:
    token, rest = text.split("~", 1)
    parts = token.split(".")
    parts[place] = strict.encode(part)
    return f"{'.'.join(parts)}~{rest}"


def dots(text: str, **header: Any) -> str:
    old = strict.read_object(strict.decode(text.split(".", maxsplit=1)[0]))
    return replaced(text, 0, strict.write_json(old | header))


def symmetric(text: str) -> str:
    """Sign with HMAC, the issuer's public key as the secret."""
    told = dots(text, alg="HS256")
    token, rest = told.split("~", 1)
    signed = token.rpartition(".")[0]
    public = strict.decode(key().public.jwk["x"])
    return f"{signed}.{strict.encode(suite('std').mac(public, signed.encode()))}~{rest}"


BAD: dict[str, tuple[Callable[[], str], str]] = {
    "no algorithm": (lambda: dots(licence(), alg="none"), "algorithm"),
    "no algorithm, no signature": (
        lambda: replaced(dots(licence(), alg="none"), 2, b""),
        "algorithm",
    ),
    "a symmetric algorithm with the public key": (lambda: symmetric(licence()), "algorithm"),
    "another algorithm than the key's": (lambda: dots(licence(), alg="ES256"), "algorithm"),
    "an algorithm that is no text": (lambda: dots(licence(), alg=["EdDSA"]), "malformed"),
    "an unknown critical header": (lambda: forged(lambda p: None, crit=["x"], x=1), "critical"),
    "an empty critical header": (lambda: forged(lambda p: None, crit=[]), "critical"),
    "unencoded payload": (lambda: forged(lambda p: None, crit=["b64"], b64=False), "critical"),
    "another type": (lambda: forged(lambda p: None, typ="kb+jwt"), "type"),
    "no type": (lambda: forged(lambda p: None, typ=None), "type"),
    "an unknown issuer": (lambda: forged(lambda p: p.update(iss="https://evil.example")), "issuer"),
    "an unknown key": (lambda: forged(lambda p: None, kid="other"), "issuer"),
    "a key in the header": (
        lambda: dots(licence(), kid="mine", jwk=dict(key(number=8).public.jwk)),
        "issuer",
    ),
    "a signature of another": (
        lambda: replaced(licence(), 2, bytes(64)),
        "signature",
    ),
    "a claim named _sd": (lambda: planted(disclosure("_sd", ["x"])), "disclosure"),
    "a claim named ...": (lambda: planted(disclosure("...", "x")), "disclosure"),
    "a claim named _sd_alg": (lambda: planted(disclosure("_sd_alg", "x")), "disclosure"),
    "a signed claim named ...": (lambda: forged(lambda p: p.update({"...": 1})), "disclosure"),
    "_sd_alg deep inside": (lambda: forged(lambda p: p.update(a={"_sd_alg": "x"})), "disclosure"),
    "_sd that is no list": (lambda: forged(lambda p: p.update(a={"_sd": "x"})), "disclosure"),
    "a digest that is no text": (lambda: forged(lambda p: p["_sd"].append(7)), "disclosure"),
    "a digest that is too short": (lambda: forged(lambda p: p["_sd"].append("ab")), "disclosure"),
    "an unreferenced disclosure": (lambda: licence() + disclosure("vip", 1) + "~", "disclosure"),
    "a repeated disclosure": (
        lambda: licence() + licence().split("~")[1] + "~",
        "disclosure",
    ),
    "a repeated digest": (lambda: forged(lambda p: p["_sd"].append(p["_sd"][0])), "disclosure"),
    "a digest repeated elsewhere": (
        lambda: forged(lambda p: p.update(a={"_sd": [p["_sd"][0]]})),
        "disclosure",
    ),
    "a digest repeated in a list": (
        lambda: forged(lambda p: p.update(a=[{"...": p["_sd"][0]}])),
        "disclosure",
    ),
    "a disclosure that overwrites a claim": (lambda: planted(disclosure("iss", "x")), "disclosure"),
    "an element in place of a member": (lambda: planted(disclosure("x")), "disclosure"),
    "a member in place of an element": (
        lambda: (
            forged(lambda p: p.update(a=[{"...": hash_of("std", disclosure("n", 1))}]))
            + disclosure("n", 1)
            + "~"
        ),
        "disclosure",
    ),
    "a hidden element with company": (
        lambda: forged(lambda p: p.update(a=[{"...": p["_sd"][0], "b": 1}])),
        "disclosure",
    ),
    "a disclosure of four": (lambda: planted(disclosure("a", 1, 2)), "disclosure"),
    "a disclosure of one": (lambda: planted(strict.encode(b'["salt"]')), "disclosure"),
    "a salt that is no text": (lambda: planted(strict.encode(b'[1,"a",2]')), "disclosure"),
    "a disclosure that is an object": (lambda: planted(strict.encode(b"{}")), "disclosure"),
    "an unknown hash": (lambda: forged(lambda p: p.update(_sd_alg="sha-1")), "algorithm"),
    "a private hash": (lambda: forged(lambda p: p.update(_sd_alg="sm3")), "algorithm"),
    "expired": (lambda: licence(exp=NOW - 31), "expired"),
    "expired inside a disclosure": (lambda: licence(exp=Hide(NOW - 31)), "expired"),
    "not valid yet": (lambda: licence(nbf=NOW + 31), "early"),
    "made in the future": (lambda: licence(iat=NOW + 31), "early"),
    "a time that is text": (lambda: licence(exp=str(NOW + 100)), "claims"),
    "a time that is true": (lambda: licence(exp=True), "claims"),
    "a time that is null": (lambda: forged(lambda p: p.update(exp=None)), "claims"),
    "meant for another": (lambda: licence(aud="https://else.example"), "audience"),
    "meant for others": (lambda: licence(aud=["https://a.example", SHOP + "/"]), "audience"),
    "an issuer that is no text": (lambda: licence(iss=7), "claims"),
    "no tilde at all": (lambda: licence().split("~")[0], "malformed"),
    "an empty disclosure": (lambda: licence() + "~", "malformed"),
    "an empty text": (lambda: "", "malformed"),
    "white space at the end": (lambda: licence() + "\n", "binding"),
    "white space at the start": (lambda: " " + licence(), "malformed"),
    "garbage at the end": (lambda: licence() + "AAAA", "binding"),
    "a JWS of four parts": (lambda: "AA." + licence(), "malformed"),
    "padding": (lambda: licence().replace(".", "=.", 1), "malformed"),
    "stray bits at the end of base64": (
        lambda: stray(licence()),
        "malformed",
    ),
    "letters of plain base64": (lambda: "+/" + licence()[2:], "malformed"),
    "a letter from outside": (lambda: "é" + licence()[1:], "malformed"),
    "a name twice": (lambda: replaced(licence(), 1, b'{"iss":"a","iss":"b"}'), "malformed"),
    "a name twice in a disclosure": (
        lambda: planted(strict.encode(b'["s","a",{"b":1,"b":2}]')),
        "malformed",
    ),
    "not a number": (lambda: replaced(licence(), 1, b'{"iat":NaN}'), "malformed"),
    "endless": (lambda: replaced(licence(), 1, b'{"exp":Infinity}'), "malformed"),
    "half a character": (lambda: replaced(licence(), 1, b'{"iss":"\\ud800"}'), "malformed"),
    "not UTF-8": (lambda: replaced(licence(), 1, b'{"iss":"\xff"}'), "malformed"),
    "a byte order mark": (lambda: replaced(licence(), 1, b"\xef\xbb\xbf{}"), "malformed"),
    "a payload that is a list": (lambda: replaced(licence(), 1, b"[]"), "malformed"),
    "nested without end": (lambda: replaced(licence(), 1, b"[" * 90_000), "malformed"),
    "nested too deeply": (lambda: forged(lambda p: p.update(a=nested(30))), "malformed"),
    "longer than any licence": (lambda: licence(name="x" * 300_000), "malformed"),
    "a crowd of disclosures": (lambda: licence() + "AA~" * 1100, "malformed"),
}


def nested(depth: int) -> Any:
    return {"a": nested(depth - 1)} if depth else 1


def stray(text: str) -> str:
    """Set bits in the last letter of the signature that belong to no byte."""
    token, rest = text.split("~", 1)
    last = strict.encode(bytes([0]))[-1]  # 'A': the low four bits of two letters are nobody's
    assert len(token.rpartition(".")[2]) % 4 == 2
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    changed = letters[letters.index(token[-1]) ^ 1]
    assert last == "A"
    return f"{token[:-1]}{changed}~{rest}"


@pytest.mark.parametrize("fault", BAD)
def test_a_token_is_refused_with(fault: str) -> None:
    make, reason = BAD[fault]
    with pytest.raises(TokenRefused) as refused:
        sdjwt.verify(make(), known(key()), now=NOW, audience=SHOP)
    assert refused.value.reason == reason, refused.value


def kb(change: Callable[[dict[str, Any]], None], by: SecretKey | None = None, **header: Any) -> str:
    """Present with a proof that was changed before it was signed."""
    bare = sdjwt.hold(licence()).show(["over_60"])
    claims = {"iat": NOW, "aud": SHOP, "nonce": NONCE, "sd_hash": hash_of("std", bare)}
    change(claims)
    return bare + jws.sign({"typ": "kb+jwt"} | header, claims, by or HOLDER["std"])


def swapped() -> str:
    """Show more than the proof was made for: a disclosure put in by somebody between."""
    one, two = shown("over_60"), shown("over_60", "birth_date")
    return two.rpartition("~")[0] + "~" + one.rpartition("~")[2]


BAD_PROOFS: dict[str, tuple[Callable[[], str], str]] = {
    "was stripped": (lambda: sdjwt.hold(licence()).show(["over_60"]), "binding"),
    "is meant for another": (lambda: shown("over_60", audience="https://evil.example"), "audience"),
    "names several": (lambda: kb(lambda p: p.update(aud=[SHOP, "x"])), "audience"),
    "names nobody": (lambda: kb(lambda p: p.pop("aud")), "audience"),
    "is a replay": (lambda: shown("over_60", nonce="yesterday"), "nonce"),
    "has no nonce": (lambda: kb(lambda p: p.pop("nonce")), "nonce"),
    "is too old": (lambda: shown("over_60", now=NOW - 301), "expired"),
    "comes from the future": (lambda: shown("over_60", now=NOW + 31), "early"),
    "has no time": (lambda: kb(lambda p: p.pop("iat")), "claims"),
    "has expired": (lambda: kb(lambda p: p.update(exp=NOW - 40)), "expired"),
    "is over other disclosures": (swapped, "binding"),
    "has no digest": (lambda: kb(lambda p: p.pop("sd_hash")), "binding"),
    "is signed by another": (lambda: kb(lambda p: None, by=key(number=8)), "signature"),
    "is signed by the issuer": (lambda: kb(lambda p: None, by=key()), "signature"),
    "has no algorithm": (lambda: kb(lambda p: None, alg="none"), "algorithm"),
    "is symmetric": (lambda: kb(lambda p: None, alg="HS256"), "algorithm"),
    "is of another type": (lambda: kb(lambda p: None, typ="JWT"), "type"),
    "asks for a rule": (lambda: kb(lambda p: None, crit=["exp"]), "critical"),
    "was put on a licence bound to nobody": (
        lambda: shown("over_60", text=licence(cnf=None)),
        "binding",
    ),
    "was put on a licence bound to a name": (
        lambda: shown("over_60", text=licence(cnf={"kid": "x"})),
        "binding",
    ),
    "is by a key of another world": (
        lambda: shown("over_60", text=licence(cnf={"jwk": dict(HOLDER["gm"].public.jwk)})),
        "algorithm",
    ),
    "is by a secret key": (
        lambda: shown("over_60", text=licence(cnf={"jwk": {"kty": "oct", "k": "AAAA"}})),
        "malformed",
    ),
    "is not alone": (lambda: shown("over_60") + "~", "binding"),
}


@pytest.mark.parametrize("fault", BAD_PROOFS)
def test_a_presentation_is_refused_whose_proof(fault: str) -> None:
    make, reason = BAD_PROOFS[fault]
    with pytest.raises(TokenRefused) as refused:
        check(make())
    assert refused.value.reason == reason, refused.value


def test_a_proof_that_nobody_asked_for_is_refused() -> None:
    with pytest.raises(TokenRefused, match="nobody asked"):
        sdjwt.verify(shown("over_60"), known(key()), now=NOW)
    with pytest.raises(TokenRefused, match="somebody's presentation"):
        sdjwt.hold(shown("over_60"))


@given(st.data(), st.sampled_from(KINDS))
def test_no_changed_letter_passes(data: st.DataObject, kind: str) -> None:
    good = shown("over_60", "address", kind=kind)
    place = data.draw(st.integers(0, len(good) - 1))
    letter = data.draw(st.characters(codec="ascii"))
    changed = data.draw(
        st.sampled_from(
            [
                good[:place] + letter + good[place + 1 :],
                good[:place] + good[place + 1 :],
                good[:place],
            ]
        )
    )
    if changed == good:
        return
    with pytest.raises(TokenRefused):
        check(changed, kind)


@given(st.text())
def test_no_text_whatever_makes_the_verifier_fall_over(text: str) -> None:
    with pytest.raises(TokenRefused):
        sdjwt.verify(text, known(key()), now=NOW)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda v: (
            st.lists(v, max_size=3)
            | st.dictionaries(st.sampled_from(["_sd", "...", "_sd_alg", "iss", "a"]), v)
        ),
    )
)
def test_no_payload_whatever_makes_revealing_fall_over(value: Any) -> None:
    try:
        sdjwt.reveal({"a": value}, {})
    except TokenRefused:
        return


def test_the_two_worlds_refuse_each_other() -> None:
    with pytest.raises(TokenRefused, match="algorithm"):
        sdjwt.read_key(key("gm").public.jwk)
    with pytest.raises(TokenRefused, match="algorithm"):
        sdjwt.read_key(key("std").public.jwk, "gm")
    national = licence("gm")
    assert strict.read_object(strict.decode(national.split(".")[0]))["alg"] == "TB-SM2-SM3"
    with pytest.raises(TokenRefused, match="another algorithm"):
        sdjwt.verify(national, lambda _i, _k: key("std").public, now=NOW)


BAD_KEYS: dict[str, dict[str, Any]] = {
    "off the curve": {**RFC["issuer"], "x": RFC["issuer"]["y"]},
    "short": {**RFC["issuer"], "x": "AA"},
    "of small order": {"kty": "OKP", "crv": "Ed25519", "x": strict.encode(bytes(32))},
    "secret": {**RFC["issuer"], "d": RFC["issuer_secret"]},
    "of another curve": {**RFC["issuer"], "crv": "P-384"},
    "for encryption": {**RFC["issuer"], "use": "enc"},
    "for another algorithm": {**RFC["issuer"], "alg": "ES512"},
    "symmetric": {"kty": "oct", "k": "AAAA"},
    "nothing": {},
}


@pytest.mark.parametrize("fault", BAD_KEYS)
def test_a_key_is_refused_that_is(fault: str) -> None:
    with pytest.raises(TokenRefused):
        sdjwt.read_key(BAD_KEYS[fault])


@pytest.mark.parametrize("secret", [bytes(32), b"\xff" * 32, b"short"])
def test_a_secret_outside_the_group_is_no_key(secret: bytes) -> None:
    with pytest.raises(TokenRefused, match="32 bytes"):
        sdjwt.p256_key(secret)


def test_a_thumbprint_is_the_one_of_rfc_8037() -> None:
    raw = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    ours = sdjwt.read_key({"kty": "OKP", "crv": "Ed25519", "x": raw})
    assert ours.thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_salts_must_be_long_and_names_free() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        sdjwt.hide({"a": Hide(1)}, iter([b"short"]), "std")
    with pytest.raises(ValueError, match="may not be named"):
        sdjwt.hide({"_sd": ["x"]}, salts(), "std")


# a licence as a credential


def credential(**changed: Any) -> str:
    asked: dict[str, Any] = {
        "issuer": ISSUER,
        "kind": f"{ISSUER}/kinds/a/1",
        "issued": NOW,
        "hidden": {"ZZMC": "营业执照"},
        "clear": {},
        "holder": HOLDER["std"].public,
        "status": sdjwt.Reference(f"{ISSUER}/status/0", 5),
        "expires": None,
    }
    return sdjwt.issue(sdjwt.credential_claims(**asked | changed), key(), salts()).text


def test_a_credential_says_what_kind_by_whom_and_where_its_state_is() -> None:
    found = sdjwt.verify_credential(credential(), known(key()), now=NOW)
    assert (found.issuer, found.issued, found.expires) == (ISSUER, NOW, None)
    assert found.status == sdjwt.Reference(f"{ISSUER}/status/0", 5)
    assert found.claims == {"ZZMC": "营业执照"}


def test_what_controls_validity_cannot_be_hidden() -> None:
    with pytest.raises(ValueError, match="exp"):
        credential(hidden={"exp": 1})
    for name, value in (("exp", NOW + 9), ("status", {}), ("vct", "x"), ("cnf", {})):
        with pytest.raises(TokenRefused, match="in the clear"):
            sdjwt.verify_credential(licence(**{name: Hide(value)}), known(key()), now=NOW)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("vct", None, "claims"),
        ("vct", "", "claims"),
        ("vct", 7, "claims"),
        ("iat", None, "claims"),
        ("status", {}, "status"),
        ("status", {"status_list": {"idx": -1, "uri": "x"}}, "status"),
        ("status", {"status_list": {"idx": True, "uri": "x"}}, "status"),
        ("status", {"status_list": {"idx": "1", "uri": "x"}}, "status"),
        ("status", {"status_list": {"idx": 1}}, "status"),
        ("status", "revoked", "status"),
    ],
)
def test_a_credential_is_refused_without_its_claims(name: str, value: Any, reason: str) -> None:
    with pytest.raises(TokenRefused) as refused:
        sdjwt.verify_credential(licence(**{name: value}), known(key()), now=NOW)
    assert refused.value.reason == reason
