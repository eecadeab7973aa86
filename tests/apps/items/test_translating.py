"""Guides in further languages: proposed by one official, signed by another, told on the trail."""

import pytest

from testkit.office import Office
from tongban.apps.items import queries, translating
from tongban.apps.items.errors import TranslationDenied, TranslationRefused
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
    assert translating.coverage(guide, "ug") == 1 / len(guide.paragraphs)
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
        ("time", "ug", "a", "b", "no written paragraph"),
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
