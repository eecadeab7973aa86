"""The consistency gate 自洽性检验: quoted figures of an investment that cannot hold together.

One outlay at the start and no further outlay: then what is earned at the rate of return in n years
is most where all comes back at the end. So NPV/outlay ≤ ((1+IRR)/(1+r))ⁿ − 1, and at any r ≥ 0 no
more than (1+IRR)ⁿ − 1. A payback of p years takes one outlay back by year p and lowers the bound.
"""

from dataclasses import dataclass
from decimal import Decimal, localcontext
from math import ceil

from tongban.kernel.facts import Words

from .money import PLACES

#: Each number of a claim lies above the first and is at most the second.
LIMITS = {
    "years": (Decimal(0), Decimal(200)),
    "irr": (Decimal(-1), Decimal(10)),
    "npv": (Decimal(-1), Decimal(10) ** 9),
    "rate": (Decimal(-1), Decimal(10)),
    "payback": (Decimal(0), Decimal(1000)),
}


@dataclass(frozen=True, slots=True)
class Claim:
    """What is quoted of one investment. ``npv`` is in outlays; ``rate`` the discount rate.

    What is not quoted is None; without ``rate`` the bound is that of rate 0, the widest. A number
    stands for all that round to it: 0.2 is 15 to 25 %, 0.200 is 20 %.
    """

    years: int
    irr: Decimal | None = None
    npv: Decimal | None = None
    rate: Decimal | None = None
    payback: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Number:
    """A number that a finding tells: a share where ``unit`` is ``percent``."""

    value: int | Decimal
    unit: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One contradiction: its name, the bound that is crossed, and its numbers in words.

    ``said`` has ``numbers`` at ``{0}``, ``{1}`` … ``needed`` is the least rate of return with which
    the quoted NPV could be reached, where the words tell it.
    """

    name: str
    bound: Number
    said: Words
    numbers: tuple[Number, ...] = ()
    needed: Decimal | None = None


def beyond_limits(claim: Claim) -> tuple[str, ...]:
    """Give the names of the numbers that lie outside of `LIMITS`."""
    return tuple(
        name
        for name, (low, high) in LIMITS.items()
        if (value := getattr(claim, name)) is not None and not low < value <= high
    )


def npv_bounds(
    years: int, irr: Decimal, rate: Decimal, payback: Decimal | None = None
) -> tuple[Decimal, Decimal]:
    """Give the least and the greatest NPV a yuan of outlay that the rate of return allows.

    >>> least, most = npv_bounds(5, Decimal("0.186"), Decimal(0))
    >>> round(least, 3), round(most, 3)
    (Decimal('0.186'), Decimal('1.347'))
    """
    with localcontext() as context:
        context.prec = PLACES
        grown = (1 + irr) / (1 + rate)
        first, last = grown - 1, grown**years - 1
        if payback is not None and irr > rate >= 0:
            back = min(ceil(payback), years)
            last = (1 + rate) ** -back + (1 - (1 + irr) ** -back) * grown**years - 1
        return min(first, last), max(first, last)


def least_irr(years: int, npv: Decimal, rate: Decimal) -> Decimal:
    """Give the lowest rate of return with which this NPV a yuan can be reached in these years."""
    with localcontext() as context:
        context.prec = PLACES
        return (1 + npv) ** (Decimal(1) / years) * (1 + rate) - 1


def bounds(claim: Claim, years: int) -> tuple[Decimal, Decimal]:
    """Give the bounds of NPV after so many years, for the numbers just as they are quoted."""
    back = claim.payback if claim.payback is None or claim.payback <= claim.years else None
    return npv_bounds(years, claim.irr or Decimal(0), claim.rate or Decimal(0), back)


def check(claim: Claim) -> tuple[Finding, ...]:
    """Give the contradictions of a claim; none says that it is possible, not that it is true."""
    found = []
    if claim.payback is not None and claim.payback > claim.years:
        found += _unpaid(claim, claim.payback)
    if claim.irr is None or claim.npv is None or claim.irr <= -1:
        return tuple(found)
    if claim.rate is not None and claim.rate < 0:
        return (*found, _negative(claim.rate))
    irr, npv = _rounded(claim.irr), _rounded(claim.npv)
    rate = (Decimal(0), Decimal(0)) if claim.rate is None else _rounded(claim.rate)
    rate = (max(rate[0], Decimal(0)), rate[1])
    back = None if claim.payback is None else _rounded(claim.payback)[1]
    known = claim.rate is not None
    if known and ((irr[0] > rate[1] and npv[1] < 0) or (irr[1] < rate[0] and npv[0] > 0)):
        found.append(_signs(claim.irr, claim.npv, claim.rate or Decimal(0)))
    elif npv[0] > npv_bounds(claim.years, irr[1], rate[0], back)[1]:
        found.append(_beyond(claim, claim.irr, claim.npv))
    elif known and npv[1] < npv_bounds(claim.years, irr[0], rate[1])[0]:
        found.append(_below(claim, claim.npv))
    return tuple(found)


def _rounded(quoted: Decimal) -> tuple[Decimal, Decimal]:
    """Give the least and the greatest number that is quoted so: half of its last place away."""
    half = Decimal(5).scaleb(int(quoted.as_tuple().exponent) - 1)
    return quoted - half, quoted + half


def _quoted(value: int | Decimal, unit: str) -> Number:
    return Number(value, unit, quoted=True)


def _unpaid(claim: Claim, payback: Decimal) -> list[Finding]:
    years = _quoted(claim.years, "year")
    late = Finding(
        "PaybackBeyondHorizon",
        years,
        Words("回收期 {0} 超出 {1} 的评价期", "a payback of {0} lies beyond {1}"),
        (_quoted(payback, "year"), years),
    )
    if claim.irr is None or claim.irr <= 0:
        return [late]
    unearned = Words(
        "评价期内未回收投资，收益率不可能为正",
        "what is not paid back within the years has no rate of return above nil",
    )
    return [late, Finding("ReturnWithoutPayback", Number(Decimal(0), "percent"), unearned)]


def _negative(rate: Decimal) -> Finding:
    return Finding(
        "RateNegative",
        Number(Decimal(0), "percent"),
        Words("折现率 {0} 为负", "the discount rate {0} is negative"),
        (_quoted(rate, "percent"),),
    )


def _signs(irr: Decimal, npv: Decimal, rate: Decimal) -> Finding:
    return Finding(
        "SignsDisagree",
        Number(Decimal(0), "ratio"),
        Words(
            "内部收益率 {0} 与折现率 {1} 的高低，同净现值为投资的 {2} 的正负不符",
            "an NPV of {2} the outlay has the wrong sign for an IRR of {0} at a discount rate "
            "of {1}",
        ),
        (_quoted(irr, "percent"), _quoted(rate, "percent"), _quoted(npv, "ratio")),
    )


def _beyond(claim: Claim, irr: Decimal, npv: Decimal) -> Finding:
    most = Number(bounds(claim, claim.years)[1], "ratio")
    needed = least_irr(claim.years, npv, claim.rate or Decimal(0))
    return Finding(
        "NpvBeyondIrr",
        most,
        Words(
            "{0}、内部收益率 {1} 时，净现值至多为投资的 {2}，不可能为 {3}；"
            "要达到该倍数，收益率至少 {4}",
            "in {0} at an IRR of {1} the NPV is at most {2} the outlay, not {3}; that needs an IRR "
            "of {4} or more",
        ),
        (
            _quoted(claim.years, "year"),
            _quoted(irr, "percent"),
            most,
            _quoted(npv, "ratio"),
            Number(needed, "percent"),
        ),
        needed,
    )


def _below(claim: Claim, npv: Decimal) -> Finding:
    least = Number(bounds(claim, claim.years)[0], "ratio")
    return Finding(
        "NpvBelowIrr",
        least,
        Words(
            "此时净现值至少为投资的 {0}，不可能为 {1}",
            "at these rates the NPV is at least {0} the outlay, not {1}",
        ),
        (least, _quoted(npv, "ratio")),
    )
