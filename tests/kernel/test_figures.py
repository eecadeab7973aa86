"""A figure is exact, says where it comes from, and prints in both languages."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.kernel.facts import Words
from tongban.kernel.figures import STATUS, UNITS, Figure, FigureInvalid, Status, weakest

GIVEN = {
    "value": 3,
    "unit": "day",
    "as_of": date(2026, 11, 23),
    "source": "numbers.md",
    "status": "measured",
}


def figure(**told: Any) -> Figure:
    return Figure(**{**GIVEN, **told})


@pytest.mark.parametrize(
    ("told", "zh", "en"),
    [
        ({"value": 1, "unit": "day"}, "1 天", "1 day"),
        ({"value": 2, "unit": "workday"}, "2 个工作日", "2 working days"),
        ({"value": Decimal("22.90"), "unit": "day"}, "22.90 天", "22.90 days"),
        ({"value": 1234567, "unit": "fen"}, "12,345.67 元", "12,345.67 yuan"),
        ({"value": -5, "unit": "fen"}, "-0.05 元", "-0.05 yuan"),
        ({"value": Decimal("94.5"), "unit": "percent"}, "94.5%", "94.5%"),
        ({"value": Decimal("1E+3"), "unit": "person"}, "1,000 人", "1,000 persons"),
    ],
)
def test_a_figure_prints_exactly(told: dict[str, Any], zh: str, en: str) -> None:
    assert figure(**told).text("zh-hans") == zh
    assert figure(**told).text("en") == en


def test_a_figure_says_how_it_is_known() -> None:
    instant = datetime.fromisoformat("2026-11-23T09:00:00+08:00")
    quoted = figure(status="quoted", as_of=instant, source="report 4.2")
    assert quoted.full("zh") == "3 天（引用，截至 2026-11-23，来源：report 4.2）"
    assert quoted.full("en") == "3 days (quoted, as of 2026-11-23, source: report 4.2)"
    typed = figure(source=Words("命令行所填", "command line"))
    assert typed.full("zh-hans") == "3 天（实测，截至 2026-11-23，来源：命令行所填）"
    assert typed.full("en-gb") == "3 days (measured, as of 2026-11-23, source: command line)"


KNOWN = st.sampled_from(sorted(STATUS))


@given(KNOWN, KNOWN, KNOWN)
def test_what_is_made_of_others_is_no_better_known(one: Status, two: Status, three: Status) -> None:
    assert weakest(one, weakest(two, three)) == weakest(weakest(one, two), three)
    assert weakest(one, two, three) == weakest(three, one, two) == weakest(weakest(one, two), three)
    assert weakest(one) == weakest(one, one) == one
    order = ["measured", "quoted", "assumed"]
    made = order.index(weakest(one, two, three))
    assert made == max(order.index(part) for part in (one, two, three))


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"value": 0.1}, "float"),
        ({"value": True}, "bool"),
        ({"value": Decimal("NaN")}, "finite"),
        ({"value": Decimal("1.5"), "unit": "fen"}, "whole fen"),
        ({"unit": "furlong"}, "furlong"),
        ({"status": "guessed"}, "guessed"),
        ({"source": " "}, "source"),
        ({"source": Words("台账", " ")}, "source"),
    ],
)
def test_a_number_that_cannot_stand_in_a_report_is_refused(told: dict[str, Any], why: str) -> None:
    with pytest.raises(FigureInvalid, match=why):
        figure(**told)


@given(
    st.integers(-(10**15), 10**15) | st.decimals(-(10**9), 10**9, places=4),
    st.sampled_from(sorted(UNITS)),
)
def test_no_digit_is_lost_in_print(value: int | Decimal, unit: str) -> None:
    if unit == "fen":
        value = int(value)
    for lang, at in (("zh", 0), ("en", 2)):
        text = figure(value=value, unit=unit).text(lang)
        number = Decimal(text.removesuffix(UNITS[unit][at]).split(" ")[0].replace(",", ""))
        assert number * (100 if unit == "fen" else 1) == value
