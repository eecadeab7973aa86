"""The API of translations: proposed by one official of the department, signed by another."""

from datetime import datetime
from typing import Any

import pytest

from testkit.callers import Caller, caller, refused
from testkit.office import Office

SLUG = "household-registration"
HERE = f"/guides/{SLUG}/translations"
UYGHUR = {"paragraph": "when", "language": "ug", "heading": "قاچان", "text": "بىر ئاي ئىچىدە"}


def at(office: Office, role: str, department: str = "police") -> Caller:
    return caller(office.official(department, role))


def when(who: Caller) -> Any:
    status, page = who.get(f"{HERE}?language=ug")
    assert (status, page["slug"], page["language"]) == (200, SLUG, "ug")
    return next(one for one in page["paragraphs"] if one["id"] == "when")


def instant(signed: dict[str, Any]) -> dict[str, Any]:
    return signed | {"signed_at": datetime.fromisoformat(signed["signed_at"])}


def test_a_translation_waits_until_somebody_else_signs_it(office: Office) -> None:
    clerk, approver = at(office, "clerk"), at(office, "approver")
    before = when(clerk)
    assert before["heading_en"].isascii()
    assert (before["signed"], before["waiting"]) == (None, [])
    status, made = clerk.post(HERE, UYGHUR)
    assert status == 201
    (waiting,) = when(approver)["waiting"]
    assert (waiting["number"], waiting["text"]) == (made["number"], UYGHUR["text"])
    sign = f"/translations/{made['number']}/signature"
    for other in (clerk, at(office, "approver", "health"), at(office, "reviewer")):
        refused(other.post(sign), 403, "not_allowed")
    status, signed = approver.post(sign)
    assert (status, signed["heading"], signed["text"]) == (200, UYGHUR["heading"], UYGHUR["text"])
    assert signed["translator"] != signed["signed_by"]
    after = when(clerk)
    assert instant(after["signed"]) == instant(signed)
    assert after | {"signed": None} == before
    refused(approver.post(sign), 409, "translation_refused")
    _, guide = Caller().get(f"/services/{SLUG}/guide?translation=ug")
    assert UYGHUR["text"] in [one["text"] for one in guide["paragraphs"]]


def test_a_translation_is_the_departments_own(office: Office) -> None:
    for stranger in (
        caller(office.applicant("newborn")),
        at(office, "clerk", "health"),
        caller(office.official("police", "clerk"), "case.read"),
    ):
        refused(stranger.get(f"{HERE}?language=ug"), 403, "not_allowed")
        refused(stranger.post(HERE, UYGHUR), 403, "not_allowed")
    refused(Caller().post(HERE, UYGHUR), 401, "not_signed_in")
    assert when(at(office, "clerk"))["waiting"] == []


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"paragraph": "No"}, "paragraph"),
        ({"language": "uyghur language"}, "language"),
        ({"heading": ""}, "heading"),
        ({"text": "x" * 4001}, "text"),
        ({"signed_by": "me"}, "signed_by"),
        ({"paragraph": "no-such"}, ""),
        ({"language": "zh"}, ""),
        ({"heading": " "}, ""),
    ],
)
def test_what_cannot_be_shown_is_refused_by_name(
    office: Office, changed: dict[str, Any], field: str
) -> None:
    clerk = at(office, "clerk")
    answer = clerk.post(HERE, UYGHUR | changed)
    if field:
        fields = refused(answer, 422, "request_invalid")
        assert [name for name in fields if field in name], fields
    else:
        refused(answer, 409, "translation_refused")
    refused(clerk.post("/guides/no-such-guide/translations", UYGHUR), 404, "not_published")
    assert when(clerk)["waiting"] == []
