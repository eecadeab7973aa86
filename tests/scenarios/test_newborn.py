"""A child is born: one submission, seven items, and what must hold when things go wrong."""

import json
import sqlite3

import pytest

from testkit.office import Office
from testkit.papers import base64_of, png
from tongban.apps.cases import queries, services
from tongban.apps.cases.domain.state import Stage, encode
from tongban.apps.cases.errors import CaseRefused, CaseUnknown, NotAllowed, SubmissionInvalid
from tongban.apps.cases.models import Case as Row
from tongban.apps.cases.models import PaymentOrder
from tongban.apps.licences.models import Licence
from tongban.infra.trail import queries as trail
from tongban.kernel import nets

SEVEN = {
    "birth-certificate",
    "vaccination-certificate",
    "household-registration",
    "resident-medical-insurance",
    "social-security-card",
    "maternity-reimbursement",
    "childcare-guidance",
}
PNG = base64_of(png())


def stages(office: Office, number: str) -> dict[str, Stage]:
    return {b.item: b.stage for b in office.case(number).branches.values()}


def test_one_submission_decides_the_items_that_rules_can_decide(office: Office) -> None:
    number = office.submit()
    ended = stages(office, number)
    assert set(ended) == SEVEN
    assert [s for i, s in ended.items() if i != "maternity-reimbursement"] == [Stage.GRANTED] * 6
    branch = office.branch(number, "household-registration")
    assert branch.decided_by == "rule"
    assert all(reason["zh"] and reason["en"] for reason in branch.reasons)
    assert trail.verify(number) is None


@pytest.mark.postgres
def test_the_same_family_is_served_on_postgresql(office_on_postgres: Office) -> None:
    office = office_on_postgres
    number = office.submit()
    ended = stages(office, number)
    assert [s for i, s in ended.items() if i != "maternity-reimbursement"] == [Stage.GRANTED] * 6
    verdict = services.Verdict({"outcome": "grant"}, "材料齐全")
    while tasks := office.tasks(number):
        official = office.official("medical-insurance", tasks[0].post)
        services.decide(official, number, tasks[0].item, tasks[0].step, verdict)
    assert office.case(number).ended
    assert encode(queries.replay(number)) == encode(office.case(number))
    assert trail.verify(number) is None
    assert PaymentOrder.objects.count() == 1
    office.close("human-resources")
    office.clock.move(days=1)
    waiting = office.submit(place=1)
    assert stages(office, waiting)["maternity-reimbursement"] is Stage.GATHERING
    office.open("human-resources")
    office.clock.move(minutes=11)
    services.wake()
    assert stages(office, waiting)["maternity-reimbursement"] is Stage.PROCESSING


def test_insurance_and_card_wait_for_the_household_registration(office: Office) -> None:
    number = office.submit()
    order = [
        (e.item, e.type)
        for e in trail.history(number)
        if e.type in {"tongban.cases.ended.v1", "tongban.cases.entered.v1"}
    ]
    registered = order.index(("household-registration", "tongban.cases.ended.v1"))
    certified = order.index(("birth-certificate", "tongban.cases.ended.v1"))
    assert certified < order.index(("household-registration", "tongban.cases.entered.v1"))
    for item in ("resident-medical-insurance", "social-security-card"):
        assert registered < order.index((item, "tongban.cases.entered.v1"))
    assert office.case(number).facts["child.id_number"].origin == "assigned"


def test_a_case_is_nothing_but_its_events(office: Office) -> None:
    number = office.submit()
    assert encode(queries.replay(number)) == encode(office.case(number))


def test_every_marking_is_what_the_net_says(office: Office) -> None:
    number = office.submit()
    loaded = queries.load(number)
    for item, definition in loaded.ground.definitions.items():
        steps = [
            e
            for e in trail.history(number)
            if e.item == item and e.type == "tongban.cases.stepped.v1"
        ]
        accepted = next(
            e for e in trail.history(number) if e.item == item and e.type.endswith("accepted.v1")
        )
        marking = nets.decode(definition.net, bytes.fromhex(accepted.data["marking"]))
        results: dict[str, object] = {}
        for event in steps:
            results |= event.data.get("results", {})
            marking = nets.fire(definition.net, marking, event.step, results).marking
            assert nets.encode(marking).hex() == event.data["marking"]


def test_each_licence_is_issued_once_with_an_identifier_that_checks(office: Office) -> None:
    number = office.submit()
    issued = Licence.objects.filter(case=number)
    assert issued.count() == len({licence.item for licence in issued})
    assert issued.count() >= 4
    for licence in issued:
        assert [name for name, value in licence.content.items() if value is None] == []
    services.advance(number)
    assert Licence.objects.filter(case=number).count() == issued.count()


def test_one_department_down_for_two_hours(office: Office) -> None:
    office.close("human-resources")
    number = office.submit()
    before = stages(office, number)
    assert before["household-registration"] is Stage.GRANTED
    waiting = {i for i, s in before.items() if s is Stage.GATHERING}
    assert waiting
    shown = {b["item"]: b for b in queries.track(number, "zh")["branches"]}
    for item in waiting:
        assert any("人力资源" in name for name in shown[item]["waiting_for"])
        assert shown[item]["unavailable_until"]
    done = len(trail.history(number))
    for _ in range(12):
        office.clock.move(minutes=10)
        services.wake()
    still = stages(office, number)
    assert {i for i, s in still.items() if s is Stage.GATHERING} == waiting
    office.open("human-resources")
    office.clock.move(minutes=11)
    services.wake()
    after = stages(office, number)
    assert not any(s is Stage.GATHERING for s in after.values())
    assert Licence.objects.filter(case=number).count() == len(
        {x.item for x in Licence.objects.filter(case=number)}
    )
    twice = [
        e
        for e in trail.history(number)[done:]
        if e.type == "tongban.cases.ended.v1" and before[e.item] is Stage.GRANTED
    ]
    assert twice == []


def test_a_correction_on_one_branch_does_not_reopen_anothers_licence(office: Office) -> None:
    number = office.submit(child__card_bank=None)
    assert office.branch(number, "social-security-card").stage is Stage.CORRECTION
    assert office.branch(number, "birth-certificate").stage is Stage.GRANTED
    issued = set(Licence.objects.filter(case=number).values_list("identifier", "state"))
    mother = office.applicant("newborn")
    services.answer(mother, number, {"child.card_bank": "102"})
    assert office.branch(number, "social-security-card").stage is Stage.GRANTED
    assert issued <= set(Licence.objects.filter(case=number).values_list("identifier", "state"))
    with pytest.raises(CaseRefused):
        services.answer(mother, number, {"child.card_bank": "103"})


def test_people_decide_what_rules_hand_over_and_not_the_same_hand_twice(office: Office) -> None:
    number = office.submit()
    branch = office.branch(number, "maternity-reimbursement")
    if branch.stage is Stage.GRANTED:
        pytest.fail("the demo family's reimbursement should need a person")
    task = office.tasks(number)[0]
    assert (task.item, task.post) == ("maternity-reimbursement", "reviewer")
    clerk = office.official("medical-insurance", "clerk")
    verdict = services.Verdict({"outcome": "grant"}, "材料齐全")
    with pytest.raises(NotAllowed):
        services.decide(clerk, number, task.item, task.step, verdict)
    with pytest.raises(CaseUnknown):
        services.decide(
            office.official("police", "reviewer"), number, task.item, task.step, verdict
        )
    reviewer = office.official("medical-insurance", "reviewer")
    with pytest.raises(SubmissionInvalid):
        services.decide(
            reviewer, number, task.item, task.step, services.Verdict({"outcome": "grant"}, " ")
        )
    services.decide(reviewer, number, task.item, task.step, verdict)
    with pytest.raises(CaseRefused):
        services.decide(reviewer, number, task.item, task.step, verdict)
    for task in office.tasks(number):
        services.decide(
            office.official("medical-insurance", task.post), number, task.item, task.step, verdict
        )
    ended = office.branch(number, "maternity-reimbursement")
    assert (ended.stage, ended.decided_by) == (Stage.GRANTED, "person")
    assert office.case(number).ended


def test_a_source_that_changed_before_the_decision_is_asked_again(office: Office) -> None:
    number = office.submit()
    task = office.tasks(number)[0]
    office.clock.move(hours=3)
    with sqlite3.connect(office.stores / "medical-insurance.sqlite") as store:
        store.execute("UPDATE FMJSXX SET YLZFY = YLZFY + 100")
    reviewer = office.official("medical-insurance", "reviewer")
    verdict = services.Verdict({"outcome": "grant"}, "材料齐全")
    with pytest.raises(CaseRefused, match="source has changed"):
        services.decide(reviewer, number, task.item, task.step, verdict)
    branch = office.branch(number, task.item)
    assert branch.stage is Stage.RECONFIRM
    assert branch.asked == (("mother.delivery_cost_fen", "changed-at-source"),)
    services.answer(office.applicant("newborn"), number, {})
    services.decide(reviewer, number, task.item, task.step, verdict)


def test_a_source_that_is_down_at_the_decision_leaves_the_value_unverified(office: Office) -> None:
    number = office.submit()
    task = office.tasks(number)[0]
    office.clock.move(hours=3)
    office.close("medical-insurance")
    reviewer = office.official("medical-insurance", "reviewer")
    verdict = services.Verdict({"outcome": "grant"}, "材料齐全")
    with pytest.raises(CaseRefused, match="unverified"):
        services.decide(reviewer, number, task.item, task.step, verdict)
    services.decide(
        reviewer,
        number,
        task.item,
        task.step,
        services.Verdict({"outcome": "grant"}, "来源故障，凭原件核对", accept_unverified=True),
    )
    stepped = [e for e in trail.history(number) if e.step == task.step][-1]
    assert "mother.delivery_cost_fen" in stepped.data["decision"]["unverified"]


def test_a_value_that_differs_from_what_was_shown_is_confirmed_first(office: Office) -> None:
    number = office.submit(seen={"mother.name": "张三"})
    asked = office.branch(number, "birth-certificate")
    assert asked.stage is Stage.CORRECTION
    assert ("mother.name", "changed-since-shown") in asked.asked
    services.answer(office.applicant("newborn"), number, {})
    assert office.branch(number, "birth-certificate").stage is Stage.GRANTED


def test_withdrawing_a_branch_stops_what_depends_on_it_and_nothing_else(office: Office) -> None:
    office.close("police")
    number = office.submit()
    mother = office.applicant("newborn")
    services.withdraw(mother, number, ["household-registration"])
    now = stages(office, number)
    assert now["household-registration"] is Stage.WITHDRAWN
    assert now["resident-medical-insurance"] is Stage.IMPOSSIBLE
    with pytest.raises(CaseRefused):
        services.withdraw(mother, number, ["household-registration"])
    office.open("police")
    office.clock.move(minutes=11)
    services.wake()
    now = stages(office, number)
    assert now["childcare-guidance"] is Stage.GRANTED
    assert now["household-registration"] is Stage.WITHDRAWN


def test_a_stranger_sees_no_case_at_all(office: Office) -> None:
    number = office.submit()
    with pytest.raises(CaseUnknown):
        services.answer(office.applicant("newborn", 1), number, {})
    with pytest.raises(CaseUnknown):
        services.allowed(office.applicant("newborn", 1), number, "case.read")


def test_a_malformed_submission_names_each_field_and_saves_nothing(office: Office) -> None:
    with pytest.raises(SubmissionInvalid) as refused:
        office.submit(child__name=" x ", child__weight=3, child__card_bank="999")
    assert set(refused.value.fields) == {"child.name", "child.weight", "child.card_bank"}
    assert Row.objects.count() == 0
    mother = office.applicant("newborn")
    with pytest.raises(SubmissionInvalid, match="correct the fields"):
        services.submit(mother, services.Submission("newborn", office.answers("newborn")))
    assert Row.objects.count() == 0


def test_money_is_ordered_once_and_in_whole_fen(office: Office) -> None:
    number = office.submit()
    verdict = services.Verdict({"outcome": "grant"}, "材料齐全")
    while tasks := office.tasks(number):
        task = tasks[0]
        official = office.official("medical-insurance", task.post)
        services.decide(official, number, task.item, task.step, verdict)
    services.advance(number)
    (order,) = PaymentOrder.objects.all()
    assert order.reference == f"{number}/maternity-reimbursement"
    assert order.amount_fen > 0
    assert json.loads(json.dumps(order.amount_fen)) == order.amount_fen
