"""The desk: who has a task in hand, where it is moved, what is decided in one go, what waits."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.module_loading import import_string
from hypothesis import given
from hypothesis import strategies as st

from testkit.office import Office
from testkit.packs import other_desk
from tongban.apps.cases import desk, disclosure, queries, services
from tongban.apps.cases.desk import Wanted
from tongban.apps.cases.domain.handling import CLOSES, OPENS, office_hours
from tongban.apps.cases.domain.state import Stage, encode
from tongban.apps.cases.errors import CaseMoved, CaseRefused, CaseUnknown, SubmissionInvalid
from tongban.apps.cases.models import BranchRow, Case
from tongban.apps.items import services as publishing
from tongban.apps.parties import delegating
from tongban.apps.parties import queries as parties
from tongban.apps.parties import services as people
from tongban.infra import clock
from tongban.infra.access.domain import COMMAND, Subject
from tongban.infra.packs import read_packs
from tongban.infra.trail import queries as trail
from tongban.kernel.workdays import Calendar, Day

PAYS = "maternity-reimbursement"
INSURER = "medical-insurance"
YES = services.Verdict({"outcome": "grant"}, "材料齐全，符合条件")
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def number(office: Office) -> str:
    return office.submit()


def reviewer(office: Office) -> Subject:
    return office.official(INSURER, "reviewer")


def colleague(office: Office) -> Subject:
    return office.appoint(INSURER, "reviewer", "insurance.second")


def step(office: Office, number: str) -> str:
    return next(t.step for t in office.tasks(number) if t.item == PAYS)


YEAR = Calendar.of(
    [Day(date(2026, 1, 1), "holiday"), Day(date(2026, 10, 1), "holiday"),
     Day(date(2026, 10, 10), "workday"), Day(date(2026, 12, 31), "workday")]
)  # fmt: skip
instants = st.datetimes(
    datetime(2026, 1, 2),  # noqa: DTZ001 - hypothesis puts the zone to it
    datetime(2026, 11, 1),  # noqa: DTZ001
    timezones=st.just(SHANGHAI),
).map(lambda at: at.replace(microsecond=0, second=0))


@given(instants, st.integers(1, 40))
def test_a_claim_lasts_exactly_so_many_hours_of_the_office(since: datetime, hours: int) -> None:
    until = office_hours(YEAR, since, hours)
    # the oracle: minute by minute
    minutes, at = 0, since
    while at < until:
        open_ = OPENS <= at.time() < CLOSES and YEAR.is_workday(at.date())
        minutes += open_
        at += timedelta(minutes=1)
    assert minutes == hours * 60
    last = until - timedelta(minutes=1)
    assert YEAR.is_workday(last.date())
    assert OPENS <= last.time() < CLOSES


def test_a_claimed_task_is_left_alone_until_it_is_taken_over(office: Office, number: str) -> None:
    first, second = reviewer(office), colleague(office)
    services.claim(first, number, PAYS)
    with pytest.raises(CaseRefused, match="claimed this task already"):
        services.claim(first, number, PAYS)
    for act in (
        lambda: services.decide(second, number, PAYS, step(office, number), YES),
        lambda: services.claim(second, number, PAYS),
        lambda: services.transfer(
            second, number, PAYS, department=INSURER, post="approver", reason="急"
        ),
    ):
        with pytest.raises(CaseRefused, match="take it over first"):
            act()
    with pytest.raises(SubmissionInvalid):
        services.claim(second, number, PAYS, take_over=True)
    services.claim(second, number, PAYS, take_over=True, reason="同事请假")
    told = [e for e in trail.history(number) if e.type == "tongban.cases.claimed.v1"]
    assert [(e.actor, e.data.get("from"), e.reason) for e in told] == [
        (first.user_id, None, ""),
        (second.user_id, first.user_id, "同事请假"),
    ]
    with pytest.raises(CaseRefused, match="take it over"):
        services.decide(first, number, PAYS, step(office, number), YES)
    services.decide(second, number, PAYS, step(office, number), YES)
    assert office.branch(number, PAYS).claimed_by == ""
    assert encode(queries.replay(number)) == encode(office.case(number))


def test_a_claim_ends_by_itself_and_can_be_let_go(office: Office, number: str) -> None:
    first, second = reviewer(office), colleague(office)
    services.claim(first, number, PAYS)
    until = datetime.fromisoformat(office.branch(number, PAYS).claimed_until)
    assert until == datetime(2026, 11, 24, 17, tzinfo=until.tzinfo)  # sixteen office hours
    with pytest.raises(CaseRefused):
        services.release(second, number, PAYS)
    services.release(first, number, PAYS)
    services.claim(second, number, PAYS)
    office.clock.freeze("2026-11-24T16:59:00+08:00")
    with pytest.raises(CaseRefused):
        services.claim(first, number, PAYS)
    office.clock.freeze("2026-11-24T17:00:00+08:00")
    services.claim(first, number, PAYS)
    assert encode(queries.replay(number)) == encode(office.case(number))


def test_of_two_who_claim_at_once_one_has_it(any_office: Office) -> None:
    number = any_office.submit()
    first, second = reviewer(any_office), colleague(any_office)
    outcomes = any_office.at_once(
        lambda: services.claim(first, number, PAYS), lambda: services.claim(second, number, PAYS)
    )
    refused = [o for o in outcomes if isinstance(o, Exception)]
    assert len(refused) == 1
    assert isinstance(refused[0], CaseRefused | CaseMoved)


def test_work_is_moved_to_another_department_and_back(office: Office, number: str) -> None:
    first = reviewer(office)
    stranger = office.official("civil-affairs", "reviewer")
    with pytest.raises(CaseUnknown):
        services.decide(stranger, number, PAYS, step(office, number), YES)
    with pytest.raises(SubmissionInvalid):
        services.transfer(first, number, PAYS, department="nowhere", post="reviewer", reason="错")
    services.transfer(
        first, number, PAYS, department="civil-affairs", post="reviewer", reason="由民政核实婚姻"
    )
    assert disclosure.look(first, number).items == {"resident-medical-insurance"}
    (line,) = desk.queue(stranger, Wanted(), "zh").rows
    assert (line["case"], line["item"]) == (number, PAYS)
    assert desk.queue(first, Wanted(), "zh").rows == []
    services.decide(stranger, number, PAYS, step(office, number), YES)
    told = next(e for e in trail.history(number) if e.type == "tongban.cases.transferred.v1")
    assert told.data == {"department": "civil-affairs", "post": "reviewer", "from": INSURER}
    assert office.branch(number, PAYS).post == ""
    assert encode(queries.replay(number)) == encode(office.case(number))


def publish(folder: Path, rules: str) -> None:
    publishing.publish(read_packs(other_desk(folder, PAYS, rules)), actor="test")


def test_a_move_may_wait_for_another_hand(office: Office, tmp_path: Path) -> None:
    publish(tmp_path, "desk: {transfer: approval}\n")
    number, first = office.submit(), reviewer(office)
    move = {"department": "civil-affairs", "post": "reviewer", "reason": "核实"}
    services.transfer(first, number, PAYS, **move)
    chief = office.official(INSURER, "approver")
    assert desk.queue(first, Wanted(), "zh").rows == []  # it is the approver's work now
    assert desk.queue(chief, Wanted(), "zh").rows[0]["move_asked"] == ["civil-affairs", "reviewer"]
    with pytest.raises(CaseRefused, match="waits for approval already"):
        services.transfer(first, number, PAYS, **move)
    services.settle_transfer(chief, number, PAYS, agreed=False, reason="本局可核")
    with pytest.raises(CaseRefused, match="no move waits"):
        services.settle_transfer(chief, number, PAYS, agreed=True)
    services.transfer(first, number, PAYS, **move)
    services.settle_transfer(chief, number, PAYS, agreed=True)
    assert office.branch(number, PAYS).department == "civil-affairs"
    assert encode(queries.replay(number)) == encode(office.case(number))


def test_several_are_decided_in_one_go_only_where_the_item_allows_it(
    office: Office, tmp_path: Path
) -> None:
    numbers = [office.submit(place=place) for place in (1, 2)]
    complete = "{slug: complete, use: grant, text: {zh: 材料齐全, en: all is there}}"
    publish(tmp_path, f"desk: {{reasons: [{complete}]}}\n")
    alone = office.submit()
    first = reviewer(office)
    where = step(office, numbers[0]) if office.tasks(numbers[0]) else step(office, alone)
    verdict = services.Verdict({"outcome": "grant"}, "", template="complete")
    outcomes = services.decide_many(
        first, [alone, *numbers, "20260101-AAAAAAAAAA"], PAYS, where, verdict
    )
    found = {o.number: o.refused for o in outcomes}
    assert "one by one" in str(found[alone])
    assert isinstance(found["20260101-AAAAAAAAAA"], CaseUnknown)
    done = [n for n in numbers if found[n] is None]
    assert done
    for number in done:
        assert office.branch(number, PAYS).reasons[-1]["en"] == "complete and as the law says"
        assert office.branch(number, PAYS).reasons[-1]["zh"] == "材料齐全、符合规定"
    with pytest.raises(SubmissionInvalid):
        services.decide_many(first, [alone, alone], PAYS, where, verdict)


def decide_by(who: Subject, number: str, where: str, outcome: str, template: str) -> None:
    verdict = services.Verdict({"outcome": outcome}, "", template=template)
    services.decide(who, number, PAYS, where, verdict)


def test_a_reason_is_taken_from_the_item_and_added_to(office: Office) -> None:
    number, first = office.submit(), reviewer(office)
    for outcome, template in (("grant", "not-insured"), ("grant", "no-such"), ("grant", "blurred")):
        with pytest.raises(SubmissionInvalid):
            decide_by(first, number, step(office, number), outcome, template)
    verdict = services.Verdict({"outcome": "refuse"}, "经核2026年无缴费", template="not-insured")
    services.decide(first, number, PAYS, step(office, number), verdict)
    last = office.branch(number, PAYS).reasons[-1]
    assert last["zh"] == "生育时未参加生育保险；经核2026年无缴费"
    assert last["en"].startswith("not insured at the time of the birth; ")


def test_the_checklist_shows_everything_that_may_be_asked_and_that_it_may_once(
    office: Office,
) -> None:
    item = "household-registration"
    office.write("civil-affairs", "UPDATE HYDJXX SET JHZZH = NULL")
    number = office.submit()
    clerk = office.official("police", "clerk")
    found = desk.checklist(clerk, number, item, "zh")
    definition = queries.load(number).ground.definitions[item]
    assert {m["name"] for m in found["materials"]} == {m.code for m in definition.needs.materials}
    assert {f["name"] for f in found["fields"]} == {f.fact for f in definition.needs.fields}
    lacking = {m["name"] for m in found["materials"] if m["missing"]}
    assert lacking == {"marriage-certificate"}
    assert found["may_ask"] is False  # the rules have asked already
    with pytest.raises(CaseRefused):
        services.ask_correction(clerk, number, item, [("mother-id-card", "再看一次")])


def test_an_official_acts_for_who_is_present_and_the_trail_says_how_it_was_checked(
    office: Office,
) -> None:
    clerk = office.official("health", "clerk")
    known = office.cast("newborn")
    id_number = known["mother.id_number"]
    people.register_person("present", "王芳", id_number)
    present = services.Present(id_number, "王芳", "id-card-reader", "帮办同意书 2026-17")
    delegation = services.at_counter(clerk, present, "newborn", department="health")
    user = parties.officials("health", "clerk")[0]
    helper = delegating.acting(user, delegation, COMMAND)
    answers = {n: v for n, v in known.items() if "id_number" not in n}
    submission = services.Submission(
        "newborn", {**office.answers("newborn"), **answers}, consent=True
    )
    number = services.submit(helper, submission)
    first = trail.history(number)[0]
    assert first.actor == clerk.user_id
    assert first.data["counter"] == "身份证读卡核验；帮办同意书 2026-17"
    with pytest.raises(Exception, match="does not cover"):
        services.submit(helper, services.Submission("enterprise-start", {}, consent=True))
    office.clock.move(days=1)
    with pytest.raises(delegating.DelegationRefused):
        delegating.acting(user, delegation, COMMAND)


def test_the_queue_is_filtered_and_says_how_the_clock_stands(office: Office) -> None:
    numbers = [office.submit(place=place) for place in range(3)]
    who, second = reviewer(office), colleague(office)
    waiting = {row["case"] for row in desk.queue(who, Wanted(), "zh").rows}
    assert waiting <= set(numbers)
    assert len(waiting) >= 2
    one = min(waiting)
    services.claim(second, one, PAYS)
    assert {r["case"] for r in desk.queue(who, Wanted(claimed="free"), "zh").rows} == waiting - {
        one
    }
    (other,) = desk.queue(who, Wanted(claimed="others"), "zh").rows
    assert (other["case"], other["claimed"]) == (one, "other")
    (mine,) = desk.queue(second, Wanted(claimed="mine"), "zh").rows
    assert mine["claimed"] == "mine"
    assert desk.queue(who, Wanted(item="no-such-item"), "zh").rows == []
    assert len(desk.queue(who, Wanted(item=PAYS, stage="processing"), "zh").rows) == len(waiting)
    lights = []
    for _ in range(40):
        row = desk.queue(who, Wanted(), "zh").rows[0]
        lights.append(row["light_word"])
        office.clock.move(days=1)
    assert list(dict.fromkeys(lights)) == ["正常", "临期", "逾期"]
    en = desk.queue(who, Wanted(), "en").rows[0]
    assert (en["light_word"], "overdue" in en["clock"]) == ("overdue", True)
    past = desk.queue(who, Wanted(due_before=clock.today()), "zh")
    assert len(past.rows) == len(waiting)


def test_an_applicant_is_told_once_that_the_promised_day_is_near(
    office: Office, number: str
) -> None:
    tick = import_string("tongban.apps.cases.tasks.warn")
    row = BranchRow.objects.get(case_id=number, item=PAYS)
    assert row.due is not None

    def told() -> int:
        return sum(e.type == "tongban.cases.due_soon.v1" for e in trail.history(number))

    tick()
    assert told() == 0
    office.clock.freeze(f"{row.due.isoformat()}T09:00:00+08:00")
    tick()
    tick()
    assert told() == 1
    assert encode(queries.replay(number)) == encode(office.case(number))


def many(office: Office, number: str, count: int) -> None:
    """Let so many copies of a case wait at the same desk, the most urgent first.

    Only those that a page may show hold a state.
    """
    row = Case.objects.get(number=number)
    state: Any = row.state
    nothing: Any = {}
    branch = BranchRow.objects.get(case_id=number, item=PAYS)
    assert branch.due is not None
    days = [branch.due + timedelta(days=n // 100) for n in range(count)]
    for start in range(0, count, 2000):
        block = [
            Case(
                number=f"{n:08d}-BBBBBBBBBB", life_event=row.life_event, version=row.version,
                applicant=row.applicant, submitted=row.submitted, sequence=row.sequence,
                state={**state, "number": f"{n:08d}-BBBBBBBBBB"} if n < 900 else nothing,
            )
            for n in range(start, min(count, start + 2000))
        ]  # fmt: skip
        Case.objects.bulk_create(block)
        BranchRow.objects.bulk_create(
            BranchRow(
                case_id=case.number, item=PAYS, version=branch.version,
                department=branch.department, stage=branch.stage, post=branch.post,
                due=days[n], rank=days[n],
            )
            for n, case in enumerate(block, start)
        )  # fmt: skip


@pytest.mark.slow
def test_a_page_of_a_long_queue_costs_what_a_short_one_does(any_office: Office) -> None:
    number = any_office.submit()
    who = reviewer(any_office)
    desk.queue(who, Wanted(), "zh")  # what is read once a process
    with CaptureQueriesContext(connection) as short:
        desk.queue(who, Wanted(), "zh")
    many(any_office, number, 20_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    seen: list[str] = []
    after = ""
    for page in range(40):
        with CaptureQueriesContext(connection) as asked:
            found = desk.queue(who, Wanted(item=PAYS) if page % 2 else Wanted(), "zh", after=after)
        # the ring of keys is read afresh now and then: one question more, whatever the length
        assert len(asked) <= len(short) + 1, [q["sql"][:90] for q in asked]
        days = [row["due"] for row in found.rows]
        assert days == sorted(days)
        seen += [row["case"] for row in found.rows]
        after = found.after
    assert len(seen) == len(set(seen)) == 800
    rows = BranchRow.objects.filter(department=INSURER, post="reviewer").exclude(post="")
    for chosen, index in ((rows, "queue"), (rows.filter(item=PAYS), "queue")):
        plan = chosen.order_by("rank", "pk")[:21].explain()
        assert index in plan, plan
        assert "Seq Scan" not in plan
        assert "TEMP B-TREE" not in plan
    assert desk.waiting(who, Wanted()) == 20_001
    assert any_office.branch(number, PAYS).stage is Stage.PROCESSING
