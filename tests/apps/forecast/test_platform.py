"""The forecast of the own trail: months are counted whole, and what nobody decided is nought."""

import csv
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from testkit.office import Office
from tongban.apps.cases import services as cases
from tongban.apps.cases.events import ENDED
from tongban.apps.forecast.domain.panel import label
from tongban.apps.forecast.domain.tallying import EVERY, period_of, tally
from tongban.apps.forecast.platform import decided
from tongban.apps.parties import queries as parties
from tongban.cli import main
from tongban.infra.trail import queries as trail

TODAY = date(2026, 11, 27)
EVENTS = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 900).map(lambda n: TODAY - timedelta(days=n)))
)


@given(EVENTS, st.sampled_from(sorted(EVERY.values())))
def test_whole_periods_are_counted_and_nothing_else(
    events: list[tuple[str, date]], frequency: int
) -> None:
    rows = tally(events, TODAY, frequency)
    now = period_of(TODAY, frequency)
    whole = Counter((g, p) for g, d in events if (p := period_of(d, frequency)) < now)
    assert Counter({(r.region, r.period): r.value for r in rows if r.value}) == whole
    assert [r.line for r in rows] == list(range(1, len(rows) + 1))
    if rows:
        first = min(period_of(day, frequency) for _, day in events)
        groups = {group for group, _ in whole}
        assert len(rows) == len(groups) * (now - first)
        assert {r.region for r in rows} == groups


def test_a_department_has_one_name_whoever_decided(office: Office) -> None:
    number = office.submit()
    task, *_ = office.tasks(number)
    reviewer = office.official("medical-insurance", "reviewer")
    grant = cases.Verdict(outputs={"outcome": "grant"}, reason="材料齐全")
    cases.decide(reviewer, number, task.item, task.step, grant)
    keys = set(parties.departments())
    codes = {parties.department_code(key) for key in keys}
    told = {event.organisation for event in trail.every(ENDED)}
    # a branch ends under the key of its department
    assert told & keys
    for lang in ("zh", "en"):
        groups = {group for group, _ in decided("department", lang)}
        assert groups <= {parties.department_name(key, lang) for key in keys}
        assert parties.department_name("medical-insurance", lang) in groups
        assert not groups & (keys | codes)


@pytest.mark.slow
def test_the_trail_of_an_office_is_forecast(office: Office, tmp_path: Path) -> None:
    words = ["forecast", "platform", "--ahead", "1", "--out", str(tmp_path), "--lang", "en"]
    ran = CliRunner().invoke(main, words)
    assert ran.exit_code == 1
    assert "no whole month yet" in ran.output
    for month in range(6):
        for place in range(1 + month % 2):
            office.submit("newborn", place)
        office.next_birth()
        if month == 1:
            ran = CliRunner().invoke(main, words)
            assert ran.exit_code == 1
            assert "--every month" in ran.output
        office.clock.move(days=31)
    ran = CliRunner().invoke(main, words)
    assert ran.exit_code == 0, ran.output
    assert "Shipped" in ran.output
    rows = list(csv.DictReader((tmp_path / "panel.csv").read_text().splitlines()))
    whole = Counter(
        (group, label(period_of(day, 12), 12)) for group, day in decided("department", "en")
    )
    assert Counter({(r["region"], r["period"]): int(r["value"]) for r in rows}) == whole
    assert len({r["region"] for r in rows}) > 3
    # the file that was kept is a panel like any other
    again = CliRunner().invoke(
        main, ["forecast", "panel", str(tmp_path / "panel.csv"), "--unit", "case", *words[2:]]
    )
    assert again.exit_code == 0, again.output
    ran = CliRunner().invoke(main, [*words, "--by", "item"])
    assert ran.exit_code == 0, ran.output
    assert "certificate" in (tmp_path / "panel.csv").read_text()
