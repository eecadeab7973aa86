"""Statements of signature: what was signed is read back, and nothing else is taken for it."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from gmalg import SM2
from hypothesis import given
from hypothesis import strategies as st

from tongban.kernel.events import canonical
from tongban.kernel.statements import (
    APPLICANT,
    FORMATS,
    ORGANISATION,
    Statement,
    StatementInvalid,
    read,
)
from tongban.kernel.suites import Verifier, suite
from tongban.kernel.wire.documents import key_id, seal_document

AT = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
SECRET = bytes(31) + b"\x07"
BODY = {"uscc": "11330100MB1A23019Q", "name": "示例市卫生健康委员会"}


@dataclass(frozen=True)
class Key:
    suite: str
    verifier: Verifier


def keys(by: str):
    """Give the id of a key of this suite, its signer, and who knows it."""
    signer = suite(by).signer(SECRET)
    name = key_id("p", suite(by), signer.public)
    known = {name: Key(by, suite(by).verifier(signer.public))}
    return name, signer, known.get


words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
applicants = st.builds(
    Statement,
    digest=words,
    media_type=words,
    case=words,
    role=st.just(APPLICANT),
    signer=st.fixed_dictionaries({"id": words}),
    zh=words,
    en=words,
    signed=st.datetimes(
        timezones=st.just(timezone(timedelta(hours=8))),
    ),
)
bodies = applicants.map(lambda one: replace(one, role=ORGANISATION, signer=BODY))


@pytest.mark.parametrize("by", ["std", "gm"])
@given(st.one_of(applicants, bodies))
def test_what_was_signed_is_read_back(by: str, one: Statement) -> None:
    name, signer, known = keys(by)
    written = one.sign(name, signer, by)
    found = read(written, known)
    assert found == replace(one, signed=found.signed)
    assert found.signed == one.signed
    assert json.loads(written)["document"]["format"] == FORMATS[by]


@pytest.mark.parametrize("by", ["std", "gm"])
@given(bodies, st.data())
def test_any_bit_changed_is_refused(by: str, one: Statement, data: st.DataObject) -> None:
    name, signer, known = keys(by)
    written = bytearray(one.sign(name, signer, by))
    written[data.draw(st.integers(0, len(written) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(StatementInvalid):
        read(bytes(written), known)


def test_other_libraries_find_the_signature_good() -> None:
    one = Statement("sha-256:00", "a/b", "c", ORGANISATION, BODY, "中", "en", AT)
    for by in ("std", "gm"):
        name, signer, _ = keys(by)
        told = json.loads(one.sign(name, signer, by))
        message = b"tongban.document.v1\n" + canonical(told["document"])
        signature = bytes.fromhex(told["signature"])
        if by == "std":
            Ed25519PublicKey.from_public_bytes(signer.public).verify(signature, message)
        else:
            other = SM2(uid=b"1234567812345678", pk=b"\x04" + signer.public)
            assert other.verify(message, signature[:32], signature[32:])


def test_a_statement_in_the_words_of_another_suite_or_with_more_words_is_refused() -> None:
    one = Statement("sha-256:00", "a/b", "c", APPLICANT, {"id": "p"}, "中", "en", AT)
    name, signer, known = keys("std")

    def signed(**changed: object) -> bytes:
        return canonical(seal_document({**one.told("std"), **changed}, name, signer, "std"))

    assert read(signed(), known) == one
    for changed in (
        {"format": FORMATS["gm"]},
        {"format": "tongban.grant.v1"},
        {"more": 1},
        {"role": "witness"},
        {"role": ["applicant"]},
        {"signer": BODY},
        {"signer": "p"},
        {"of": {"digest": "sha-256:00", "media_type": "a/b", "name": "x"}},
        {"of": None},
        {"signed": "2026-11-24"},
        {"signed": "2026-11-24T08:00:00+00:00"},
    ):
        with pytest.raises(StatementInvalid):
            read(signed(**changed), known)


def test_a_role_says_of_its_signer_what_it_must() -> None:
    for role, signer in ((APPLICANT, BODY), (ORGANISATION, {"id": "p"}), ("clerk", {"id": "p"})):
        with pytest.raises(StatementInvalid):
            Statement("sha-256:00", "a/b", "c", role, signer, "中", "en", AT)
