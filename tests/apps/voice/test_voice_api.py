"""The API of ratings and of call-backs: who rates, who calls back, what is named."""

from typing import Any

import pytest

from testkit.callers import Caller, caller, refused
from testkit.office import Office
from tongban.apps.voice.domain import FEWEST_SHOWN

ITEM = "birth-certificate"
LOW = {"level": 1, "tags": ["late"], "words": "等了很久"}
FOUND = {"how": "phone", "words": "已致歉并增开窗口", "mended": True}


@pytest.fixture
def number(office: Office) -> str:
    return office.submit()


def mother(office: Office) -> Caller:
    return caller(office.applicant("newborn"))


def clerk(office: Office, department: str = "health") -> Caller:
    return caller(office.official(department, "clerk"))


def rated(office: Office, number: str, **changed: Any) -> int:
    status, _ = mother(office).post(f"/cases/{number}/branches/{ITEM}/rating", LOW | changed)
    assert status == 204
    (seen,) = clerk(office).get("/departments/health/ratings")[1]
    return int(seen["id"])


def test_what_was_decided_is_rated_once_by_its_applicant(office: Office, number: str) -> None:
    me, here = mother(office), f"/cases/{number}/branches/{ITEM}/rating"
    status, before = me.get(f"/cases/{number}/ratings")
    assert (status, before[ITEM]) == (200, None)
    for stranger, code, error in (
        (Caller(), 401, "not_signed_in"),
        (caller(office.applicant("newborn", 1)), 404, "case_unknown"),
        (clerk(office), 409, "rating_refused"),
        (caller(office.applicant("newborn"), "case.read"), 403, "not_allowed"),
    ):
        refused(stranger.post(here, LOW), code, error)
    assert me.post(here, LOW) == (204, None)
    assert me.get(f"/cases/{number}/ratings")[1][ITEM] == {"level": 1, "tags": ["late"]}
    refused(me.post(here, LOW), 409, "rating_refused")
    assert clerk(office).get(f"/cases/{number}/ratings") == (200, {})


def test_the_tags_of_a_level_are_offered_in_both_languages_and_counts_are_open() -> None:
    for lang, ascii_ in (("zh", False), ("en", True)):
        status, offered = Caller().get(f"/ratings/tags/1?lang={lang}")
        assert (status, offered["level"].isascii()) == (200, ascii_)
        assert {tag["slug"] for group in offered["groups"] for tag in group["tags"]} >= {"late"}
    refused(Caller().get("/ratings/tags/6"), 422, "request_invalid")
    refused(Caller().get("/ratings?item=NO%20ITEM"), 422, "request_invalid")


def test_a_low_rating_is_called_back_once_by_its_department(office: Office, number: str) -> None:
    rating = rated(office, number)
    here = f"/ratings/{rating}/call-back"
    (seen,) = clerk(office).get("/departments/health/ratings")[1]
    assert (seen["case"], seen["level"], seen["words"]) == (number, 1, "等了很久")
    assert (seen["call_back"]["open"], seen["call_back"]["due"]) == (True, "2026-11-30")
    for stranger in (clerk(office, "police"), mother(office)):
        refused(stranger.post(here, FOUND), 403, "not_allowed")
    refused(
        caller(office.official("health", "clerk"), "case.read").post(here, FOUND),
        403,
        "not_allowed",
    )
    refused(Caller().post(here, FOUND), 401, "not_signed_in")
    assert clerk(office).post(here, FOUND) == (204, None)
    (seen,) = clerk(office).get("/departments/health/ratings")[1]
    back = seen["call_back"]
    assert (back["open"], back["late"], back["how"]) == (False, False, "phone")
    assert (back["found"], back["mended"]) == ("已致歉并增开窗口", True)
    refused(clerk(office).post(here, FOUND), 409, "rating_refused")


def test_an_unnamed_rating_shows_no_case_and_is_looked_into(office: Office, number: str) -> None:
    here = f"/ratings/{rated(office, number, anonymous=True)}/call-back"
    (seen,) = clerk(office).get("/departments/health/ratings")[1]
    assert seen["case"] == ""
    refused(clerk(office).post(here, FOUND), 409, "rating_refused")
    looked = {"how": "looked-into", "words": "已核查", "mended": False}
    assert clerk(office).post(here, looked)[0] == 204


def test_a_call_back_that_is_not_right_is_refused_by_name(office: Office, number: str) -> None:
    rating = rated(office, number)
    here, me = f"/ratings/{rating}/call-back", clerk(office)
    for changed, field in (
        ({"how": "fax"}, "how"),
        ({"words": "x" * 501}, "words"),
        ({"words": "\x00"}, "words"),
        ({"mended": "yes"}, "mended"),
        ({"level": 5}, "level"),
    ):
        fields = refused(me.post(here, FOUND | changed), 422, "request_invalid")
        assert [name for name in fields if field in name], field
    refused(me.post(here, FOUND | {"words": " "}), 409, "rating_refused")
    refused(me.post("/ratings/0/call-back", FOUND), 422, "request_invalid")
    refused(me.post(f"/ratings/{rating + 1}/call-back", FOUND), 403, "not_allowed")
    assert me.get("/departments/health/ratings")[1][0]["call_back"]["open"]


def test_the_ratings_of_a_department_are_for_its_own_officials(office: Office, number: str) -> None:
    rating = rated(office, number)
    for stranger in (clerk(office, "police"), mother(office)):
        refused(stranger.get("/departments/health/ratings"), 403, "not_allowed")
    assert clerk(office).get(f"/departments/health/ratings?before={rating}") == (200, [])
    refused(clerk(office).get("/departments/health/ratings?size=0"), 422, "request_invalid")


def test_counts_are_for_everybody_once_there_are_enough_of_them(office: Office) -> None:
    def counts(wanted: str) -> Any:
        status, found = Caller().get(f"/ratings?{wanted}")
        assert status == 200
        return found

    for place in range(FEWEST_SHOWN):
        assert counts(f"item={ITEM}") == {"levels": None, "tags": {}}
        here = f"/cases/{office.submit(place=place)}/branches/{ITEM}/rating"
        given = {"level": 5} if place else LOW
        assert caller(office.applicant("newborn", place)).post(here, given)[0] == 204
    shown = {"levels": {"1": 1, "2": 0, "3": 0, "4": 0, "5": FEWEST_SHOWN - 1}, "tags": {"late": 1}}
    for wanted in (f"item={ITEM}", "department=health", ""):
        assert counts(wanted) == shown
    assert counts("department=police") == {"levels": None, "tags": {}}
