"""Suites: the standard's own vectors, and nothing forged passes."""

import base64
import hashlib
import hmac
import shutil
import subprocess
from pathlib import Path

import gmalg
import gmssl_pyx
import pytest
from cryptography.hazmat.primitives.asymmetric import utils
from hypothesis import given, settings
from hypothesis import strategies as st

from tongban.kernel.suites import KeyInvalid, SealBroken, Suite, SuiteUnknown, suite

STD, GM = suite("std"), suite("gm")
BOTH = (STD, GM)
GM_ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
#: RFC 8032, section 7.1: secret, public, message, signature.
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555"
            "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
]


@pytest.mark.parametrize(("secret", "public", "message", "signature"), RFC_8032)
def test_the_vectors_of_rfc_8032_hold(
    secret: str, public: str, message: str, signature: str
) -> None:
    signer, told = STD.signer(bytes.fromhex(secret)), bytes.fromhex(message)
    assert signer.public.hex() == public
    assert signer.sign(told).hex() == signature
    assert STD.verifier(bytes.fromhex(public)).verify(told, bytes.fromhex(signature))


def test_the_digest_is_that_of_fips_180() -> None:
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert STD.digest(b"abc").hex() == expected


@pytest.mark.parametrize("by", BOTH, ids=lambda s: s.name)
@settings(max_examples=40, deadline=None)
@given(
    secret=st.binary(min_size=32, max_size=32).filter(lambda key: 0 < key[0] < 255),
    message=st.binary(max_size=60),
    bit=st.integers(0, 511),
    other=st.binary(max_size=70),
)
def test_a_signature_holds_for_its_key_and_message_alone(
    by: Suite, secret: bytes, message: bytes, bit: int, other: bytes
) -> None:
    signer = by.signer(secret)
    verifier, signature = by.verifier(signer.public), signer.sign(message)
    assert len(signature) == 64
    assert verifier.verify(message, signature)
    bent = (int.from_bytes(signature) ^ 1 << bit).to_bytes(64)
    assert not verifier.verify(message, bent)
    assert not verifier.verify(message, other)
    assert verifier.verify(other, signature) is (other == message)
    stranger = by.verifier(by.signer(b"\x01" + by.digest(secret)[1:]).public)
    assert not stranger.verify(message, signature)


@pytest.mark.parametrize("by", BOTH, ids=lambda s: s.name)
@given(key=st.binary(min_size=32, max_size=32), plain=st.binary(max_size=80), bit=st.integers(0))
def test_what_was_sealed_opens_with_its_key_nonce_and_context_alone(
    by: Suite, key: bytes, plain: bytes, bit: int
) -> None:
    cipher = by.cipher(key[: by.cipher_key_bytes])
    sealed = cipher.seal(bytes(12), plain, b"row 7")
    assert cipher.open(bytes(12), sealed, b"row 7") == plain
    bent = int.from_bytes(sealed) ^ 1 << bit % (8 * len(sealed))
    for wrong in (
        (bytes(12), bent.to_bytes(len(sealed)), b"row 7"),
        (bytes(11) + b"\x01", sealed, b"row 7"),
        (bytes(12), sealed, b"row 8"),
        (bytes(12), sealed[:15], b"row 7"),
    ):
        with pytest.raises(SealBroken):
            cipher.open(*wrong)


@pytest.mark.parametrize("by", BOTH, ids=lambda s: s.name)
@pytest.mark.parametrize("size", [0, 31, 33, 63, 65])
def test_bytes_that_are_no_key_are_refused_by_name(by: Suite, size: int) -> None:
    with pytest.raises(KeyInvalid, match=f"secret key of suite {by.name}"):
        by.signer(b"\x01" * size)
    with pytest.raises(KeyInvalid, match=f"public key of suite {by.name}"):
        by.verifier(b"\x01" * size)
    with pytest.raises(KeyInvalid, match=f"cipher key of suite {by.name}"):
        by.cipher(bytes(size))


#: The points of order 1, 2, 4, 8 and 8 of the curve of RFC 8032, section 5.1: y alone.
SMALL_ORDER = [
    "01" + "00" * 31,
    "ec" + "ff" * 30 + "7f",
    "00" * 32,
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
]


@pytest.mark.parametrize("sign", [0, 0x80])
@pytest.mark.parametrize("y", SMALL_ORDER)
def test_an_ed25519_key_under_which_anything_holds_is_refused(y: str, sign: int) -> None:
    key = bytearray.fromhex(y)
    key[31] |= sign
    with pytest.raises(KeyInvalid, match="public key of suite std"):
        STD.verifier(bytes(key))


def test_an_ed25519_key_off_the_curve_or_written_twice_is_refused() -> None:
    off = (2).to_bytes(32, "little")  # (4 - 1) / (4d + 1) has no root
    again = (2**255 - 19 + 3).to_bytes(32, "little")  # y = 3 is on the curve, y = p + 3 is not read
    STD.verifier((3).to_bytes(32, "little"))
    for bad in (off, again):
        with pytest.raises(KeyInvalid):
            STD.verifier(bad)


def test_the_keyed_digest_is_that_of_rfc_4231() -> None:
    """Test case 1, with HMAC-SHA-256."""
    expected = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    assert STD.mac(b"\x0b" * 20, b"Hi There").hex() == expected


@given(key=st.binary(min_size=16, max_size=200), message=st.binary(max_size=200))
def test_sm3_and_its_keyed_digest_agree_with_openssl_and_gmalg(key: bytes, message: bytes) -> None:
    assert GM.digest(message) == hashlib.new("sm3", message).digest()
    oracle = gmalg.SM3()
    oracle.update(message)
    assert GM.digest(message) == oracle.value()
    assert GM.mac(key, message) == hmac.digest(key, message, "sm3")


@pytest.mark.parametrize("by", BOTH, ids=lambda s: s.name)
def test_a_key_of_a_keyed_digest_that_can_be_guessed_is_refused(by: Suite) -> None:
    assert len(by.mac(bytes(16), b"")) == 32
    with pytest.raises(KeyInvalid, match="16 bytes or more"):
        by.mac(bytes(15), b"")


def test_the_cipher_of_std_is_aes_256_in_gcm() -> None:
    """Test case 14 of McGrew and Viega, The Galois/Counter Mode of Operation."""
    sealed = STD.cipher(bytes(32)).seal(bytes(12), bytes(16), b"")
    assert sealed.hex() == "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"


@pytest.mark.parametrize("by", BOTH, ids=lambda s: s.name)
def test_a_nonce_of_another_length_is_refused(by: Suite) -> None:
    cipher = by.cipher(bytes(by.cipher_key_bytes))
    with pytest.raises(ValueError, match="12 bytes"):
        cipher.seal(bytes(16), b"", b"")


def test_an_unknown_suite_is_named_with_those_known() -> None:
    with pytest.raises(SuiteUnknown, match=r"'rot13'; known: .*std"):
        suite("rot13")


#: GB/T 32918.5, annex A.2: the signature of "message digest" by the identity 1234567812345678.
OWNER = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"
PUBLIC = (
    "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
SIGNATURE = (
    "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
    "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
)
TOLD = b"message digest"


def test_the_example_of_gbt_32918_holds() -> None:
    assert GM.signer(bytes.fromhex(OWNER)).public.hex() == PUBLIC
    assert GM.verifier(bytes.fromhex(PUBLIC)).verify(TOLD, bytes.fromhex(SIGNATURE))


def test_the_examples_of_sm3_and_sm4_hold() -> None:
    """GB/T 32905, annex A.1 and A.2; RFC 8998, appendix A.1."""
    abc = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert GM.digest(b"abc").hex() == abc
    long = "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"
    assert GM.digest(b"abcd" * 16).hex() == long
    cipher = GM.cipher(bytes.fromhex("0123456789abcdeffedcba9876543210"))
    nonce = bytes.fromhex("00001234567800000000abcd")
    context = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    plain = bytes.fromhex("".join(letter * 16 for letter in "abcdefea"))
    sealed = (
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
        "83de3541e4c2b58177e065a9bf7b62ec"
    )
    assert cipher.seal(nonce, plain, context).hex() == sealed
    assert cipher.open(nonce, bytes.fromhex(sealed), context) == plain


@settings(max_examples=10, deadline=None)
@given(st.binary(max_size=200))
def test_gmalg_and_we_read_each_others_signatures(message: bytes) -> None:
    secret, public = bytes.fromhex(OWNER), bytes.fromhex(PUBLIC)
    oracle = gmalg.SM2(secret, b"1234567812345678", b"\x04" + public)
    verifier, signer = GM.verifier(public), GM.signer(secret)
    # gmalg leaves out leading zeros
    r, s = (number.rjust(32, b"\0") for number in oracle.sign(message))
    assert verifier.verify(message, r + s)
    ours = signer.sign(message)
    assert oracle.verify(message, ours[:32], ours[32:])


def test_another_identity_or_another_digest_is_refused() -> None:
    secret, public = bytes.fromhex(OWNER), bytes.fromhex(PUBLIC)
    verifier = GM.verifier(public)
    stranger = gmalg.SM2(secret, b"ALICE123@YAHOO.COM", b"\x04" + public)
    assert not verifier.verify(TOLD, b"".join(n.rjust(32, b"\0") for n in stranger.sign(TOLD)))
    by_sha = gmssl_pyx.sm2_sign_sm3_digest(secret, hashlib.sha256(TOLD).digest())
    assert gmssl_pyx.sm2_verify_sm3_digest(public, hashlib.sha256(TOLD).digest(), by_sha)
    numbers = by_sha[4 : 4 + by_sha[3]], by_sha[6 + by_sha[3] :]
    r, s = (int.from_bytes(n).to_bytes(32) for n in numbers)
    assert not verifier.verify(TOLD, r + s)


@pytest.mark.parametrize("bad", [0, GM_ORDER, 2**256 - 1])
def test_numbers_outside_the_group_are_refused(bad: int) -> None:
    verifier, told = GM.verifier(bytes.fromhex(PUBLIC)), bytes.fromhex(SIGNATURE)
    assert not verifier.verify(TOLD, bad.to_bytes(32) + told[32:])
    assert not verifier.verify(TOLD, told[:32] + bad.to_bytes(32))
    # GB/T 32918.1, 6.1: d = n - 1 has no inverse of 1 + d
    for secret in (bad, GM_ORDER - 1):
        with pytest.raises(KeyInvalid):
            GM.signer(secret.to_bytes(32))
    assert GM.signer((GM_ORDER - 2).to_bytes(32)).sign(TOLD)


def test_an_sm2_key_off_the_curve_or_written_twice_is_refused() -> None:
    """The point x = 0 is on the curve; x = p is another writing of it. All zero bytes are none."""
    prime = 2**256 - 2**224 - 2**96 + 2**64 - 1
    b = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
    y = pow(b, (prime + 1) // 4, prime).to_bytes(32)
    GM.verifier(bytes(32) + y)
    for bad in (prime.to_bytes(32) + y, y + bytes(32), bytes(64), bytes.fromhex(OWNER * 2)):
        with pytest.raises(KeyInvalid):
            GM.verifier(bad)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl on this machine")
def test_openssl_and_we_read_each_others_sm2_signatures(tmp_path: Path) -> None:
    """A third implementation, through SubjectPublicKeyInfo, SEC 1 and DER."""
    curve = bytes.fromhex("06082a811ccf5501822d")  # 1.2.156.10197.1.301
    point = bytes.fromhex("03420004") + bytes.fromhex(PUBLIC)
    public = bytes.fromhex("3059301306072a8648ce3d0201") + curve + point
    secret = b"".join(
        (
            bytes.fromhex("30770201010420") + bytes.fromhex(OWNER),
            bytes.fromhex("a00a") + curve,
            bytes.fromhex("a144") + point,
        )
    )
    told, signed = tmp_path / "told", tmp_path / "signature"
    told.write_bytes(TOLD)

    def openssl(verb: str, kind: str, der: bytes, *more: str | Path) -> int:
        body = base64.encodebytes(der).decode()
        key = tmp_path / "key.pem"
        key.write_text(f"-----BEGIN {kind} KEY-----\n{body}-----END {kind} KEY-----\n")
        command = [
            *("openssl", "pkeyutl", verb, "-inkey", key, "-in", told, "-rawin", "-digest", "sm3"),
            *("-pkeyopt", "distid:1234567812345678", *more),
        ]
        return subprocess.run(command, capture_output=True, check=False).returncode

    check = ("-verify", "PUBLIC", public, "-pubin", "-sigfile", signed)
    ours = GM.signer(bytes.fromhex(OWNER)).sign(TOLD)
    numbers = (int.from_bytes(half) for half in (ours[:32], ours[32:]))
    signed.write_bytes(utils.encode_dss_signature(*numbers))
    assert openssl(*check) == 0
    told.write_bytes(b"another message")
    assert openssl(*check)
    assert openssl("-sign", "EC PRIVATE", secret, "-out", signed) == 0
    r, s = utils.decode_dss_signature(signed.read_bytes())
    theirs = r.to_bytes(32) + s.to_bytes(32)
    assert GM.verifier(bytes.fromhex(PUBLIC)).verify(b"another message", theirs)
    assert not GM.verifier(bytes.fromhex(PUBLIC)).verify(TOLD, theirs)
