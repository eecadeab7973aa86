"""The node's core: every refusal it gives, what it signs, what it logs, and what it never tells."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testkit.nodes import (
    AGREED,
    BIRTHS,
    BUREAU,
    CLIENT,
    GRANTS,
    HEALTH,
    INSTANCE,
    ITEM,
    OPENED,
    OTHER,
    POLICE,
    POPULATION,
    PublicKey,
    consent_token,
    control_key,
    feed_document,
    grant,
    snapshot_document,
)
from testkit.nodes import signed as sealed_by
from tongban.kernel.events import canonical
from tongban.kernel.suites import suite
from tongban.kernel.wire.documents import key_id, write_token
from tongban.kernel.wire.signatures import sign_request, sign_response, verify_response
from tongban.kernel.wire.snapshot import read_revocations, read_snapshot
from tongban.kernel.wire.words import Found, Identifier, Request, Response
from tongban.node.core import (
    Accepted,
    Asked,
    Identity,
    Node,
    Outcome,
    Prepared,
    View,
    replayed,
    unreachable,
)

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
SECRETS = {BUREAU: bytes([1]) * 32, POLICE: bytes([2]) * 32, HEALTH: bytes([3]) * 32}
RECORD = {
    "id_number": "P.1",  # with a sign that no digest or signature has by chance
    "name": "王一",
    "birth_date": "1990-01-02",
    "region": "330106",
    "mobile": "13800138000",
    "married": True,
}
FIND = {"fields": ["name"], "key": {"id_number": "P.1"}}
_NONCES = count()


def identity(member: str, name: str = "std") -> Identity:
    """Give the identity of a member's node."""
    by = suite(name)
    signer = by.signer(SECRETS[member])
    return Identity(member, key_id(member, by, signer.public), by, signer, bytes([9]) * 32)


def card(member: str, name: str = "std") -> dict[str, Any]:
    """Give the card of a member's node."""
    public = suite(name).signer(SECRETS[member]).public.hex()
    return {
        "id": f"node-{member.lower()}",
        "address": f"http://{member}.test",
        "members": [member],
        "keys": [{"suite": name, "public": public}],
    }


@dataclass
class World:
    """Nodes over one view, which a test may change under them."""

    view: View | None
    name: str = "std"

    def node(self, member: str = POLICE) -> Node:
        """Give a member's node; the police's serves the population, health the rest."""
        served = {POLICE: [POPULATION], HEALTH: [BIRTHS, OPENED], BUREAU: []}[member]
        return Node(identity(member, self.name), lambda: self.view, served)

    def see(self, *grants: Mapping[str, Any], name: str = "", **changed: Any) -> None:
        """Let every node see a snapshot with these grants."""
        name = name or self.name
        cards = [card(member, name) for member in SECRETS]
        found = snapshot_document(cards, grants or GRANTS, issued="2026-11-23T00:59:00Z", **changed)
        feed = read_revocations(feed_document(issued="2026-11-23T00:59:50Z"), None)
        pinned = control_key(name)
        held = PublicKey(name, suite(name).verifier(bytes.fromhex(pinned["public"])))
        self.view = View(read_snapshot(found), feed, {pinned["id"]: held}.get)

    def end(self, kind: str, name: str) -> None:
        """Put an entry into the feed that the nodes see."""
        assert self.view is not None
        entry = {"seq": 1, "kind": kind, "id": name, "until": "2027-01-01T00:00:00Z"}
        feed = feed_document([entry], issued="2026-11-23T00:59:55Z")
        self.view = replace(self.view, revoked=read_revocations(feed, None))


@pytest.fixture(params=["std", "gm"])
def world(request: pytest.FixtureRequest) -> World:
    """Give a world of each suite."""
    made = World(None, request.param)
    made.see()
    return made


@pytest.fixture
def std() -> World:
    """Give a world of suite std, where the suite makes no difference."""
    made = World(None)
    made.see()
    return made


def nonce() -> str:
    """Give a nonce that was not given before."""
    return f"{next(_NONCES):022d}"


def unsigned(
    service: str = POPULATION,
    operation: str = "find",
    body: Any = FIND,
    **headers: str | None,
) -> Request:
    """Give a request of the bureau before it is signed; a header of None is left out."""
    told: dict[str, str | None] = {
        "content-type": "application/json",
        "x-road-client": CLIENT,
        "x-road-id": "call-1",
        "tb-purpose": ITEM,
    }
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    kept = tuple((name, value) for name, value in told.items() if value is not None)
    written = body if isinstance(body, bytes) else canonical(body)
    return Request("POST", f"/r1/{service}/{operation}", "", kept, written)


def signed(
    plain: Request, member: str = BUREAU, at: datetime = NOW, name: str = "std", number: str = ""
) -> Request:
    """Sign it by a member's node."""
    by = identity(member, name)
    return sign_request(plain, by.keyid, by.signer, at, number or nonce())


def told(outcome: Accepted | Outcome) -> Any:
    """Give the body of an answer."""
    assert isinstance(outcome, Outcome)
    return json.loads(outcome.response.body)


def code(outcome: Accepted | Outcome) -> str:
    """Give the code of a refusal, which body, status and log agree on."""
    body = told(outcome)
    assert isinstance(outcome, Outcome)
    assert body["status"] == outcome.response.status
    assert body["type"] == f"tongban:{outcome.code}"
    if outcome.entry is not None:
        asked, answered = outcome.entry.rows
        assert (asked.kind, answered.kind) == ("request", "answer")
        assert (answered.status, answered.code) == (body["status"], outcome.code)
    return outcome.code


def served(world: World, plain: Request, records: list[dict[str, Any]], **how: Any) -> Outcome:
    """Let the police answer a request by these records of its provider."""
    node = world.node()
    accepted = node.receive(signed(plain, name=world.name, **how), NOW)
    assert isinstance(accepted, Accepted), told(accepted)
    return node.answer(accepted, Found(records), NOW + timedelta(milliseconds=3))


# What is served


def test_a_granted_call_is_answered_by_exactly_the_granted_fields(world: World) -> None:
    """The provider sends all it has; the answer has what was asked for and granted."""
    outcome = served(world, unsigned(), [RECORD])
    assert told(outcome) == {"records": [{"name": "王一"}]}


def test_an_answer_is_signed_and_bound_to_its_request(world: World) -> None:
    """It verifies for this request, and for no other of the same caller."""
    node, request, other = (
        world.node(),
        *(signed(unsigned(x_road_id=call), name=world.name) for call in ("call-1", "call-2")),
    )
    accepted = node.receive(request, NOW)
    assert isinstance(accepted, Accepted)
    response = node.answer(accepted, Found([RECORD]), NOW).response
    assert world.view is not None
    keys = world.view.snapshot.keys
    assert verify_response(response, request, keys.get, NOW).keyid == node.identity.keyid
    with pytest.raises(ValueError, match="bad_answer"):
        verify_response(response, other, keys.get, NOW)


def test_both_rows_of_a_served_call_are_drafted_with_what_was_signed(world: World) -> None:
    """Request and answer carry the exact texts that were signed, and no value of a record."""
    outcome = served(world, unsigned(x_road_issue="case-7", x_road_userid="clerk"), [RECORD])
    assert outcome.entry is not None
    asked, answered = outcome.entry.rows
    for row in (asked, answered):
        assert (row.side, row.call, row.client) == ("provider", "call-1", CLIENT)
        assert (row.service, row.operation, row.purposes) == (POPULATION, "find", (ITEM,))
        assert (row.grants, row.issue, row.user, row.fields) == (("g1",), "case-7", "clerk", 1)
        assert len(row.subjects) == 1
        assert row.suite == world.name
        assert f'"content-digest": {row.digest}' in row.base.split("\n")
        by = suite(world.name)
        public = by.signer(SECRETS[BUREAU if row is asked else POLICE]).public
        assert by.verifier(public).verify(row.base.encode(), bytes.fromhex(row.signature))
        assert "P.1" not in repr(row)
        assert "王一" not in repr(row)
    assert (answered.status, answered.records, answered.micros) == (200, 1, 3000)
    assert outcome.entry.nonce is not None
    assert outcome.entry.nonce.nonce == asked.nonce


def test_a_subject_has_the_same_mark_in_every_call_and_another_one_another(std: World) -> None:
    """So the log answers who looked at whom without holding a number."""
    marks = [
        served(std, unsigned(body={"fields": ["name"], "key": {"id_number": number}}), []).entry
        for number in ("P.1", "P.1", "P2")
    ]
    first, again, other = (entry.rows[0].subjects for entry in marks if entry)
    assert first == again != other
    assert len(first[0]) == 32


def test_among_and_walk_are_answered_in_their_shape(std: World) -> None:
    """A walk gives the cursor to go on from; among gives none."""
    keys = [{"id_number": "P.1"}, {"id_number": "P2"}]
    among = served(
        std, unsigned(operation="among", body={"fields": ["name"], "keys": keys}), [RECORD]
    )
    assert told(among) == {"records": [{"name": "王一"}]}
    node = std.node()
    walk = unsigned(operation="walk", body={"fields": ["name"], "after": None, "limit": 10})
    accepted = node.receive(signed(walk), NOW)
    assert isinstance(accepted, Accepted)
    assert accepted.permit.question.limit == 10
    given_next = node.answer(accepted, Found([RECORD], "cursor"), NOW)
    assert told(given_next) == {"next": "cursor", "records": [{"name": "王一"}]}


def test_a_get_asks_like_a_find_and_its_text_gets_the_declared_type(std: World) -> None:
    """X-Road clients ask by the query; a key that is a number arrives as a number."""
    plain = replace(
        unsigned(body=b""),
        method="GET",
        path=f"/r1/{POPULATION}",
        query="id_number=P.1&fields=name",
    )
    assert told(served(std, plain, [RECORD])) == {"records": [{"name": "王一"}]}


def test_an_unconditional_service_needs_no_grant_and_is_logged(std: World) -> None:
    """Anyone of the network may read it for a registered purpose."""
    node = std.node(HEALTH)
    body = {"fields": ["name"], "key": {"code": "H1"}}
    accepted = node.receive(signed(unsigned(OPENED, body=body)), NOW)
    assert isinstance(accepted, Accepted)
    outcome = node.answer(accepted, Found([{"code": "H1", "name": "医院"}]), NOW)
    assert told(outcome) == {"records": [{"name": "医院"}]}
    assert outcome.entry is not None
    assert len(outcome.entry.rows) == 2


def test_a_quota_is_told_to_the_store_with_what_was_used(std: World) -> None:
    """One call and the records that left."""
    std.see(grant(1, quota={"calls": 5, "records": 7}))
    outcome = served(std, unsigned(), [RECORD])
    assert outcome.entry is not None
    (usage,) = outcome.entry.usage
    assert (usage.grant, usage.calls, usage.records) == ("g1", 1, 1)


# What is garbage: answered in plain words, unsigned, not logged


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (replace(unsigned(), path=f"/r1/{POPULATION}/../find"), "malformed"),
        (replace(unsigned(), path=f"/r1/{POPULATION}%2Ffind"), "malformed"),
        (replace(unsigned(), path=f"/r1//{POPULATION}/find"), "malformed"),
        (replace(unsigned(), path=f"/r1/{POPULATION}/drop"), "malformed"),
        (replace(unsigned(), path=f"/r1/{POPULATION}"), "malformed"),
        (replace(unsigned(), method="DELETE"), "malformed"),
        (replace(unsigned(), query="sort=name"), "malformed"),
        (replace(unsigned(), headers=(*unsigned().headers, ("x-road-id", "2"))), "malformed"),
        (replace(unsigned(), headers=(*unsigned().headers, ("x_road_id", "2"))), "malformed"),
        (replace(unsigned(), headers=(*unsigned().headers, ("x-road-new", "2"))), "malformed"),
        (unsigned(content_type="text/plain"), "malformed"),
        (unsigned(content_type=None), "malformed"),
        (unsigned(x_road_client=None), "malformed"),
        (unsigned(x_road_client="CN-330100/GOV/1/tongban"), "malformed"),
        (unsigned(x_road_id=None), "malformed"),
        (unsigned(x_road_id="a b"), "malformed"),
        (unsigned(tb_purpose=None), "malformed"),
        (unsigned(tb_purpose="a,,b"), "malformed"),
        (unsigned(), "signature"),
    ],
)
def test_garbage_is_refused_unsigned_and_leaves_no_row(
    std: World, request_: Request, expected: str
) -> None:
    """Nobody vouches for it, so it must not fill the log."""
    outcome = std.node().receive(request_, NOW)
    assert code(outcome) == expected
    assert isinstance(outcome, Outcome)
    assert outcome.entry is None
    assert [name for name, _ in outcome.response.headers] == ["content-type"]


def change(request: Request, name: str, value: str) -> Request:
    """Give the request with another value of a header."""
    return replace(
        request, headers=tuple((n, value if n == name else v) for n, v in request.headers)
    )


def test_a_changed_message_is_refused(world: World) -> None:
    """Path, body, purpose, client, consent: each is under the signature."""
    good = signed(unsigned(x_road_issue="case-1"), name=world.name)
    changed = [
        replace(good, path=good.path.replace("find", "walk")),
        replace(good, body=canonical({**FIND, "fields": ["name", "birth_date"]})),
        change(good, "tb-purpose", OTHER),
        change(good, "x-road-client", f"{INSTANCE}/GOV/{POLICE}/tongban"),
        change(good, "x-road-id", "call-2"),
        change(good, "x-road-issue", "case-2"),
        replace(good, headers=(*good.headers, ("tb-consent", "x"))),
    ]
    node = world.node()
    assert isinstance(node.receive(good, NOW), Accepted)
    for request in changed:
        outcome = node.receive(request, NOW)
        assert code(outcome) == "signature"
        assert isinstance(outcome, Outcome)
        assert outcome.entry is None


@pytest.mark.parametrize("seconds", [-61, -3600, 6, 3600])
def test_a_request_of_another_time_is_refused(std: World, seconds: int) -> None:
    """Older than its sixty seconds, or from the future."""
    request = signed(unsigned(), at=NOW + timedelta(seconds=seconds))
    assert code(std.node().receive(request, NOW)) == "signature"


def test_a_key_that_ended_or_was_revoked_signs_nothing(std: World) -> None:
    """From its end, and from the moment that the feed names it."""
    request = signed(unsigned())
    assert isinstance(std.node().receive(request, NOW), Accepted)
    std.end("key", identity(BUREAU).keyid)
    assert code(std.node().receive(request, NOW)) == "signature"
    late = NOW + timedelta(days=365 * 80)
    assert code(std.node().receive(signed(unsigned(), at=late), late)) == "signature"


def test_without_a_snapshot_nothing_is_served(std: World) -> None:
    """A node that never reached its control plane denies."""
    std.view = None
    assert code(std.node().receive(signed(unsigned()), NOW)) == "snapshot_old"


# What is refused by name: signed, and on the log


def refused(world: World, plain: Request, expected: str, member: str = BUREAU) -> Outcome:
    """Check that a request is refused by this code, signed and logged; give the outcome."""
    node = world.node()
    request = signed(plain, member, name=world.name)
    outcome = node.receive(request, NOW)
    assert code(outcome) == expected
    assert isinstance(outcome, Outcome)
    assert outcome.entry is not None
    assert outcome.entry.nonce is not None
    assert not outcome.entry.usage
    assert world.view is not None
    verify_response(outcome.response, request, world.view.snapshot.keys.get, NOW)
    return outcome


def test_what_may_not_be_told_apart_is_equal_to_the_byte(world: World) -> None:
    """Unknown service, unserved one, unknown field, ungranted one, unknown or other purpose."""
    nowhere = POPULATION.replace("population", "nowhere")
    wanted = [
        unsigned(nowhere),
        unsigned(BIRTHS, body={"fields": ["weight"], "key": {"number": "B1"}}),
        unsigned(body={**FIND, "fields": ["nothing"]}),
        unsigned(body={**FIND, "fields": ["mobile"]}),
        unsigned(body={**FIND, "fields": ["name", "region"]}),
        unsigned(tb_purpose="unheard-of"),
        unsigned(tb_purpose=OTHER),
        unsigned(tb_purpose=f"{ITEM},unheard-of"),
        unsigned(x_road_client=f"{INSTANCE}/GOV/{BUREAU}/data"),
        unsigned(x_road_client=f"{INSTANCE}/GOV/{BUREAU}/strange"),
    ]
    outcomes = [refused(world, plain, "not_granted") for plain in wanted]
    assert len({outcome.response.body for outcome in outcomes}) == 1
    assert len({outcome.response.status for outcome in outcomes}) == 1
    heads = [
        [(name, len(value)) for name, value in outcome.response.headers] for outcome in outcomes
    ]
    assert all(head == heads[0] for head in heads)


def test_the_key_of_one_member_does_not_speak_for_another(std: World) -> None:
    """It is on the log who tried."""
    plain = unsigned()
    outcome = refused(std, plain, "signature", member=HEALTH)
    assert outcome.entry is not None
    assert outcome.entry.rows[0].keyid == identity(HEALTH).keyid


def test_a_revoked_grant_ends_at_once(std: World) -> None:
    """Although the snapshot still has it."""
    std.end("grant", "g1")
    refused(std, unsigned(), "not_granted")


def test_a_walk_needs_a_bulk_grant(std: World) -> None:
    """Who may look at one person may not take the register."""
    std.see(grant(1))
    refused(std, unsigned(operation="walk", body={"fields": ["name"]}), "not_granted")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"fields":["name"],"key":{"id_number":"P.1"},"sort":"name"}',
        b'{"fields":["name"],"fields":["name"],"key":{"id_number":"P.1"}}',
        b'{"fields":["name"]}',
        b'{"fields":[],"key":{"id_number":"P.1"}}',
        b'{"fields":["name","name"],"key":{"id_number":"P.1"}}',
        b'{"fields":[1],"key":{"id_number":"P.1"}}',
        b'{"fields":["name"],"key":{}}',
        b'{"fields":["name"],"key":{"id_number":1.5}}',
        b'{"fields":["name"],"key":{"id_number":NaN}}',
        b'{"fields":["name"],"key":{"id_number":9007199254740992}}',
        b'{"fields":["name"],"key":{"id_number":null}}',
        b'{"fields":["name"],"key":{"id_number":{"like":"P"}}}',
        b'{"fields":["name"],"key":{"id_number":"\\ud800"}}',
        b'{"fields":["name"],"key":{"id_number":"\\u0000"}}',
        b'{"fields":["name"],"key":{"name":"P.1"}}',
        b'{"fields":["name"],"key":{"id_number":"P.1","name":"x"}}',
        b"\xff",
        b"[" * 20_000,
    ],
)
def test_a_body_that_is_no_question_is_refused_and_logged(std: World, body: bytes) -> None:
    """There is nothing to select, filter or sort by but the record key."""
    refused(std, unsigned(body=body), "malformed")


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("among", {"fields": ["name"], "keys": []}),
        ("among", {"fields": ["name"], "keys": [{"id_number": "P.1"}] * 401}),
        ("among", {"fields": ["name"], "keys": {"id_number": "P.1"}}),
        ("walk", {"fields": ["name"], "limit": 0}),
        ("walk", {"fields": ["name"], "limit": 2001}),
        ("walk", {"fields": ["name"], "limit": True}),
        ("walk", {"fields": ["name"], "after": 3}),
        ("walk", {"fields": ["name"], "key": {"id_number": "P.1"}}),
    ],
)
def test_bounds_of_among_and_walk(std: World, operation: str, body: Any) -> None:
    """At most 400 keys, at most 2,000 records."""
    refused(std, unsigned(operation=operation, body=body), "malformed")


def test_conditional_services_stop_on_an_old_snapshot_and_open_ones_go_on(std: World) -> None:
    """A day, by default."""
    std.see(limits={"snapshot_age": 59, "feed_age": 60})
    refused(std, unsigned(), "snapshot_old")
    body = {"fields": ["name"], "key": {"code": "H1"}}
    assert isinstance(std.node(HEALTH).receive(signed(unsigned(OPENED, body=body)), NOW), Accepted)


# Consent

MOBILE = {"fields": ["mobile"], "key": {"id_number": "P.1"}}


def by_consent(token: str | None, issue: str | None = "case-1") -> Request:
    """Ask for the mobile number with a consent."""
    return unsigned(body=MOBILE, tb_purpose=AGREED, tb_consent=token, x_road_issue=issue)


def test_consent_lets_its_field_through(world: World) -> None:
    """The token is signed by the control plane and bound to the case."""
    token = consent_token(name=world.name)
    outcome = served(world, by_consent(token), [RECORD])
    assert told(outcome) == {"records": [{"mobile": "13800138000"}]}
    assert outcome.entry is not None
    assert outcome.entry.rows[0].consent == "c1"


def test_consent_that_does_not_fit_is_refused(std: World) -> None:
    """Missing, forged, of another case, client, end or service."""
    line = {"service": BIRTHS, "fields": ["weight"], "purposes": [AGREED]}
    refused(std, by_consent(None), "consent_missing")
    for token in (
        "garbage",
        consent_token()[:-4],
        consent_token(client=f"{INSTANCE}/GOV/{POLICE}/tongban"),
        consent_token(until="2026-11-23T00:59:59Z"),
        consent_token(issue="case-2"),
        consent_token(lines=[line]),
        consent_token(format="tongban-consent/2"),
        consent_token(name="gm"),
    ):
        refused(std, by_consent(token), "consent_unfit")
    refused(std, by_consent(consent_token(), issue=None), "consent_unfit")


def test_consent_withdrawn_ends_at_once(std: World) -> None:
    """As soon as the feed says so."""
    std.end("consent", "c1")
    refused(std, by_consent(consent_token()), "consent_withdrawn")


def test_an_old_feed_stops_consent_and_no_statutory_call(std: World) -> None:
    """Sixty seconds, by default; a node without a feed has the oldest."""
    assert std.view is not None
    old = feed_document(issued="2026-11-23T00:58:59Z")
    for revoked in (read_revocations(old, None), None):
        std.view = replace(std.view, revoked=revoked)
        refused(std, by_consent(consent_token()), "feed_old")
        assert isinstance(std.node().receive(signed(unsigned()), NOW), Accepted)


# Consents of another instance

COUNTY = "CN-330106"
COUNTY_SECRET = bytes(range(1, 33))
VISITOR = f"{COUNTY}/GOV/{HEALTH}/tongban"


def abroad(world: World, heard: str | None = "2026-11-23T00:59:40Z", **changed: Any) -> None:
    """Let health belong to a county whose key the snapshot knows; ``heard``: when its feed was."""
    cards = [card(member, world.name) for member in SECRETS]
    members = snapshot_document(cards)["members"]
    for one in members:
        if one["member"] == HEALTH:
            one["instance"] = COUNTY
    key = control_key(world.name, COUNTY_SECRET)
    known = {"name": COUNTY, "key": key["id"], "suite": key["suite"], "public": key["public"]}
    services = [s for s in snapshot_document(cards)["services"] if s["id"] == POPULATION]
    world.see(
        grant(1, client=VISITOR, fields=["name"]),
        grant(2, client=VISITOR, fields=["mobile"], basis="consent", purpose=AGREED),
        **{
            "members": members,
            "services": services,
            "purposes": [
                {**one, "fields": {POPULATION: one["fields"][POPULATION]}}
                for one in snapshot_document(cards)["purposes"]
            ],
            "instances": [known],
            **changed,
        },
    )
    others = {COUNTY: heard} if heard else {}
    feed = feed_document(issued="2026-11-23T00:59:50Z", others=others)
    assert world.view is not None
    world.view = replace(world.view, revoked=read_revocations(feed, None))


def visiting(world: World, secret: bytes = COUNTY_SECRET, **changed: Any) -> Request:
    """Ask for the mobile number from the county, by a consent that the county's key signed."""
    document = {
        "format": "tongban-consent/1",
        "id": "k1",
        "issue": "case-1",
        "client": VISITOR,
        "lines": [{"service": POPULATION, "fields": ["mobile"], "purposes": [AGREED]}],
        "until": "2099-01-01T00:00:00Z",
        **changed,
    }
    token = write_token(json.loads(sealed_by(document, world.name, secret)))
    return replace(
        by_consent(token),
        headers=tuple(
            (name, VISITOR if name == "x-road-client" else value)
            for name, value in by_consent(token).headers
        ),
    )


def test_a_consent_of_another_instance_counts_while_its_feed_is_fresh(world: World) -> None:
    """Its control key is in the snapshot, and its revocations in the feed."""
    abroad(world)
    outcome = served(world, visiting(world), [RECORD], member=HEALTH)
    assert told(outcome) == {"records": [{"mobile": "13800138000"}]}


def test_a_consent_of_an_unknown_instance_is_refused_by_name(std: World) -> None:
    """So is one whose key is not the one that was pinned."""
    abroad(std, instances=[])
    refused(std, visiting(std), "consent_unfit", HEALTH)
    abroad(std)
    refused(std, visiting(std, bytes(range(2, 34))), "consent_unfit", HEALTH)


@pytest.mark.parametrize("heard", [None, "2026-11-23T00:58:59Z"])
def test_an_instance_whose_feed_is_old_lets_its_consents_wait(
    std: World, heard: str | None
) -> None:
    """Our own feed being fresh is not enough; statutory calls of the same client go on."""
    abroad(std, heard)
    outcome = refused(std, visiting(std), "feed_old", HEALTH)
    assert COUNTY in told(outcome)["en"]
    plain = replace(
        unsigned(),
        headers=tuple(
            (name, VISITOR if name == "x-road-client" else value)
            for name, value in unsigned().headers
        ),
    )
    assert isinstance(std.node().receive(signed(plain, HEALTH), NOW), Accepted)


def test_an_instance_speaks_for_its_own_clients_and_ends_its_own_consents_alone(
    std: World,
) -> None:
    """Neither may it consent for a client of ours, nor end what was agreed elsewhere."""
    abroad(std)
    refused(std, visiting(std, client=CLIENT), "consent_unfit", HEALTH)
    others = {COUNTY: "2026-11-23T00:59:40Z"}
    assert std.view is not None
    for ended, expected in (("k1", ""), (f"{COUNTY}:k1", "consent_withdrawn")):
        entry = {"seq": 1, "kind": "consent", "id": ended, "until": "2027-01-01T00:00:00Z"}
        feed = feed_document([entry], issued="2026-11-23T00:59:55Z", others=others)
        std.view = replace(std.view, revoked=read_revocations(feed, None))
        if expected:
            refused(std, visiting(std), expected, HEALTH)
        else:
            served(std, visiting(std), [RECORD], member=HEALTH)


# What the provider does


@pytest.mark.parametrize("value", [1.5, ["x"], {"a": 1}, b"x", "\ud800", 2**60])
def test_a_provider_that_answers_otherwise_than_described_is_unavailable(
    std: World, value: object
) -> None:
    """Whoever asks learns no more than that."""
    outcome = served(std, unsigned(), [{**RECORD, "name": value}])
    assert code(outcome) == "unavailable"
    assert outcome.detail.startswith("bad answer")
    assert "bad" not in told(outcome)["en"]


def test_a_replay_is_refused_by_name_and_spends_no_nonce_again(std: World) -> None:
    """The store says that the nonce was seen; the refusal is logged beside it."""
    outcome = served(std, unsigned(), [RECORD])
    assert outcome.heard is not None
    again = std.node().refuse(outcome.heard, replayed(), NOW, replay=True)
    assert code(again) == "replayed"
    assert again.entry is not None
    assert again.entry.nonce is None


# The consumer's side


def asking(body: Any = FIND, **headers: str) -> Request:
    """Give what a system sends to the inner listener."""
    told = {"authorization": "Bearer x", "tb-purpose": ITEM, "host": "node", **headers}
    return Request("POST", f"/r1/{POPULATION}/find", "", tuple(told.items()), canonical(body))


def prepared(world: World, request: Request | None = None) -> Prepared:
    """Let the bureau prepare a call."""
    node = world.node(BUREAU)
    asked = node.ask(request or asking(), Identifier.parse(CLIENT), "call-9")
    ready = node.prepare(asked, nonce(), NOW)
    assert isinstance(ready, Prepared), told(ready)
    return ready


def answered(world: World, ready: Prepared, records: list[dict[str, Any]]) -> Response:
    """Let the police answer it."""
    node = world.node()
    accepted = node.receive(ready.request, NOW)
    assert isinstance(accepted, Accepted)
    return node.answer(accepted, Found(records), NOW).response


def test_a_call_goes_through_both_nodes(world: World) -> None:
    """The client gets the records; both rows are drafted at its own node as well."""
    ready = prepared(world)
    assert ready.address == f"http://{POLICE}.test"
    outcome = world.node(BUREAU).accept(ready, answered(world, ready, [RECORD]), NOW)
    assert told(outcome) == {"records": [{"name": "王一"}]}
    assert outcome.found == Found([{"name": "王一"}])
    assert outcome.entry is not None
    asked, got = outcome.entry.rows
    assert {asked.side, got.side} == {"consumer"}
    assert asked.keyid == identity(BUREAU, world.name).keyid
    assert got.keyid == identity(POLICE, world.name).keyid
    assert (got.status, got.records) == (200, 1)
    assert ("x-road-id", "call-9") in outcome.response.headers


def test_an_answer_to_another_request_is_refused(world: World) -> None:
    """Genuine, signed by the right node, and still not the answer to this."""
    first, second = prepared(world), prepared(world)
    outcome = world.node(BUREAU).accept(second, answered(world, first, [RECORD]), NOW)
    assert code(outcome) == "bad_answer"
    assert "王一" not in outcome.response.body.decode()


def test_an_answer_of_another_member_is_refused(std: World) -> None:
    """Its key is good, and not the owner's."""
    ready = prepared(std)
    by = identity(HEALTH)
    body = canonical({"records": [{"name": "forged"}]})
    plain = Response(200, (("content-type", "application/json"),), body)
    forged = sign_response(plain, ready.request, by.keyid, by.signer, NOW)
    assert code(std.node(BUREAU).accept(ready, forged, NOW)) == "bad_answer"


def test_a_changed_answer_is_refused(world: World) -> None:
    """Status, body and call are under the signature."""
    ready = prepared(world)
    good = answered(world, ready, [RECORD])
    for changed in (
        replace(good, status=203),
        replace(good, body=good.body.replace("一".encode(), "二".encode())),
        replace(good, headers=tuple(h for h in good.headers if h[0] != "signature")),
    ):
        assert code(std_accept(world, ready, changed)) == "bad_answer"


def std_accept(world: World, ready: Prepared, response: Response) -> Outcome:
    """Let the bureau take an answer."""
    return world.node(BUREAU).accept(ready, response, NOW)


def test_a_signed_refusal_reaches_the_client_word_for_word(world: World) -> None:
    """With its status and its code on the log."""
    ready = prepared(world)
    world.end("grant", "g1")
    refusal = world.node().receive(ready.request, NOW)
    assert isinstance(refusal, Outcome)
    outcome = std_accept(world, ready, refusal.response)
    assert outcome.response.body == refusal.response.body
    assert code(outcome) == "not_granted"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 502, 503])
def test_an_unsigned_refusal_is_no_more_than_silence(std: World, status: int) -> None:
    """Anyone on the way could have written it."""
    body = canonical({"type": "tongban:consent_withdrawn", "status": status})
    outcome = std_accept(std, prepared(std), Response(status, (), body))
    assert code(outcome) == "unavailable"
    assert "consent_withdrawn" in outcome.detail


@pytest.mark.parametrize(
    "body",
    [
        {"records": [{"name": "王一", "mobile": "1"}]},
        {"records": [{}] * 3},
        {"records": {}},
        {"records": [1]},
        {"records": [{"name": ["x"]}]},
        {"records": [], "next": "x"},
        {},
        [],
    ],
)
def test_a_signed_answer_of_another_shape_is_refused(std: World, body: Any) -> None:
    """What was not asked for does not reach the client, whoever signed it."""
    ready = prepared(std)
    by = identity(POLICE)
    plain = Response(200, (("content-type", "application/json"),), canonical(body))
    response = sign_response(plain, ready.request, by.keyid, by.signer, NOW)
    assert code(std_accept(std, ready, response)) == "bad_answer"


def test_a_call_without_a_grant_is_refused_at_its_own_node(std: World) -> None:
    """At once, and it is on the log there."""
    node = std.node(BUREAU)
    asked = node.ask(asking({**FIND, "fields": ["region"]}), Identifier.parse(CLIENT), "c")
    outcome = node.prepare(asked, nonce(), NOW)
    assert code(outcome) == "not_granted"
    assert isinstance(outcome, Outcome)
    assert outcome.entry is not None
    assert not outcome.entry.rows[0].signature


def test_a_system_speaks_for_itself_alone(std: World) -> None:
    """Its token says who it is; another name in the header is refused."""
    node = std.node(BUREAU)
    other = asking(**{"x-road-client": f"{INSTANCE}/GOV/{BUREAU}/data"})
    with pytest.raises(ValueError, match="token stands for"):
        node.ask(other, Identifier.parse(CLIENT), "c")


def test_a_node_that_does_not_answer_is_on_the_log(std: World) -> None:
    """The signed request stands there, and that no answer came."""
    outcome = std.node(BUREAU).fail(prepared(std), unreachable("x"), NOW)
    assert code(outcome) == "unavailable"
    assert outcome.entry is not None
    asked, got = outcome.entry.rows
    assert asked.signature
    assert not got.signature


@given(st.binary(max_size=200))
def test_no_bytes_make_the_core_fall(body: bytes) -> None:
    """Whatever a signed body holds, it ends in an answer."""
    world = World(None)
    world.see()
    outcome = world.node().receive(signed(unsigned(body=body)), NOW)
    assert isinstance(outcome, Accepted) or code(outcome) == "malformed"


@given(
    st.text(max_size=60),
    st.lists(st.tuples(st.text(max_size=20), st.text(max_size=40)), max_size=8),
)
def test_no_head_makes_the_core_fall(path: str, headers: list[tuple[str, str]]) -> None:
    """Nor whatever an unsigned head holds."""
    world = World(None)
    world.see()
    request = Request("POST", path, "", tuple((n.lower(), v) for n, v in headers), b"")
    assert code(world.node().receive(request, NOW)) in {"malformed", "signature"}


def test_asked_is_what_the_embedded_node_prepares(std: World) -> None:
    """A question can be prepared without any HTTP."""
    node = std.node(BUREAU)
    read = node.ask(asking(), Identifier.parse(CLIENT), "call-9")
    assert isinstance(
        node.prepare(Asked(read.caller, read.service, read.question), nonce(), NOW), Prepared
    )
