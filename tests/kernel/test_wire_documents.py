"""A signed document opens for its key alone, and only unchanged."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.kernel.events import canonical
from tongban.kernel.suites import Suite, Verifier, suite
from tongban.kernel.wire.documents import (
    DocumentInvalid,
    key_id,
    open_document,
    read_token,
    seal_document,
    write_token,
)

MEMBER = "11330100MB1A23019Q"


@dataclass(frozen=True)
class Key:
    suite: str
    verifier: Verifier


def keys(by: Suite, number: int = 7) -> tuple[str, Any, dict[str, Key]]:
    signer = by.signer(bytes(31) + bytes((number,)))
    keyid = key_id(MEMBER, by, signer.public)
    return keyid, signer, {keyid: Key(by.name, by.verifier(signer.public))}


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text("ab安𠀀", max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("xy", max_size=2), inner),
    max_leaves=8,
)
documents = st.dictionaries(st.text("kl名", min_size=1, max_size=3), plain, max_size=4)
both = pytest.mark.parametrize("name", ["std", "gm"])


@both
@given(document=documents, place=st.integers(0), bit=st.integers(0, 7))
def test_it_opens_unchanged_and_no_flipped_bit_passes(name, document, place, bit):
    by = suite(name)
    keyid, signer, known = keys(by)
    sealed = seal_document(document, keyid, signer, name)
    written = canonical(sealed)
    assert open_document(written, known.get) == document
    assert read_token(write_token(sealed), known.get) == document
    bent = bytearray(written)
    bent[place % len(bent)] ^= 1 << bit
    with pytest.raises(DocumentInvalid):
        open_document(bytes(bent), known.get)


@both
def test_only_the_named_key_with_its_own_suite_opens_it(name):
    by = suite(name)
    keyid, signer, known = keys(by)
    _, _, others = keys(by, 8)
    sealed = seal_document({"a": 1}, keyid, signer, name)
    stranger = {keyid: next(iter(others.values()))}
    for wrong, key_of in [
        (sealed, {}.get),
        (sealed, stranger.get),
        (sealed | {"suite": "gm" if name == "std" else "std"}, known.get),
        (sealed | {"more": 1}, known.get),
        (sealed | {"document": {"a": 2}}, known.get),
        (sealed | {"document": {"a": 1.0}}, known.get),
        (sealed | {"document": [1]}, known.get),
        (sealed | {"signature": sealed["signature"].upper()}, known.get),
        (sealed | {"signature": "zz"}, known.get),
        (sealed | {"key": 7}, known.get),
        ({"document": {}}, known.get),
    ]:
        with pytest.raises(DocumentInvalid):
            open_document(wrong, key_of)


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"[]",
        b"{",
        b'"text"',
        b"[" * 100_000,
        b'{"document":{},"document":{},"key":""}',
        b"\xff",
    ],
)
def test_what_is_no_document_is_refused_by_name(written: bytes):
    with pytest.raises(DocumentInvalid):
        open_document(written, {}.get)


def test_a_name_that_stands_twice_is_refused():
    keyid, signer, known = keys(suite("std"))
    sealed = seal_document({"a": 1}, keyid, signer, "std")
    twice = json.dumps(sealed).replace('{"a": 1}', '{"a": 2, "a": 1}')
    with pytest.raises(DocumentInvalid, match="canonical"):
        open_document(twice.encode(), known.get)


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda text: " " + text,
        lambda text: text + "\n",
        lambda text: text.replace("安", r"\u5b89"),
        lambda text: text.replace(":1", ":1e0"),
        lambda text: text.replace(":1", ":1.0"),
        lambda text: "{" + ",".join(reversed(text[1:-1].rsplit(",", 1))) + "}",
    ],
)
def test_another_writing_of_the_same_document_is_refused(rewrite):
    keyid, signer, known = keys(suite("std"))
    written = canonical(seal_document({"a": 1, "名": "安"}, keyid, signer, "std")).decode()
    other = rewrite(written)
    assert json.loads(other) == json.loads(written)
    assert other != written
    assert open_document(written.encode(), known.get) == {"a": 1, "名": "安"}
    with pytest.raises(DocumentInvalid):
        open_document(other.encode(), known.get)
    for encoding in ("utf-16", "utf-8-sig"):
        with pytest.raises(DocumentInvalid):
            open_document(written.encode(encoding), known.get)


@pytest.mark.parametrize("token", ["", "é", "a", "====", "e30=", "x" * 20_000])
def test_what_is_no_token_is_refused_by_name(token: str):
    with pytest.raises(DocumentInvalid):
        read_token(token, {}.get)
