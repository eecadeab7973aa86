"""The legal clocks as a case lives them: correction once, in time, stops, extension, holidays."""

from datetime import date

import pytest

from testkit.office import Office
from testkit.papers import base64_of, png
from tongban.apps.cases import queries, services
from tongban.apps.cases.domain.state import Branch, Stage, encode
from tongban.apps.cases.errors import CaseRefused, NotAllowed, SubmissionInvalid
from tongban.infra.access.domain import Subject
from tongban.infra.trail import queries as trail

ITEM = "maternity-reimbursement"
HERE = "medical-insurance"
INVOICE = "hospital-invoice-elsewhere"
PNG = base64_of(png())
UPLOAD = services.Upload(INVOICE, "票据.png", "image/png", PNG)
GRANT = services.Verdict({"outcome": "grant"}, "材料齐全")
CHECK = [(INVOICE, "票据不清晰")]


@pytest.fixture
def elsewhere(office: Office) -> str:
    """Give the case of a family whose hospital is outside the city, with the invoice uploaded."""
    office.write("health", "UPDATE CSYXXX SET SFBSCS = 0")
    number = office.submit(uploads=[UPLOAD])
    assert office.branch(number, ITEM).stage is Stage.EXAMINING
    return number


def due(office: Office, number: str, item: str = ITEM) -> str:
    found = next(b for b in queries.track(number, "zh")["branches"] if b["item"] == item)
    return str(found["promised_date"])


def told(number: str, kind: str, item: str = ITEM) -> int:
    history = trail.history(number)
    return sum(e.type == f"tongban.cases.{kind}.v1" and e.item == item for e in history)


def staff(office: Office, role: str) -> Subject:
    return office.official(HERE, role)


def branch(office: Office, number: str) -> Branch:
    return office.branch(number, ITEM)


def settle(office: Office, **by: float) -> None:
    """Let time pass and the worker take up what is due, until it finds nothing more."""
    office.clock.move(**by)
    for _ in range(5):
        if not services.wake():
            return
    pytest.fail("the worker finds the same case due again and again")


def test_correction_is_asked_once(office: Office, elsewhere: str) -> None:
    clerk = staff(office, "clerk")
    with pytest.raises(SubmissionInvalid):
        services.ask_correction(clerk, elsewhere, ITEM, [("marriage-certificate", "missing")])
    with pytest.raises(NotAllowed):
        services.ask_correction(staff(office, "reviewer"), elsewhere, ITEM, CHECK)
    services.ask_correction(clerk, elsewhere, ITEM, CHECK)
    asked = branch(office, elsewhere)
    assert (asked.stage, asked.asked) == (Stage.CORRECTION, ((INVOICE, "票据不清晰"),))
    with pytest.raises(CaseRefused):
        services.ask_correction(clerk, elsewhere, ITEM, CHECK)
    services.answer(office.applicant("newborn"), elsewhere, {}, [UPLOAD])
    assert branch(office, elsewhere).stage is Stage.EXAMINING
    with pytest.raises(CaseRefused, match="asked once"):
        services.ask_correction(clerk, elsewhere, ITEM, CHECK)
    office.clock.move(days=1)
    services.accept(clerk, elsewhere, ITEM, accept=True)
    accepted = branch(office, elsewhere)
    assert (accepted.stage, accepted.deemed) == (Stage.PROCESSING, False)
    assert accepted.accepted == date(2026, 11, 23)  # the day all that was asked for had come
    assert told(elsewhere, "correction_asked") == 1


def test_a_full_correction_that_nobody_looks_at_counts_as_accepted_from_the_day_it_came(
    office: Office, elsewhere: str
) -> None:
    services.ask_correction(staff(office, "clerk"), elsewhere, ITEM, CHECK)
    office.clock.move(days=1)
    services.answer(office.applicant("newborn"), elsewhere, {}, [UPLOAD])
    office.clock.freeze("2026-12-01T23:59:00+08:00")
    services.wake()
    assert branch(office, elsewhere).stage is Stage.EXAMINING
    office.clock.freeze("2026-12-02T00:00:00+08:00")
    services.wake()
    deemed = branch(office, elsewhere)
    assert (deemed.stage, deemed.deemed) == (Stage.PROCESSING, True)
    assert deemed.accepted == date(2026, 11, 24)
    assert encode(queries.replay(elsewhere)) == encode(office.case(elsewhere))


def test_a_document_sent_after_a_correction_is_looked_at_too(office: Office) -> None:
    office.write("health", "UPDATE CSYXXX SET SFBSCS = 0")
    number = office.submit()
    assert branch(office, number).asked == ((INVOICE, "material"),)
    services.answer(office.applicant("newborn"), number, {}, [UPLOAD])
    assert branch(office, number).stage is Stage.EXAMINING
    with pytest.raises(SubmissionInvalid):
        services.accept(staff(office, "clerk"), number, ITEM, accept=False)
    services.accept(staff(office, "clerk"), number, ITEM, accept=False, reason="票据不是原件")
    refused = branch(office, number)
    assert (refused.stage, refused.outcome) == (Stage.REFUSED, "not_accepted")


def test_what_is_not_asked_in_five_working_days_counts_as_accepted_from_receipt(
    office: Office, elsewhere: str
) -> None:
    office.clock.freeze("2026-11-30T23:59:00+08:00")
    services.wake()
    assert branch(office, elsewhere).stage is Stage.EXAMINING
    office.clock.freeze("2026-12-01T00:00:00+08:00")
    with pytest.raises(CaseRefused, match="accepted since 2026-11-23"):
        services.ask_correction(staff(office, "clerk"), elsewhere, ITEM, CHECK)
    services.wake()
    deemed = branch(office, elsewhere)
    assert (deemed.stage, deemed.deemed) == (Stage.PROCESSING, True)
    assert deemed.accepted == date(2026, 11, 23)
    assert due(office, elsewhere) == "2026-11-30"
    assert encode(queries.replay(elsewhere)) == encode(office.case(elsewhere))


def test_a_branch_that_waited_for_another_has_its_own_five_days(office: Office) -> None:
    number = office.submit(child__surname_follows="other", child__card_bank=None)
    settle(office, days=9)
    step = next(t for t in office.tasks(number) if t.item == "household-registration")
    reviewer = office.official("police", "reviewer")
    services.decide(reviewer, number, step.item, step.step, GRANT)
    card = office.branch(number, "social-security-card")
    assert (card.stage, card.received) == (Stage.CORRECTION, date(2026, 12, 2))


def test_a_special_procedure_stops_the_clock(office: Office) -> None:
    number = office.submit()
    reviewer = staff(office, "reviewer")
    assert due(office, number) == "2026-11-30"
    with pytest.raises(CaseRefused, match="does not stop the clock"):
        services.suspend(reviewer, number, ITEM, "holiday", "人手不足")
    services.suspend(reviewer, number, ITEM, "appraisal", "票据送鉴定")
    assert due(office, number) == "None"
    with pytest.raises(CaseRefused):
        services.suspend(reviewer, number, ITEM, "appraisal", "再次送鉴定")
    with pytest.raises(CaseRefused, match="end the special procedure"):
        services.decide(reviewer, number, ITEM, office.tasks(number)[0].step, GRANT)
    settle(office, days=3)
    services.resume(reviewer, number, ITEM)
    assert due(office, number) == "2026-12-03"
    with pytest.raises(CaseRefused):
        services.resume(reviewer, number, ITEM)


def test_the_clock_is_extended_once_as_an_approver_agrees_for_ten_days_at_most(
    office: Office,
) -> None:
    number = office.submit()
    reviewer, approver = staff(office, "reviewer"), staff(office, "approver")
    with pytest.raises(NotAllowed):
        services.ask_extension(approver, number, ITEM, 5, "须外地核实")
    for days in (0, 11):
        with pytest.raises(CaseRefused):
            services.ask_extension(reviewer, number, ITEM, days, "须外地核实")
    services.ask_extension(reviewer, number, ITEM, 10, "须外地核实")
    with pytest.raises(NotAllowed):
        services.settle_extension(reviewer, number, ITEM, agreed=True)
    assert branch(office, number).extension is None
    services.settle_extension(approver, number, ITEM, agreed=True)
    assert due(office, number) == "2026-12-14"
    with pytest.raises(CaseRefused, match="only once"):
        services.ask_extension(reviewer, number, ITEM, 1, "再延一日")
    extended = next(e for e in trail.history(number) if e.type == "tongban.cases.extended.v1")
    assert (extended.reason, extended.actor) == ("须外地核实", approver.user_id)
    assert extended.authority.startswith("行政许可法")


def test_more_time_is_not_approved_by_who_asked_for_it(office: Office) -> None:
    number = office.submit()
    services.decide(staff(office, "reviewer"), number, ITEM, office.tasks(number)[0].step, GRANT)
    approver = staff(office, "approver")
    services.ask_extension(approver, number, ITEM, 5, "案情复杂")
    with pytest.raises(CaseRefused, match="who asked for it may not approve it"):
        services.settle_extension(approver, number, ITEM, agreed=True)
    assert branch(office, number).extension is None
    other = office.appoint("medical-insurance", "approver", "another-approver")
    services.settle_extension(other, number, ITEM, agreed=True)
    assert branch(office, number).extension.approved_by == other.user_id
    assert branch(office, number).extension_asked is None


def test_a_review_that_is_late_is_urged_once(office: Office) -> None:
    number = office.submit()
    office.clock.freeze("2026-11-24T23:59:00+08:00")
    services.wake()
    assert branch(office, number).urged == 0
    settle(office, minutes=1)
    assert branch(office, number).urged == 1
    settle(office, days=5)
    assert branch(office, number).urged == 1
    services.decide(staff(office, "reviewer"), number, ITEM, office.tasks(number)[0].step, GRANT)
    services.decide(staff(office, "approver"), number, ITEM, office.tasks(number)[0].step, GRANT)
    assert office.case(number).ended


def test_days_off_are_no_days_in_which_a_review_is_late(office: Office) -> None:
    office.clock.freeze("2026-11-27T16:00:00+08:00")  # a Friday
    number = office.submit()
    office.announce([("2026-11-30", "holiday", "开城日")])
    settle(office, days=4)
    assert branch(office, number).urged == 0
    settle(office, days=1)
    assert branch(office, number).urged == 1


def test_a_new_holiday_moves_open_clocks_and_says_why(office: Office) -> None:
    number = office.submit()
    stopped = office.submit(place=1)
    services.suspend(staff(office, "reviewer"), stopped, ITEM, "appraisal", "票据送鉴定")
    closed = {b.item: due(office, number, b.item) for b in office.case(number).branches.values()}
    assert office.announce([("2026-11-26", "holiday", "开城日")]) == 1
    assert due(office, number) == "2026-12-01"
    (moved,) = (e for e in trail.history(number) if e.type == "tongban.cases.clock_moved.v1")
    assert moved.item == ITEM
    assert "开城日" in moved.reason
    assert (moved.data["before"], moved.data["after"]) == ("2026-11-30", "2026-12-01")
    after = {b.item: due(office, number, b.item) for b in office.case(number).branches.values()}
    assert {i for i in closed if closed[i] != after[i]} == {ITEM}
    assert encode(queries.replay(number)) == encode(office.case(number))
    assert office.announce([("2026-11-26", "holiday", "开城日")]) == 0
    assert office.announce([("2026-11-26", "workday", "开城日改期")]) == 1
    assert due(office, number) == "2026-11-30"


def test_a_source_that_stays_down_leaves_its_value_to_a_person(office: Office) -> None:
    office.close("medical-insurance")
    number = office.submit()
    assert branch(office, number).stage is Stage.GATHERING
    settle(office, days=7)
    assert branch(office, number).stage is Stage.GATHERING
    settle(office, days=1)
    deemed = branch(office, number)
    assert (deemed.stage, deemed.deemed, deemed.accepted) == (
        Stage.PROCESSING,
        True,
        date(2026, 11, 23),
    )
    (task,) = (t for t in office.tasks(number) if t.item == ITEM)
    assert (task.step, task.post, task.rule) == ("decide", "reviewer", True)
    assert "mother.insurance_status" in task.missing


def test_money_is_never_ordered_to_an_account_that_nobody_knows(office: Office) -> None:
    office.close("human-resources")
    number = office.submit()
    settle(office, days=8)
    services.decide(staff(office, "reviewer"), number, ITEM, office.tasks(number)[0].step, GRANT)
    services.decide(staff(office, "approver"), number, ITEM, office.tasks(number)[0].step, GRANT)
    waiting = branch(office, number)
    assert waiting.stage is Stage.RECONFIRM
    assert waiting.asked == (("mother.bank_account", "missing"),)
    account = {"mother.bank_account": "6217001234567890123"}
    services.answer(office.applicant("newborn"), number, account)
    assert branch(office, number).stage is Stage.GRANTED


@pytest.mark.parametrize("day", ["2026-12-28", "2026-12-31"])
def test_the_last_days_of_the_announced_years_are_ordinary_days(office: Office, day: str) -> None:
    office.clock.freeze(f"{day}T16:00:00+08:00")
    office.write("health", "UPDATE CSYXXX SET SFBSCS = 0")
    number = office.submit(uploads=[UPLOAD])
    assert branch(office, number).stage is Stage.EXAMINING
    examined = office.submit(place=1, uploads=[UPLOAD])
    services.wake()
    services.accept(staff(office, "clerk"), number, ITEM, accept=True)
    assert due(office, number) == "None"
    assert office.tasks(number)
    assert office.announce([("2027-01-01", "holiday", "元旦")]) == 1
    assert due(office, number) > "2027-01-01"
    settle(office, days=5)
    assert branch(office, number).urged == 1
    settle(office, days=8)
    assert branch(office, examined).deemed
