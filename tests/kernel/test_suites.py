"""Suites: the standard's own vectors, and nothing forged passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.kernel.suites import KeyInvalid, SuiteUnknown, suite

STD = suite("std")
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
    key, told = bytes.fromhex(secret), bytes.fromhex(message)
    assert STD.public(key).hex() == public
    assert STD.sign(key, told).hex() == signature
    assert STD.verify(bytes.fromhex(public), told, bytes.fromhex(signature))


def test_the_digest_is_that_of_fips_180() -> None:
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert STD.digest(b"abc").hex() == expected


@given(
    st.binary(min_size=32, max_size=32), st.binary(max_size=60), st.integers(0, 511), st.binary()
)
def test_a_signature_holds_for_its_key_and_message_alone(
    secret: bytes, message: bytes, bit: int, other: bytes
) -> None:
    public, signature = STD.public(secret), STD.sign(secret, message)
    assert STD.verify(public, message, signature)
    bent = (int.from_bytes(signature) ^ 1 << bit).to_bytes(64)
    assert not STD.verify(public, message, bent)
    assert not STD.verify(public, message, other)
    assert STD.verify(public, other, signature) is (other == message)
    assert not STD.verify(STD.public(STD.digest(secret)), message, signature)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_bytes_that_are_no_key_are_refused_by_name(size: int) -> None:
    with pytest.raises(KeyInvalid, match="secret key of suite std has 32 bytes"):
        STD.sign(bytes(size), b"")
    with pytest.raises(KeyInvalid, match="secret key"):
        STD.public(bytes(size))
    with pytest.raises(KeyInvalid, match="public key of suite std has 32 bytes"):
        STD.verify(bytes(size), b"", bytes(64))


def test_an_unknown_suite_is_named_with_those_known() -> None:
    with pytest.raises(SuiteUnknown, match=r"'rot13'; known: .*std"):
        suite("rot13")
