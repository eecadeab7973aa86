"""The trail envelope: one written form, one hash, and no change that is not seen."""

import hashlib
import json
import re
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.kernel.events import (
    LIFECYCLES,
    Broken,
    Draft,
    Event,
    EventInvalid,
    Head,
    PayloadErased,
    canonical,
    event_hash,
    seal,
    to_cloudevent,
    verify_chain,
)
from tongban.kernel.suites import suite

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
STD = suite("std")
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
jsons = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)


def drafts() -> st.SearchStrategy[Draft]:
    return st.builds(
        Draft,
        type=st.sampled_from(["tongban.cases.submitted.v1", "tongban.cases.decided.v2"]),
        chain=st.just("case:1"),
        actor=words.filter(bool),
        organisation=words,
        on_behalf_of=words,
        authority=words,
        item=words,
        item_version=words,
        step=words,
        lifecycle=st.sampled_from(sorted(LIFECYCLES)),
        occurred=st.none() | st.datetimes(timezones=st.just(UTC)),
        reason=words,
        corrects=words,
        data=st.dictionaries(words, jsons, max_size=4),
    )


def chain(told: list[Draft]) -> list[Event]:
    events: list[Event] = []
    head = None
    for number, draft in enumerate(told):
        event = seal(
            draft,
            event_id=f"id-{number}",
            head=head,
            recorded=NOON + timedelta(seconds=number),
            salt=bytes([number]) * 16,
            by=STD,
        )
        events.append(event)
        head = Head(event.seq, event.hash, event.recorded)
    return events


def draft(**told: Any) -> Draft:
    given_ = {"type": "tongban.cases.submitted.v1", "chain": "case:1", "actor": "p", "data": {}}
    return Draft(**{**given_, **told})


# RFC 8785, section 3.2.3: sorted by UTF-16 code unit.
def test_names_sort_as_in_rfc_8785() -> None:
    names = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    assert canonical(names).decode() == (
        '{"\\r":"Carriage Return","1":"One","\u0080":"Control",'
        '"ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign",'
        '"\U0001f600":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}'
    )


# RFC 8785, section 3.2.4, without its floating-point numbers.
def test_text_is_escaped_as_in_rfc_8785() -> None:
    given_ = {"string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/", "literals": [None, True]}
    assert canonical(given_).hex() == (
        '{"literals":[null,true],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'.encode().hex()
    )


@given(jsons)
def test_the_written_form_reads_back_and_does_not_depend_on_order(value: Any) -> None:
    written = canonical(value)
    assert json.loads(written) == value
    assert canonical(json.loads(written)) == written
    assert canonical(_turned(value)) == written


def _turned(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _turned(value[name]) for name in reversed(value)}
    return [_turned(part) for part in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({"a": [1, 0.5]}, r"data.a\[1\] is float; write it as integer fen or text"),
        ({"a": float("nan")}, "is float"),
        ({"born": date(2026, 1, 1)}, "data.born is date; write it as text .ISO 8601."),
        (Decimal(1), "is Decimal; write it as text"),
        ({1: 2}, "names are text"),
        ({"a": 2**53}, "data.a is beyond"),
        ({"a": -(2**53)}, "beyond"),
        ("a\x00", "NUL"),
        ({"\x00": 1}, "NUL"),
        ("\ud800", "half a character"),
        ({"\ud800": 1}, "half a character"),
        ({"a": {1, 2}}, "is set"),
        (b"x", "is bytes"),
    ],
)
def test_what_cannot_be_evidence_is_refused_with_its_place(value: Any, why: str) -> None:
    with pytest.raises(EventInvalid, match=why):
        canonical(value)


def test_data_nested_without_end_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(EventInvalid, match="nested too deep"):
        canonical(endless)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"type": "decided"}, "write house, room"),
        ({"type": "tongban.cases.decided"}, "version"),
        ({"chain": ""}, "chain and an actor"),
        ({"actor": ""}, "chain and an actor"),
        ({"lifecycle": "done"}, "take one of XES: .*complete"),
        ({"occurred": datetime(2026, 1, 1)}, "without zone"),  # noqa: DTZ001
        ({"reason": "a\x00b"}, "NUL"),
        ({"actor": "\ud800"}, "half a character"),
    ],
)
def test_an_envelope_that_says_too_little_is_refused(told: dict[str, Any], why: str) -> None:
    with pytest.raises(EventInvalid, match=why):
        draft(**told)


@given(st.lists(drafts(), max_size=5))
def test_a_sealed_chain_holds(told: list[Draft]) -> None:
    events = chain(told)
    assert verify_chain(events) is None
    assert [event.seq for event in events] == list(range(1, len(told) + 1))
    for draft_, event in zip(told, events, strict=True):
        assert event.data == draft_.data
        assert event.occurred == (draft_.occurred or event.recorded)


@given(st.lists(drafts(), min_size=1, max_size=4), st.data())
def test_every_change_of_any_field_is_seen_at_its_place(
    told: list[Draft], data: st.DataObject
) -> None:
    events = chain(told)
    at = data.draw(st.integers(0, len(events) - 1))
    name = data.draw(st.sampled_from([f.name for f in fields(Event)]))
    old = getattr(events[at], name)
    new: Any
    if isinstance(old, datetime):
        new = old + timedelta(microseconds=1) if old.year < 9999 else old - timedelta(days=1)
    elif isinstance(old, int):
        new = old + 1
    else:
        new = old + (b"x" if isinstance(old, bytes) else "x")
    broken = verify_chain([*events[:at], replace(events[at], **{name: new}), *events[at + 1 :]])
    assert broken is not None
    assert broken.seq in {at + 1, at + 2}


@given(st.lists(drafts(), min_size=2, max_size=5), st.data())
def test_an_event_left_out_doubled_or_moved_is_seen(told: list[Draft], data: st.DataObject) -> None:
    events = chain(told)
    at = data.draw(st.integers(0, len(events) - 2))
    for bent in (
        [*events[:at], *events[at + 1 :]],
        [*events[: at + 1], *events[at:]],
        [*events[:at], events[at + 1], events[at], *events[at + 2 :]],
    ):
        assert verify_chain(bent) is not None


@given(st.lists(drafts(), min_size=1, max_size=4), st.data())
def test_an_erased_payload_leaves_the_chain_whole(told: list[Draft], data: st.DataObject) -> None:
    events = chain(told)
    at = data.draw(st.integers(0, len(events) - 1))
    events[at] = replace(events[at], salt=None, payload=None)
    assert verify_chain(events) is None
    assert events[at].erased
    with pytest.raises(PayloadErased, match=f"case:1:{at + 1}"):
        _ = events[at].data
    assert "data" not in to_cloudevent(events[at], "/city")
    half = [*events[:at], replace(events[at], salt=b"x"), *events[at + 1 :]]
    assert verify_chain(half) == Broken(
        "case:1", at + 1, f"id-{at}", "half of its payload is missing"
    )


@given(drafts(), st.integers(-12, 14))
def test_the_hash_can_be_made_again_by_the_description_alone(draft_: Draft, hours: int) -> None:
    """A reader who knows docs/apps/trail.md and no code of ours gets the same hash."""
    [event] = chain([draft_])
    inner = hashlib.sha256(event.salt + event.payload.encode()).hexdigest()  # type: ignore[operator, union-attr]
    assert event.payload_digest == inner
    envelope = {f.name: getattr(event, f.name) for f in fields(Event)}
    for name in ("hash", "salt", "payload"):
        del envelope[name]
    for name in ("occurred", "recorded"):
        envelope[name] = envelope[name].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        year, rest = envelope[name].split("-", 1)
        envelope[name] = f"{int(year):04d}-{rest}"
    written = json.dumps(envelope, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    told = hashlib.sha256(b"tongban.event.v1\n" + written.encode()).hexdigest()
    assert event.hash == told
    if 2 < event.recorded.year < 9998 and 2 < event.occurred.year < 9998:
        zone = timezone(timedelta(hours=hours))
        moved = replace(
            event,
            recorded=event.recorded.astimezone(zone),
            occurred=event.occurred.astimezone(zone),
        )
        assert event_hash(moved) == event.hash


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=6))
def test_recorded_times_never_go_back_though_the_clock_does(steps: list[int]) -> None:
    head, events = None, []
    for number, step in enumerate(steps):
        now = NOON + timedelta(seconds=step)
        event = seal(draft(), event_id=str(number), head=head, recorded=now, salt=bytes(16), by=STD)
        assert event.recorded >= now
        head = Head(event.seq, event.hash, event.recorded)
        events.append(event)
    assert verify_chain(events) is None


def test_a_later_change_of_the_authors_data_does_not_reach_the_event() -> None:
    rows = [1]
    [event] = chain([draft(data={"rows": rows})])
    rows.append(2)
    event.data["rows"].append(3)
    assert event.data == {"rows": [1]}


def test_an_event_of_another_chain_or_an_unknown_suite_does_not_pass() -> None:
    first, second = chain([draft(), draft()])
    alien = verify_chain([first, replace(second, chain="case:2")])
    assert alien is not None
    assert "another chain" in alien.why
    odd = verify_chain([replace(first, suite="rot13")])
    assert odd is not None
    assert "rot13" in odd.why


# CloudEvents 1.0.2: names of attributes (3), required attributes (3.1), time by RFC 3339.
@given(drafts())
def test_an_event_is_a_cloudevent(draft_: Draft) -> None:
    [event] = chain([draft_])
    told = json.loads(json.dumps(to_cloudevent(event, "/tongban/sample")))
    assert told["specversion"] == "1.0"
    for name, value in told.items():
        assert re.fullmatch("[a-z0-9]{1,20}", name)
        assert name == "data" or (isinstance(value, str) and value)
    assert told["id"] == event.id
    assert told["source"] == "/tongban/sample"
    assert told["type"] == event.type
    assert told["subject"] == "case:1"
    assert told["data"] == event.data
    rfc3339 = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
    assert re.fullmatch(rfc3339, told["time"])
    assert datetime.fromisoformat(told["time"]) == event.occurred
    assert told["eventhash"] == event.hash
