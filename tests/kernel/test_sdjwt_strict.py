"""base64url and JSON that can be read in one way only."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.kernel.sdjwt import TokenRefused, strict

letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@given(st.binary())
def test_bytes_are_written_as_the_standard_library_writes_them(data: bytes) -> None:
    text = urlsafe_b64encode(data).rstrip(b"=").decode()
    assert strict.encode(data) == text
    assert strict.decode(text) == data


@given(st.text(letters + "+/= \n\x00é", max_size=12))
def test_only_the_one_writing_is_read(text: str) -> None:
    try:
        data = strict.decode(text)
    except TokenRefused:
        if set(text) <= set(letters) and len(text) % 4 != 1:
            other = urlsafe_b64decode(text + "=" * (-len(text) % 4))
            assert strict.encode(other) != text
        return
    assert strict.encode(data) == text


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(st.characters(exclude_categories=["Cs"])),
        lambda v: (
            st.lists(v) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), v)
        ),
    )
)
def test_json_is_read_as_the_standard_library_reads_it(value: object) -> None:
    for escaped in (True, False):
        text = json.dumps(value, ensure_ascii=escaped).encode()
        assert strict.read_json(b" \n" + text + b"\t") == value


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[1,]", b"01", b"{}x", b"{} {}", b"'a'", b"{1:2}", b'"\x01"', b"NaN", b"-Infinity",
     b'"\\udc00"', b'{"a":1,"a":1}', b'[{"b":{"a":1,"a":1}}]', b"\xff", b"9" * 5000],
)  # fmt: skip
def test_json_is_refused_that_is_not_or_that_has_two_meanings(text: bytes) -> None:
    with pytest.raises(TokenRefused):
        strict.read_json(text)
