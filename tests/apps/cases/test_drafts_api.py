"""The API of drafts: saved, given papers, read ahead and doubted, sent once; nobody else's."""

from typing import Any

import pytest

from testkit.callers import Caller, caller, refused
from testkit.office import Office
from testkit.papers import base64_of, from_a_phone, pdf

BOOK, FACT = "marriage-certificate", "mother.hukou_address"
NOBODYS = "/drafts/" + "0" * 20


@pytest.fixture
def mother(office: Office) -> Caller:
    return caller(office.applicant("newborn"))


def begun(office: Office, mother: Caller, **more: Any) -> str:
    """Save the demonstration's answers; give the address of the draft."""
    known = {n: v for n, v in office.cast("newborn").items() if "id_number" not in n}
    answers = office.answers("newborn") | known | more
    status, draft = mother.post("/drafts", {"life_event": "newborn", "answers": answers})
    assert (status, draft["version"], draft["case"]) == (200, 1, "")
    return f"/drafts/{draft['number']}"


def paper(content: bytes, **changed: Any) -> dict[str, Any]:
    told = {"material": BOOK, "filename": "我的 证.pdf", "media_type": "application/pdf"}
    return told | {"content": base64_of(content)} | changed


def shown(reading: Any) -> dict[str, Any]:
    return {one["fact"]: one for one in reading["facts"]}


def test_a_draft_is_saved_listed_read_and_dropped(office: Office, mother: Caller) -> None:
    here = begun(office, mother)
    saved = {"life_event": "newborn", "answers": {"child.name": "安诺"}}
    refused(mother.post("/drafts", saved), 409, "draft_moved")
    status, draft = mother.post("/drafts", saved | {"version": 1})
    assert (status, draft["version"], draft["answers"]["child.name"]) == (200, 2, "安诺")
    stale = saved | {"version": 1, "answers": {"child.name": "安小诺"}}
    clash = refused(mother.post("/drafts", stale), 409, "draft_moved")["child.name"]
    assert "安诺" in clash["zh"]
    assert "安小诺" in clash["en"]
    assert mother.get(here) == (200, draft)
    status, (line,) = mother.get("/drafts?lang=en")
    assert (status, line["name"], line["version"]) == (200, "a child is born", 2)
    assert mother.delete(here) == (204, None)
    refused(mother.get(here), 404, "draft_unknown")
    assert mother.get("/drafts") == (200, [])


def test_what_is_amiss_in_a_draft_is_named_before_it_is_sent(
    office: Office, mother: Caller
) -> None:
    here = begun(office, mother, **{"child.card_bank": "999"})
    _, draft = mother.get(here)
    assert set(draft["mistakes"]) == {"child.card_bank"}
    sent = {"version": 1, "consent": True}
    wrong = refused(mother.post(f"{here}/submission", sent), 422, "submission_invalid")
    assert "child.card_bank" in wrong
    for changed, field in (
        ({"answers": {"child.no_such_fact": "1"}}, "child.no_such_fact"),
        ({"answers": {"child.name": ["安"]}}, "child.name"),
        ({"life_event": "No Event"}, "life_event"),
        ({"version": -1}, "version"),
    ):
        status, problem = mother.post("/drafts", {"life_event": "newborn"} | changed)
        assert status == 422, field
        assert [name for name in problem["fields"] if field in name], problem
    refused(mother.post("/drafts", {"life_event": "no-event"}), 404, "not_published")
    assert mother.get(here)[1]["version"] == 1


def test_a_paper_is_kept_as_what_it_is_looked_at_and_replaced_by_who_saw_it(
    office: Office, mother: Caller
) -> None:
    here = begun(office, mother)
    status, draft = mother.post(f"{here}/documents", paper(from_a_phone()))
    (kept,) = draft["documents"]
    assert (status, kept["material"]) == (200, BOOK)
    # it said that it was a PDF
    assert (kept["filename"], kept["media_type"]) == ("我的 证.jpg", "image/jpeg")
    status, look = mother.get(f"{here}/documents/{BOOK}/look")
    assert status == 200
    assert all(one["zh"] and one["en"] for one in look["findings"])
    assert look["taken"] is not any(one["weight"] == "refuse" for one in look["findings"])
    refused(mother.post(f"{here}/documents", paper(pdf())), 409, "draft_moved")
    again = mother.post(f"{here}/documents", paper(pdf(), replaces=kept["digest"]))
    assert [one["media_type"] for one in again[1]["documents"]] == ["application/pdf"]
    status, draft = mother.delete(f"{here}/documents/{BOOK}")
    assert (status, draft["documents"]) == (200, [])
    assert mother.get(f"{here}/documents/{BOOK}/look")[0] == 404


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"material": "no-such-paper"}, "no-such-paper"),
        ({"content": base64_of(b"MZ")}, BOOK),
        ({"content": "===="}, BOOK),
        ({"content": "?"}, "content"),
        ({"filename": "a/b.pdf"}, "filename"),
        ({"media_type": "text/html"}, "media_type"),
        ({"replaces": "SHA"}, "replaces"),
    ],
)
def test_a_paper_that_is_not_right_is_refused_by_name(
    office: Office, mother: Caller, changed: dict[str, Any], field: str
) -> None:
    here = begun(office, mother)
    status, problem = mother.post(f"{here}/documents", paper(pdf()) | changed)
    assert status == 422
    assert [name for name in problem["fields"] if field in name], problem
    assert mother.get(here)[1]["documents"] == []


def test_departments_are_read_ahead_after_consent_and_the_draft_is_sent_once(
    office: Office, mother: Caller
) -> None:
    here = begun(office, mother)
    status, before = mother.get(f"{here}/reading")
    assert (status, before["state"], before["facts"]) == (200, "none", [])
    assert "consent" in refused(mother.post(f"{here}/reading", {}), 422, "submission_invalid")
    refused(mother.post(f"{here}/reading", {"consent": "yes"}), 422, "request_invalid")
    assert mother.get(f"{here}/reading")[1]["state"] == "none"
    status, reading = mother.post(f"{here}/reading?lang=en", {"consent": True})
    assert (status, reading["state"], reading["fresh"]) == (200, "read", True)
    fact = shown(reading)[FACT]
    assert fact["value"]
    assert fact["department"].isascii()
    assert mother.get(f"{here}/reading?lang=en") == (200, reading)
    doubt = f"{here}/facts/{FACT}/doubt"
    _, doubted = mother.post(doubt, {"says": "杭州市上城区一号", "why": "去年已迁"})
    assert shown(doubted)[FACT]["doubt"]["says"] == "杭州市上城区一号"
    assert shown(doubted)[FACT]["value"] == fact["value"]
    refused(mother.post(doubt, {"says": "别处"}), 409, "case_refused")
    refused(mother.post(f"{here}/submission", {"version": 2}), 409, "draft_moved")
    status, case = mother.post(f"{here}/submission", {"version": 1})
    assert (status, case["life_event"]) == (201, "newborn")
    assert mother.post(f"{here}/submission", {"version": 1})[1]["number"] == case["number"]
    assert mother.get("/cases")[1]["count"] == 1
    _, facts = mother.get(f"/cases/{case['number']}/facts")
    (kept,) = [one for one in facts["facts"] if one["fact"] == FACT]
    assert (kept["origin"], kept["doubt"]["why"]) == ("source", "去年已迁")


def test_a_doubt_is_taken_back_before_and_after_sending(office: Office, mother: Caller) -> None:
    here = begun(office, mother)
    doubt = f"facts/{FACT}/doubt"
    refused(mother.post(f"{here}/{doubt}", {"says": "别处"}), 409, "case_refused")  # not yet read
    _, reading = mother.post(f"{here}/reading", {"consent": True})
    same = {"says": shown(reading)[FACT]["value"]}
    assert FACT in refused(mother.post(f"{here}/{doubt}", same), 422, "submission_invalid")
    child = f"{here}/facts/child.name/doubt"
    assert "child.name" in refused(mother.post(child, {}), 422, "submission_invalid")
    refused(mother.post(f"{here}/facts/mother.shoe_size/doubt", {}), 422, "fact_unknown")
    mother.post(f"{here}/{doubt}", {"says": None, "why": "看不清"})
    status, reading = mother.delete(f"{here}/{doubt}")
    assert (status, shown(reading)[FACT]["doubt"]) == (200, None)
    refused(mother.delete(f"{here}/{doubt}"), 409, "case_refused")
    _, case = mother.post(f"{here}/submission", {"version": 1, "consent": True})
    mine = f"/cases/{case['number']}/{doubt}"
    stranger = caller(office.applicant("newborn", 1))
    for who, status, error in (
        (stranger, 404, "case_unknown"),
        (caller(office.applicant("newborn"), "case.read"), 403, "not_allowed"),
    ):
        refused(who.post(mine, {"says": "别处"}), status, error)
        refused(who.delete(mine), status, error)
    assert FACT in refused(mother.post(mine, same), 422, "submission_invalid")
    assert mother.post(mine, {"says": "别处"})[0] == 200
    refused(mother.post(mine, {"says": "别处"}), 409, "case_refused")
    assert mother.delete(mine)[0] == 200
    refused(mother.delete(mine), 409, "case_refused")


def test_a_draft_is_its_makers_alone(office: Office, mother: Caller) -> None:
    here = begun(office, mother)
    mother.post(f"{here}/documents", paper(pdf()))
    asked: list[tuple[str, str, Any]] = [
        ("get", "", None),
        ("get", "/reading", None),
        ("post", "/reading", {"consent": True}),
        ("post", f"/facts/{FACT}/doubt", {"says": "别处"}),
        ("delete", f"/facts/{FACT}/doubt", None),
        ("post", "/documents", paper(pdf())),
        ("get", f"/documents/{BOOK}/look", None),
        ("delete", f"/documents/{BOOK}", None),
        ("post", "/submission", {"version": 2, "consent": True}),
        ("delete", "", None),
    ]
    stranger = caller(office.applicant("newborn", 1))
    reader = caller(office.applicant("newborn"), "case.read")
    for verb, part, body in asked:
        refused(stranger.ask(verb, here + part, body), 404, "draft_unknown")
        refused(reader.ask(verb, here + part, body), 403, "not_allowed")
        refused(mother.ask(verb, NOBODYS + part, body), 404, "draft_unknown")
        refused(Caller().ask(verb, here + part, body), 401, "not_signed_in")
    refused(mother.get("/drafts/x"), 422, "request_invalid")
    assert stranger.get("/drafts") == (200, [])
    _, draft = mother.get(here)
    assert [one["material"] for one in draft["documents"]] == [BOOK]
    assert mother.get(f"{here}/reading")[1]["state"] == "none"
