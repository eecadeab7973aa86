"""Content-Digest: the RFC's own example, and other readers agree."""

from base64 import b64encode

import gmalg
import pytest
from http_message_signatures.digests import ContentDigest
from hypothesis import given
from hypothesis import strategies as st

from tongban.kernel.suites import suite
from tongban.kernel.wire.digests import content_digest, digest_fault

STD, GM = suite("std"), suite("gm")


def test_the_example_of_rfc_9530_holds():
    # appendix B.1
    body = b'{"hello": "world"}\n'
    told = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
    assert content_digest(STD, body) == told
    assert digest_fault(told, STD, body) == ""


@given(st.binary(max_size=200))
def test_others_make_the_same_digest(body):
    assert content_digest(STD, body) == ContentDigest.create(body)
    sm3 = gmalg.SM3()
    sm3.update(body)
    assert content_digest(GM, body) == f"sm3=:{b64encode(sm3.value()).decode()}:"


@pytest.mark.parametrize("by", [STD, GM])
@pytest.mark.parametrize(
    ("bend", "why"),
    [
        (lambda own, other: "", "does not read"),
        (lambda own, other: own[:-1], "does not read"),
        (lambda own, other: own.replace("=:", "=:="), "does not read"),
        (lambda own, other: f"{own}, {own}", "stands twice"),
        (lambda own, other: f"{own}, {other}", "alone"),
        (lambda own, other: other, "alone"),
        (lambda own, other: f" {own}", "not written in the exact form"),
        (lambda own, other: f"{own};a", "that of another body"),
        (lambda own, other: own[: own.index("=")], "that of another body"),
    ],
)
def test_a_digest_in_any_other_form_is_refused_and_says_why(by, bend, why):
    own, other = (content_digest(one, b"paper") for one in (by, GM if by is STD else STD))
    assert digest_fault(own, by, b"paper") == ""
    assert why in digest_fault(bend(own, other), by, b"paper")


@pytest.mark.parametrize("by", [STD, GM])
@given(body=st.binary(max_size=60), bit=st.integers(0))
def test_a_body_with_one_flipped_bit_has_another_digest(by, body, bit):
    told = content_digest(by, body)
    place = bit % (8 * len(body) or 1)
    bent = bytearray(body or b"\x00")
    bent[place // 8] ^= 1 << place % 8
    assert digest_fault(told, by, bytes(bent)) == "content-digest is that of another body"
