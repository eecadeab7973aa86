"""A consent is one receipt a life event; withdrawn, it stops what it allowed and nothing else."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from hypothesis import given
from hypothesis import strategies as st

from testkit.office import Office
from tongban.apps.cases import services as cases
from tongban.apps.cases.errors import CaseRefused, CaseUnknown, NotAllowed
from tongban.apps.exchange import consents, network, nodes, queries, subject_keys
from tongban.apps.exchange.consents import ConsentUnknown, NothingToConsent
from tongban.apps.exchange.domain import receipts
from tongban.apps.exchange.domain.governance import Governance
from tongban.apps.exchange.events import CONSENT_WITHDRAWN, CONSENTED, consent_chain
from tongban.apps.exchange.models import Consent
from tongban.apps.exchange.nodes import NewNode
from tongban.apps.items import queries as items
from tongban.infra import clock as port
from tongban.infra.trail import queries as trail
from tongban.kernel.forms import Call, DataPlan, LegalBasis, Use
from tongban.kernel.suites import suite
from tongban.kernel.wire.documents import open_document, read_token
from tongban.kernel.wire.judging import read_consent
from tongban.kernel.wire.snapshot import read_revocations


def pinned(key: str) -> network.PublicKey | None:
    own = network.control_key()
    found = network.PublicKey(own.suite, suite(own.suite).verifier(own.public))
    return found if key == network.control_key_id() else None


@pytest.fixture
def held(any_office: Office) -> tuple[Office, str, Consent]:
    """Give an office with one case of a newborn and its consent."""
    office = any_office
    number = office.submit("newborn")
    return office, number, Consent.objects.get(case=number)


def test_one_receipt_covers_the_life_event_and_shows_the_statutory_lines(
    held: tuple[Office, str, Consent],
) -> None:
    office, number, row = held
    document = open_document(row.receipt, pinned)
    assert (document["issue"], document["life_event"]) == (number, "newborn")
    assert office.case(number).consent_id == row.number == document["id"]
    by_basis = {
        basis: [line for line in document["lines"] if line["basis"] == basis]
        for basis in ("consent", "statutory")
    }
    assert by_basis["consent"]
    assert by_basis["statutory"]
    assert all(line["withdrawable"] == (line["basis"] == "consent") for line in document["lines"])
    plan = items.life_event("newborn").plan
    assert {(line["department"], line["basis"]) for line in document["lines"]} == {
        (line.department, line.basis) for line in plan.consent
    }
    for line in plan.consent:
        mine = [x for x in by_basis[line.basis] if x["department"] == line.department]
        assert {fact["fact"] for x in mine for fact in x["facts"]} == set(line.facts)
    mother = office.cast("newborn")["mother.id_number"]
    assert mother not in str(document)


def test_the_token_names_exactly_the_lines_that_need_consent(
    held: tuple[Office, str, Consent],
) -> None:
    _, number, row = held
    token = read_consent(read_token(consents.consent_token(row.number), pinned))
    rules = queries.catalogue().governance
    assert (token.id, token.issue, token.client) == (row.number, number, str(rules.platform))
    assert token.until == row.until
    assert {purpose for _, purpose in token.lines} == {
        f"{item}.consent"
        for line in items.life_event("newborn").plan.consent
        if line.basis == "consent"
        for item in line.items
    }
    services = {service.rpartition("/")[2] for service, _ in token.lines}
    assert services <= set(queries.catalogue().contracts)
    assert consents.token_for(number) == row.token


def test_a_withdrawal_is_in_the_feed_at_once_and_on_the_trail(
    held: tuple[Office, str, Consent],
) -> None:
    office, number, row = held
    me = office.applicant("newborn")
    before = read_revocations(network.feed(0)["document"], None)
    consents.withdraw(row.number, me)
    consents.withdraw(row.number, me)  # once is once
    after = read_revocations(network.feed(before.upto)["document"], before)
    assert set(after.consents) == {row.number}
    assert after.upto == before.upto + 1
    assert [e.type for e in trail.history(consent_chain(row.number))] == [
        CONSENTED,
        CONSENT_WITHDRAWN,
    ]
    assert not consents.in_force(number)
    assert consents.token_for(number) == ""
    assert trail.verify(consent_chain(row.number)) is None


def test_nobody_withdraws_or_sees_the_consent_of_another(held: tuple[Office, str, Consent]) -> None:
    office, number, row = held
    for stranger in (office.applicant("newborn", 1), office.official("police", "reviewer")):
        with pytest.raises(ConsentUnknown):
            consents.withdraw(row.number, stranger)
        with pytest.raises(ConsentUnknown):
            consents.consent_of(stranger, row.number)
        with pytest.raises((CaseUnknown, NotAllowed)):
            cases.consent_again(stranger, number)
    assert consents.in_force(number)
    assert consents.consents_of(office.official("police", "reviewer")) == ()


def test_consent_can_be_given_again_and_has_a_number_of_its_own(
    held: tuple[Office, str, Consent],
) -> None:
    office, number, row = held
    me = office.applicant("newborn")
    if office.case(number).ended:
        pytest.fail("the case must be open for this test")
    with pytest.raises(CaseRefused):
        cases.consent_again(me, number)
    consents.withdraw(row.number, me)
    again = cases.consent_again(me, number)
    assert again != row.number
    assert consents.in_force(number)
    assert {c.number: c.stands(port.now()) for c in consents.consents_of(me)} == {
        again: True,
        row.number: False,
    }
    with pytest.raises(DatabaseError), transaction.atomic():
        Consent.objects.filter(number=again).update(case="other")


def test_a_consent_ends_by_itself(held: tuple[Office, str, Consent]) -> None:
    office, number, row = held
    office.clock.freeze(row.until)
    assert not consents.in_force(number)
    assert not consents.consents_of(office.applicant("newborn"))[0].stands(row.until)


def test_after_a_withdrawal_nothing_is_read_by_consent_and_the_law_goes_on(office: Office) -> None:
    office.close("human-resources")
    number = office.submit("newborn")
    row = Consent.objects.get(case=number)
    consents.withdraw(row.number, office.applicant("newborn"))
    office.open("human-resources")
    office.clock.move(minutes=10)
    case = cases.advance(number)
    plan = items.life_event("newborn").plan
    by_consent = {
        fact
        for call in plan.calls
        for use in call.uses
        for fact in use.facts
        if use.basis == "consent" and call.department == "human-resources"
    }
    assert by_consent
    assert all(case.facts[f].status != "value" for f in by_consent if f in case.facts)
    assert any(k.origin == "source" and k.status == "value" for k in case.facts.values())


def test_who_looked_at_me_shows_every_look_once(held: tuple[Office, str, Consent]) -> None:
    office, number, _ = held
    mother = office.cast("newborn")["mother.id_number"]
    member = queries.catalogue().governance.members["health"]
    public = suite("std").signer(b"\x07" * 32).public.hex()
    nodes.add_node(NewNode("health", "http://127.0.0.1:1", (member,), (("std", public),)), "test")
    key = b"k" * 32
    subject_keys.keep("health", "std", key)
    mark = suite("std").mac(key, f"mother_id_number={mother}".encode()).hex()[:32]
    by_case = consents.looks([number], [])
    assert {look.basis for look in by_case} == {"statutory", "consent"}
    rules = queries.catalogue().governance
    told = {
        "seq": 1,
        "at": "2026-11-23T02:00:00.000000Z",
        "subjects": [mark],
        "call": by_case[0].call,
        "client": str(rules.platform),
        "service": str(rules.service("health", "births")),
        "purposes": ["birth-certificate"],
        "status": 200,
    }
    police = f"{rules.instance}/GOV/{rules.members['police']}/hukou"
    nodes.record_looks("health", [told, {**told, "seq": 2, "call": "other", "client": police}])
    all_looks = consents.looks([number], [mother])
    assert len(all_looks) == len(by_case) + 1
    other = next(look for look in all_looks if look.call == "other")
    assert (other.department, other.provider, other.resource) == ("police", "health", "births")
    assert consents.looks([], ["110101199003070038"]) == ()


def test_there_is_nothing_to_consent_to_where_the_law_covers_all(office: Office) -> None:
    empty = DataPlan((), (), (), (), (), (), {})
    with pytest.raises(NothingToConsent):
        consents.give_consent("c1", "newborn", office.applicant("newborn"), empty)


NAMES = st.sampled_from(["births", "marriages", "accounts"])
USES = st.builds(
    Use,
    st.sampled_from(["one", "two"]),
    st.lists(st.sampled_from(["m.a", "m.b", "m.c"]), min_size=1, unique=True).map(tuple),
    st.sampled_from(["statutory", "consent"]),
    st.just(LegalBasis("法", "第一条")),
)
CALLS = st.builds(
    lambda name, uses: Call(name, "health", "m", ("m.id",), tuple(uses)),
    NAMES,
    st.lists(USES, min_size=1, max_size=3),
)
RULES = Governance("CN-330100", "health", 2, 5, 10, 180, 10, {}, {"health": "11330100MB1A23019Q"})


@given(st.lists(CALLS, max_size=4))
def test_a_receipt_says_all_of_the_plan_and_a_token_only_what_was_agreed(calls: Any) -> None:
    plan = DataPlan((tuple(calls),), (), (), (), (), (), {})
    lines = receipts.lines(plan, RULES)
    read = {(u.basis, f) for c in calls for u in c.uses for f in u.facts}
    assert {(line.basis, fact) for line in lines for fact in line.facts} == read
    until = datetime.fromisoformat("2027-01-01T00:00:00+00:00")
    told = receipts.token("n", "c", "CN", lines, until)
    agreed = {
        (c.resource, f.partition(".")[2], f"{u.item}.consent")
        for c in calls
        for u in c.uses
        if u.basis == "consent"
        for f in u.facts
    }
    opened = {
        (line["service"].rpartition("/")[2], name, purpose)
        for line in told["lines"]
        for name in line["fields"]
        for purpose in line["purposes"]
    }
    assert opened == agreed


def test_of_several_that_make_a_subject_key_at_once_all_take_the_first(tmp_path, settings) -> None:
    settings.HOME = tmp_path
    begin = threading.Barrier(8)

    def make(_: int) -> bytes:
        begin.wait()
        return subject_keys.own("city", "std")

    with ThreadPoolExecutor(8) as threads:
        made = set(threads.map(make, range(8)))
    assert made == {subject_keys.own("city", "std")}
    assert list(subject_keys.every()) == [("std", *made)]
    (path,) = (tmp_path / "keys" / "subjects").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
