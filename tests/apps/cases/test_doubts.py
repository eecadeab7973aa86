"""Not right? What an applicant doubts is told, shown, and never written into a register here."""

from pathlib import Path
from typing import Any

import pytest

from testkit.office import Office
from testkit.packs import raised_item
from tongban.apps.cases import disclosure, queries, services
from tongban.apps.cases.domain.state import Stage, encode
from tongban.apps.cases.errors import CaseRefused, CaseUnknown, SubmissionInvalid
from tongban.apps.cases.services import Doubted
from tongban.apps.items import services as publishing
from tongban.infra.packs import read_packs
from tongban.infra.trail import queries as trail
from tongban.kernel.facts import UnknownFact

FACT = "mother.hukou_address"
PAYS = "maternity-reimbursement"


@pytest.fixture
def number(office: Office) -> str:
    return office.submit()


def shown(office: Office, number: str, fact: str = FACT) -> Any:
    sight = disclosure.look(office.applicant("newborn"), number)
    return next(row for row in disclosure.facts(sight, "zh") if row["fact"] == fact)


def test_a_doubt_is_told_to_the_owner_and_the_case_goes_on(office: Office, number: str) -> None:
    who = office.applicant("newborn")
    before = shown(office, number)
    services.doubt(who, number, FACT, Doubted("杭州市上城区一号", "去年已迁户口"))
    now = shown(office, number)
    assert (now["value"], now["origin"]) == (before["value"], "source")
    assert now["doubt"]["says"] == "杭州市上城区一号"
    assert now["doubt"]["why"] == "去年已迁户口"
    told = [e for e in trail.history(number) if e.type == "tongban.cases.doubted.v1"]
    (event,) = told
    assert (event.organisation, event.actor) == ("police", who.user_id)
    assert event.data["value"] == before["value"]
    assert (event.data["fact"], event.data["resource"]) == (FACT, before["resource"])
    assert encode(queries.replay(number)) == encode(office.case(number))
    reviewer = office.official("medical-insurance", "reviewer")
    (task,) = office.tasks(number)
    services.decide(
        reviewer, number, PAYS, task.step, services.Verdict({"outcome": "grant"}, "材料齐全")
    )
    assert [t.post for t in office.tasks(number)] == ["approver"]


def test_a_doubt_can_be_taken_back(office: Office, number: str) -> None:
    who = office.applicant("newborn")
    services.doubt(who, number, FACT, Doubted(None))
    with pytest.raises(CaseRefused, match="doubt this already"):
        services.doubt(who, number, FACT, Doubted("别处"))
    services.withdraw_doubt(who, number, FACT)
    assert shown(office, number)["doubt"] is None
    assert encode(queries.replay(number)) == encode(office.case(number))
    with pytest.raises(CaseRefused, match="do not doubt"):
        services.withdraw_doubt(who, number, FACT)


def test_only_a_departments_fact_can_be_doubted_and_only_by_the_applicant(
    office: Office, number: str
) -> None:
    who = office.applicant("newborn")
    with pytest.raises(SubmissionInvalid):
        services.doubt(who, number, "child.name", Doubted("安二诺"))
    with pytest.raises(SubmissionInvalid):
        services.doubt(who, number, "mother.birth_date", Doubted("昨天"))
    with pytest.raises(UnknownFact):
        services.doubt(who, number, "mother.shoe_size", Doubted(None))
    with pytest.raises(SubmissionInvalid):
        services.doubt(who, number, FACT, Doubted(shown(office, number)["value"]))
    with pytest.raises(CaseUnknown):
        services.doubt(office.applicant("newborn", 1), number, FACT, Doubted("别处"))


def test_an_official_sees_the_doubts_of_its_own_items_alone(office: Office, number: str) -> None:
    fact = "mother.bank_account"
    services.doubt(office.applicant("newborn"), number, fact, Doubted("6222000000000000"))
    insurer = disclosure.look(office.official("medical-insurance", "reviewer"), number)
    assert next(r for r in disclosure.facts(insurer, "zh") if r["fact"] == fact)["doubt"]
    police = disclosure.look(office.official("police", "reviewer"), number)
    assert fact not in {row["fact"] for row in disclosure.facts(police, "zh")}


def test_a_doubt_that_comes_with_the_application_is_told_before_anything_is_decided(
    office: Office,
) -> None:
    who = office.applicant("newborn")
    known = {n: v for n, v in office.cast("newborn").items() if "id_number" not in n}
    submission = services.Submission(
        "newborn",
        {**office.answers("newborn"), **known},
        consent=True,
        doubts={FACT: Doubted("别处", "迁了")},
    )
    number = services.submit(who, submission)
    types = [event.type for event in trail.history(number)]
    assert types[:2] == ["tongban.cases.submitted.v1", "tongban.cases.doubted.v1"]
    assert office.branch(number, "household-registration").stage is Stage.GRANTED
    assert shown(office, number)["doubt"]["says"] == "别处"
    assert encode(queries.replay(number)) == encode(office.case(number))


@pytest.fixture
def cautious(office: Office, tmp_path: Path) -> None:
    """Publish a household registration that hands doubted facts to people."""
    edit = ("\ndesk:\n", "\ndesk:\n  doubted: hand-over\n")
    changed = raised_item(tmp_path, "household-registration", edit)
    publishing.publish(read_packs(changed), actor="test")


@pytest.mark.usefixtures("cautious")
def test_an_item_may_want_people_to_look_at_what_is_doubted(office: Office) -> None:
    who = office.applicant("newborn")
    known = {n: v for n, v in office.cast("newborn").items() if "id_number" not in n}
    rests_on = "mother.hukou_region"
    submission = services.Submission(
        "newborn",
        {**office.answers("newborn"), **known},
        consent=True,
        doubts={rests_on: Doubted(None, "迁了")},
    )
    number = services.submit(who, submission)
    branch = office.branch(number, "household-registration")
    assert branch.stage is Stage.PROCESSING
    (task,) = [t for t in office.tasks(number) if t.item == "household-registration"]
    assert task.rule
    assert rests_on in task.missing
    reviewer = office.official("police", "reviewer")
    outputs = {"outcome": "grant"} if task.step == "decide" else {"hukou_region": "330106"}
    verdict = services.Verdict(outputs, "已核对户口底册")
    with pytest.raises(CaseRefused, match="doubts it"):
        services.decide(reviewer, number, task.item, task.step, verdict)
    services.withdraw_doubt(who, number, rests_on)
    services.decide(reviewer, number, task.item, task.step, verdict)
    assert office.branch(number, "household-registration").stage is Stage.GRANTED
