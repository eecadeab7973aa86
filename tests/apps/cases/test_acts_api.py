"""The API of acts: what each of them refuses to wrong hands and wrong bodies, and what is kept."""

from typing import Any

import pytest

from testkit.callers import Caller, caller, refused
from testkit.office import Office
from testkit.papers import base64_of, pdf

PAYS, INSURER = "maternity-reimbursement", "medical-insurance"
BOOK = {
    "material": "marriage-certificate",
    "filename": "结婚证.pdf",
    "media_type": "application/pdf",
}
#: what officials do to a branch: the role that may, what it says, what it says wrongly, and where
OFFICIAL: list[tuple[str, str, Any, Any, str]] = [
    ("clerk", "/acceptance", {"accept": False, "reason": "不属本机关职权"}, {}, "accept"),
    ("clerk", "/correction", {"asked": [{"name": "mother.name", "why": "不符"}]},
     {"asked": [{"name": "mother.name", "why": ""}]}, "why"),
    ("reviewer", "/steps/review/decision", {"outputs": {"outcome": "grant"}, "reason": "合格"},
     {"reason": "合格"}, "outputs"),
    ("reviewer", "/suspension", {"kind": "hearing", "reason": "听证"},
     {"kind": "hearing", "reason": ""}, "reason"),
    ("reviewer", "/resumption", None, None, ""),
    ("reviewer", "/extension", {"days": 3, "reason": "外地核实"},
     {"days": 0, "reason": "外地核实"}, "days"),
    ("approver", "/extension/settlement", {"agreed": True}, {"reason": "同意"}, "agreed"),
]  # fmt: skip
#: what applicants do to a case
APPLICANT: list[tuple[str, Any, Any, str]] = [
    ("/answers", {"answers": {"child.card_bank": "102"}}, {"uploads": [BOOK]}, "content"),
    (f"/branches/{PAYS}/urge", None, None, ""),
    ("/withdrawal", {"items": [PAYS]}, {"items": ["No Item"]}, "items"),
    ("/consent", None, None, ""),
    ("/facts/mother.hukou_address/doubt", {"says": "别处"}, {"why": "\x00"}, "why"),
]


def at(office: Office, department: str, role: str, *scopes: str) -> Caller:
    return caller(office.official(department, role), *scopes)


def told(office: Office, number: str) -> Any:
    """Give the chain of the case as its applicant reads it."""
    return caller(office.applicant("newborn")).get(f"/cases/{number}/timeline")[1]["events"]


def test_officials_acts_are_for_the_posts_of_the_items_department(office: Office) -> None:
    number = office.submit()
    here, before = f"/cases/{number}/branches/{PAYS}", told(office, number)
    mother = caller(office.applicant("newborn"))
    for role, part, body, wrong, field in OFFICIAL:
        path = here + part
        refused(at(office, "tax", role).post(path, body), 404, "case_unknown")
        refused(mother.post(path, body), 403, "not_allowed")
        refused(at(office, INSURER, role, "case.read").post(path, body), 403, "not_allowed")
        elsewhere = path.replace(number, "20260101-AAAAAAAAAA")
        refused(at(office, INSURER, role).post(elsewhere, body), 404, "case_unknown")
        strange = path.replace(PAYS, "no-such-item")
        refused(at(office, INSURER, role).post(strange, body), 404, "case_unknown")
        if field:
            fields = refused(at(office, INSURER, role).post(path, wrong), 422, "request_invalid")
            assert [name for name in fields if field in name], (part, fields)
            extra = at(office, INSURER, role).post(path, body | {"sudo": True})
            assert [n for n in refused(extra, 422, "request_invalid") if "sudo" in n]
    assert told(office, number) == before


def test_an_act_of_another_post_of_the_department_is_refused(office: Office) -> None:
    number = office.submit()
    here, before = f"/cases/{number}/branches/{PAYS}", told(office, number)
    for role, part, body, _, _ in OFFICIAL:
        for other in {"clerk", "reviewer", "approver"} - {role}:
            status, problem = at(office, INSURER, other).post(here + part, body)
            assert (status, problem["error"]) in {(403, "not_allowed"), (409, "case_refused")}, (
                *(other, part, problem),
            )
    assert told(office, number) == before


def test_applicants_acts_are_for_the_applicant_alone(office: Office) -> None:
    number = office.submit()
    here, before = f"/cases/{number}", told(office, number)
    mother = caller(office.applicant("newborn"))
    for part, body, wrong, field in APPLICANT:
        path = here + part
        stranger = caller(office.applicant("newborn", 1))
        refused(stranger.post(path, body), 404, "case_unknown")
        refused(at(office, INSURER, "clerk").post(path, body), 403, "not_allowed")
        reader = caller(office.applicant("newborn"), "case.read")
        refused(reader.post(path, body), 403, "not_allowed")
        refused(mother.instead("0" * 32).post(path, body), 403, "not_allowed")
        if field:
            fields = refused(mother.post(path, wrong), 422, "request_invalid")
            assert [name for name in fields if field in name], (part, fields)
    refused(mother.post(f"{here}/branches/no-such-item/urge"), 409, "case_refused")
    assert told(office, number) == before


def test_those_who_have_the_work_see_how_often_they_were_urged(office: Office) -> None:
    number, mother = office.submit(), caller(office.applicant("newborn"))
    for _ in range(2):
        assert mother.post(f"/cases/{number}/branches/{PAYS}/urge")[0] == 200
    queue = at(office, INSURER, "reviewer").get("/tasks")[1]["rows"]
    assert [one["urged"] for one in queue] == [2]
    granted = f"/cases/{number}/branches/birth-certificate/urge"
    refused(mother.post(granted), 409, "case_refused")


def test_acceptance_is_refused_after_a_correction_and_with_a_reason(office: Office) -> None:
    office.write("health", "UPDATE CSYXXX SET SFBSCS = 0")  # born elsewhere: an invoice is wanted
    number, mother = office.submit(), caller(office.applicant("newborn"))
    here = f"/cases/{number}/branches/{PAYS}/acceptance"
    clerk, no = at(office, INSURER, "clerk"), {"accept": False, "reason": "票据不是原件"}
    refused(clerk.post(here, no), 409, "case_refused")  # it is the applicant's turn
    upload = {"material": "hospital-invoice-elsewhere", "filename": "发票.pdf"}
    upload |= {"media_type": "application/pdf", "content": base64_of(pdf())}
    assert mother.post(f"/cases/{number}/answers", {"uploads": [upload]})[0] == 200
    fields = refused(clerk.post(here, no | {"reason": ""}), 422, "submission_invalid")
    assert set(fields) == {"reason"}
    assert clerk.post(here, no)[0] == 200
    branches = {one["item"]: one for one in mother.get(f"/cases/{number}")[1]["branches"]}
    assert (branches[PAYS]["outcome"], branches[PAYS]["note"]) == ("not_accepted", no["reason"])
    refused(clerk.post(here, {"accept": True}), 409, "case_refused")


def test_what_the_rules_would_say_leaves_nothing_behind(office: Office) -> None:
    mother, path = caller(office.applicant("newborn")), "/life-events/newborn/precheck"
    refused(mother.post("/life-events/no-event/precheck", {"answers": {}}), 404, "not_published")
    reader = caller(office.applicant("newborn"), "case.read")
    refused(reader.post(path, {"answers": {}}), 403, "not_allowed")
    fields = refused(mother.post(path, {"answers": {"child": "x"}}), 422, "request_invalid")
    assert [name for name in fields if "child" in name]
    status, found = mother.post(path, {"answers": {}})
    assert status == 200
    assert {one["answer"] for one in found} <= {"yes", "no", "unknown"}
    assert mother.get("/cases")[1]["count"] == 0
    assert mother.get("/looks") == (200, [])


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ("size=0", "size"),
        ("claimed=hers", "claimed"),
        ("due_before=tomorrow", "due_before"),
        ("item=NO", "item"),
        ("after=x", "after"),
    ],
)
def test_a_queue_is_asked_for_in_words_that_it_knows(
    office: Office, wanted: str, field: str
) -> None:
    fields = refused(
        at(office, INSURER, "reviewer").get(f"/tasks?{wanted}"), 422, "request_invalid"
    )
    assert [name for name in fields if field in name]
