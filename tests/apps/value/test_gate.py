"""The gate: its bounds are those of the linear programme over all flows, found by its corners."""

from datetime import date
from decimal import Decimal
from itertools import combinations_with_replacement
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from tongban.apps.value.domain.gate import Claim, check, least_irr, npv_bounds
from tongban.apps.value.report import gating
from tongban.infra.reports.model import Section
from tongban.kernel.facts import Words
from tongban.kernel.figures import Figure

DAY = date(2026, 11, 26)
RATES = st.decimals("0.01", "0.9", places=2)


def corners(years: int, irr: float, rate: float, back: int | None) -> list[float]:
    """Give NPV a yuan at every corner: at most two years have income, as two rules bind them.

    Income c_t ≥ 0 with Σ c_t/(1+irr)^t = 1, and Σ_{t ≤ back} c_t ≥ 1 where a payback is told.
    """
    found = []
    for s, t in combinations_with_replacement(range(1, years + 1), 2):
        grow_s, grow_t = (1 + irr) ** s, (1 + irr) ** t
        points = [(grow_s, 0.0), (0.0, grow_t)]
        if back is not None and s <= back < t:
            points.append((1.0, (1 - 1 / grow_s) * grow_t))
        for a, b in points:
            sums = (a if s <= (back or years) else 0) + (b if t <= (back or years) else 0)
            if back is not None and sums < 1 - 1e-12:
                continue
            found.append(a / (1 + rate) ** s + b / (1 + rate) ** t - 1)
    return found


@given(st.integers(1, 12), RATES, st.decimals(0, "0.9", places=2), st.none() | st.integers(1, 12))
def test_the_bounds_are_those_of_every_flow(
    years: int, irr: Decimal, rate: Decimal, payback: int | None
) -> None:
    back = None if payback is None or payback > years or irr <= rate else payback
    least, most = npv_bounds(years, irr, rate, None if back is None else Decimal(back))
    found = corners(years, float(irr), float(rate), back)
    assert abs(max(found) - float(most)) < 1e-9 * max(1, abs(float(most)))
    assert abs(min(found) - float(least)) < 1e-9 * max(1, abs(float(least)))


@given(st.lists(st.integers(0, 100), min_size=1, max_size=8), RATES)
def test_what_is_true_passes(income: list[int], irr: Decimal) -> None:
    outlay = sum(Decimal(c) / (1 + irr) ** t for t, c in enumerate(income, 1))
    if not outlay:
        return
    npv = sum(income) / outlay - 1
    so_far, back = Decimal(0), None
    for year, amount in enumerate(income, 1):
        if back is None and so_far + amount >= outlay:
            back = year - 1 + (outlay - so_far) / amount
        so_far += amount
    assert back is not None
    assert ceil(back) <= len(income)
    # a hair for the rounding of the rates to 28 places
    claim = Claim(len(income), irr, npv - Decimal("1e-20"), Decimal(0), back)
    assert [f.name for f in check(claim) if f.name != "NpvBelowIrr"] == []


def test_the_figures_of_the_report_cannot_hold_together() -> None:
    (found,) = check(Claim(5, Decimal("0.186"), Decimal("2.3")))
    assert found.name == "NpvBeyondIrr"
    assert round(found.bound.value, 2) == Decimal("1.35")
    (said,) = section(5, Decimal("0.186"), Decimal("2.3")).says
    assert said.zh == (
        "5 年、内部收益率 18.6% 时，净现值至多为投资的 1.35 倍，不可能为 2.3 倍；"
        "要达到该倍数，收益率至少 27.0%"
    )
    assert "at most 1.35× the outlay, not 2.3×; that needs an IRR of 27.0%" in said.en
    assert round(least_irr(5, Decimal("2.3"), Decimal(0)), 2) == Decimal("0.27")


def test_figures_abroad_cannot_either() -> None:
    (found,) = check(Claim(5, Decimal("0.21"), Decimal("2.1")))
    assert round(found.bound.value, 2) == Decimal("1.59")


def test_other_contradictions_have_their_names() -> None:
    def names(*claim: object) -> list[str]:
        return [f.name for f in check(Claim(*claim))]  # type: ignore[arg-type]

    assert names(5, Decimal("0.100"), Decimal("0.2"), Decimal("0.120")) == ["SignsDisagree"]
    assert names(5, Decimal("0.1"), None, None, Decimal(6)) == [
        "PaybackBeyondHorizon",
        "ReturnWithoutPayback",
    ]
    assert names(5, Decimal("0.2"), Decimal("0.01"), Decimal("0.05")) == ["NpvBelowIrr"]
    assert names(5, Decimal("0.2"), Decimal("0.1"), Decimal("-0.05")) == ["RateNegative"]
    assert names(5, None, Decimal(3)) == []
    # any rate above 10 % makes it negative, and none was quoted
    assert names(5, Decimal("0.100"), Decimal("-0.2")) == []
    assert names(5, Decimal("-0.100"), Decimal("0.2")) == ["NpvBeyondIrr"]
    # 1.186⁵ − 1 is 1.3465 and may be quoted as 1.35, not as 1.36
    assert names(5, Decimal("0.1860"), Decimal("1.35")) == []
    assert names(5, Decimal("0.1860"), Decimal("1.36")) == ["NpvBeyondIrr"]
    # a payback after a year leaves little for the end
    assert names(5, Decimal("0.186"), Decimal("1.00"), Decimal(0), Decimal("1.0")) == [
        "NpvBeyondIrr"
    ]
    assert names(5, Decimal("0.186"), Decimal("1.0"), Decimal(0)) == []


def section(*claim: object) -> Section:
    told = Claim(*claim)  # type: ignore[arg-type]
    return gating.section("", told, "a report", DAY)


def test_contradictions_have_a_chinese_name_in_the_report() -> None:
    claims = [
        (5, Decimal("0.100"), Decimal("0.2"), Decimal("0.120")),
        (5, Decimal("0.1"), None, None, Decimal(6)),
        (5, Decimal("0.2"), Decimal("0.01"), Decimal("0.05")),
        (5, Decimal("0.2"), Decimal("0.1"), Decimal("-0.05")),
        (5, Decimal("0.186"), Decimal("2.3")),
    ]
    labels = [row[0] for claim in claims for row in section(*claim).tables[0].rows]
    found = {
        label.en: label.zh
        for label in labels
        if isinstance(label, Words) and label.en in gating.CONTRADICTIONS
    }
    assert set(found) == set(gating.CONTRADICTIONS) == {
        "SignsDisagree", "PaybackBeyondHorizon", "ReturnWithoutPayback", "NpvBelowIrr",
        "RateNegative", "NpvBeyondIrr",
    }  # fmt: skip
    for zh in found.values():
        assert not any(sign.isascii() for sign in zh)


def test_the_rate_that_is_needed_is_a_figure() -> None:
    claim = Claim(5, Decimal("0.186"), Decimal("2.3"))
    (finding,) = check(claim)
    assert finding.needed == least_irr(5, Decimal("2.3"), Decimal(0))
    (table,) = section(5, Decimal("0.186"), Decimal("2.3")).tables
    label, needed = table.rows[-1]
    assert label == Words("要达到该净现值，内部收益率至少", "IRR that this NPV needs, at least")
    # (1 + 2.3)^(1/5) − 1 is 26.97 %
    source = Words("对 a report 的自洽性检验", "gate of a report")
    assert needed == Figure(Decimal("27.0"), "percent", DAY, source, "assumed")
    (below,) = check(Claim(5, Decimal("0.2"), Decimal("0.01"), Decimal("0.05")))
    assert below.needed is None
    assert len(section(5, Decimal("0.2"), Decimal("0.01"), Decimal("0.05")).tables[0].rows) == 5
