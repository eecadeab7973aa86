"""Who may read what: the judge of a call, and the projection of what a provider sends."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongban.kernel.suites import suite
from tongban.kernel.wire.judging import Consent, judge, mask, project, read_consent
from tongban.kernel.wire.snapshot import (
    Revocations,
    Snapshot,
    SnapshotInvalid,
    read_revocations,
    read_snapshot,
)
from tongban.kernel.wire.words import (
    Caller,
    Found,
    Identifier,
    IdentifierInvalid,
    Question,
    WireRefused,
)

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
USCC = "11330100MB1A23019Q"
POLICE = "1133010000250101XW"
HERE = f"CN-330100/GOV/{USCC}"
CLIENT = f"{HERE}/tongban"
BIRTHS = f"{HERE}/data/births"
POPULATION = f"CN-330100/GOV/{POLICE}/data/population"
FIELDS = ["id_number", "name", "birth_date", "region", "mobile"]


def grant(number: int = 1, **changed: Any) -> dict[str, Any]:
    """Give a grant of name and birth date of the population, for a statutory purpose."""
    return {
        "id": f"g{number}",
        "client": CLIENT,
        "service": POPULATION,
        "fields": ["name", "birth_date"],
        "purpose": "registration",
        "basis": "statutory",
        "from": "2026-01-01T00:00:00Z",
        "until": "2027-01-01T00:00:00Z",
        **changed,
    }


def by_consent(number: int = 9, **changed: Any) -> dict[str, Any]:
    """Give a grant that needs the person's consent."""
    return grant(
        number, basis="consent", purpose="registration.consent", fields=["mobile"], **changed
    )


def document(*grants: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """Give the document of a snapshot with these grants."""
    public = suite("std").signer(bytes(32)).public.hex()

    def purpose(code: str, basis: str) -> dict[str, Any]:
        most = {POPULATION: FIELDS, BIRTHS: ["birth_date"]}
        law = "户口登记条例 第七条"
        return {
            "code": code,
            "item": "registration",
            "basis": basis,
            "legal_basis": law,
            "fields": most,
        }

    def service(name: str, sharing: str = "conditional") -> dict[str, Any]:
        return {
            "id": name,
            "resource": name.rpartition("/")[2],
            "key": ["id_number"],
            "fields": dict.fromkeys(FIELDS, "string"),
            "sharing": sharing,
            "masks": {},
        }

    def member(number: str, *subsystems: str) -> dict[str, Any]:
        return {
            "instance": "CN-330100",
            "class": "GOV",
            "member": number,
            "name": {"zh": "某局", "en": "a bureau"},
            "subsystems": list(subsystems),
            "node": "n1",
        }

    return {
        "format": "tongban-snapshot/1",
        "instance": "CN-330100",
        "serial": 3,
        "issued": "2026-11-23T00:59:00Z",
        "limits": {"snapshot_age": 86400, "feed_age": 60},
        "members": [member(USCC, "data", "tongban"), member(POLICE, "data")],
        "nodes": [{"id": "n1", "address": "http://127.0.0.1:7001"}],
        "keys": [
            {
                "id": "k1",
                "member": USCC,
                "suite": "std",
                "public": public,
                "from": "2026-01-01T00:00:00Z",
                "until": "2027-01-01T00:00:00Z",
            }
        ],
        "services": [
            service(POPULATION),
            service(BIRTHS),
            service(f"{HERE}/data/open", "unconditional"),
            service(f"{HERE}/data/secret", "none"),
        ],
        "purposes": [
            purpose("registration", "statutory"),
            purpose("registration.consent", "consent"),
            purpose("other", "statutory"),
        ],
        "grants": list(grants),
        **changed,
    }


def feed(entries: list[dict[str, Any]] | None = None, **changed: Any) -> dict[str, Any]:
    """Give the document of a feed."""
    entries = entries or []
    return {
        "format": "tongban-revocations/1",
        "issued": "2026-11-23T00:59:50Z",
        "after": 0,
        "upto": len(entries),
        "snapshot": 3,
        "entries": [
            {"seq": n + 1, "until": "2027-01-01T00:00:00Z"} | e for n, e in enumerate(entries)
        ],
        **changed,
    }


FRESH = read_revocations(feed(), None)
CALLER = Caller(Identifier.parse(CLIENT), "c1", ("registration",), issue="case-1")
CONSENT = Consent(
    "k7",
    "case-1",
    CLIENT,
    NOW + timedelta(days=1),
    {(POPULATION, "registration.consent"): frozenset({"mobile"})},
)
AGREED = Caller(CALLER.client, "c1", ("registration", "registration.consent"), "t", "case-1")


def find(*fields: str) -> Question:
    """Ask for these fields of one person."""
    return Question("find", fields, ({"id_number": "1"},))


def code_of(
    *grants: dict[str, Any],
    caller: Caller = CALLER,
    question: Question = find("name"),  # noqa: B008 - frozen
    service: str = POPULATION,
    revoked: Revocations | None = FRESH,
    now: datetime = NOW,
    consent: Consent | None = None,
    **changed: Any,
) -> str:
    """Give the code of the refusal, or "served"."""
    network = read_snapshot(document(*grants, **changed))
    try:
        judge(caller, Identifier.parse(service), question, network, revoked, now, consent)
    except WireRefused as refused:
        return refused.code
    return "served"


def test_a_granted_field_is_served_and_another_is_not():
    assert code_of(grant()) == "served"
    assert code_of(grant(), question=find("name", "region")) == "not_granted"


def test_nothing_is_served_without_a_grant_to_this_client_for_this_purpose_now():
    assert code_of() == "not_granted"
    assert code_of(grant(client=f"{HERE}/data")) == "not_granted"
    assert code_of(grant(purpose="other")) == "not_granted"
    assert code_of(grant(until="2026-11-23T01:00:00Z")) == "not_granted"
    assert code_of(grant(**{"from": "2026-11-23T01:00:01Z"})) == "not_granted"
    ended = read_revocations(feed([{"kind": "grant", "id": "g1"}]), None)
    assert code_of(grant(), revoked=ended) == "not_granted"


def test_every_refusal_of_a_stranger_reads_the_same():
    """Unknown service, field, purpose and client cannot be told from each other."""
    network = read_snapshot(document(grant()))
    stranger = Caller(Identifier.parse(f"CN-330100/GOV/{POLICE}/tongban"), "c", ("registration",))
    unregistered = Caller(CALLER.client, "c", ("nobody-knows",))
    said = set()
    for caller, service, question in [
        (stranger, POPULATION, find("name")),
        (unregistered, POPULATION, find("name")),
        (CALLER, f"{HERE}/data/nothing", find("name")),
        (CALLER, f"{HERE}/data/secret", find("name")),
        (CALLER, POPULATION, find("no_such_field")),
        (CALLER, POPULATION, find("region")),
        (CALLER, BIRTHS, find("birth_date")),
        (CALLER, POPULATION, Question("walk", ("name",), limit=10)),
    ]:
        with pytest.raises(WireRefused) as refused:
            judge(caller, Identifier.parse(service), question, network, FRESH, NOW)
        said.add((refused.value.status, refused.value.code, refused.value.zh, refused.value.en))
    assert len(said) == 1


def test_a_purpose_bounds_what_its_grants_may_say():
    assert code_of(grant(service=BIRTHS, fields=["name"]), service=BIRTHS) == "not_granted"


def test_an_unconditional_service_needs_no_grant_but_a_registered_purpose():
    assert code_of(service=f"{HERE}/data/open") == "served"
    nobody = Caller(CALLER.client, "c1", ("nobody-knows",))
    assert code_of(service=f"{HERE}/data/open", caller=nobody) == "not_granted"
    assert (
        code_of(service=f"{HERE}/data/open", caller=Caller(CALLER.client, "c", ())) == "not_granted"
    )


def test_consent_is_asked_only_where_the_law_does_not_suffice():
    grants = (grant(), by_consent())
    assert code_of(*grants, caller=AGREED, question=find("name")) == "served"
    assert code_of(*grants, caller=AGREED, question=find("mobile")) == "consent_missing"
    assert code_of(*grants, caller=AGREED, question=find("mobile"), consent=CONSENT) == "served"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"issue": "case-2"}, "consent_unfit"),
        ({"client": f"{HERE}/data"}, "consent_unfit"),
        ({"until": NOW}, "consent_unfit"),
        ({"lines": {(POPULATION, "other"): frozenset({"mobile"})}}, "consent_unfit"),
        ({"lines": {(POPULATION, "registration.consent"): frozenset({"name"})}}, "consent_unfit"),
        ({"lines": {(BIRTHS, "registration.consent"): frozenset({"mobile"})}}, "consent_unfit"),
    ],
)
def test_a_consent_for_something_else_does_not_serve(changed: dict[str, Any], code: str):
    other = replace(CONSENT, **changed)
    assert code_of(by_consent(), caller=AGREED, question=find("mobile"), consent=other) == code


def test_a_withdrawn_consent_and_an_old_feed_stop_calls_by_consent_and_no_others():
    withdrawn = read_revocations(feed([{"kind": "consent", "id": "k7"}]), None)
    old = read_revocations(feed(issued="2026-11-23T00:58:59Z"), None)
    grants = (grant(), by_consent())
    for feed_, code in [(withdrawn, "consent_withdrawn"), (old, "feed_old"), (None, "feed_old")]:
        asked = {"caller": AGREED, "consent": CONSENT, "revoked": feed_}
        assert code_of(*grants, question=find("mobile"), **asked) == code
        assert code_of(*grants, question=find("name"), **asked) == "served"


def test_an_old_snapshot_stops_conditional_services_only():
    late = NOW + timedelta(days=2)
    assert code_of(grant(), now=late) == "snapshot_old"
    assert code_of(now=late, service=f"{HERE}/data/open") == "served"


def test_only_the_record_key_selects():
    wrong = Question("find", ("name",), ({"name": "安"},))
    assert code_of(grant(), question=wrong) == "malformed"
    two = Question("find", ("name",), ({"id_number": "1"}, {"id_number": "2"}))
    assert code_of(grant(), question=two) == "malformed"
    assert code_of(grant(), question=Question("among", ("name",), ())) == "malformed"
    many = Question("among", ("name",), tuple({"id_number": str(n)} for n in range(401)))
    assert code_of(grant(), question=many) == "malformed"
    assert code_of(grant(), question=find("name", "name")) == "malformed"


def test_a_walk_needs_a_grant_for_the_whole_register():
    walk = Question("walk", ("name",), limit=100)
    assert code_of(grant(), question=walk) == "not_granted"
    assert code_of(grant(bulk=True), question=walk) == "served"
    assert (
        code_of(grant(bulk=True), question=Question("walk", ("name",), limit=2001)) == "malformed"
    )


def permit(*grants: dict[str, Any], question: Question, **changed: Any):
    network = read_snapshot(document(*grants, **changed))
    return judge(CALLER, Identifier.parse(POPULATION), question, network, FRESH, NOW)


def test_what_the_provider_adds_does_not_leave():
    allowed = permit(grant(), question=find("name"))
    sent = {"id_number": "1", "name": "安一诺", "mobile": "138", "secret": {"a": 1}}
    assert project(allowed, Found([sent])).records == [{"name": "安一诺"}]


def test_another_persons_record_does_not_leave():
    allowed = permit(grant(), question=find("name"))
    assert project(allowed, Found([{"id_number": "2", "name": "别人"}])).records == []
    assert project(allowed, Found([{"name": "无主"}])).records == []


def test_each_row_filter_opens_its_own_rows_and_fields():
    grants = (
        grant(1, fields=["name"], filter={"region": ["330113"]}),
        grant(2, fields=["birth_date"], filter={"region": ["330113", "330106"]}),
    )
    allowed = permit(*grants, question=find("name", "birth_date"))
    assert allowed.question.fields == ("birth_date", "id_number", "name", "region")
    record = {"id_number": "1", "name": "安", "birth_date": "2020-01-01"}
    assert project(allowed, Found([record | {"region": "330113"}])).records == [
        {"name": "安", "birth_date": "2020-01-01"}
    ]
    assert project(allowed, Found([record | {"region": "330106"}])).records == [
        {"birth_date": "2020-01-01"}
    ]
    assert project(allowed, Found([record | {"region": "330101"}])).records == []
    assert project(allowed, Found([record])).records == []


def test_a_value_that_is_no_plain_value_is_refused():
    allowed = permit(grant(), question=find("name"))
    with pytest.raises(WireRefused, match="bad_answer"):
        project(allowed, Found([{"id_number": "1", "name": ["安"]}]))  # type: ignore[dict-item]


def test_two_records_with_one_key_are_both_shown_and_a_third_is_not():
    allowed = permit(grant(), question=find("name"))
    sent = [{"id_number": "1", "name": n} for n in "甲乙丙"]
    assert project(allowed, Found(sent)).records == [{"name": "甲"}, {"name": "乙"}]


def test_a_mask_hides_the_middle():
    changed = document(grant(fields=["mobile"]))
    changed["services"][0]["masks"] = {"mobile": "keep:3,4"}
    allowed = judge(
        CALLER, Identifier.parse(POPULATION), find("mobile"), read_snapshot(changed), FRESH, NOW
    )
    sent = Found([{"id_number": "1", "mobile": "13800138000"}])
    assert project(allowed, sent).records == [{"mobile": "138****8000"}]


@given(st.text(max_size=20), st.integers(0, 9), st.integers(0, 9))
def test_a_mask_keeps_the_length_and_shows_no_more_than_it_says(text: str, first: int, last: int):
    hidden = mask(f"keep:{first},{last}", text)
    assert isinstance(hidden, str)
    assert len(hidden) == len(text)
    shown = sum(a == b and b != "*" for a, b in zip(text, hidden, strict=True))
    assert shown <= first + last


names = st.sampled_from(FIELDS[1:])
some = st.frozensets(names, max_size=3)
rows = st.fixed_dictionaries(
    {}, optional={"region": st.lists(st.sampled_from(["a", "b"]), min_size=1, unique=True)}
)
granted = st.lists(
    st.tuples(some.filter(bool), st.sampled_from(["registration", "other"]), rows), max_size=4
)


@pytest.mark.slow
@settings(max_examples=200)
@given(granted, some.filter(bool), st.lists(st.sampled_from(["a", "b", None]), max_size=3))
def test_no_cell_leaves_that_no_grant_covers(grants, fields, regions):
    """The judge against the definition: a cell leaves if a grant names it and its row."""
    given_ = [grant(n, fields=sorted(f), purpose=p, filter=r) for n, (f, p, r) in enumerate(grants)]
    mine = [g for g in given_ if g["purpose"] == "registration"]
    question = find(*sorted(fields))
    coverable = {f for g in mine for f in g["fields"]}
    records = [
        {"id_number": "1", "region": region, "name": f"n{n}", "birth_date": "d", "mobile": "m"}
        for n, region in enumerate(regions)
    ]
    if not fields <= coverable:
        assert code_of(*given_, question=question) == "not_granted"
        return
    made = project(permit(*given_, question=question), Found(records)).records
    expected = []
    for record in records:
        through = [
            g
            for g in mine
            if set(g["fields"]) & fields
            and all(record[name] in values for name, values in g["filter"].items())
        ]
        allowed = {f for g in through for f in g["fields"]} & fields
        if allowed:
            expected.append({f: record[f] for f in sorted(allowed)})
    assert made == expected[:2]


def test_a_consent_token_reads_or_is_unfit():
    good = {
        "format": "tongban-consent/1",
        "id": "k7",
        "issue": "case-1",
        "client": CLIENT,
        "until": "2026-12-01T00:00:00Z",
        "lines": [{"service": POPULATION, "fields": ["mobile"], "purposes": ["x.consent"]}],
    }
    assert read_consent(good).lines == {(POPULATION, "x.consent"): frozenset({"mobile"})}
    for broken in ({"format": "x"}, {"until": "2026-12-01"}, {"lines": 3}, {"lines": [{}]}):
        with pytest.raises(WireRefused, match="consent_unfit"):
            read_consent(good | broken)
    with pytest.raises(WireRefused, match="consent_unfit"):
        read_consent({})


def test_a_snapshot_that_does_not_hold_together_is_refused():
    good = document(grant())
    assert isinstance(read_snapshot(good), Snapshot)
    for place, wrong in product(good.keys() - {"format"}, [None, 7, "text", [1], [{}], {"a": 1}]):
        if place in {"instance", "serial"} or (place == "limits" and wrong == []):
            continue
        with pytest.raises(SnapshotInvalid):
            read_snapshot(good | {place: wrong})
    for bad in (
        grant(service=f"{HERE}/data/nothing"),
        grant(purpose="nobody-knows"),
        grant(basis="whim"),
        grant(filter={"nothing": ["a"]}),
        grant(until="2027-01-01T00:00:00"),
    ):
        with pytest.raises(SnapshotInvalid):
            read_snapshot(document(bad))
    with pytest.raises(SnapshotInvalid, match="format"):
        read_snapshot({**good, "format": "tongban-snapshot/2"})


def test_a_key_signs_for_its_owner_and_for_the_members_of_its_node():
    elsewhere = document()
    elsewhere["members"][1]["node"] = "n2"
    nowhere = document()
    for member in nowhere["members"]:
        member["node"] = ""
    for told, expected in [(document(), True), (elsewhere, False), (nowhere, False)]:
        network = read_snapshot(told)
        key = network.keys["k1"]
        assert network.speaks_for(key, USCC)
        assert network.speaks_for(key, POLICE) is expected
        assert not network.speaks_for(key, "nobody")


def test_a_feed_goes_on_where_the_last_one_ended():
    first = read_revocations(feed([{"kind": "consent", "id": "a"}]), None)
    later = {"issued": "2026-11-23T00:59:51Z", "after": 1, "upto": 2}
    entry = {"seq": 2, "kind": "grant", "id": "g1", "until": "2027-01-01T00:00:00Z"}
    second = read_revocations(feed(entries=None, **later) | {"entries": [entry]}, first)
    assert set(second.consents) == {"a"}
    assert set(second.grants) == {"g1"}
    for wrong in ({"after": 2, "upto": 3}, {"issued": "2026-11-23T00:00:00Z"}, {"upto": 0}):
        with pytest.raises(SnapshotInvalid):
            read_revocations(feed(**(later | wrong)), first)
    with pytest.raises(SnapshotInvalid, match="ended"):
        read_revocations(feed(**later), None)


def test_what_would_have_ended_by_now_leaves_the_feed():
    entry = {"kind": "consent", "id": "a", "until": "2026-11-23T00:59:00Z"}
    assert not read_revocations(feed([entry]), None).consents


@pytest.mark.parametrize(
    "text",
    [
        "CN-330100/GOV/11330100MB1A23019Q",
        "CN-330100/GOV/11330100MB1A23018Q/data",
        "CN-3301/GOV/11330100MB1A23019Q/data",
        "CN-330100/gov/11330100MB1A23019Q/data",
        "CN-330100/GOV/11330100MB1A23019Q/Data",
        "CN-330100/GOV/11330100MB1A23019Q/data/births/more",
        "CN-330100/GOV/11330100MB1A23019Q/data/",
        "CN-３３0100/GOV/11330100MB1A23019Q/data",
        "",
    ],
)
def test_what_names_no_subsystem_is_refused(text: str):
    with pytest.raises(IdentifierInvalid):
        Identifier.parse(text)
