"""Rows of a log: one written form, and signatures that anyone checks again from the row alone."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.kernel.events import canonical
from tongban.kernel.merkle import Frontier, leaf_hash
from tongban.kernel.suites import Suite, Verifier, suite
from tongban.kernel.wire.documents import key_id
from tongban.kernel.wire.rows import (
    Broken,
    Checker,
    Kept,
    RowDraft,
    RowInvalid,
    checkpoint,
    read_row,
    row_hash,
    seal_row,
    verify_rows,
)
from tongban.kernel.wire.signatures import (
    Claims,
    read_request,
    read_response,
    sign_request,
    sign_response,
)
from tongban.kernel.wire.words import Headers, Request, Response

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
STD = suite("std")
CLIENT = "CN-330100/GOV/11330100MB1A23019Q/tongban"
SERVICE = "CN-330100/GOV/1133010000250101XW/data/population"
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
names = st.lists(words, max_size=3).map(tuple)
drafts = st.builds(
    RowDraft,
    side=st.sampled_from(["provider", "consumer"]),
    kind=st.sampled_from(["request", "answer", "delivery", "task", "batch", "alarm", "erasure"]),
    **{
        part.name: {int: st.integers(0, 2**53 - 1), str: words}.get(part.type, names)
        for part in fields(RowDraft)
        if part.name not in {"side", "kind"}
    },
)


@given(drafts, st.integers(1, 2**40), st.datetimes(timezones=st.just(UTC)), st.sampled_from("0a"))
def test_a_row_is_canonical_json_and_reads_back(
    draft: RowDraft, seq: int, at: datetime, digit: str
) -> None:
    row = seal_row(draft, seq, at, digit * 64, STD)
    told = json.loads(row.text)
    assert row.text.encode() == canonical(told)
    assert read_row(row.text, STD) == row
    assert (told["seq"], told["previous"]) == (seq, digit * 64)
    assert told.keys() == {part.name for part in fields(RowDraft)} | {"seq", "at", "previous"}


@pytest.mark.parametrize("name", ["std", "gm"])
def test_a_row_is_hashed_as_the_page_says(name: str) -> None:
    """The standard library alone gives the same hash."""
    row = seal_row(RowDraft("provider", "request", "c1"), 1, NOW, "", suite(name))
    algorithm = {"std": "sha256", "gm": "sm3"}[name]
    wanted = hashlib.new(algorithm, b"tongban.row.v1\n" + row.text.encode()).hexdigest()
    assert row.hash == wanted == row_hash(row.text, suite(name))


@pytest.mark.parametrize("bad", ["\ud800", "x\udfff"])
def test_half_a_character_is_no_row(bad: str) -> None:
    with pytest.raises(RowInvalid, match="half a character"):
        seal_row(RowDraft("provider", "request", bad), 1, NOW, "", STD)


@pytest.mark.parametrize(
    ("part", "by"),
    [
        ('"status":0', '"status":"0"'),
        ('"status":0', '"status":0.0'),
        ('"status":0', '"status":true'),
        ('"status":0', '"status":-1'),
        ('"purposes":[]', '"purposes":"p"'),
        ('"purposes":[]', '"purposes":[1]'),
        ('"purposes":[]', '"purposes":{}'),
        ('"kind":"request"', '"kind":"rumour"'),
        ('"side":"provider"', '"side":"both"'),
        ('"call":"c1"', '"call":null'),
        ('"call":"c1"', '"call":"\\u0063\\u0031"'),
        ('"call":"c1"', '"call":"x","call":"c1"'),
        ('"call":"c1"', '"call":"c1","more":1'),
        ('"call":"c1",', ""),
        (",", ", "),
    ],
)
def test_a_row_has_one_written_form(part: str, by: str) -> None:
    text = seal_row(RowDraft("provider", "request", "c1"), 1, NOW, "", STD).text
    assert part in text
    with pytest.raises(RowInvalid):
        read_row(text.replace(part, by, 1), STD)


# --- signed rows --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Side:
    """One who signs."""

    by: Suite
    keyid: str
    secret: bytes

    @classmethod
    def of(cls, name: str, member: str, number: int) -> "Side":
        by, secret = suite(name), bytes(31) + bytes([number])
        return cls(by, key_id(member, by, by.signer(secret).public), secret)

    @property
    def verifier(self) -> Verifier:
        return self.by.verifier(self.by.signer(self.secret).public)


def exchanged(name: str, call: str = "c1", **more: str) -> tuple[RowDraft, RowDraft, Any]:
    """Give the rows of a call whose two messages were really signed, and who knows the keys."""
    asking, giving = Side.of(name, CLIENT[14:32], 1), Side.of(name, SERVICE[14:32], 2)
    said = {"x-road-client": CLIENT, "x-road-id": call, "tb-purpose": "a,b", **more}
    headers = (("content-type", "application/json"), *said.items())
    asked = sign_request(
        Request("POST", f"/r1/{SERVICE}/find", "", headers, b'{"key":1}'),
        asking.keyid,
        asking.by.signer(asking.secret),
        NOW,
        "n" * 22,
    )
    told = sign_response(
        Response(200, (("content-type", "application/json"),), b'{"records":[]}'),
        asked,
        giving.keyid,
        giving.by.signer(giving.secret),
        NOW,
    )
    common: dict[str, Any] = {
        "side": "provider",
        "call": call,
        "client": CLIENT,
        "service": SERVICE,
        "operation": "find",
        "purposes": ("a", "b"),
        "issue": more.get("x-road-issue", ""),
        "user": more.get("x-road-userid", ""),
        "represented": more.get("x-road-represented-party", ""),
    }
    keys = {asking.keyid: asking.verifier, giving.keyid: giving.verifier}
    return (
        RowDraft(kind="request", **common, **signed(asked.headers, read_request(asked))),
        RowDraft(
            kind="answer",
            status=200,
            **common,
            **signed(told.headers, read_response(told, asked)),
        ),
        keys.get,
    )


def signed(headers: Headers, claims: Claims) -> dict[str, Any]:
    return {
        "digest": dict(headers)["content-digest"],
        "signature_input": claims.signature_input,
        "signature": claims.signature.hex(),
        "base": claims.base,
        "keyid": claims.keyid,
        "nonce": claims.nonce,
    }


def chained(*rows: RowDraft) -> list[Kept]:
    kept, previous = [], ""
    for seq, draft in enumerate(rows, 1):
        row = seal_row(draft, seq, NOW, previous, STD)
        kept.append(Kept(seq, row.hash, row.text))
        previous = row.hash
    return kept


@pytest.mark.parametrize("name", ["std", "gm"])
@pytest.mark.parametrize(
    "more", [{}, {"x-road-issue": "20261123-1", "x-road-userid": "post:7"}], ids=["few", "more"]
)
def test_signatures_hold_from_the_rows_alone(name: str, more: dict[str, str]) -> None:
    asked, told, key_of = exchanged(name, **more)
    checker = Checker(STD, key_of=key_of)
    assert verify_rows(chained(asked, told), checker) is None
    assert (checker.signatures, checker.unchecked, checker.bare) == (2, 0, 0)


def test_a_key_that_is_not_known_is_counted_and_its_rows_are_still_held_to_the_text() -> None:
    asked, told, _ = exchanged("std")
    checker = Checker(STD)
    assert verify_rows(chained(asked, told), checker) is None
    assert (checker.signatures, checker.unchecked) == (0, 2)
    assert verify_rows(chained(replace(asked, client="other"), told), Checker(STD)) is not None


def test_a_message_that_was_never_signed_is_counted() -> None:
    asked, _, key_of = exchanged("std")
    missing = RowDraft("provider", "answer", "c1", status=503, code="unavailable")
    checker = Checker(STD, key_of=key_of)
    assert verify_rows(chained(asked, missing), checker) is None
    assert (checker.signatures, checker.bare) == (1, 1)


_REQUEST: dict[str, Any] = {
    "call": "c2",
    "client": CLIENT + "x",
    "service": SERVICE[:-1],
    "operation": "walk",
    "purposes": ("a",),
    "issue": "1",
    "user": "2",
    "represented": "3",
    "digest": "sha-256=:" + "A" * 43 + "=:",
    "nonce": "m" * 22,
    "keyid": "nobody/std/0",
}
_ANSWER = {
    name: _REQUEST[name] for name in ("call", "service", "operation", "digest", "nonce", "keyid")
} | {"status": 403}


@pytest.mark.parametrize(("name", "value"), _REQUEST.items())
def test_a_request_row_cannot_state_what_was_not_signed(name: str, value: Any) -> None:
    """A writer changes one column and recomputes the chain: the signed text says otherwise."""
    asked, told, key_of = exchanged("std")
    broken = verify_rows(chained(replace(asked, **{name: value}), told), Checker(STD, None, key_of))
    assert broken is not None
    assert (broken.seq, broken.why.startswith("the text that was signed")) == (1, True)


@pytest.mark.parametrize(("name", "value"), _ANSWER.items())
def test_an_answer_row_cannot_state_what_was_not_signed(name: str, value: Any) -> None:
    asked, told, key_of = exchanged("std")
    broken = verify_rows(chained(asked, replace(told, **{name: value})), Checker(STD, None, key_of))
    assert broken is not None
    assert (broken.seq, broken.why.startswith("the text that was signed")) == (2, True)


def _flipped(text: str) -> str:
    return f"{int(text[:2], 16) ^ 1:02x}{text[2:]}"


def _other_base(row: RowDraft) -> RowDraft:
    """Change what no column repeats: the text and the columns agree, the signature does not."""
    return replace(row, base=row.base.replace('"@method": POST', '"@method": PUT', 1))


@pytest.mark.parametrize("name", ["std", "gm"])
@pytest.mark.parametrize(
    "bend", [lambda row: replace(row, signature=_flipped(row.signature)), _other_base]
)
def test_a_signature_that_does_not_hold_names_its_row(
    name: str, bend: Callable[[RowDraft], RowDraft]
) -> None:
    asked, told, key_of = exchanged(name)
    broken = verify_rows(chained(bend(asked), told), Checker(STD, None, key_of))
    assert broken == Broken(1, "its signature does not hold")


@pytest.mark.parametrize("signature", ["zz", "AB", "0", "ab cd"])
def test_a_signature_that_is_no_hex_is_a_fault_and_no_crash(signature: str) -> None:
    asked, _, key_of = exchanged("std")
    bent = chained(replace(asked, signature=signature))
    broken = verify_rows(bent, Checker(STD, None, key_of))
    assert broken is not None
    assert broken.seq == 1


def test_a_genuine_answer_to_another_request_is_caught_beside_this_one() -> None:
    asked, _, key_of = exchanged("std")
    _, other, _ = exchanged("std", **{"x-road-issue": "another"})
    broken = verify_rows(chained(asked, other), Checker(STD, None, key_of))
    assert broken is not None
    assert (broken.seq, broken.why.endswith("states: request")) == (2, True)


def test_a_line_of_the_base_cannot_stand_twice() -> None:
    asked, _, _ = exchanged("std")
    doubled = replace(asked, base=f'"x-road-client": {asked.client}\n{asked.base}')
    broken = verify_rows(chained(doubled), Checker(STD))
    assert broken is not None
    assert "twice" in broken.why


# --- checkpoints --------------------------------------------------------------------------------


def test_a_checkpoint_says_between_which_rows_the_change_lies() -> None:
    """Rewritten from row 25 on, with the whole chain: the first signed root that differs tells."""
    rows = [RowDraft("provider", "request", f"c{n}") for n in range(60)]
    frontier, roots = Frontier(), {}
    for kept in chained(*rows):
        frontier = frontier.grown([leaf_hash(bytes.fromhex(kept.hash), STD.digest)], STD.digest)
        if kept.seq % 20 == 0:
            told = checkpoint("n1", frontier, kept.hash, NOW + timedelta(seconds=1), STD)
            assert (told["size"], told["head"]) == (kept.seq, kept.hash)
            roots[kept.seq] = told["root"]
    assert verify_rows(chained(*rows), Checker(STD, roots)) is None
    rows[24] = replace(rows[24], client="somebody else")
    broken = verify_rows(chained(*rows), Checker(STD, roots))
    assert broken is not None
    assert broken.seq == 40
    assert "a row from 21 to 40 was rewritten" in broken.why
    cut = verify_rows(chained(*rows[:10]), Checker(STD, roots))
    assert cut is not None
    assert (cut.seq, "was cut off" in cut.why) == (11, True)
