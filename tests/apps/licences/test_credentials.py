"""A licence as a credential: issued with its decision, seen to end, one identifier each."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction

from testkit.clock import Clock
from testkit.licences import AUTHORITY, CARD, ELDER, issued, kind, licence, lists, text_of
from testkit.office import Office
from tongban.apps.licences import domain, keys, services, statuses
from tongban.apps.licences.errors import LicenceNotValid, LicenceUnknown
from tongban.apps.licences.models import Credential, Licence
from tongban.apps.licences.verifying import Verdict, verdict
from tongban.apps.parties import queries as parties
from tongban.infra import clock as port
from tongban.infra.trail import queries as trail
from tongban.kernel import sdjwt
from tongban.kernel.codes import LicenceId
from tongban.kernel.sdjwt import TokenRefused, strict
from tongban.kernel.suites import suite

BY = suite("std")

WHY: dict[str, Any] = {"actor": "9", "authority": "行政许可法 第六十九条", "reason": "骗取"}


def look(text: str, copies: statuses.Lists | None = None) -> Verdict:
    now = int(port.now().timestamp())
    return verdict(text, keys.key_of, copies or lists(), now=now, binding=None)


@pytest.mark.django_db
def test_a_licence_is_issued_as_a_credential_under_the_standard_s_short_names() -> None:
    made = issued()
    found = look(text_of(made.identifier))
    assert found.valid, found.why
    assert found.claims == {
        "ZZMC": "老年人优待证",
        "ZZBS": made.identifier,
        "ZZBH": made.number,
        "ZZLXDM": f"{AUTHORITY}001",
        "ZZBFJG": parties.department_name("health", "zh"),
        "ZZBFJGDM": AUTHORITY,
        "ZZBFRQ": port.today().isoformat(),
        "ZZYXQQSRQ": port.today().isoformat(),
        "ZZYXQJZRQ": made.valid_until and made.valid_until.isoformat(),
        "CZZT": "龚䶮㛃",
        **ELDER,
        **{f"age_over_{age}": True for age in (14, 16, 18, 60, 65)},
    }
    assert found.kind.endswith("/licences/kinds/elder-card/1")


@pytest.mark.django_db
def test_what_the_trail_tells_of_an_issue_is_a_digest() -> None:
    made = issued()
    draft = services.issued_draft(made, "C1", "elder-card")
    assert set(draft.data) == {"identifier", "kind", "credential"}
    assert "龚" not in str(draft.data)
    assert len(made.digest) == 64


@pytest.mark.django_db
@pytest.mark.parametrize("suite", ["std", "gm"])
def test_the_installation_s_suite_signs(suite: str, settings: Any) -> None:
    settings.SUITE = suite
    text = text_of(issued(case=suite).identifier)
    header = strict.read_object(strict.decode(text.split(".")[0]))
    assert header["alg"] == {"std": "ES256", "gm": "TB-SM2-SM3"}[suite]
    assert look(text).valid
    settings.SUITE = {"std": "gm", "gm": "std"}[suite]
    assert look(text).reason == "issuer"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("act", "reason", "event"),
    [
        (services.revoke, "revoked", "revoked"),
        (services.suspend, "suspended", "suspended"),
    ],
)
def test_an_ended_licence_is_seen_to_be_so_by_who_asks_afresh(
    act: Any, reason: str, event: str
) -> None:
    made = issued()
    assert look(text_of(made.identifier)).valid
    act(made.identifier, **WHY, now=port.now())
    found = look(text_of(made.identifier))
    assert (found.reason, found.valid) == (reason, False)
    assert found.claims["CZZT"] == "龚䶮㛃", "genuine all the same, and said to be ended"
    last = trail.history("C1")[-1]
    assert (last.type, last.reason) == (f"tongban.licences.{event}.v1", "骗取")


@pytest.mark.django_db
def test_a_suspension_ends_and_a_revocation_does_not() -> None:
    made = issued()
    services.suspend(made.identifier, **WHY, now=port.now())
    with pytest.raises(LicenceNotValid, match="suspended"):
        services.suspend(made.identifier, **WHY, now=port.now())
    services.restore(made.identifier, **WHY, now=port.now())
    assert look(text_of(made.identifier)).valid
    services.revoke(made.identifier, **WHY, now=port.now())
    with pytest.raises(LicenceNotValid, match="revoked"):
        services.restore(made.identifier, **WHY, now=port.now())
    with pytest.raises(LicenceUnknown):
        services.revoke("1.2.3", **WHY, now=port.now())
    with pytest.raises(ValueError, match="the reason"):
        services.revoke(made.identifier, **WHY | {"reason": ""}, now=port.now())


@pytest.mark.django_db
def test_a_verifier_with_an_old_copy_sees_a_revocation_within_a_minute(clock: Clock) -> None:
    clock.freeze("2026-11-24T10:00:00+08:00")
    made, copies = issued(), lists()
    text = text_of(made.identifier)
    assert look(text, copies).valid
    clock.freeze("2026-11-24T10:00:01+08:00")
    services.revoke(made.identifier, **WHY, now=port.now())
    seen = None
    for second in range(2, 120):
        clock.freeze((port.now() + timedelta(seconds=1)).isoformat())
        if not look(text, copies).valid:
            seen = second
            break
    assert seen is not None
    assert seen < 60


@pytest.mark.django_db
def test_a_clock_set_back_makes_a_copy_stale_and_not_young(clock: Clock) -> None:
    clock.freeze("2026-11-24T10:00:00+08:00")
    made, copies = issued(), lists()
    text = text_of(made.identifier)
    assert look(text, copies).valid
    services.revoke(made.identifier, **WHY, now=port.now())
    clock.freeze("2026-11-24T09:59:50+08:00")
    assert look(text, copies).reason == "revoked"


@pytest.mark.django_db
def test_the_next_version_ends_the_one_before_and_keeps_its_number() -> None:
    made = issued()
    changed = {**ELDER, "elder.name": "龚䶮"}
    after = services.supersede(
        made.identifier, kind=CARD, content=changed, **WHY | {"reason": "更名"}, now=port.now()
    )
    old, new = LicenceId.parse(made.identifier), LicenceId.parse(after.identifier)
    assert (old.version, new.version, new.serial) == (1, 2, old.serial)
    assert look(text_of(made.identifier)).reason == "revoked"
    assert look(text_of(after.identifier)).claims["CZZT"] == "龚䶮"
    assert licence(made.identifier).state == Licence.State.SUPERSEDED
    with pytest.raises(LicenceNotValid):
        services.supersede(made.identifier, kind=CARD, content=changed, **WHY, now=port.now())
    with pytest.raises(ValueError, match="not a birth-certificate"):
        services.supersede(after.identifier, kind=kind(), content={}, **WHY, now=port.now())


@pytest.mark.django_db
def test_what_rests_on_a_revoked_licence_is_flagged_and_told_and_not_revoked() -> None:
    birth = issued("C1")
    household = issued("C2", rests_on=[birth.identifier])
    card = issued("C3", rests_on=[household.identifier])
    other = issued("C4")
    services.revoke(birth.identifier, **WHY, now=port.now())
    assert [bool(licence(i.identifier).flagged) for i in (household, card, other)] == [
        *(True, True, False)
    ]
    assert licence(card.identifier).state == Licence.State.VALID
    assert trail.history("C3")[-1].type == "tongban.licences.flagged.v1"
    assert trail.history("C3")[-1].data["because"] == birth.identifier
    services.settle(card.identifier, **WHY | {"reason": "核查无误"}, now=port.now())
    assert licence(card.identifier).flagged == ""


@pytest.mark.django_db
def test_a_wallet_s_key_is_bound_beside_the_kept_one_and_ends_with_it() -> None:
    made = issued()
    wallet = sdjwt.p256_key(b"\x07" * 32)
    text = services.bind(licence(made.identifier), CARD, wallet.public, actor="5")
    again = services.bind(licence(made.identifier), CARD, wallet.public, actor="5")
    assert Credential.objects.count() == 2
    places = {
        sdjwt.verify_credential(t, keys.key_of, now=int(port.now().timestamp())).status
        for t in (text, again, text_of(made.identifier))
    }
    assert len(places) == 2, "the same key keeps its place; the two keys share none"
    services.revoke(made.identifier, **WHY, now=port.now())
    assert {look(text).reason, look(again).reason} == {"revoked"}
    with pytest.raises(LicenceNotValid, match="only a valid one"):
        services.bind(licence(made.identifier), CARD, wallet.public, actor="5")


@pytest.mark.django_db
def test_a_licence_ends_at_the_end_of_its_last_day(clock: Clock) -> None:
    clock.freeze("2026-11-24T10:00:00+08:00")
    text = text_of(issued().identifier)
    clock.freeze("2036-11-23T23:59:59+08:00")
    assert look(text).valid
    clock.freeze("2036-11-24T00:00:31+08:00")
    assert look(text).reason == "expired"


@pytest.mark.django_db
def test_a_list_that_nobody_was_ever_put_into_does_not_exist() -> None:
    with pytest.raises(statuses.ListUnknown):
        statuses.publish(7)
    with pytest.raises(TokenRefused, match="not published here"):
        statuses.fetch_own("https://elsewhere.example/licences/status/0")
    with pytest.raises(TokenRefused, match="not published here"):
        statuses.fetch_own(statuses.status_uri(0) + "0x")


def test_places_in_a_list_are_each_given_once() -> None:
    secret = bytes(32)
    size = 1 << domain.LIST_BITS
    some = [domain.place_of(n, BY, secret) for n in (*range(1, 3000), *range(size, size + 3000))]
    assert len(set(some)) == len(some)
    assert {place.list for place in some} == {0, 1}
    assert max(place.index for place in some) < size
    with pytest.raises(ValueError, match="begin with 1"):
        domain.place_of(0, BY, secret)


def test_a_credential_outlives_no_transaction_that_failed(office: Office) -> None:
    def fall(made: domain.Issued) -> None:
        raise RuntimeError(made.identifier)

    with pytest.raises(RuntimeError), transaction.atomic():
        fall(issued())
    assert not Credential.objects.exists()
    assert not Licence.objects.exists()


def test_two_hundred_licences_issued_at_once_have_identifiers_of_their_own(
    any_office: Office,
) -> None:
    def one(number: int) -> str:
        try:
            return issued(f"C{number}", content={**ELDER, "elder.name": f"第{number}人"}).identifier
        finally:
            any_office.leave()

    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(one, range(200)))
    assert len(set(found)) == 200
    assert all(LicenceId.validate(identifier) is None for identifier in found)
    assert Credential.objects.values("serial").distinct().count() == 200
    places = {domain.place_of(s, keys.by(), keys.secret("places")) for s in serials()}
    assert len(places) == 200
    assert look(text_of(found[99])).valid


def serials() -> list[int]:
    return list(Credential.objects.values_list("serial", flat=True))


@pytest.mark.parametrize(
    ("born", "today", "over"),
    [
        ("1966-11-24", date(2026, 11, 23), False),
        ("1966-11-24", date(2026, 11, 24), True),
        ("1968-02-29", date(2028, 2, 28), False),
        ("1968-02-29", date(2028, 2, 29), True),
        ("1904-02-29", date(1964, 2, 29), True),
        (None, date(2026, 11, 24), False),
        ("nonsense", date(2026, 11, 24), False),
    ],
)
def test_over_60_begins_on_the_birthday(born: str | None, today: date, over: bool) -> None:
    told = domain.hidden_claims(
        identifier="1.2",
        number="1",
        type_code="001",
        authority=AUTHORITY,
        authority_name="民政局",
        holder="91330106MT0000006N",
        role="elder",
        content={"elder.birth_date": born},
        issued=today,
        valid_until=None,
        today=today,
    )
    assert ("age_over_60" in told) is over
    assert told["CZZTDMLX"] == "统一社会信用代码"


def test_a_challenge_is_taken_for_its_use_and_in_its_time_only() -> None:
    key, chance = bytes(16), bytes(range(16))
    made = domain.make_challenge(BY, key, "page", now=1000, chance=chance)
    domain.read_challenge(BY, key, "page", made, now=1300, within=300)
    for use, text, now in (
        ("other", made, 1000),
        ("page", made, 1301),
        ("page", made, 999),
        ("page", made[:-1] + "A", 1000),
        ("page", made + "AAAA", 1000),
        ("page", "", 1000),
        ("page", "é", 1000),
    ):
        with pytest.raises(domain.ChallengeInvalid):
            domain.read_challenge(BY, key, use, text, now=now, within=300)
    with pytest.raises(ValueError, match="16 bytes"):
        domain.make_challenge(BY, key, "page", now=1, chance=b"")
