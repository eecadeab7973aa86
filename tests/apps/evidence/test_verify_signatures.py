"""``verify.py`` on signatures and seals: who signed is told, and no other tale is believed."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testkit.bundles import DOCUMENT, PAPER, Made, make, told
from tongban.apps.evidence import events as say
from tongban.apps.evidence import verify
from tongban.kernel import statements
from tongban.kernel.events import Event, canonical
from tongban.kernel.statements import APPLICANT, ORGANISATION, Statement
from tongban.kernel.suites import suite
from tongban.kernel.wire.documents import key_id, seal_document

SUITES = ("std", "gm")
AT = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
BODY = {"uscc": "11330100MB1A23019Q", "name": "示例市卫生健康委员会"}
PERSON = {"id": "p-1"}
FILE = "signatures/01-organisation.json"


class Pen:
    """Somebody's key: what its chain tells, and statements by it."""

    def __init__(self, by: str, number: int, role: str, signer: Mapping[str, str]) -> None:
        self.by, self.role, self.signer = by, role, dict(signer)
        self.secret = suite(by).signer(bytes(31) + bytes([number]))
        self.id = key_id(signer.get("uscc", "p-1"), suite(by), self.secret.public)

    def data(self, **changed: object) -> dict[str, object]:
        return {
            "key": self.id,
            "suite": self.by,
            "public": self.secret.public.hex(),
            "role": self.role,
            "signer": self.signer,
            **changed,
        }

    def chain(self, *types: str, **changed: object) -> list[Event]:
        return told(say.key_chain(self.id), *((one, self.data(**changed)) for one in types))

    def state(self, document: bytes = DOCUMENT) -> bytes:
        digest = f"sha-256:{hashlib.sha256(document).hexdigest()}"
        one = Statement(digest, "application/pdf", "c-1", self.role, self.signer, "认", "yes", AT)
        return one.sign(self.id, self.secret, self.by)


def signing(written: bytes) -> list[Event]:
    """Tell that a statement was made."""
    digest = f"sha-256:{hashlib.sha256(written).hexdigest()}"
    return told("cases:papers:c-1", ("tongban.cases.signed.v1", {"statement": digest}))


def seal(by: str = "std") -> Pen:
    return Pen(by, 91, ORGANISATION, BODY)


@cache
def good(by: str) -> Made:
    pen = seal(by)
    written = pen.state()
    events = [*pen.chain(say.KEY_BEGUN), *signing(written)]
    return make(by, count=2, more=events, beside={FILE: written})


def broken(made: Made) -> str:
    with pytest.raises(verify.Broken) as found:
        verify.check(made.files)
    return str(found.value)


def outcome(made: Made) -> tuple[str, list[str]]:
    try:
        return "", verify.check(made.files).proved
    except verify.Broken as wrong:
        return str(wrong), []


@pytest.mark.parametrize("by", SUITES)
def test_who_sealed_which_document_and_when_is_told(by: str) -> None:
    report = verify.check(good(by).files)
    (line,) = [line for line in report.proved if "电子印章" in line]
    for part in (*BODY.values(), PAPER, "2026-11-24T07:00:00.000000Z", "认", "yes", seal(by).id):
        assert part in line
    assert not [line for line in report.not_proved if "signatures/" in line]
    assert "that a signing key is its signer's" in "\n".join(report.not_proved)


@pytest.mark.parametrize("by", SUITES)
def test_an_applicant_is_told_by_its_pseudonym(by: str) -> None:
    pen = Pen(by, 92, APPLICANT, PERSON)
    written = pen.state()
    events = [*pen.chain(say.KEY_BEGUN), *signing(written)]
    made = make(by, count=2, more=events, beside={"signatures/01-applicant.json": written})
    assert any(
        "applicant / 申请人签名 p-1: " + PAPER in one for one in verify.check(made.files).proved
    )


def test_a_key_signs_only_between_its_beginning_and_its_end() -> None:
    """By the places in the tree: the clock of whoever forges is not asked."""
    pen = seal()
    written = pen.state()
    begun, certified, ended = pen.chain(say.KEY_BEGUN, say.KEY_CERTIFIED, say.KEY_ENDED)
    signed = signing(written)
    for order, holds in (
        ([begun, *signed, certified, ended], True),
        ([begun, certified, *signed, ended], True),
        ([begun, certified, ended, *signed], False),
        ([*signed, begun, certified], False),
    ):
        made = make(count=2, more=order, beside={FILE: written})
        if holds:
            assert verify.check(made.files)
        else:
            assert broken(made).startswith(f"{FILE}: the key was not in use then")


def test_a_key_of_which_nothing_is_told_proves_nothing() -> None:
    written = seal().state()
    made = make(count=2, more=signing(written), beside={FILE: written})
    report = verify.check(made.files)
    assert not [line for line in report.proved if "电子印章" in line]
    assert f"{FILE}: whose key signed it" in "\n".join(report.not_proved)


def test_a_seal_of_another_body_or_in_another_role_is_refused() -> None:
    pen = seal()
    written = pen.state()
    for changed in ({"signer": {**BODY, "name": "other"}}, {"role": APPLICANT}):
        events = [*pen.chain(say.KEY_BEGUN, **changed), *signing(written)]
        told_ = broken(make(count=2, more=events, beside={FILE: written}))
        assert told_.startswith(f"{FILE}: the key is of somebody else")


def test_a_statement_under_another_key_suite_or_format_is_refused() -> None:
    pen, other = seal(), Pen("std", 93, ORGANISATION, BODY)
    said = json.loads(pen.state())["document"]
    for written in (
        canonical(seal_document(said, pen.id, other.secret, "std")),
        canonical(seal_document(said, pen.id, pen.secret, "gm")),
        canonical(
            seal_document({**said, "format": statements.FORMATS["gm"]}, pen.id, pen.secret, "std")
        ),
        pen.state().replace(b'},"key"', b'}, "key"'),
    ):
        events = [*pen.chain(say.KEY_BEGUN), *signing(written)]
        made = make(count=2, more=events, beside={FILE: written})
        assert broken(made).startswith(f"{FILE}: the signature does not hold")


def test_a_key_that_another_chain_tells_of_is_refused() -> None:
    pen = seal()
    written = pen.state()
    strange = told("evidence:key:other", (say.KEY_BEGUN, pen.data()))
    made = make(count=2, more=[*strange, *signing(written)], beside={FILE: written})
    assert "it is not written as a signature is" in broken(made)


def test_a_document_that_was_erased_is_missed_and_not_made_up() -> None:
    pen = seal()
    written = pen.state(b"a paper that is not here")
    events = [*pen.chain(say.KEY_BEGUN), *signing(written)]
    report = verify.check(make(count=2, more=events, beside={FILE: written}).files)
    assert f"{FILE}: which document, it is not in here" in "\n".join(report.not_proved)


@pytest.mark.parametrize("by", SUITES)
@given(st.data())
def test_no_bit_of_a_statement_can_be_changed_even_by_the_keeper_of_the_log(
    by: str, data: st.DataObject
) -> None:
    """The keeper may list what it likes, and tell an event of it; it has no key of the seal."""
    pen = seal(by)
    bent = bytearray(pen.state())
    bent[data.draw(st.integers(0, len(bent) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    written = bytes(bent)
    events = [*pen.chain(say.KEY_BEGUN), *signing(written)]
    made = make(by, count=1, others=0, more=events, beside={FILE: written})
    wrong, proved = outcome(made)
    # where nothing is wrong the id of the key was changed, and it is nobody's signature
    assert wrong.startswith(FILE) or not [line for line in proved if "电子印章" in line]


ODD = (b"", b"[]", b"null", b"{}", b'{"document":{}}', b"[" * 10_000, b"\xff", b'"x"')


@pytest.mark.parametrize("odd", ODD)
def test_what_is_no_statement_is_named(odd: bytes) -> None:
    made = make(count=1, more=signing(odd), beside={FILE: odd})
    assert broken(made) == f"{FILE}: it is not written as a signature is / 不是规范的签名"


@pytest.mark.parametrize("data", [{}, {"key": 1}, {"key": "other"}])
def test_a_beginning_that_tells_no_key_is_refused(data: dict[str, object]) -> None:
    written = seal().state()
    events = [*told("evidence:key:x", (say.KEY_BEGUN, data)), *signing(written)]
    assert "not written as a signature is" in broken(
        make(count=1, more=events, beside={FILE: written})
    )
