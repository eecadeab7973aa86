"""A value that no source could confirm is told on the trail, and is read again when it matters."""

import pytest

from testkit.office import Office
from tongban.apps.cases import queries, services
from tongban.apps.cases.domain.engine import Task
from tongban.apps.cases.domain.state import Stage
from tongban.apps.cases.errors import CaseRefused, SubmissionInvalid
from tongban.infra.access.domain import Subject

VERDICT = services.Verdict({"outcome": "grant"}, "材料齐全")


def doubted(office: Office, number: str) -> list[str]:
    return [name for name, known in office.case(number).facts.items() if known.unverified]


def task_of(office: Office, number: str, item: str) -> Task:
    return next(task for task in office.tasks(number) if task.item == item)


@pytest.fixture
def reviewer(office: Office) -> Subject:
    return office.official("medical-insurance", "reviewer")


def test_a_rule_that_was_handed_over_is_decided_once_its_source_is_back(office: Office) -> None:
    office.close("health")
    number = office.submit()
    office.clock.move(minutes=30)
    office.open("health")
    office.close("police")
    services.wake()
    item = "household-registration"
    task = task_of(office, number, item)
    assert task.message == "unverified"
    assert "mother.hukou_region" in doubted(office, number)
    office.open("police")
    who = office.official("police", task.post)
    with pytest.raises(SubmissionInvalid):
        services.decide(who, number, item, task.step, services.Verdict({}, "已核对"))
    assert not {"mother.hukou_region", "father.hukou_region"} & set(doubted(office, number))
    services.decide(who, number, item, task.step, VERDICT)
    assert office.branch(number, item).stage is Stage.GRANTED


def test_a_person_may_wait_for_the_source_and_then_decide(
    office: Office, reviewer: Subject
) -> None:
    number = office.submit()
    [task] = office.tasks(number)
    office.clock.move(hours=3)
    office.close("medical-insurance")
    with pytest.raises(CaseRefused, match="unverified"):
        services.decide(reviewer, number, task.item, task.step, VERDICT)
    assert "mother.delivery_cost_fen" in doubted(office, number)
    office.open("medical-insurance")
    services.decide(reviewer, number, task.item, task.step, VERDICT)
    assert doubted(office, number) == []


def test_the_trail_keeps_the_calls_of_an_act_that_was_refused(
    office: Office, reviewer: Subject
) -> None:
    number = office.submit()
    [task] = office.tasks(number)
    calls = len(queries.resources_called(number))
    office.clock.move(hours=3)
    office.close("medical-insurance")
    with pytest.raises(CaseRefused, match="unverified"):
        services.decide(reviewer, number, task.item, task.step, VERDICT)
    assert len(queries.resources_called(number)) > calls
