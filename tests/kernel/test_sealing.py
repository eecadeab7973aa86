"""Sealed values: what opens is what was sealed, in its own place only."""

import base64
import hashlib
import hmac
import json

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM
from hypothesis import given
from hypothesis import strategies as st

from tongban.kernel.sealing import DataKey, key_number, place
from tongban.kernel.suites import SUITES, KeyInvalid, SealBroken

SUITE = st.sampled_from(sorted(SUITES))
SECRET = st.binary(min_size=32, max_size=32)
NONCE = st.binary(min_size=12, max_size=12)
NAME = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
PLACE = st.tuples(NAME, NAME, NAME)


def _hmac(suite: str, key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, {"std": "sha256", "gm": "sm3"}[suite]).digest()


def _opened_by_hand(suite: str, secret: bytes, raw: bytes, at: bytes) -> bytes:
    """Open a value as the documentation says, with the standard library and bare ciphers."""
    own = _hmac(suite, _hmac(suite, secret, b"tongban.sealing.v1\n"), at)
    nonce, text, tag = raw[:12], raw[12:-16], raw[-16:]
    if suite == "std":
        return AESGCM(own).decrypt(nonce, text + tag, at)
    opening = Cipher(SM4(own[:16]), GCM(nonce, tag)).decryptor()
    opening.authenticate_additional_data(at)
    return opening.update(text) + opening.finalize()


@given(SUITE, SECRET, NONCE, st.binary(max_size=200), PLACE)
def test_a_value_opens_in_its_place_and_as_the_documentation_says(
    suite: str, secret: bytes, nonce: bytes, plain: bytes, where: tuple[str, str, str]
) -> None:
    key, at = DataKey(7, suite, secret), place(*where)
    written = key.seal(plain, at, nonce=nonce)
    assert key.open(written, at) == plain
    name, number, body = written.decode().split(".")
    assert (name, number, key_number(written)) == (suite, "7", 7)
    raw = base64.b64decode(body)
    assert _opened_by_hand(suite, secret, raw, at) == plain
    packed = key.seal_bytes(plain, at, nonce=nonce)
    assert packed == written[: len(written) - len(body)] + raw
    assert key.open_bytes(packed, at) == plain


@given(SUITE, SECRET, NONCE, st.binary(max_size=60), PLACE, PLACE)
def test_a_value_that_was_carried_elsewhere_does_not_open(
    suite: str,
    secret: bytes,
    nonce: bytes,
    plain: bytes,
    here: tuple[str, str, str],
    there: tuple[str, str, str],
) -> None:
    key = DataKey(1, suite, secret)
    written = key.seal(plain, place(*here), nonce=nonce)
    if here == there:
        assert key.open(written, place(*there)) == plain
    else:
        with pytest.raises(SealBroken):
            key.open(written, place(*there))


@given(SUITE, SECRET, NONCE, st.binary(max_size=40), st.data())
def test_no_changed_character_opens(
    suite: str, secret: bytes, nonce: bytes, plain: bytes, data: st.DataObject
) -> None:
    key, at = DataKey(3, suite, secret), place("t", "c", "1")
    for seal, open_ in ((key.seal, key.open), (key.seal_bytes, key.open_bytes)):
        written = bytearray(seal(plain, at, nonce=nonce))
        spot = data.draw(st.integers(0, len(written) - 1))
        written[spot] ^= 1 << data.draw(st.integers(0, 7))
        with pytest.raises(SealBroken):
            open_(bytes(written), at)
        cut = data.draw(st.integers(0, len(written) - 1))
        with pytest.raises(SealBroken):
            open_(bytes(seal(plain, at, nonce=nonce)[:cut]), at)


@given(SUITE, SECRET, SECRET, NONCE)
def test_neither_another_key_nor_another_suite_opens(
    suite: str, secret: bytes, other: bytes, nonce: bytes
) -> None:
    at = place("t", "c", "1")
    written = DataKey(1, suite, secret).seal(b"x", at, nonce=nonce)
    wrong = [DataKey(1, name, secret) for name in SUITES if name != suite]
    wrong += [DataKey(2, suite, secret)]
    wrong += [DataKey(1, suite, other)] if other != secret else []
    for key in wrong:
        with pytest.raises(SealBroken):
            key.open(written, at)


@given(SUITE, SECRET, st.text(max_size=40), st.text(max_size=40))
def test_a_mark_is_equal_for_equal_values_of_one_column_only(
    suite: str, secret: bytes, one: str, two: str
) -> None:
    key = DataKey(1, suite, secret)
    mark = key.mark("people", "number", one.encode())
    assert (mark == key.mark("people", "number", two.encode())) == (one == two)
    assert mark != key.mark("people", "name", one.encode())
    assert mark != key.mark("others", "number", one.encode())
    marking = _hmac(suite, secret, b"tongban.marking.v1\n")
    told = json.dumps(["people", "number"], separators=(",", ":")).encode()
    assert mark == _hmac(suite, marking, told + b"\n" + one.encode()).hex()[:32]


def test_a_value_has_one_writing() -> None:
    key, at = DataKey(1, "std", bytes(32)), place("t", "c", "1")
    letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/="
    for size in range(1, 4):  # with two, one and no sign of padding
        written = key.seal(b"x" * size, at, nonce=bytes(12))
        for spot in range(len(written)):
            for letter in letters:
                other = written[:spot] + bytes([letter]) + written[spot + 1 :]
                if other != written:
                    with pytest.raises(SealBroken):
                        key.open(other, at)


def test_a_key_shows_no_secret_and_wants_32_bytes() -> None:
    assert "secret" not in repr(DataKey(1, "std", b"\x5a" * 32))
    assert hashlib.sha256(b"").hexdigest() not in repr(DataKey(1, "gm", b"\x5a" * 32))
    with pytest.raises(KeyInvalid):
        DataKey(1, "std", bytes(31))


@pytest.mark.parametrize("written", [b"", b"std", b"std.1", b"std.x.AA", b"std.-1.AA", b"{}"])
def test_what_was_not_written_by_us_names_no_key(written: bytes) -> None:
    with pytest.raises(SealBroken):
        key_number(written)
