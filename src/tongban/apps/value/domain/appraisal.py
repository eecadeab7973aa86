"""Appraising an investment 投资评价: direct and social value apart, and what moves them.

Direct value is money of the budget; social value is what others gain, in money by convention. They
stand beside each other and nothing here adds them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from typing import Literal

from tongban.apps.value.errors import ValueRefused

from . import flows
from .money import PLACES, whole

Kind = Literal["outlay", "running", "direct", "social"]
KINDS: tuple[Kind, ...] = ("outlay", "running", "direct", "social")
INPUTS = (*KINDS, "delay")


@dataclass(frozen=True, slots=True)
class Line:
    """One amount of a project: its year, kind and whole fen (never negative)."""

    year: int
    kind: Kind
    amount: int


@dataclass(frozen=True, slots=True)
class Range:
    """A triangular range 三角分布: low, most likely, high. Factors; for a delay, years."""

    low: Decimal
    mode: Decimal
    high: Decimal

    def __post_init__(self) -> None:
        if not self.low <= self.mode <= self.high:
            told = f"{self.low}, {self.mode}, {self.high}"
            raise ValueRefused(f"区间须由低到高：{told}", f"a range goes from low to high: {told}")


@dataclass(frozen=True, slots=True)
class Social:
    """The four deductions of social value (SROI), each a share from 0 to 1.

    ``deadweight`` 无谓损失 would have come anyway; ``displacement`` 替代 was moved from elsewhere;
    ``attribution`` 归因 is owed to others; ``drop_off`` 衰减 is lost each further year.
    """

    deadweight: Decimal
    displacement: Decimal
    attribution: Decimal
    drop_off: Decimal

    def __post_init__(self) -> None:
        for name in ("deadweight", "displacement", "attribution", "drop_off"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueRefused(f"{name} 须在 0 与 1 之间", f"{name} is a share from 0 to 1")


@dataclass(frozen=True, slots=True)
class Terms:
    """What an appraisal assumes: rates, ranges of the inputs by name, deductions, correlations."""

    rate: Decimal
    reinvest: Decimal
    ranges: Mapping[str, Range]
    social: Social
    correlations: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Project:
    """The yearly sums of a project in fen, from its first year on, by kind."""

    first: int
    sums: Mapping[Kind, tuple[int, ...]]

    @property
    def direct(self) -> tuple[int, ...]:
        """Give the flow of the budget: direct income less outlay and running cost."""
        out, run, gain = (self.sums[kind] for kind in KINDS[:3])
        return tuple(c - a - b for a, b, c in zip(out, run, gain, strict=True))

    @property
    def spent(self) -> tuple[int, ...]:
        """Give outlay and running cost, year by year."""
        pairs = zip(self.sums["outlay"], self.sums["running"], strict=True)
        return tuple(a + b for a, b in pairs)


def project(lines: Sequence[Line]) -> Project:
    """Sum lines into years; a year between without a line is 0."""
    first = min(line.year for line in lines)
    years = max(line.year for line in lines) - first + 1
    sums = {kind: [0] * years for kind in KINDS}
    for line in lines:
        sums[line.kind][line.year - first] += line.amount
    return Project(first, {kind: tuple(found) for kind, found in sums.items()})


def social_net(gross: Sequence[int], terms: Social) -> tuple[int, ...]:
    """Take the four deductions off; drop-off counts from the first year that has any value."""
    kept = (1 - terms.deadweight) * (1 - terms.displacement) * (1 - terms.attribution)
    start = next((year for year, amount in enumerate(gross) if amount), 0)
    return tuple(
        whole(amount * kept * (1 - terms.drop_off) ** max(year - start, 0))
        for year, amount in enumerate(gross)
    )


@dataclass(frozen=True, slots=True)
class Swing:
    """NPV of the budget with one input at its low and at its high value, in fen."""

    name: str
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Result:
    """What an appraisal finds; money in fen. Social value never enters a direct figure.

    ``corrected`` is the NPV with every input at its most likely value (optimism bias, 乐观偏差);
    ``break_even`` the factor of an input alone at which NPV is nil, None where there is none.
    """

    npv: int
    rates: flows.Rates
    mirr: Decimal | None
    payback: Decimal | None
    payback_discounted: Decimal | None
    spent: int
    social: int
    sroi: Decimal | None
    corrected: int
    tornado: tuple[Swing, ...]
    break_even: Mapping[str, Decimal | None]


def present(found: Project, rate: Decimal, net: Sequence[int]) -> dict[str, Decimal]:
    """Give the present value of each kind, in fen; outlay and running cost are negative."""
    signs = {"outlay": -1, "running": -1, "direct": 1}
    values = {kind: sign * flows.npv(found.sums[kind], rate) for kind, sign in signs.items()}  # type: ignore[index]
    return {**values, "social": flows.npv(net, rate)}


def direct_npv(values: Mapping[str, Decimal], rate: Decimal, at: Mapping[str, Decimal]) -> Decimal:
    """Give the NPV of the budget with the inputs at these factors, income late by ``delay``."""
    with localcontext() as context:
        context.prec = PLACES
        late = (1 + rate) ** -at["delay"]
        return (
            values["outlay"] * at["outlay"]
            + values["running"] * at["running"]
            + values["direct"] * at["direct"] * late
        )


def appraise(found: Project, terms: Terms) -> Result:
    """Appraise a project as it is stated, then with its inputs at the ends of their ranges."""
    net = social_net(found.sums["social"], terms.social)
    values = present(found, terms.rate, net)
    spent = -(values["outlay"] + values["running"])
    mode = {name: terms.ranges[name].mode for name in INPUTS}
    swings = []
    for name in ("outlay", "running", "direct", "delay"):
        ends = (terms.ranges[name].low, terms.ranges[name].high)
        low, high = (whole(direct_npv(values, terms.rate, {**mode, name: end})) for end in ends)
        swings.append(Swing(name, low, high))
    stated = values["outlay"] + values["running"] + values["direct"]
    return Result(
        npv=whole(stated),
        rates=flows.rates(found.direct),
        mirr=flows.mirr(found.direct, terms.rate, terms.reinvest),
        payback=flows.payback(found.direct),
        payback_discounted=flows.payback(found.direct, terms.rate),
        spent=whole(spent),
        social=whole(values["social"]),
        sroi=values["social"] / spent if spent else None,
        corrected=whole(direct_npv(values, terms.rate, mode)),
        tornado=tuple(sorted(swings, key=lambda s: -abs(s.high - s.low))),
        break_even={name: _nil(values[name], stated) for name in ("outlay", "running", "direct")},
    )


def _nil(part: Decimal, stated: Decimal) -> Decimal | None:
    if not part:
        return None
    factor = (part - stated) / part
    return factor if factor >= 0 else None
