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
class Finding:
    """One contradiction: its name, the bound that is crossed, in words.

    ``needed`` is the least rate of return with which the quoted NPV could be reached, where the
    words tell it.
    """

    name: str
    bound: Decimal
    said: Words
    needed: Decimal | None = None


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


def check(claim: Claim) -> tuple[Finding, ...]:
    """Give the contradictions of a claim; none says that it is possible, not that it is true."""
    found = []
    if claim.payback is not None and claim.payback > claim.years:
        found.append(
            Finding(
                "PaybackBeyondHorizon",
                Decimal(claim.years),
                Words(
                    f"回收期 {claim.payback} 年超出 {claim.years} 年的评价期",
                    f"a payback of {claim.payback} years lies beyond the {claim.years} years",
                ),
            )
        )
        if claim.irr is not None and claim.irr > 0:
            found.append(
                Finding(
                    "ReturnWithoutPayback",
                    Decimal(0),
                    Words(
                        "评价期内未回收投资，收益率不可能为正",
                        "what is not paid back within the years has no rate of return above 0",
                    ),
                )
            )
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
        found.append(_signs(claim))
    elif npv[0] > npv_bounds(claim.years, irr[1], rate[0], back)[1]:
        found.append(_beyond(claim))
    elif known and npv[1] < npv_bounds(claim.years, irr[0], rate[1])[0]:
        found.append(_below(claim))
    return tuple(found)


def _rounded(quoted: Decimal) -> tuple[Decimal, Decimal]:
    """Give the least and the greatest number that is quoted so: half of its last place away."""
    half = Decimal(5).scaleb(int(quoted.as_tuple().exponent) - 1)
    return quoted - half, quoted + half


def _bounds(claim: Claim) -> tuple[Decimal, Decimal]:
    back = claim.payback if claim.payback is None or claim.payback <= claim.years else None
    return npv_bounds(claim.years, claim.irr or Decimal(0), claim.rate or Decimal(0), back)


def _negative(rate: Decimal) -> Finding:
    return Finding(
        "RateNegative",
        Decimal(0),
        Words(f"折现率 {rate} 为负", f"the discount rate {rate} is negative"),
    )


def _signs(claim: Claim) -> Finding:
    irr, npv, rate = claim.irr, claim.npv, claim.rate
    return Finding(
        "SignsDisagree",
        Decimal(0),
        Words(
            f"内部收益率 {irr} 与折现率 {rate} 的高低，同净现值 {npv} 的正负不符",
            f"NPV {npv} has the wrong sign for IRR {irr} at a discount rate of {rate}",
        ),
    )


def _beyond(claim: Claim) -> Finding:
    most = _bounds(claim)[1]
    npv = claim.npv or Decimal(0)
    needed = least_irr(claim.years, npv, claim.rate or Decimal(0))
    return Finding(
        "NpvBeyondIrr",
        most,
        Words(
            f"{claim.years} 年、内部收益率 {claim.irr:.1%} 时，"
            f"净现值至多为投资的 {most:.2f} 倍，"
            f"不可能为 {npv} 倍；要达到该倍数，收益率至少 {needed:.1%}",
            f"in {claim.years} years at an IRR of {claim.irr:.1%} the NPV is at most "
            f"{most:.2f}× the outlay, not {npv}×; that needs an IRR of {needed:.1%} or more",
        ),
        needed,
    )


def _below(claim: Claim) -> Finding:
    least = _bounds(claim)[0]
    return Finding(
        "NpvBelowIrr",
        least,
        Words(
            f"此时净现值至少为投资的 {least:.2f} 倍，不可能为 {claim.npv} 倍",
            f"at these rates the NPV is at least {least:.2f}× the outlay, not {claim.npv}×",
        ),
    )
