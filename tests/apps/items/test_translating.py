"""Guides in further languages: proposed by one official, signed by another, told on the trail."""

from pathlib import Path

import pytest

from testkit.office import Office
from testkit.packs import changed_packs, raised_item
from tongban.apps.items import queries, services, translating
from tongban.apps.items.domain.pieces import ABOUT, pieces
from tongban.apps.items.errors import TranslationDenied, TranslationRefused
from tongban.apps.items.models import Translation
from tongban.infra.packs import read_packs
from tongban.infra.trail import queries as trail

SLUG, UYGHUR = "household-registration", ("قاچان", "تۇغۇلۇپ بىر ئاي ئىچىدە")


@pytest.fixture
def number(office: Office) -> int:
    clerk = office.official("police", "clerk")
    return translating.propose(clerk, SLUG, "when", "ug", *UYGHUR)


def test_it_is_shown_once_another_official_has_signed_it(office: Office, number: int) -> None:
    guide = queries.guide(SLUG)
    assert translating.signed(guide, "ug") == {}
    assert [p.number for p in translating.waiting(SLUG)] == [number]
    signed = translating.sign(office.official("police", "approver"), number)
    assert translating.signed(guide, "ug") == {"when": signed}
    assert (signed.heading, signed.text) == UYGHUR
    assert (signed.translator, signed.signed_by) == ("陈立", "郑国强")
    assert translating.waiting(SLUG) == []
    assert translating.coverage(guide, "ug") == 1 / len(pieces(guide))
    assert translating.signed(guide, "bo") == {}
    told = [event.type.split(".")[-2] for event in trail.history(f"items:guide:{SLUG}")]
    assert told == ["published", "proposed", "signed"]


def test_a_newer_signature_takes_the_place_of_an_older_one(office: Office, number: int) -> None:
    approver = office.official("police", "approver")
    translating.sign(approver, number)
    office.clock.move(days=1)
    clerk = office.official("police", "clerk")
    again = translating.propose(clerk, SLUG, "when", "ug", "قاچان؟", "بىر ئاي")
    translating.sign(approver, again)
    assert translating.signed(queries.guide(SLUG), "ug")["when"].text == "بىر ئاي"


@pytest.mark.parametrize(
    ("department", "role"),
    [("police", "clerk"), ("police", "reviewer"), ("health", "approver"), ("tax", "clerk")],
)
def test_nobody_else_signs(office: Office, number: int, department: str, role: str) -> None:
    with pytest.raises(TranslationDenied):
        translating.sign(office.official(department, role), number)


def test_a_citizen_and_another_department_propose_nothing(office: Office) -> None:
    for subject in (office.applicant("newborn"), office.official("health", "clerk")):
        with pytest.raises(TranslationDenied):
            translating.propose(subject, SLUG, "when", "ug", *UYGHUR)


def test_it_is_signed_once(office: Office, number: int) -> None:
    approver = office.official("police", "approver")
    translating.sign(approver, number)
    with pytest.raises(TranslationRefused, match="signed already"):
        translating.sign(approver, number)
    with pytest.raises(TranslationRefused, match="no such"):
        translating.sign(approver, number + 1)


@pytest.mark.parametrize(
    ("paragraph", "language", "heading", "text", "said"),
    [
        ("when", "zh", "a", "b", "no further language"),
        ("when", "en-GB", "a", "b", "no further language"),
        ("when", "ug\n", "a", "b", "no further language"),
        ("no-such", "ug", "a", "b", "no paragraph"),
        ("when", "ug", " ", "b", "1 to 4000"),
        ("when", "ug", "a", "b" * 4001, "1 to 4000"),
    ],
)
def test_what_cannot_be_shown_is_refused(
    office: Office, paragraph: str, language: str, heading: str, text: str, said: str
) -> None:
    clerk = office.official("police", "clerk")
    with pytest.raises(TranslationRefused, match=said):
        translating.propose(clerk, SLUG, paragraph, language, heading, text)


def _translate(office: Office, *ids: str) -> None:
    clerk, approver = office.official("police", "clerk"), office.official("police", "approver")
    for id_ in ids:
        translating.sign(approver, translating.propose(clerk, SLUG, id_, "ug", *UYGHUR))


def test_name_and_sections_are_translated_like_paragraphs(office: Office) -> None:
    guide = queries.guide(SLUG)
    every = [one.id for one in pieces(guide)]
    assert every[0] == ABOUT
    assert {"who", "known", "bring", "time", "fee", "result", "law", "when"} <= set(every)
    _translate(office, *every[:-1])
    assert translating.coverage(guide, "ug") == (len(every) - 1) / len(every)
    _translate(office, every[-1])
    assert translating.coverage(guide, "ug") == 1
    (row,) = (r for r in queries.services(department="police").rows if r.slug == SLUG)
    assert translating.shown([row.about], "ug") == {
        (SLUG, ABOUT): translating.signed(guide, "ug")[ABOUT]
    }


def test_a_section_computed_anew_has_lost_its_translation(office: Office, tmp_path: Path) -> None:
    """A department's other name makes no other edition: only what names it is stale."""
    clerk, approver = office.official("police", "clerk"), office.official("police", "approver")
    _translate(office, ABOUT, "known", "when")
    waits = translating.propose(clerk, SLUG, "known", "ug", *UYGHUR)
    before = queries.guide(SLUG)
    assert "市卫生健康委员会" in before.paragraph("known").text.zh
    renamed = changed_packs(
        tmp_path, {"sample/departments.yaml": [("市卫生健康委员会", "市卫生健康局")]}
    )
    services.publish(read_packs(renamed), actor="test")
    guide = queries.guide(SLUG)
    assert guide.edition == before.edition
    assert set(translating.signed(guide, "ug")) == {ABOUT, "when"}
    assert translating.stale(guide, "ug") == {"known"}
    assert translating.waiting(SLUG) == []
    with pytest.raises(TranslationRefused, match="the source changed"):
        translating.sign(approver, waits)
    found = {one.guide.slug: one for one in translating.of_departments(["police"], "ug")}[SLUG]
    assert (found.pieces, found.signed, found.waiting) == (len(pieces(guide)), 2, 0)
    _translate(office, "known")
    assert translating.stale(queries.guide(SLUG), "ug") == set()


def test_another_edition_is_translated_anew(office: Office, tmp_path: Path) -> None:
    _translate(office, ABOUT, "when")
    services.publish(read_packs(raised_item(tmp_path, SLUG)), actor="test")
    guide = queries.guide(SLUG)
    assert (guide.edition, translating.signed(guide, "ug")) == (2, {})
    assert translating.stale(guide, "ug") == {ABOUT, "when"}


def test_a_service_is_found_by_its_signed_name_alone(office: Office, tmp_path: Path) -> None:
    clerk, approver = office.official("police", "clerk"), office.official("police", "approver")
    waits = translating.propose(clerk, SLUG, ABOUT, "kk", "Тууды Тіркеу", "мәтін")
    translating.propose(clerk, SLUG, "when", "kk", "Қашан", "тіркеу")
    assert translating.called("тіркеу", "kk") == frozenset()
    translating.sign(approver, waits)
    assert translating.called("тіркеу", "kk") == {SLUG}
    assert translating.called("тіркеу", "ug") == translating.called("қашан", "kk") == frozenset()
    called = translating.called("тіркеу", "kk")
    assert [r.slug for r in queries.services(named="тіркеу", called=called).rows] == [SLUG]
    assert queries.services(named="тіркеу", called=called, of="life-event").total == 0
    services.publish(read_packs(raised_item(tmp_path, SLUG)), actor="test")
    assert translating.called("тіркеу", "kk") == frozenset()


def test_a_paragraph_signed_before_sources_were_kept_stays(office: Office) -> None:
    _translate(office, "when")
    Translation.objects.update(source="")
    assert set(translating.signed(queries.guide(SLUG), "ug")) == {"when"}
