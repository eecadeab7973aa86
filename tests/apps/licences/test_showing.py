"""Showing a licence: what was chosen and nothing else, for a short time, to whoever looks."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from django.conf import settings

from testkit.licences import ELDER, Card, issued, text_of
from testkit.office import Office
from tongban.apps.licences import keys, queries, services
from tongban.apps.licences.errors import (
    LicenceNotValid,
    LicenceUnknown,
    NotAllowed,
    NotShowable,
    ShowingEnded,
)
from tongban.apps.licences.models import Showing
from tongban.apps.licences.services import counter, showing
from tongban.infra import clock as port
from tongban.infra.trail import queries as trail
from tongban.kernel import sdjwt
from tongban.kernel.sdjwt import Binding

OVER_60 = {"ZZMC": "老年人优待证", "age_over_60": True}


def secret_of(link: showing.Link) -> str:
    return link.address.rpartition("/")[2]


def test_over_60_and_nothing_else(card: Card) -> None:
    link = services.show(card.holder, card.identifier, ["age_over_60"])
    found = services.shown(secret_of(link))
    assert (found.reason, found.holder_proved) == ("", True)
    assert found.claims == OVER_60


def test_a_presentation_holds_neither_name_nor_number_nor_birthday(card: Card) -> None:
    binding = Binding("shop.example", "n-1")
    made = services.present(
        card.holder, card.identifier, ["age_over_60"], audience="shop.example", nonce="n-1"
    )
    assert services.verify(made, binding).claims == OVER_60
    whole = "".join(
        bytes(sdjwt.strict.decode(part)).decode(errors="ignore")
        for token in made.split("~")
        for part in token.split(".")
        if part
    )
    for told in ("龚䶮㛃", "1961", card.row.holder, card.row.number, card.identifier):
        assert told not in whole


def test_two_presentations_share_neither_signature_nor_disclosure(
    card: Card,
) -> None:
    first, second = (
        services.present(card.holder, card.identifier, ["age_over_60"], audience="a", nonce="n")
        for _ in range(2)
    )
    assert not {*first.split("~")} & {*second.split("~")}
    stripped = first[: first.rindex("~") + 1]
    assert services.verify(stripped, Binding("a", "n")).reason == "binding"


def test_the_link_lasts_two_minutes_and_no_longer(card: Card) -> None:
    link = services.show(card.holder, card.identifier, ["age_over_60"])
    now = port.now()
    card.office.clock.freeze((now + timedelta(seconds=119)).isoformat())
    assert services.shown(secret_of(link)).valid
    for later in (120, 3600, -3600):
        card.office.clock.freeze((now + timedelta(seconds=later)).isoformat())
        with pytest.raises(ShowingEnded):
            services.shown(secret_of(link))


def test_a_link_is_looked_at_twenty_times_also_when_all_look_at_once(
    any_card: Card,
) -> None:
    secret = secret_of(services.show(any_card.holder, any_card.identifier, ["age_over_60"]))

    def one(_: int) -> bool:
        try:
            return services.shown(secret).valid
        except ShowingEnded:
            return False
        finally:
            any_card.office.leave()

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(one, range(30))) == 20
    shown = [e for e in trail.history(f"licence:{any_card.row.pk}") if "presented" in e.type]
    assert len(shown) == 20
    assert set(shown[0].data) == {"presentation"}
    assert len(shown[0].data["presentation"]) == 64


def test_the_database_does_not_hold_what_a_link_opens(card: Card) -> None:
    link = services.show(card.holder, card.identifier, ["age_over_60"])
    assert Showing.objects.get().digest not in link.address
    with pytest.raises(ShowingEnded):
        services.shown(Showing.objects.get().digest)
    with pytest.raises(ShowingEnded):
        services.shown("é")


def test_a_revoked_licence_is_not_shown_and_an_open_link_says_so(card: Card) -> None:
    link = services.show(card.holder, card.identifier, ["age_over_60"])
    card.revoke()
    assert services.shown(secret_of(link)).reason == "revoked"
    with pytest.raises(LicenceNotValid, match="revoked"):
        services.show(card.holder, card.identifier, ["age_over_60"])
    with pytest.raises(LicenceNotValid, match="revoked"):
        services.present(card.holder, card.identifier, [], audience="a", nonce="n")


def test_an_age_that_is_not_reached_cannot_be_shown(card: Card) -> None:
    for names in (["age_over_70"], ["elder.name", "nonsense"]):
        with pytest.raises(NotShowable):
            services.show(card.holder, card.identifier, names)
        with pytest.raises(NotShowable):
            services.present(card.holder, card.identifier, names, audience="a", nonce="n")
    # on the day
    card.office.clock.freeze("2031-03-05T09:00:00+08:00")
    assert services.show(card.holder, card.identifier, ["age_over_70"])


def test_nobody_shows_another_s_licence(card: Card) -> None:
    other = card.office.applicant("newborn")
    for act in (
        lambda: services.show(other, card.identifier, []),
        lambda: services.present(other, card.identifier, [], audience="a", nonce="n"),
        lambda: services.offer(other, card.identifier),
        lambda: queries.look(other, card.identifier),
    ):
        with pytest.raises(LicenceUnknown):
            act()
    approver = card.office.official("health", "approver")
    assert queries.look(approver, card.identifier)
    with pytest.raises(NotAllowed):
        services.show(approver, card.identifier, [])
    assert list(queries.mine(other)) == []
    assert [row.identifier for row in queries.mine(card.holder)] == [card.identifier]


def test_a_mother_keeps_and_shows_the_licence_of_her_newborn(office: Office) -> None:
    number = office.submit()
    mother = office.applicant("newborn")
    birth = next(one for one in queries.of_case(number) if one.kind == "birth-certificate")
    born = birth.content["child.birth_date"]
    link = services.show(mother, birth.identifier, ["child.name", "child.birth_date"])
    found = services.shown(secret_of(link))
    assert found.claims.keys() == {"ZZMC", "child.name", "child.birth_date"}
    told = {one.name: one.text for one in queries.told(found.kind, found.claims)}
    assert told["child.birth_date"] == queries.domain.written_day(date.fromisoformat(born))


def test_each_claim_of_every_licence_of_the_sample_city_is_plain(office: Office) -> None:
    numbers = [office.submit(), office.submit("enterprise-start")]
    rows = [row for number in numbers for row in queries.of_case(number)]
    assert len(rows) > 4
    for row in rows:
        for name, value in queries.could_show(row).items():
            assert isinstance(value, str | int), f"{row.kind} {name}: {value!r}"


def test_a_newborn_s_certificate_says_eighteen_years_later_that_its_holder_is_of_age(
    office: Office,
) -> None:
    row = queries.of_case(office.submit()).get(kind="birth-certificate")
    office.clock.freeze("2044-11-23T09:00:00+08:00")
    ages = {name for name in queries.could_show(row) if name.startswith("age_over")}
    assert ages == {"age_over_14", "age_over_16", "age_over_18"}


@pytest.fixture
def face(card: Card) -> str:
    code = queries.domain.face_code(keys.by(), keys.secret("faces"), card.identifier)
    return f"{settings.BASE_URL}/licences/face/{card.identifier}/{code}"


def test_the_code_on_a_face_tells_what_stands_on_it_and_its_state_now(
    card: Card, face: str
) -> None:
    found = services.verify(face)
    assert (found.reason, found.holder_proved) == ("", False)
    assert found.claims["elder.name"] == "龚䶮㛃"
    on_paper = {"ZZMC", "ZZBS", "ZZBH", "ZZBFJG", "ZZBFRQ", "ZZYXQJZRQ", *ELDER}
    assert found.claims.keys() == on_paper, "nor the holder's number, nor an age"
    card.revoke()
    assert services.verify(face).reason == "revoked"
    assert services.verify(face.replace("/face/", "/faces/")).reason == "malformed"
    assert services.verify(face[:-1] + ("A" if face[-1] != "A" else "Q")).reason == "signature"
    assert services.verify(face.replace(card.identifier, "1.2.3")).reason == "signature"


def test_a_counter_takes_links_and_presentations_and_says_why_it_does_not(card: Card) -> None:
    link = services.show(card.holder, card.identifier, ["age_over_60"])
    assert services.verify(f"  {link.address}\n").claims == OVER_60
    text = text_of(card.identifier)
    assert services.verify(text).valid, "good, and the holder not proved"
    assert not services.verify(text).holder_proved
    for nothing in (
        "",
        "~",
        "您好",
        "é~é~",
        "a.b.c~",
        "~" * 2000,
        "x" * 300_000,
        link.address + "x",
    ):
        assert services.verify(nothing).reason in {"malformed", "ended"}, nothing[:20]


def test_the_page_s_own_question_is_fresh_and_its_own(card: Card) -> None:
    nonce = counter.question()
    made = services.present(
        card.holder, card.identifier, ["age_over_60"], audience=counter.audience(), nonce=nonce
    )
    assert services.verify(made, Binding(counter.audience(), nonce)).valid
    assert services.verify(made, Binding(counter.audience(), counter.question())).reason == "nonce"
    forged = services.present(
        card.holder, card.identifier, ["age_over_60"], audience=counter.audience(), nonce="mine"
    )
    assert services.verify(forged, Binding(counter.audience(), "mine")).reason == "nonce"
    later = port.now() + timedelta(seconds=301)
    card.office.clock.freeze(later.isoformat())
    assert services.verify(made, Binding(counter.audience(), nonce)).reason == "nonce"


@pytest.mark.parametrize("suite", ["std", "gm"])
def test_both_suites_show(card: Card, suite: str, settings: Any) -> None:
    settings.SUITE = suite
    kind = queries.kind_of(card.row)
    fresh = issued("C9", of=kind, holder=card.row.holder).identifier
    link = services.show(card.holder, fresh, ["age_over_60"])
    assert services.shown(secret_of(link)).claims == OVER_60


def test_an_official_revokes_by_law_and_with_a_reason_in_its_own_department(card: Card) -> None:
    law = {"authority": "行政许可法 第六十九条", "reason": "骗取"}
    approver = card.office.official("health", "approver")
    clerk = card.office.official("health", "clerk")
    elsewhere = card.office.official("police", "approver")
    with pytest.raises(LicenceUnknown):
        services.order(elsewhere, card.identifier, "revoke", **law)
    with pytest.raises(LicenceUnknown):
        services.order(clerk, card.identifier, "revoke", **law)
    with pytest.raises(NotAllowed):
        services.order(card.holder, card.identifier, "revoke", **law)
    with pytest.raises(ValueError, match="reason"):
        services.order(approver, card.identifier, "revoke", authority="x", reason="")
    services.order(approver, card.identifier, "suspend", **law)
    services.order(approver, card.identifier, "restore", **law)
    services.order(approver, card.identifier, "revoke", **law)
    assert card.row.state == "revoked"
    told = trail.history("C1")[-1]
    assert (told.actor, told.authority, told.reason) == (
        *(approver.user_id, law["authority"], law["reason"]),
    )
