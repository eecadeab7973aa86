"""A panel out of single events 事件汇总: how many came in each whole period, by group."""

from collections import Counter
from collections.abc import Iterable
from datetime import date

from .panel import Row

#: Periods in a year, by the word that names them.
EVERY = {"month": 12, "quarter": 4, "year": 1}


def period_of(day: date, frequency: int) -> int:
    """Give the period in which a day lies.

    >>> from .panel import label
    >>> [label(period_of(date(2026, 11, 27), n), n) for n in (1, 4, 12)]
    ['2026', '2026Q4', '2026-11']
    """
    return day.year * frequency + (day.month - 1) * frequency // 12


def tally(events: Iterable[tuple[str, date]], today: date, frequency: int) -> tuple[Row, ...]:
    """Count events (group, day) by period; what is not over by ``today`` is left out.

    A period without an event counts nought, from the first event of all until the last whole
    period: nothing came, and that is known. Lines are numbered from 1 in order of group and period.
    """
    counts = Counter((group, period_of(day, frequency)) for group, day in events)
    if not counts:
        return ()
    first = min(period for _, period in counts)
    ends = period_of(today, frequency)
    groups = sorted({group for group, period in counts if period < ends})
    cells = [(group, period) for group in groups for period in range(first, ends)]
    return tuple(
        Row(group, period, float(counts[group, period]), line)
        for line, (group, period) in enumerate(cells, start=1)
    )
