"""The clock port: one file moves a whole set of processes."""

import os
import subprocess
import sys
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testkit.clock import Clock
from tongban.infra import clock as port


def test_the_time_is_told_in_shanghai() -> None:
    assert port.now().utcoffset() == timedelta(hours=8)
    assert port.today() == port.now().date()


def test_a_frozen_clock_stands_still_until_it_is_moved(clock: Clock) -> None:
    before = port.now()
    assert before == port.now() == datetime.fromisoformat("2026-11-23T09:00:00+08:00")
    clock.move(hours=2)
    assert port.now() - before == timedelta(hours=2)


def test_a_shifted_clock_runs_on(clock: Clock) -> None:
    clock.shift("-PT1H")
    first = port.now()
    assert port.now() >= first
    real = datetime.now(tz=port.SHANGHAI)  # noqa: TID251 - the reference this test compares with
    assert abs(real - first - timedelta(hours=1)) < timedelta(seconds=30)


def test_another_process_reads_the_same_clock(clock: Clock) -> None:
    clock.freeze("2027-02-28T23:59:59+08:00")
    told = subprocess.run(
        [sys.executable, "-c", "from tongban.infra import clock; print(clock.now().isoformat())"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    assert told.stdout.strip() == "2027-02-28T23:59:59+08:00"


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-11-23T09:00:00", "+P", "+PT", "PT2H"])
def test_a_clock_file_that_says_nothing_is_refused_by_name(clock: Clock, text: str) -> None:
    clock.freeze(text)
    with pytest.raises(port.ClockUnreadable, match="TONGBAN_CLOCK"):
        port.now()


@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=999)), st.sampled_from("+-"))
def test_every_offset_reads_back(by: timedelta, sign: str) -> None:
    seconds = f"{by.seconds}.{by.microseconds:06d}"
    read = port.parse_setting(f"{sign}P{by.days}DT{seconds}S")
    assert read == (by if sign == "+" else -by)
