"""One broken case stops nobody else's; a year without calendar stops nobody at all."""

from collections import Counter
from typing import Any

import pytest
from click.testing import CliRunner

from testkit.office import Office
from testkit.papers import base64_of, png
from tongban.apps.cases import queries, services, verbs
from tongban.apps.cases.domain.state import Stage
from tongban.apps.exchange import queries as exchange
from tongban.infra.jobs import services as jobs
from tongban.infra.jobs.cli import jobs as command
from tongban.infra.trail import queries as trail

CHILD = "childcare-guidance"
PNG = base64_of(png())
GRANT = services.Verdict({"outcome": "grant"}, "材料齐全")


@pytest.fixture
def two(office: Office) -> tuple[str, str]:
    """Give two cases that both wait for the police."""
    office.close("police")
    found = office.submit(place=0), office.submit(place=1)
    office.open("police")
    office.clock.move(minutes=11)
    return found


def broken(number: str) -> Any:
    """Give a verb that fails for one case as a slip in a pack would make it fail."""
    true = verbs.VERBS["assign-numbers"]

    def act(turn: Any, case: Any, *rest: Any) -> Any:
        if case.number == number:
            raise verbs.FlowIncomplete("household-registration v1 needs child.sex; declare it")
        return true(turn, case, *rest)

    return {**verbs.VERBS, "assign-numbers": act}


def test_a_case_that_always_fails_stops_no_other_and_becomes_a_dead_letter(
    office: Office, two: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = two
    calls = len(queries.resources_called(bad))
    with monkeypatch.context() as slip:
        slip.setattr(verbs, "VERBS", broken(bad))
        assert services.wake() == 2
        assert services.wake() == 0
        assert office.branch(good, "household-registration").stage is Stage.GRANTED
        assert len(queries.resources_called(bad)) > calls  # what was asked is told all the same
        for _ in range(12):
            office.clock.move(hours=7)
            jobs.run_until_idle()
    (dead,) = jobs.dead_letters()
    assert (dead.name, dead.args) == (services.TAKE_UP, {"number": bad})
    assert "needs child.sex" in CliRunner().invoke(command, ["dead"]).output
    assert CliRunner().invoke(command, ["requeue", dead.job_id]).exit_code == 0
    jobs.run_until_idle()
    assert jobs.dead_letters() == ()
    assert office.branch(bad, "household-registration").stage is Stage.GRANTED
    assert trail.verify(bad) is None


def test_a_submission_stands_even_if_the_first_turn_fails(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(_number: str) -> None:
        raise OSError("no room")

    with monkeypatch.context() as slip:
        slip.setattr("tongban.apps.cases.services.turns.advance", down)
        number = office.submit()
    assert office.branch(number, CHILD).stage is Stage.WAITING
    office.clock.move(minutes=1)
    jobs.run_until_idle()
    assert office.branch(number, CHILD).stage is Stage.GRANTED


def test_a_year_whose_calendar_is_not_announced_stops_no_case(office: Office) -> None:
    office.write("health", "UPDATE CSYXXX SET SFBSCS = 0")
    office.clock.freeze("2027-01-04T09:00:00+08:00")
    upload = services.Upload("hospital-invoice-elsewhere", "票据.png", "image/png", PNG)
    number = office.submit(uploads=[upload])
    item = "maternity-reimbursement"
    assert office.branch(number, CHILD).stage is Stage.GRANTED
    assert office.branch(number, item).stage is Stage.EXAMINING
    office.clock.move(days=60)
    assert services.wake() == 0
    services.accept(office.official("medical-insurance", "clerk"), number, item, accept=True)
    reviewer = office.official("medical-insurance", "reviewer")
    approver = office.official("medical-insurance", "approver")
    services.ask_extension(reviewer, number, item, 5, "补充调查")
    services.settle_extension(approver, number, item, agreed=True)
    services.suspend(reviewer, number, item, "hearing", "听证")
    services.resume(reviewer, number, item)
    office.clock.move(days=1)
    for lang in ("zh", "en"):
        shown = {b["item"]: b for b in queries.track(number, lang)["branches"]}
        assert shown[item]["promised_date"] is None
        assert shown[item]["clock"]["light"] == "green"
    assert shown[item]["clock"]["words"] == "the due date waits for this year's calendar"
    office.announce([("2027-01-01", "holiday", "元旦")])
    known = {b["item"]: b["promised_date"] for b in queries.track(number, "zh")["branches"]}
    assert known[item] is not None
    assert "clock_moved" in {e.type.split(".")[2] for e in trail.history(number)}
    for task in office.tasks(number):
        who = office.official("medical-insurance", task.post)
        services.decide(who, number, item, task.step, GRANT)


@pytest.mark.parametrize("stage", ["asked", "stopped"])
def test_time_wakes_only_what_it_can_move(office: Office, stage: str) -> None:
    office.write("health", "UPDATE CSYXXX SET SFBSCS = 0")
    item = "maternity-reimbursement"
    number = office.submit()
    assert office.branch(number, item).stage is Stage.CORRECTION
    upload = services.Upload("hospital-invoice-elsewhere", "票据.png", "image/png", PNG)
    services.answer(office.applicant("newborn"), number, {}, [upload])
    if stage == "stopped":
        services.accept(office.official("medical-insurance", "clerk"), number, item, accept=True)
        reviewer = office.official("medical-insurance", "reviewer")
        services.suspend(reviewer, number, item, "hearing", "听证")
    office.clock.move(days=30)
    services.wake()
    assert services.wake() == 0


def asked(number: str) -> Counter[tuple[str, str]]:
    """Count the calls of a case by resource and role."""
    return Counter((str(c["resource"]), str(c["role"])) for c in queries.resources_called(number))


@pytest.mark.parametrize("department", ["police", "health", "civil-affairs"])
def test_a_source_that_is_down_is_asked_once_and_again_only_when_its_time_has_come(
    office: Office, department: str
) -> None:
    office.close(department)
    number = office.submit()
    first = asked(number)
    assert set(first.values()) == {1}
    office.clock.move(seconds=20)
    services.wake()
    assert asked(number) == first
    office.clock.move(seconds=11)
    services.wake()
    again = asked(number) - first
    assert again
    assert set(again.values()) == {1}
    contracts = exchange.catalogue().contracts
    assert {contracts[slug].resource.department for slug, _ in again} == {department}
    # the next pause is twice as long
    office.clock.move(seconds=31)
    services.wake()
    assert asked(number) - first == again
    office.open(department)
    office.clock.move(seconds=30)
    services.wake()
    assert all(known.status != "unavailable" for known in office.case(number).facts.values())
