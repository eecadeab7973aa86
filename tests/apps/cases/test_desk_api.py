"""The API of the desk: claimed, moved, decided many, asked completely, helped at the counter."""

from pathlib import Path
from typing import Any

from testkit.callers import Caller, caller, refused
from testkit.office import Office
from testkit.packs import other_desk
from tongban.apps.items import services as publishing
from tongban.infra.packs import read_packs

PAYS, INSURER = "maternity-reimbursement", "medical-insurance"
GRANT = {"outputs": {"outcome": "grant"}, "reason": "材料齐全，符合条件"}
MOVE = {"department": "civil-affairs", "post": "reviewer", "reason": "由民政核实婚姻"}


def at(office: Office, role: str = "reviewer", department: str = INSURER) -> Caller:
    return caller(office.official(department, role))


def branch(number: str) -> str:
    return f"/cases/{number}/branches/{PAYS}"


def queue(who: Caller, wanted: str = "") -> list[Any]:
    status, page = who.get(f"/tasks?lang=en{wanted}")
    assert status == 200
    rows: list[Any] = page["rows"]
    assert page["count"] == len(rows)
    return rows


def publish(folder: Path, rules: str) -> None:
    publishing.publish(read_packs(other_desk(folder, PAYS, rules)), actor="test")


def test_a_task_is_claimed_taken_over_with_a_reason_and_let_go(office: Office) -> None:
    claim = f"{branch(office.submit())}/claim"
    first = at(office)
    second = caller(office.appoint(INSURER, "reviewer", "insurance.second"))
    refused(first.delete(claim), 409, "case_refused")
    assert first.post(claim, {})[0] == 200
    refused(first.post(claim, {}), 409, "case_refused")
    assert [one["claimed"] for one in queue(first, "&claimed=mine")] == ["mine"]
    assert [one["claimed"] for one in queue(second, "&claimed=others")] == ["other"]
    assert queue(second, "&claimed=free") == []
    refused(second.post(claim, {}), 409, "case_refused")
    refused(second.delete(claim), 409, "case_refused")
    fields = refused(second.post(claim, {"take_over": True}), 422, "submission_invalid")
    assert "reason" in fields
    assert second.post(claim, {"take_over": True, "reason": "同事请假"})[0] == 200
    refused(first.delete(claim), 409, "case_refused")
    assert second.delete(claim)[0] == 200
    assert [one["claimed"] for one in queue(first, "&claimed=free")] == [""]
    fields = refused(first.post(claim, {"take_over": 1}), 422, "request_invalid")
    assert [name for name in fields if "take_over" in name]


def test_work_is_moved_to_a_department_that_has_it_then(office: Office) -> None:
    number = office.submit()
    move, first, other = (
        f"{branch(number)}/transfer",
        at(office),
        at(office, "reviewer", "civil-affairs"),
    )
    assert queue(other) == []
    nowhere = refused(first.post(move, MOVE | {"department": "nowhere"}), 422, "submission_invalid")
    assert set(nowhere) == {"post"}
    for changed, field in (({"post": "chief"}, "post"), ({"reason": ""}, "reason")):
        fields = refused(first.post(move, MOVE | changed), 422, "request_invalid")
        assert [name for name in fields if field in name]
    assert first.post(move, MOVE) == (204, None)
    assert queue(first) == []
    ((row),) = queue(other)
    assert (row["case"], row["item"]) == (number, PAYS)
    decide = f"{branch(number)}/steps/{row['tasks'][0]['step']}/decision"
    refused(first.post(decide, GRANT), 404, "case_unknown")
    assert other.post(decide, GRANT)[0] == 200


def test_a_move_that_needs_another_hand_waits_for_it(office: Office, tmp_path: Path) -> None:
    publish(tmp_path, "desk: {transfer: approval}\n")
    here = f"{branch(office.submit())}/transfer"
    first, chief = at(office), at(office, "approver")
    assert first.post(here, MOVE)[0] == 204
    assert queue(first) == []
    (waiting,) = queue(chief)
    assert waiting["move_asked"] == ["civil-affairs", "reviewer"]
    refused(first.post(here, MOVE), 409, "case_refused")
    settle, yes = f"{here}/settlement", {"agreed": True}
    refused(first.post(settle, yes), 403, "not_allowed")
    refused(at(office, "approver", "police").post(settle, yes), 404, "case_unknown")
    refused(chief.post(settle, {}), 422, "request_invalid")
    assert chief.post(settle, {"agreed": False, "reason": "本局可核"}) == (204, None)
    refused(chief.post(settle, yes), 409, "case_refused")
    assert first.post(here, MOVE)[0] == 204
    assert chief.post(settle, yes) == (204, None)
    assert len(queue(at(office, "reviewer", "civil-affairs"))) == 1


def test_several_are_decided_at_once_and_one_that_is_refused_stops_no_other(
    office: Office, tmp_path: Path
) -> None:
    numbers = [office.submit(place=place) for place in (1, 2)]
    publish(tmp_path, "desk: {batch: false}\n")
    alone = office.submit()
    first = at(office)
    rows = {one["case"]: one for one in queue(first)}
    ours = [number for number in numbers if number in rows]
    assert ours, "nobody's case waits for a person"
    assert [rows[n]["batch"] for n in (alone, *ours)] == [False] + [True] * len(ours)
    here = f"/tasks/{PAYS}/{rows[ours[0]]['tasks'][0]['step']}/decisions"
    nobodys = "20260101-AAAAAAAAAA"
    status, done = first.post(here, GRANT | {"cases": [alone, *ours, nobodys]})
    assert status == 200
    assert {one["number"]: one["decided"] for one in done} == {
        alone: False, **dict.fromkeys(ours, True), nobodys: False
    }  # fmt: skip
    assert all(one["refused"]["zh"] and one["refused"]["en"] for one in done if not one["decided"])
    assert {one["case"] for one in queue(first)} == {alone}
    refused(first.post(here, GRANT | {"cases": [alone, alone]}), 422, "submission_invalid")
    for cases in ([], ["x"], [alone] * 51):
        refused(first.post(here, GRANT | {"cases": cases}), 422, "request_invalid")
    (only,) = at(office, "clerk", "police").post(here, GRANT | {"cases": [alone]})[1]
    assert not only["decided"]


def test_the_checklist_is_for_the_clerk_who_may_ask(office: Office) -> None:
    office.write("civil-affairs", "UPDATE HYDJXX SET JHZZH = NULL")
    here = f"/cases/{office.submit()}/branches/household-registration/checklist"
    clerk = at(office, "clerk", "police")
    status, found = clerk.get(f"{here}?lang=en")
    assert status == 200
    lacking = [one for one in found["materials"] if one["missing"]]
    assert [one["name"] for one in lacking] == ["marriage-certificate"]
    assert all(one["label"].isascii() for one in found["fields"])
    assert found["may_ask"] is False  # the rules have asked already
    refused(at(office, "clerk", "health").get(here), 404, "case_unknown")
    refused(caller(office.applicant("newborn")).get(here), 403, "not_allowed")
    strange = here.replace("household-registration", "no-such-item")
    refused(clerk.get(strange), 404, "case_unknown")


def test_nobody_elses_desk_acts_and_nothing_moves(office: Office) -> None:
    number = office.submit()
    acts: list[tuple[str, str, Any]] = [
        ("post", "/claim", {}),
        ("delete", "/claim", None),
        ("post", "/transfer", MOVE),
        ("post", "/transfer/settlement", {"agreed": True}),
    ]
    reader = caller(office.official(INSURER, "reviewer"), "case.read")
    before = caller(office.applicant("newborn")).get(f"/cases/{number}/timeline")[1]["events"]
    for verb, part, body in acts:
        here = branch(number) + part
        refused(at(office, "approver", "tax").ask(verb, here, body), 404, "case_unknown")
        refused(reader.ask(verb, here, body), 403, "not_allowed")
        refused(caller(office.applicant("newborn")).ask(verb, here, body), 403, "not_allowed")
    after = caller(office.applicant("newborn")).get(f"/cases/{number}/timeline")[1]["events"]
    assert after == before


def test_a_clerk_acts_today_for_who_is_present_and_for_what_was_said(office: Office) -> None:
    known = office.cast("newborn")
    id_number = known["mother.id_number"]
    mother = caller(office.applicant("newborn"))
    clerk = at(office, "clerk", "health")
    present = {
        "id_number": id_number,
        "name": "市民",
        "checked": "id-card-reader",
        "consent": "帮办同意书 2026-17",
        "life_event": "newborn",
        "department": "health",
    }
    for changed, field in (
        ({"id_number": "1"}, "id_number"),
        ({"checked": "by-sight"}, "checked"),
        ({"consent": ""}, "consent"),
    ):
        fields = refused(clerk.post("/counter", present | changed), 422, "request_invalid")
        assert [name for name in fields if field in name]
    for changed in ({"name": "李芳"}, {"department": "police"}):
        refused(clerk.post("/counter", present | changed), 409, "delegation_refused")
    refused(mother.post("/counter", present), 409, "delegation_refused")
    status, made = clerk.post("/counter", present)
    assert status == 200
    helper = clerk.instead(made["delegation"])
    answers = {n: v for n, v in known.items() if "id_number" not in n}
    apply = {
        "life_event": "newborn",
        "answers": office.answers("newborn") | answers,
        "consent": True,
    }
    status, case = helper.post("/cases", apply)
    assert status == 201
    mine = mother.get("/cases")[1]["rows"]
    assert [one["number"] for one in mine] == [case["number"]]
    other = {"life_event": "enterprise-start", "answers": {}, "consent": True}
    refused(helper.post("/cases", other), 403, "not_allowed")
    office.clock.move(days=1)
    refused(helper.get("/cases"), 403, "not_allowed")
