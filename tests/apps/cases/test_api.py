"""The API of cases, asked as a citizen's phone and an official's desk would ask it."""

import base64
import re
import sqlite3
import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client

from testkit.callers import Caller, bearing, caller, refused
from testkit.office import Office
from testkit.papers import base64_of, darkened, jpeg, picture
from tongban.apps.evidence import seals
from tongban.apps.items import queries as items
from tongban.apps.items import translating
from tongban.apps.parties import services as parties
from tongban.config.api import api
from tongban.infra.access import services as access
from tongban.infra.access.models import User

PDF = base64.b64encode(b"%PDF-1.7\n" + b"0" * 64).decode()
GRANT = {"outputs": {"outcome": "grant"}, "reason": "材料齐全，符合条件"}
PAYS = "maternity-reimbursement"


STRANGER = Caller()


@pytest.fixture
def mother(office: Office) -> Caller:
    return caller(office.applicant("newborn"))


def application(office: Office, **changed: Any) -> dict[str, Any]:
    known = {n: v for n, v in office.cast("newborn").items() if "id_number" not in n}
    answers = {**office.answers("newborn"), **known}
    return {"life_event": "newborn", "answers": answers, "consent": True, **changed}


def branch(case: Mapping[str, Any], item: str) -> Any:
    return next(b for b in case["branches"] if b["item"] == item)


def test_anyone_may_read_what_can_be_applied_for(office: Office) -> None:
    status, found = STRANGER.get("/life-events?lang=en")
    assert status == 200
    assert {e["slug"] for e in found} >= {"newborn", "enterprise-start"}
    status, plan = STRANGER.get("/life-events/newborn/plan")
    assert status == 200
    assert plan["ask"]
    assert plan["consent"]
    assert {m["status"] for m in plan["materials"]} >= {"waived"}
    refused(STRANGER.get("/life-events/no-such-event/plan"), 404, "not_published")


def test_anyone_may_read_guides_list_services_and_ask(office: Office) -> None:
    status, page = STRANGER.get("/services?lang=en&of=life-event&audience=company")
    assert (status, page["count"]) == (200, 1)
    assert page["rows"][0]["name"] == "a company starts"
    status, guide = STRANGER.get("/services/household-registration/guide?lang=en")
    assert status == 200
    assert guide["apply"] == ["newborn"]
    assert {p["lang"] for p in guide["paragraphs"]} == {"en"}
    assert {p["id"] for p in guide["paragraphs"]} >= {"time", "which-parent"}
    status, reply = STRANGER.get("/ask?q=gljt&region=330106&lang=en")
    assert status == 200
    assert reply["quotes"][0]["published"] == guide["published"]
    refused(STRANGER.get("/services/no-such-item/guide"), 404, "not_published")
    refused(STRANGER.get("/ask"), 422, "request_invalid")
    refused(STRANGER.get("/services?region=33"), 422, "request_invalid")


def test_a_translation_is_shown_once_it_is_signed(office: Office) -> None:
    clerk, approver = office.official("police", "clerk"), office.official("police", "approver")
    number = translating.propose(clerk, "household-registration", "when", "bo", "ག", "ཁ")
    path = "/services/household-registration/guide?translation=bo"

    def shown() -> Any:
        return next(p for p in STRANGER.get(path)[1]["paragraphs"] if p["id"] == "when")

    assert shown()["lang"] == "zh"
    translating.sign(approver, number)
    assert (shown()["lang"], shown()["heading"], shown()["text"]) == ("bo", "ག", "ཁ")


def test_name_and_sections_come_translated_in_guide_list_and_answer(office: Office) -> None:
    clerk, approver = office.official("police", "clerk"), office.official("police", "approver")
    slug, words = "household-registration", {"about": ("མིང", "བསྡུས"), "time": ("དུས", "ཉིན")}
    for id_, (heading, text) in words.items():
        waits = translating.propose(clerk, slug, id_, "bo", heading, text)
        translating.sign(approver, waits)
    _, guide = STRANGER.get(f"/services/{slug}/guide?translation=bo")
    assert (guide["lang"], guide["name"], guide["summary"]) == ("bo", *words["about"])
    told = {p["id"]: p for p in guide["paragraphs"]}
    assert (told["time"]["lang"], told["time"]["text"], told["time"]["computed"]) == (
        "bo",
        "ཉིན",
        True,
    )
    assert (told["who"]["lang"], told["when"]["computed"]) == ("zh", False)
    asked = quote("报户口")
    for path in ("/services?of=item&size=100", f"/services?q={asked}&of=item"):
        rows = STRANGER.get(f"{path}&translation=bo")[1]["rows"]
        named = {row["slug"]: (row["lang"], row["name"]) for row in rows}
        assert named[slug] == ("bo", "མིང")
        assert {lang for other, (lang, _) in named.items() if other != slug} <= {"zh"}
    _, reply = STRANGER.get(f"/ask?q={asked}&translation=bo")
    assert [q["name"] for q in reply["quotes"] if q["slug"] == slug] == ["མིང"]
    _, plain = STRANGER.get(f"/services/{slug}/guide?lang=en")
    assert (plain["lang"], plain["name"]) == ("en", items.guide(slug).name.en)


def test_services_are_found_by_name_as_on_the_page(office: Office) -> None:
    for named in ("gljt", "高岭津贴", "housholde", "登记", "护照"):
        status, page = STRANGER.get(f"/services?q={quote(named)}&size=100")
        rows = items.services(named=named, size=100).rows
        assert (status, page["count"], page["reading"]) == (200, len(rows), False)
        assert [row["slug"] for row in page["rows"]] == [row.slug for row in rows]
    status, page = STRANGER.get("/services?q=gljt&of=item")
    assert [row["slug"] for row in page["rows"]] == ["old-age-allowance-claim"]
    refused(STRANGER.get("/services?q="), 422, "request_invalid")


def test_whoever_asks_or_searches_too_fast_waits(office: Office, settings: Any) -> None:
    settings.QUESTIONS = 4
    for path in ("/ask?q=gljt", "/services?q=gljt") * 2:
        assert STRANGER.get(path)[0] == 200
    refused(STRANGER.get("/ask?q=gljt"), 429, "too_many")
    refused(STRANGER.get("/services?q=gljt"), 429, "too_many")
    assert STRANGER.get("/services")[0] == 200
    office.clock.move(minutes=2)
    assert STRANGER.get("/ask?q=gljt")[0] == 200


def test_whoever_is_signed_in_checks_before_applying(office: Office, mother: Caller) -> None:
    body = {"answers": {"child.household_with": "mother"}}
    status, found = mother.post("/life-events/newborn/precheck?lang=en", body)
    assert status == 200
    register = branch({"branches": found}, "household-registration")
    assert register["answer"] == "unknown"
    assert {"fact": "mother.hukou_region", "origin": "fetched"}.items() <= next(
        w for w in register["wanted"] if w["fact"] == "mother.hukou_region"
    ).items()
    refused(STRANGER.post("/life-events/newborn/precheck", body), 401, "not_signed_in")
    wrong = {"answers": {"child.household_with": "aunt"}}
    refused(mother.post("/life-events/newborn/precheck", wrong), 422, "submission_invalid")


def test_a_citizen_applies_once_and_follows_the_case(office: Office, mother: Caller) -> None:
    status, case = mother.post("/cases", application(office))
    assert (status, case.pop("looks")) == (201, [])
    number = case["number"]
    assert len(case["branches"]) == 7
    assert branch(case, "birth-certificate")["state"] == "granted"
    assert branch(case, "birth-certificate")["licence"].startswith("1.2.156.3005.2.")
    assert branch(case, "birth-certificate")["reasons"]
    assert mother.get(f"/cases/{number}") == (200, case)
    status, facts = mother.get(f"/cases/{number}/facts")
    assert status == 200
    assert {f["origin"] for f in facts["facts"]} == {"login", "source", "applicant", "assigned"}
    assert facts["calls"]
    status, timeline = mother.get(f"/cases/{number}/timeline")
    assert status == 200
    assert timeline["verified"] is True
    hashes = [e["hash"] for e in timeline["events"]]
    assert [e["previous"] for e in timeline["events"]][1:] == hashes[:-1]
    status, page = mother.get("/cases?size=1")
    assert (status, page["count"], page["rows"][0]["number"]) == (200, 1, number)
    assert mother.get("/cases?page=9")[1]["rows"] == []


def test_the_answer_to_a_submission_says_where_the_case_is(office: Office, mother: Caller) -> None:
    client = Client(headers=mother.headers)
    answer = client.post("/api/cases", application(office), content_type="application/json")
    assert answer["Location"] == f"/api/cases/{answer.json()['number']}"


def operations(*, closed: bool) -> list[tuple[str, str]]:
    schema = api.get_openapi_schema()
    found = []
    for path, methods in schema["paths"].items():
        concrete = re.sub(r"\{\w+\}", "1", path.removeprefix("/api"))
        found += [
            (m.upper(), concrete) for m, o in methods.items() if bool(o.get("security")) is closed
        ]
    return found


def test_nothing_is_open_without_a_token_but_the_guides_and_verification(office: Office) -> None:
    assert operations(closed=False) == [
        ("GET", "/life-events"),
        ("GET", "/life-events/1/plan"),
        ("POST", "/licences/verify"),
        ("POST", "/licences/verify/question"),
        ("GET", "/services"),
        ("GET", "/services/1/guide"),
        ("GET", "/ask"),
        ("GET", "/ratings"),
        ("GET", "/ratings/tags/1"),
        ("GET", "/atlas"),
    ]
    assert ("POST", "/exchange/requests/1/actions") in operations(closed=True)
    for method, path in operations(closed=True):
        refused(STRANGER.ask(method, path, {}), 401, "not_signed_in")
        refused(bearing("tb_wrong").ask(method, path, {}), 401, "not_signed_in")
    answer = Client().get("/api/cases")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_wrong_token_is_not_made_good_by_a_session(office: Office) -> None:
    client = Client(headers={"Authorization": "Bearer tb_wrong"})
    client.force_login(User.objects.get(pk=office.applicant("newborn").user_id))
    assert client.get("/api/cases").status_code == 401


def test_a_session_needs_its_csrf_token_to_change_anything(office: Office) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get(pk=office.applicant("newborn").user_id))
    assert client.get("/api/cases").status_code == 200
    forged = client.post("/api/cases", application(office), content_type="application/json")
    refused((forged.status_code, forged.json()), 403, "not_allowed")
    client.cookies[settings.CSRF_COOKIE_NAME] = "a" * 32
    honest = client.post(
        "/api/cases",
        application(office),
        content_type="application/json",
        headers={"X-CSRFToken": "a" * 32},
    )
    assert honest.status_code == 201


def test_a_token_for_reading_does_not_write(office: Office) -> None:
    reader = caller(office.applicant("newborn"), "case.read")
    refused(reader.post("/cases", application(office)), 403, "not_allowed")
    assert reader.get("/cases")[0] == 200


def test_another_citizen_learns_not_even_that_the_case_exists(office: Office) -> None:
    number = office.submit()
    other = caller(office.applicant("newborn", 1))
    for part in ("", "/facts", "/timeline"):
        refused(other.get(f"/cases/{number}{part}"), 404, "case_unknown")
    refused(other.post(f"/cases/{number}/withdrawal", {}), 404, "case_unknown")
    refused(other.post(f"/cases/{number}/answers", {}), 404, "case_unknown")
    refused(other.get("/cases/20261123-AAAAAAAAAA"), 404, "case_unknown")


def test_an_official_looks_only_into_the_items_of_its_department(office: Office) -> None:
    number = office.submit()
    police = caller(office.official("police", "reviewer"))
    status, case = police.get(f"/cases/{number}")
    assert status == 200
    assert branch(case, "household-registration")["reasons"]
    foreign = branch(case, "social-security-card")
    assert (foreign["state"], foreign["reasons"], foreign["licence"]) == ("granted", [], "")
    names = {f["fact"] for f in police.get(f"/cases/{number}/facts")[1]["facts"]}
    assert "mother.hukou_address" in names
    assert "mother.bank_account" not in names
    calls = police.get(f"/cases/{number}/facts")[1]["calls"]
    assert calls
    assert all("household-registration" in c["items"] for c in calls)
    events = police.get(f"/cases/{number}/timeline")[1]["events"]
    assert all(not e["reason"] for e in events if e["item"] != "household-registration")


def test_an_officials_queue_names_the_step_to_decide(office: Office) -> None:
    number = office.submit()
    reviewer = caller(office.official("medical-insurance", "reviewer"))
    status, queue = reviewer.get("/tasks")
    assert status == 200
    (line,) = queue["rows"]
    assert (line["case"], line["item"], line["post"]) == (number, PAYS, "reviewer")
    (task,) = line["tasks"]
    path = f"/cases/{number}/branches/{PAYS}/steps/{task['step']}/decision"
    clerk = caller(office.official("medical-insurance", "clerk"))
    refused(clerk.post(path, GRANT), 403, "not_allowed")
    refused(reviewer.post(path, {**GRANT, "outputs": {}}), 422, "submission_invalid")
    status, case = reviewer.post(path, GRANT)
    assert status == 200
    assert branch(case, PAYS)["reasons"][-1] == GRANT["reason"]
    refused(reviewer.post(path, GRANT), 409, "case_refused")
    assert reviewer.get("/tasks")[1]["count"] == 0
    assert branch(case, PAYS)["decided_by"] == "person"


def test_of_two_officials_who_decide_at_once_one_is_told_so(office: Office) -> None:
    number = office.submit()
    parties.appoint("insurance.second", "周正", "medical-insurance", "reviewer")
    first = caller(office.official("medical-insurance", "reviewer"))
    second = bearing(
        access.issue_token(
            User.objects.get(username="insurance.second"),
            label="test",
            lifetime=timedelta(days=30),
            actor="test",
        ).secret
    )
    step = first.get("/tasks")[1]["rows"][0]["tasks"][0]["step"]
    path = f"/cases/{number}/branches/{PAYS}/steps/{step}/decision"
    gate, answers = threading.Barrier(2), []

    def decide(official: Caller) -> None:
        gate.wait()
        answers.append(official.post(path, GRANT))
        connections.close_all()

    hands = [threading.Thread(target=decide, args=(who,)) for who in (first, second)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join(30)
    assert sorted(status for status, _ in answers) == [200, 409]
    problem = next(found for status, found in answers if status == 409)
    assert problem["error"] in {"case_moved", "case_refused"}
    done = [e for e in first.get(f"/cases/{number}/timeline")[1]["events"] if e["step"] == step]
    assert len(done) == 1


def test_a_correction_takes_what_was_asked_and_nothing_else(office: Office, mother: Caller) -> None:
    number = office.submit(child__card_bank=None)
    asked = branch(mother.get(f"/cases/{number}")[1], "social-security-card")["asked"]
    assert [point["name"] for point in asked] == ["child.card_bank"]
    path = f"/cases/{number}/answers"
    for name, value, status in (
        ("child.name", "安一诺", 422),
        ("child.card_bank", "999", 422),
        ("child.no_such_fact", "1", 422),
        ("nobody.name", "1", 422),
    ):
        found, _ = mother.post(path, {"answers": {name: value}})
        assert found == status, name
    status, case = mother.post(path, {"answers": {"child.card_bank": "102"}})
    assert (status, branch(case, "social-security-card")["state"]) == (200, "granted")
    refused(mother.post(path, {"answers": {"child.card_bank": "102"}}), 409, "case_refused")


REGISTERS = "household-registration"
BOOK = {
    "material": "marriage-certificate",
    "filename": "结婚证.pdf",
    "media_type": "application/pdf",
}


def without_certificate_numbers(office: Office) -> None:
    with sqlite3.connect(office.stores / "civil-affairs.sqlite") as store:
        store.execute("UPDATE HYDJXX SET JHZZH = NULL")


def test_a_clerk_looks_at_what_the_source_could_not_say(office: Office, mother: Caller) -> None:
    without_certificate_numbers(office)
    body = application(office, uploads=[{**BOOK, "content": PDF}])
    status, case = mother.post("/cases", body)
    assert (status, branch(case, REGISTERS)["state"]) == (201, "examining")
    clerk = caller(office.official("police", "clerk"))
    (line,) = clerk.get("/tasks")[1]["rows"]
    assert [task["step"] for task in line["tasks"]] == ["acceptance"]
    path = f"/cases/{case['number']}/branches/{REGISTERS}"
    no = {"accept": False, "reason": "照片模糊"}
    refused(clerk.post(f"{path}/acceptance", no), 409, "case_refused")
    status, case = clerk.post(f"{path}/acceptance", {"accept": True})
    assert (status, branch(case, REGISTERS)["state"]) == (200, "granted")


def test_a_clerk_asks_for_correction_once(office: Office, mother: Caller) -> None:
    without_certificate_numbers(office)
    body = application(office, uploads=[{**BOOK, "content": PDF}])
    number = mother.post("/cases", body)[1]["number"]
    clerk = caller(office.official("police", "clerk"))
    path = f"/cases/{number}/branches/{REGISTERS}/correction"
    strange = {"asked": [{"name": "no-such-paper", "why": "缺"}]}
    assert "no-such-paper" in refused(clerk.post(path, strange), 422, "submission_invalid")
    asked = {"asked": [{"name": "marriage-certificate", "why": "照片模糊，请重新上传"}]}
    status, case = clerk.post(path, asked)
    assert (status, branch(case, REGISTERS)["state"]) == (200, "correction")
    assert (
        branch(mother.get(f"/cases/{number}")[1], REGISTERS)["asked"][0]["why"]
        == (asked["asked"][0]["why"])
    )
    refused(clerk.post(path, asked), 409, "case_refused")
    again = {"uploads": [{**BOOK, "content": PDF}]}
    status, case = mother.post(f"/cases/{number}/answers", again)
    assert (status, branch(case, REGISTERS)["asked"]) == (200, [])


@pytest.mark.usefixtures("unread")
def test_files_are_looked_at_as_they_come_in_without_a_draft(
    office: Office, mother: Caller
) -> None:
    without_certificate_numbers(office)
    dark = base64_of(jpeg(darkened(picture(), 0.15)))
    body = application(office, uploads=[{**BOOK, "filename": "证.jpg", "content": dark}])
    status, case = mother.post("/cases", body)
    assert status == 201
    (look,) = case["looks"]
    assert (look["material"], look["taken"], look["text_read"]) == (BOOK["material"], True, False)
    (finding,) = look["findings"]
    assert (finding["code"], finding["weight"]) == ("dark", "warn")
    assert finding["zh"] == "图片太暗，请在明亮处重新拍照"
    clerk, path = caller(office.official("police", "clerk")), f"/cases/{case['number']}"
    asked = {"asked": [{"name": BOOK["material"], "why": "照片太暗"}]}
    assert clerk.post(f"{path}/branches/{REGISTERS}/correction", asked)[0] == 200
    clear = {**BOOK, "filename": "证.jpg", "content": base64_of(jpeg(picture()))}
    status, case = mother.post(f"{path}/answers", {"uploads": [clear]})
    assert status == 200
    (look,) = case["looks"]
    assert [(one["code"], one["weight"]) for one in look["findings"]] == [("unread", "note")]
    assert "looks" not in mother.get(path)[1]
    assert mother.post("/cases", application(office))[1]["looks"] == []


@pytest.mark.parametrize("content", [base64.b64encode(b"MZ").decode(), "", "A", "===="])
def test_a_file_that_is_not_what_it_says_is_refused(
    office: Office, mother: Caller, content: str
) -> None:
    body = application(office, uploads=[{**BOOK, "content": content}])
    assert BOOK["material"] in refused(mother.post("/cases", body), 422, "submission_invalid")


def test_a_clerk_who_comes_too_late_is_refused(office: Office) -> None:
    number = office.submit()
    clerk = caller(office.official("medical-insurance", "clerk"))
    path = f"/cases/{number}/branches/{PAYS}"
    refused(clerk.post(f"{path}/acceptance", {"accept": True}), 409, "case_refused")
    asked = {"asked": [{"name": "mother.name", "why": "与证件不符"}]}
    refused(clerk.post(f"{path}/correction", asked), 409, "case_refused")
    refused(clerk.post(f"{path}/acceptance", {"accept": 1}), 422, "request_invalid")


def test_only_a_legal_procedure_stops_the_clock(office: Office) -> None:
    number = office.submit()
    reviewer = caller(office.official("medical-insurance", "reviewer"))
    path = f"/cases/{number}/branches/{PAYS}"
    refused(reviewer.post(f"{path}/resumption"), 409, "case_refused")
    tired = {"kind": "holiday", "reason": "休息"}
    refused(reviewer.post(f"{path}/suspension", tired), 422, "request_invalid")
    hearing = {"kind": "hearing", "reason": "申请人要求听证"}
    status, case = reviewer.post(f"{path}/suspension", hearing)
    assert (status, branch(case, PAYS)["promised_date"]) == (200, None)
    refused(reviewer.post(f"{path}/suspension", hearing), 409, "case_refused")
    office.clock.move(days=1)
    status, case = reviewer.post(f"{path}/resumption")
    assert status == 200
    assert branch(case, PAYS)["promised_date"]


def test_the_clock_is_extended_once_as_one_asks_and_another_approves(office: Office) -> None:
    number = office.submit()
    path = f"/cases/{number}/branches/{PAYS}/extension"
    approver = caller(office.official("medical-insurance", "approver"))
    reviewer = caller(office.official("medical-insurance", "reviewer"))
    ten = {"days": 10, "reason": "须向外地医院核实"}
    refused(approver.post(path, ten), 403, "not_allowed")
    refused(reviewer.post(path, {**ten, "days": 11}), 422, "request_invalid")
    refused(approver.post(f"{path}/settlement", {"agreed": True}), 409, "case_refused")
    before = branch(approver.get(f"/cases/{number}")[1], PAYS)["promised_date"]
    status, case = reviewer.post(path, ten)
    assert (status, branch(case, PAYS)["promised_date"]) == (200, before)
    refused(reviewer.post(path, ten), 409, "case_refused")
    refused(reviewer.post(f"{path}/settlement", {"agreed": True}), 403, "not_allowed")
    status, case = approver.post(f"{path}/settlement", {"agreed": False, "reason": "材料已齐"})
    assert (status, branch(case, PAYS)["promised_date"]) == (200, before)
    assert reviewer.post(path, ten)[0] == 200
    status, case = approver.post(f"{path}/settlement", {"agreed": True})
    assert status == 200
    assert branch(case, PAYS)["promised_date"] > before
    refused(reviewer.post(path, ten), 409, "case_refused")


def test_the_applicant_urges_and_withdraws(office: Office, mother: Caller) -> None:
    number = office.submit()
    status, case = mother.post(f"/cases/{number}/branches/{PAYS}/urge")
    assert (status, branch(case, PAYS)["urged"]) == (200, 1)
    path = f"/cases/{number}/withdrawal"
    refused(mother.post(path, {"items": ["birth-certificate"]}), 409, "case_refused")
    status, case = mother.post(path, {"items": [PAYS], "reason": "改为单独办理"})
    assert (status, branch(case, PAYS)["state"], case["ended"]) == (200, "withdrawn", True)
    refused(mother.post(path, {}), 409, "case_refused")


def test_without_consent_nothing_is_fetched(office: Office, mother: Caller) -> None:
    fields = refused(
        mother.post("/cases", application(office, consent=False)), 422, "submission_invalid"
    )
    assert set(fields) == {"consent"}
    assert mother.get("/cases")[1]["count"] == 0


@pytest.mark.parametrize(
    ("answers", "place"),
    [
        ({"child.name": "安\x00诺"}, "child.name"),
        ({"child.name": "\ud800"}, "child.name"),
        ({"child.name": 1.5}, "child.name"),
        ({"child.name": 10**30}, "child.name"),
        ({"child.name": ["安"]}, "child.name"),
        ({"child.weight": 3}, "child.weight"),
        ({"CHILD": 3}, "CHILD"),
        ({"\ud800": 3}, "answers."),
    ],
)
def test_a_strange_value_is_refused_by_name(
    office: Office, mother: Caller, answers: dict[str, Any], place: str
) -> None:
    status, problem = mother.post("/cases", application(office, answers=answers))
    assert status == 422
    assert any(place in name for name in problem["fields"]), problem


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"life_event": NaN}',
        b"[" * 100_000,
        b'{"life_event": ' + b"9" * 5000 + b"}",
        b'{"life_event": "newborn", "sudo": true}',
        b'{"life_event": "new\\u0000born"}',
        b'{"life_event": "newborn", "seen": {"mother.nothing": 1}}',
        b'{"life_event": "newborn", "seen": {"mother.name": 1}}',
        b'{"life_event": "newborn", "items": ["household-registration", "x"]}',
    ],
)
def test_a_malformed_body_is_refused_and_leaves_nothing(
    office: Office, mother: Caller, raw: bytes
) -> None:
    status, problem = mother.ask("POST", "/cases", raw=raw)
    assert status == 422
    assert problem["error"] in {"request_invalid", "body_unreadable", "submission_invalid"} | {
        "fact_unknown"
    }
    assert mother.get("/cases")[1]["count"] == 0


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(
    office: Office, mother: Caller
) -> None:
    answer = mother.ask("POST", "/cases", raw=b" " * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1))
    refused(answer, 413, "too_large")


@pytest.mark.parametrize(
    "path", ["/cases/x", "/cases/%00", "/cases?page=0", "/cases?size=1e9", "/tasks?lang=fr"]
)
def test_a_strange_address_is_refused(office: Office, mother: Caller, path: str) -> None:
    refused(mother.get(path), 422, "request_invalid")


def test_an_address_that_is_nobodys_is_refused_in_the_same_shape(office: Office) -> None:
    refused(STRANGER.get("/nothing/here"), 404, "not_found")


def test_the_answer_is_in_the_language_that_was_asked_for(office: Office, mother: Caller) -> None:
    number = office.submit()
    path = f"/cases/{number}"
    assert mother.get(path)[1]["name"] == "新生儿出生一件事"
    assert mother.get(f"{path}?lang=en")[1]["name"] == "a child is born"
    english = Caller(mother.headers | {"Accept-Language": "en-GB"})
    assert english.get(path)[1]["name"] == "a child is born"
    assert english.get(f"{path}?lang=zh")[1]["name"] == "新生儿出生一件事"
    french = Caller(mother.headers | {"Accept-Language": "fr"})
    assert french.get(path)[1]["name"] == "新生儿出生一件事"


def test_a_citizen_signs_what_it_handed_in_and_reads_the_notice(
    office: Office, mother: Caller
) -> None:
    upload = {"material": "birth-certificate", "filename": "证明.pdf"}
    upload |= {"media_type": "application/pdf", "content": PDF}
    _, case = mother.post("/cases", application(office, uploads=[upload]))
    mine = f"/cases/{case['number']}"
    status, asked = mother.get(f"{mine}/signature")
    assert (status, asked["services"]) == (200, [])
    assert case["number"] in asked["zh"]
    assert [one["signed"] for one in asked["documents"]] == [False, False]
    digests = [one["digest"] for one in asked["documents"]]
    status, signed = mother.post(f"{mine}/signature", {"documents": digests[:1]})
    assert status == 200
    assert [one["signed"] for one in signed["documents"]] == [True, False]
    strange = {"documents": ["sha-256:" + "0" * 64]}
    refused(mother.post(f"{mine}/signature", strange), 422, "submission_invalid")
    refused(mother.post(f"{mine}/signature", {"documents": []}), 422, "request_invalid")
    elsewhere = {"documents": digests, "service": "nowhere"}
    refused(mother.post(f"{mine}/signature", elsewhere), 409, "case_refused")
    status, documents = mother.get(f"{mine}/documents")
    assert status == 200
    by_kind = {one["kind"]: one for one in documents}
    (signature,) = by_kind["application"]["signatures"]
    assert (signature["role"], signature["zh"]) == ("applicant", asked["zh"])
    assert by_kind["material"]["signatures"] == []
    refused(mother.get(f"{mine}/branches/birth-certificate/notice"), 409, "case_refused")
    seals.make("health", actor="test")
    client = Client(headers=mother.headers)
    notice = client.get(f"/api{mine}/branches/birth-certificate/notice")
    assert (notice.status_code, notice["Content-Type"]) == (200, "application/pdf")
    assert notice.content.startswith(b"%PDF-")
    _, documents = mother.get(f"{mine}/documents")
    (sealed,) = [one for one in documents if one["kind"] == "notice"]
    assert sealed["of"] == "birth-certificate"
    assert sealed["signatures"][0]["signer"]["uscc"]


def test_to_sign_takes_two_factors_and_ones_own_case(office: Office, mother: Caller) -> None:
    _, case = mother.post("/cases", application(office))
    mine = f"/cases/{case['number']}"
    user = User.objects.get(pk=office.applicant("newborn").user_id)
    month = timedelta(days=30)
    weak = bearing(
        access.issue_token(user, label="weak", lifetime=month, actor="test", level=1).secret
    )
    digests = [one["digest"] for one in mother.get(f"{mine}/signature")[1]["documents"]]
    for answer in (
        weak.get(f"{mine}/signature"),
        weak.post(f"{mine}/signature", {"documents": digests}),
    ):
        refused(answer, 401, "step_up_needed")
    stranger = caller(office.applicant("newborn", 1))
    for path in ("signature", "documents", "branches/birth-certificate/notice"):
        refused(stranger.get(f"{mine}/{path}"), 404, "case_unknown")
    reader = caller(office.applicant("newborn"), "case.read")
    refused(reader.get(f"{mine}/signature"), 403, "not_allowed")
    assert reader.get(f"{mine}/documents")[0] == 200


def test_an_official_sees_the_notices_and_materials_of_its_items_alone(
    office: Office, mother: Caller
) -> None:
    _, case = mother.post("/cases", application(office))
    mine = f"/cases/{case['number']}"
    for department in ("health", "police"):
        seals.make(department, actor="test")
    clerk = caller(office.official("health", "clerk"))
    client = Client(headers=clerk.headers)
    assert client.get(f"/api{mine}/branches/birth-certificate/notice").status_code == 200
    path = "branches/household-registration/notice"
    refused(clerk.get(f"{mine}/{path}"), 404, "case_unknown")
    _, documents = clerk.get(f"{mine}/documents")
    assert [(one["kind"], one["of"]) for one in documents] == [("notice", "birth-certificate")]
    refused(clerk.get(f"{mine}/signature"), 403, "not_allowed")
