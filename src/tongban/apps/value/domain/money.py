"""Money in whole fen, and shares of it that add up to the fen (分摊不差一分)."""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction

#: Fen in one of each unit that a file may use.
UNITS = {
    "分": 1,
    "fen": 1,
    "元": 100,
    "yuan": 100,
    "千元": 100_000,
    "万元": 1_000_000,
    "10k yuan": 1_000_000,
    "百万元": 100_000_000,
    "million yuan": 100_000_000,
    "亿元": 10_000_000_000,
    "100m yuan": 10_000_000_000,
}
PLACES = 34


def whole(value: Decimal) -> int:
    """Round to whole fen, half to even.

    >>> whole(Decimal("2.5")), whole(Decimal("-3.5"))
    (2, -4)
    """
    with localcontext() as context:
        context.prec = PLACES
        return int(value.to_integral_value(ROUND_HALF_EVEN))


def allocate(total: int, weights: Sequence[int | Fraction]) -> tuple[int, ...]:
    """Split ``total`` fen by weights; the parts add up to it (largest remainder, 最大余数法).

    Of equal remainders the earlier one is served first. Raise ValueError for a negative weight or
    where none is positive.

    >>> allocate(100, [1, 1, 1])
    (34, 33, 33)
    """
    exact = [Fraction(weight) for weight in weights]
    whole_weight = sum(exact)
    if whole_weight <= 0 or min(exact) < 0:
        raise ValueError("weights are not negative, and one is above zero")
    sign = -1 if total < 0 else 1
    wanted = [abs(total) * weight / whole_weight for weight in exact]
    parts = [int(part) for part in wanted]
    left = abs(total) - sum(parts)
    order = sorted(range(len(parts)), key=lambda n: (parts[n] - wanted[n], n))
    for place in order[:left]:
        parts[place] += 1
    return tuple(sign * part for part in parts)
