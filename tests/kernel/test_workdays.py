"""Working days against chinesecalendar; both clocks against a count day by day."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.infra.calendar import load_calendar
from tongban.kernel.workdays import (
    Budget,
    Calendar,
    CalendarBroken,
    CalendarEnded,
    ClockRefused,
    Closed,
    Day,
    Extension,
    Intake,
    Ledger,
    Suspension,
    WorkdayError,
    add_workdays,
    close,
    due,
    extend,
    moved,
    overdue,
    remaining,
    resume,
    status,
    suspend,
    workdays_between,
)

BASE = Path(__file__).parents[2] / "regions" / "base"
CALENDAR = load_calendar(BASE)

days = st.dates(date(2004, 1, 1), date(2026, 12, 31))
starts = st.dates(date(2004, 1, 1), date(2025, 6, 30))
budgets = st.builds(Budget, st.integers(0, 30), st.none() | st.integers(0, 30))


@st.composite
def ledgers(draw: st.DrawFn) -> Ledger:
    """Open clocks with ended suspensions, overlapping ones too, and perhaps an extension."""
    started = draw(starts)
    suspensions = []
    for _ in range(draw(st.integers(0, 4))):
        start = started + timedelta(draw(st.integers(0, 60)))
        end = start + timedelta(draw(st.integers(0, 40)))
        suspensions.append(Suspension("hearing", "听证", start, end))
    extension = draw(
        st.none()
        | st.builds(
            Extension, st.integers(1, 10), st.just("案情复杂"), st.just("局长"), st.just(started)
        )
    )
    return Ledger(started, draw(budgets), tuple(suspensions), extension)


def count_by_hand(ledger: Ledger, today: date) -> int:
    """Count the days that the clock has run, one by one, from the package's own calendar."""
    used, day = 0, ledger.started
    while day < today:
        day += timedelta(1)
        stopped = any(s.start < day and (s.end is None or day <= s.end) for s in ledger.suspensions)
        used += chinese_calendar.is_workday(day) and not stopped
    return used


def budget_of(ledger: Ledger) -> int:
    total = ledger.budget.days + (ledger.extension.days if ledger.extension else 0)
    return total or int(not chinese_calendar.is_workday(ledger.started))


def test_every_day_of_all_years_is_as_in_chinesecalendar() -> None:
    day = CALENDAR.first
    while day <= CALENDAR.last:
        assert CALENDAR.is_workday(day) == chinese_calendar.is_workday(day), day
        day += timedelta(1)
    assert (CALENDAR.first, CALENDAR.last) == (date(2004, 1, 1), date(2026, 12, 31))


def test_five_working_days_over_the_national_holiday_of_2025() -> None:
    assert add_workdays(CALENDAR, date(2025, 9, 26), 5) == date(2025, 10, 10)


def test_monday_to_friday_arithmetic_is_often_wrong_in_2026() -> None:
    def naive(day: date, count: int) -> date:
        while count:
            day += timedelta(1)
            count -= day.weekday() < 5
        return day

    wrong = total = 0
    day = date(2026, 1, 1)
    while day <= date(2026, 12, 31):
        try:
            right = add_workdays(CALENDAR, day, 20)
        except CalendarEnded:
            break
        wrong += naive(day, 20) != right
        total += 1
        day += timedelta(1)
    assert (wrong, total) == (170, 337)


@given(starts, st.integers(0, 60))
def test_adding_working_days_is_counting_them_one_by_one(start: date, count: int) -> None:
    end = add_workdays(CALENDAR, start, count)
    assert chinese_calendar.is_workday(end)
    if count:
        assert workdays_between(CALENDAR, start, end) == count
    by_hand = count_by_hand(Ledger(start), end)
    assert by_hand == (count or int(end != start))


@given(days, days)
def test_counting_back_is_the_negative_of_counting_forward(one: date, other: date) -> None:
    forward = workdays_between(CALENDAR, one, other)
    assert forward == -workdays_between(CALENDAR, other, one)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: add_workdays(CALENDAR, date(2026, 12, 30), 5),
        lambda: add_workdays(CALENDAR, date(2027, 1, 4), 1),
        lambda: CALENDAR.is_workday(date(2003, 12, 31)),
        lambda: workdays_between(CALENDAR, date(2026, 1, 1), date(2027, 1, 1)),
    ],
)
def test_past_the_last_announced_year_nothing_is_computed(ask: Callable[[], object]) -> None:
    with pytest.raises(CalendarEnded, match="announced for 2004-01-01 to 2026-12-31 only"):
        ask()


def test_a_negative_number_of_days_is_refused() -> None:
    with pytest.raises(WorkdayError):
        add_workdays(CALENDAR, date(2026, 1, 5), -1)
    with pytest.raises(WorkdayError):
        Budget(20, promised=-1)


# --- the decision clock


@given(ledgers(), st.integers(-5, 200))
def test_days_left_are_the_budget_less_the_days_counted_by_hand(ledger: Ledger, ahead: int) -> None:
    today = ledger.started + timedelta(ahead)
    expected = budget_of(ledger) - count_by_hand(ledger, today)
    assert remaining(CALENDAR, ledger, today) == expected


@given(ledgers())
def test_the_due_date_is_the_working_day_that_uses_up_the_budget(ledger: Ledger) -> None:
    last = due(CALENDAR, ledger)
    assert last is not None
    assert chinese_calendar.is_workday(last)
    assert count_by_hand(ledger, last) == budget_of(ledger)
    assert remaining(CALENDAR, ledger, last) == 0
    if last > ledger.started:
        assert count_by_hand(ledger, last - timedelta(1)) == budget_of(ledger) - 1
    assert not overdue(CALENDAR, ledger, last)
    assert overdue(CALENDAR, ledger, last + timedelta(1)) or any(
        s.start <= last < (s.end or last) for s in ledger.suspensions
    )


@given(ledgers(), st.integers(0, 90))
def test_the_light_is_red_exactly_when_overdue_and_words_are_said(
    ledger: Ledger, ahead: int
) -> None:
    today = ledger.started + timedelta(ahead)
    found = status(CALENDAR, ledger, today)
    assert (found.light == "red") == overdue(CALENDAR, ledger, today)
    assert found.due == due(CALENDAR, ledger)
    assert found.zh
    assert found.en
    if found.light == "green":
        assert found.remaining is not None
        assert found.remaining * 5 > budget_of(ledger)


@given(starts, budgets, st.integers(0, 15), st.integers(0, 60))
def test_a_special_procedure_moves_the_due_date_by_the_days_it_took(
    started: date, budget: Budget, after: int, length: int
) -> None:
    ledger = Ledger(started, budget)
    before = due(CALENDAR, ledger)
    assert before is not None
    on = started + timedelta(after)
    stopped = suspend(ledger, "expert-review", "需专家评审", on)
    assert due(CALENDAR, stopped) is None
    left = remaining(CALENDAR, stopped, on)
    assert remaining(CALENDAR, stopped, on + timedelta(length)) == left
    ended = resume(stopped, on + timedelta(length))
    moved_to = due(CALENDAR, ended)
    assert moved_to is not None
    taken = workdays_between(CALENDAR, on, on + timedelta(length)) if on < before else 0
    assert workdays_between(CALENDAR, before, moved_to) == taken


def test_only_what_the_law_names_stops_the_clock() -> None:
    ledger = Ledger(date(2026, 3, 2))
    with pytest.raises(ClockRefused, match="does not stop the clock"):
        suspend(ledger, "holiday", "经办人休假", date(2026, 3, 3))
    with pytest.raises(ClockRefused, match="give the reason"):
        suspend(ledger, "hearing", " ", date(2026, 3, 3))
    with pytest.raises(ClockRefused, match="none runs"):
        resume(ledger, date(2026, 3, 3))
    running = suspend(ledger, "hearing", "听证", date(2026, 3, 3))
    with pytest.raises(ClockRefused, match="end it first"):
        suspend(running, "test", "检测", date(2026, 3, 4))
    with pytest.raises(ClockRefused, match="lies before"):
        resume(running, date(2026, 3, 2))
    assert "听证期间停止计算" in status(CALENDAR, running, date(2026, 3, 20)).zh


def test_the_time_is_extended_once_with_approval_and_in_time() -> None:
    ledger = Ledger(date(2026, 3, 2))
    assert due(CALENDAR, ledger) == date(2026, 3, 30)

    def ask(
        clock: Ledger, days: int = 10, by: str = "局长", on: date = date(2026, 3, 20)
    ) -> Ledger:
        return extend(CALENDAR, clock, days, reason="案情复杂", approved_by=by, on=on)

    longer = ask(ledger)
    assert due(CALENDAR, longer) == add_workdays(CALENDAR, date(2026, 3, 2), 30)
    for refused in (
        lambda: ask(longer),
        lambda: ask(ledger, days=11),
        lambda: ask(ledger, by=""),
        lambda: ask(ledger, on=date(2026, 3, 31)),
    ):
        with pytest.raises(ClockRefused):
            refused()


def test_a_closed_clock_stands_for_ever() -> None:
    ledger = suspend(Ledger(date(2026, 3, 2)), "hearing", "听证", date(2026, 3, 4))
    closed = close(CALENDAR, ledger, date(2026, 3, 6))
    assert closed.suspended is None
    assert remaining(CALENDAR, closed, date(2026, 12, 1)) == 18
    assert status(CALENDAR, closed, date(2026, 12, 1)).light == "green"
    for refused in (
        lambda: suspend(closed, "hearing", "听证", date(2026, 3, 9)),
        lambda: resume(closed, date(2026, 3, 9)),
        lambda: close(CALENDAR, closed, date(2026, 3, 9)),
    ):
        with pytest.raises(ClockRefused, match="closed on 2026-03-06"):
            refused()


def test_a_late_decision_stays_late() -> None:
    late = close(CALENDAR, Ledger(date(2026, 3, 2), Budget(20, promised=1)), date(2026, 3, 5))
    assert overdue(CALENDAR, late, date(2026, 3, 5))
    assert status(CALENDAR, late, date(2026, 3, 9)).zh == (
        "2026-03-05办结，超期2个工作日，应于2026-03-03办结"
    )


def test_a_due_date_on_friday_is_over_on_saturday() -> None:
    ledger = Ledger(date(2026, 3, 5), Budget(20, promised=1))
    assert status(CALENDAR, ledger, date(2026, 3, 6)).light == "amber"
    assert status(CALENDAR, ledger, date(2026, 3, 7)).zh == "已超期，应于2026-03-06办结"


def test_an_at_once_promise_on_a_day_off_falls_due_on_the_next_working_day() -> None:
    ledger = Ledger(date(2026, 3, 7), Budget(20, promised=0))
    assert due(CALENDAR, ledger) == date(2026, 3, 9)
    assert due(CALENDAR, Ledger(date(2026, 3, 6), Budget(20, promised=0))) == date(2026, 3, 6)


def test_a_clock_whose_end_is_not_announced_still_counts() -> None:
    ledger = Ledger(date(2026, 12, 21))
    with pytest.raises(CalendarEnded):
        due(CALENDAR, ledger)
    found = status(CALENDAR, ledger, date(2026, 12, 23))
    assert (found.light, found.remaining, found.due) == ("green", 18, None)
    assert "待下一年度放假通知公布" in found.zh
    closed = close(CALENDAR, ledger, date(2026, 12, 24))
    assert status(CALENDAR, closed, date(2026, 12, 24)).light == "green"


def test_a_clock_that_runs_in_a_year_not_announced_guesses_nothing() -> None:
    clock = Ledger(date(2027, 1, 4), Budget(20, promised=5))
    found = status(CALENDAR, clock, date(2027, 1, 8))
    assert (found.light, found.remaining, found.due) == ("green", None, None)
    assert found.zh == "到期日待本年度放假通知公布"
    assert not overdue(CALENDAR, clock, date(2027, 6, 1))
    heard = suspend(clock, "hearing", "听证", date(2027, 1, 5))
    assert "听证期间停止计算" in status(CALENDAR, heard, date(2027, 1, 8)).zh
    longer = extend(CALENDAR, clock, 5, reason="补充调查", approved_by="张", on=date(2027, 1, 8))
    closed = close(CALENDAR, longer, date(2027, 1, 11))
    assert closed.closed == Closed(date(2027, 1, 11), None, None)
    assert status(CALENDAR, closed, date(2027, 1, 12)).zh == "2027-01-11办结"


def test_what_was_due_before_the_calendar_ends_is_overdue_after_it() -> None:
    clock = Ledger(date(2026, 12, 1), Budget(20, promised=5))
    found = status(CALENDAR, clock, date(2027, 2, 1))
    assert (found.light, found.remaining) == ("red", None)
    assert found.en == "overdue, was due on 2026-12-08"
    closed = close(CALENDAR, clock, date(2027, 2, 1))
    assert (
        status(CALENDAR, closed, date(2027, 2, 2)).zh
        == "2027-02-01办结，已超期，应于2026-12-08办结"
    )


# --- the correction clock


@given(starts, st.integers(0, 30))
def test_unasked_for_five_working_days_it_counts_as_accepted_on_receipt(
    received: date, ahead: int
) -> None:
    today = received + timedelta(ahead)
    last = add_workdays(CALENDAR, received, 5)
    expected = received if today > last else None
    assert Intake(received).acceptance(CALENDAR, today) == expected


@given(starts, st.integers(0, 30), st.integers(0, 60), st.integers(0, 400))
def test_asked_in_time_it_waits_until_all_has_come(
    received: date, asked: int, completed: int, ahead: int
) -> None:
    on = received + timedelta(asked)
    intake = Intake(received)
    if on > add_workdays(CALENDAR, received, 5):
        with pytest.raises(ClockRefused, match="counts as accepted"):
            intake.ask_correction(CALENDAR, on)
        return
    waiting = intake.ask_correction(CALENDAR, on)
    assert waiting.acceptance(CALENDAR, on + timedelta(ahead)) is None
    done = waiting.complete(on + timedelta(completed))
    assert done.acceptance(CALENDAR, on + timedelta(ahead)) == on + timedelta(completed)
    assert done.accept(CALENDAR, on + timedelta(500)).accepted == on + timedelta(completed)


def test_a_correction_is_asked_once() -> None:
    intake = Intake(date(2026, 3, 2)).ask_correction(CALENDAR, date(2026, 3, 3))
    with pytest.raises(ClockRefused, match="only once"):
        intake.ask_correction(CALENDAR, date(2026, 3, 4))
    with pytest.raises(ClockRefused, match="nothing was asked for"):
        Intake(date(2026, 3, 2)).complete(date(2026, 3, 3))
    with pytest.raises(ClockRefused, match="lies before"):
        Intake(date(2026, 3, 2)).accept(CALENDAR, date(2026, 3, 1))


# --- a new calendar


def test_a_newly_announced_holiday_moves_open_clocks_with_its_reason_and_closed_ones_never() -> (
    None
):
    new_day = Day(date(2026, 3, 12), "holiday", "植树节", "新通知")
    new = Calendar.of([*CALENDAR.named.values(), new_day])
    spans = Ledger(date(2026, 3, 2))
    before = Ledger(date(2026, 3, 2), Budget(20, promised=5))
    closed = close(CALENDAR, spans, date(2026, 3, 20))
    stopped = suspend(spans, "hearing", "听证", date(2026, 3, 4))
    found = moved(
        CALENDAR, new, {"spans": spans, "before": before, "closed": closed, "stopped": stopped}
    )
    assert [(m.clock, m.before, m.after) for m in found] == [
        ("spans", date(2026, 3, 30), date(2026, 3, 31))
    ]
    assert found[0].zh == "日历调整：2026-03-12（植树节）改为放假"
    assert found[0].en == "calendar changed: 2026-03-12 is now a day off"
    assert status(new, closed, date(2026, 4, 30)) == status(CALENDAR, closed, date(2026, 4, 30))


def test_next_years_notice_gives_waiting_clocks_their_due_date() -> None:
    new = Calendar.of([*CALENDAR.named.values(), Day(date(2027, 1, 1), "holiday", "元旦")])
    (move,) = moved(CALENDAR, new, {"case": Ledger(date(2026, 12, 21))})
    assert (move.before, move.after) == (None, date(2027, 1, 19))
    assert move.zh.startswith("日历公布")


@given(st.lists(ledgers(), max_size=5), days)
def test_the_same_calendar_moves_nothing_and_a_holiday_only_later(
    clocks: list[Ledger], off: date
) -> None:
    named = {str(number): ledger for number, ledger in enumerate(clocks)}
    assert moved(CALENDAR, CALENDAR, named) == ()
    new = Calendar.of([*CALENDAR.named.values(), Day(off, "holiday", "新假日")])
    for move in moved(CALENDAR, new, named):
        assert move.before is not None
        assert move.after is not None
        assert move.before < move.after
        assert str(off) in move.zh


# --- the file


def test_a_region_adds_its_own_day_off(tmp_path: Path) -> None:
    rows = "date,kind,name,source\n2026-03-12,holiday,建城日,地方规定\n"
    (tmp_path / "calendar.csv").write_text(rows, encoding="utf-8")
    region = load_calendar(BASE, tmp_path)
    assert not region.is_workday(date(2026, 3, 12))
    assert CALENDAR.is_workday(date(2026, 3, 12))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("day,kind\n", ":1: the header"),
        ("date,kind,name,source\n2026-02-30,holiday,,\n", ":2: '2026-02-30' is no date"),
        ("date,kind,name,source\n2026-02-03,feast,,\n", ":2: the kind is"),
        ("date,kind,name,source\n2026-02-03\n", ":2: needs 4 columns"),
        ("date,kind,name,source\n", "no day"),
        ("date,kind,name,source\n2024-01-01,holiday,,\n2026-01-01,holiday,,\n", "2025 has no day"),
    ],
)
def test_a_broken_calendar_is_refused_naming_file_and_line(
    tmp_path: Path, text: str, word: str
) -> None:
    (tmp_path / "calendar.csv").write_text(text, encoding="utf-8")
    with pytest.raises(CalendarBroken, match=word):
        load_calendar(tmp_path)
