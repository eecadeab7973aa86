"""Cash flows 现金流: present value, every internal rate of return, MIRR, payback.

A flow is one amount of whole fen a year, from year 0. Rates are counted exactly: a rate of return
is a root of a polynomial with whole coefficients, and Sturm's theorem says how many there are. None
is lost between two of a search, and none is invented where there is none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise
from math import gcd

from .money import PLACES

Polynomial = tuple[int, ...]  # highest power first
_FINE = Fraction(1, 10**14)


def npv(flows: Sequence[int], rate: Decimal) -> Decimal:
    """Give the net present value 净现值 in fen at a yearly rate above −1.

    >>> npv([-100, 110], Decimal("0.1"))
    Decimal('0')
    """
    if rate <= -1:
        raise ValueError("a rate is above -1")
    with localcontext() as context:
        context.prec = PLACES
        total, factor = Decimal(0), Decimal(1)
        for amount in flows:
            total += amount / factor
            factor *= 1 + rate
        return +total if total else Decimal(0)


def sign_changes(flows: Sequence[int]) -> int:
    """Count the changes of sign 符号变化: no more rates than this (Descartes)."""
    signs = [amount > 0 for amount in flows if amount]
    return sum(a != b for a, b in pairwise(signs))


@dataclass(frozen=True, slots=True)
class Rates:
    """Every internal rate of return 内部收益率 above −1, lowest first, to twelve places.

    ``changes`` is how often the flow changes its sign. One rate is an answer; none or several are
    told as such.
    """

    roots: tuple[Decimal, ...]
    changes: int

    @property
    def single(self) -> Decimal | None:
        """Give the rate where there is exactly one, else None."""
        return self.roots[0] if len(self.roots) == 1 else None


def rates(flows: Sequence[int]) -> Rates:
    """Find all internal rates of return; several where the flow has several, none where none.

    >>> rates([-1, 6, -11, 6]).roots == (0, 1, 2)
    True
    >>> rates([5, 5]).roots
    ()
    """
    changes = sign_changes(flows)
    if not changes:
        return Rates((), changes)
    found = _roots(_trim(tuple(flows)))
    return Rates(tuple(round(Decimal(y.numerator) / y.denominator - 1, 12) for y in found), changes)


def _trim(flows: Polynomial) -> Polynomial:
    first = next(n for n, amount in enumerate(flows) if amount)
    last = next(n for n in range(len(flows), 0, -1) if flows[n - 1])
    return flows[first:last]


def _primitive(p: Sequence[Fraction | int]) -> Polynomial:
    # divide by a positive number only: a Sturm chain lives by its signs
    exact = [Fraction(c) for c in p]
    while exact and not exact[0]:
        exact.pop(0)
    if not exact:
        return ()
    scale = 1
    for c in exact:
        scale = scale * c.denominator // gcd(scale, c.denominator)
    ints = [int(c * scale) for c in exact]
    common = gcd(*ints)
    return tuple(c // common for c in ints)


def _divide(p: Polynomial, q: Polynomial) -> tuple[list[Fraction], Polynomial]:
    rest = [Fraction(c) for c in p]
    quotient = []
    for n in range(len(p) - len(q) + 1):
        factor = rest[n] / q[0]
        quotient.append(factor)
        for m, c in enumerate(q):
            rest[n + m] -= factor * c
    return quotient, _primitive(rest)


def _derived(p: Polynomial) -> Polynomial:
    return _primitive([c * (len(p) - 1 - n) for n, c in enumerate(p[:-1])])


def _chain(p: Polynomial) -> list[Polynomial]:
    chain = [p, _derived(p)]
    while chain[-1]:
        rest = _divide(chain[-2], chain[-1])[1]
        chain.append(tuple(-c for c in rest))
    return chain[:-1]


def _at(p: Polynomial, y: Fraction) -> int:
    """Give a number of the sign of p(y), without fractions."""
    value, power = 0, 1
    for c in p:
        value = value * y.numerator + c * power
        power *= y.denominator
    return value


def _roots(p: Polynomial) -> list[Fraction]:
    """Give the distinct positive roots, within 1e-14."""
    simple = _primitive(p)
    chain = _chain(simple)
    if len(chain[-1]) > 1:  # multiple roots: each once
        simple = _primitive(_divide(simple, chain[-1])[0])
        chain = _chain(simple)

    def variations(y: Fraction) -> int:
        return sign_changes([_at(q, y) for q in chain])

    top = Fraction(1 + max(abs(c) for c in simple) // abs(simple[0]) + 1)
    found: list[Fraction] = []
    spans = [(Fraction(0), top, variations(Fraction(0)), variations(top))]
    while spans:
        low, high, left, right = spans.pop()
        if left - right == 1:
            found.append(_narrow(simple, low, high))
        elif left - right > 1:
            mid = (low + high) / 2
            middle = variations(mid)
            spans += [(low, mid, left, middle), (mid, high, middle, right)]
    return sorted(found)


def _narrow(p: Polynomial, low: Fraction, high: Fraction) -> Fraction:
    """Close in on the one root in (low, high]."""
    if not _at(p, high):
        return high
    above = _at(p, high) > 0
    while high - low > _FINE * max(Fraction(1), high):
        mid = (low + high) / 2
        value = _at(p, mid)
        if not value:
            return mid
        low, high = (low, mid) if (value > 0) == above else (mid, high)
    return (low + high) / 2


def mirr(flows: Sequence[int], finance: Decimal, reinvest: Decimal) -> Decimal | None:
    """Give the modified rate of return 修正内部收益率; None without both outlay and income."""
    years = len(flows) - 1
    out = -npv([min(amount, 0) for amount in flows], finance)
    income = npv([max(amount, 0) for amount in flows], reinvest)
    if not out or not income or not years:
        return None
    with localcontext() as context:
        context.prec = PLACES
        return (income / out) ** (Decimal(1) / years) * (1 + reinvest) - 1


def payback(flows: Sequence[int], rate: Decimal = Decimal(0)) -> Decimal | None:
    """Give the years after which the outlay is back for good 回收期; None where it never is.

    Within a year income comes evenly. A sum that turns negative again later is not back.

    >>> payback([-100, 40, 40, 40])
    Decimal('2.5')
    """
    with localcontext() as context:
        context.prec = PLACES
        sums, total = [], Decimal(0)
        for year, amount in enumerate(flows):
            total += amount / (1 + rate) ** year
            sums.append(total)
        if not sums or sums[-1] < 0:
            return None
        last = max((year for year, total in enumerate(sums) if total < 0), default=-1)
        if last < 0:
            return Decimal(0)
        return last - sums[last] / (sums[last + 1] - sums[last])
