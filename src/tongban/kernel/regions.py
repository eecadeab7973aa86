"""Administrative divisions with the years in which they stood (行政区划).

A code on a document is the code of its year, so every question here takes a year. This module
holds no list: the caller builds a `Regions` from rows, as `tongban.infra.regions` does.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

STILL: Final = 9999
"""The last year of what still stands."""


class RegionsBroken(ValueError):
    """A row of the list of divisions cannot be used; the message names the row."""


@dataclass(frozen=True, slots=True)
class Division:
    """One division under one name and parent, over an unbroken run of years.

    `level` is 1 for provinces, 2 for cities, 3 for counties. Years are counted as the official
    lists are: what stood at the end of the year. `valid_to` is None while it stands.
    """

    code: str
    name: str
    level: int
    parent: str
    valid_from: int
    valid_to: int | None = None
    successors: tuple[str, ...] = ()

    @classmethod
    def of_row(cls, row: Sequence[str]) -> Self:
        """Read code, name, level, parent, valid_from, valid_to, successors (space between).

        >>> Division.of_row(["330184", "余杭市", "3", "330100", "1995", "2000", "330110"]).valid_to
        2000
        """
        try:
            code, name, level, parent, first, last, after = row
            return cls(
                code,
                name,
                int(level),
                parent,
                int(first),
                int(last) if last else None,
                tuple(after.split()),
            )
        except ValueError as error:
            raise RegionsBroken(f"divisions: row {','.join(row)!r}: {error}; correct it") from None

    def stood(self, year: int) -> bool:
        """Tell whether it stood at the end of `year`."""
        return self.valid_from <= year <= (self.valid_to or STILL)


@dataclass(frozen=True, slots=True)
class Regions:
    """All divisions, found by code and year.

    >>> regions = Regions.of([
    ...     Division("330000", "浙江省", 1, "", 1980),
    ...     Division("330100", "杭州市", 2, "330000", 1980),
    ...     Division("330184", "余杭市", 3, "330100", 1995, 2000, ("330110",)),
    ...     Division("330110", "余杭区", 3, "330100", 2001),
    ... ])
    >>> regions.path("330184", 1999)
    ('浙江省', '杭州市', '余杭市')
    >>> regions.at("330184", 2001) is None
    True
    >>> [heir.name for heir in regions.heirs("330184")]
    ['余杭区']
    """

    by_code: dict[str, tuple[Division, ...]]
    by_parent: dict[str, tuple[Division, ...]] = field(repr=False)

    @classmethod
    def of(cls, divisions: Iterable[Division]) -> Self:
        """Index the divisions; two that stand under one code in one year are refused."""
        by_code: defaultdict[str, list[Division]] = defaultdict(list)
        by_parent: defaultdict[str, list[Division]] = defaultdict(list)
        for division in sorted(divisions, key=lambda d: (d.code, d.valid_from)):
            before = by_code[division.code]
            if before and before[-1].stood(division.valid_from):
                raise RegionsBroken(
                    f"divisions: {division.code} is both {before[-1].name} and {division.name} in"
                    f" {division.valid_from}; end the first one earlier"
                )
            before.append(division)
            by_parent[division.parent].append(division)
        return cls(
            {code: tuple(found) for code, found in by_code.items()},
            {code: tuple(found) for code, found in by_parent.items()},
        )

    def ever(self, code: str) -> tuple[Division, ...]:
        """Give all that ever stood under `code`, oldest first."""
        return self.by_code.get(code, ())

    def at(self, code: str, year: int) -> Division | None:
        """Give what stood under `code` at the end of `year`."""
        for division in self.ever(code):
            if division.stood(year):
                return division
        return None

    def last_year(self, code: str) -> int | None:
        """Give the last year in which `code` stood, `STILL` if it does, None if it never did."""
        found = self.ever(code)
        return (found[-1].valid_to or STILL) if found else None

    def children(self, code: str, year: int) -> tuple[Division, ...]:
        """Give the divisions directly below `code` at the end of `year`; "" gives provinces."""
        return tuple(d for d in self.by_parent.get(code, ()) if d.stood(year))

    def path(self, code: str, year: int) -> tuple[str, ...]:
        """Give the names from the province down, as they were at the end of `year`.

        Empty if `code` did not stand then; a parent that did not is left out.
        """
        names: list[str] = []
        found = self.at(code, year)
        while found is not None:
            names.append(found.name)
            found = self.at(found.parent, year) if found.parent else None
        return tuple(reversed(names))

    def heirs(self, code: str) -> tuple[Division, ...]:
        """Give what stands today in the place of `code`, as far as the changes are known.

        A code that still stands is its own heir.
        """
        result: dict[str, Division] = {}
        seen: set[str] = set()
        ahead = [code]
        while ahead:
            one = ahead.pop()
            if one in seen:
                continue
            seen.add(one)
            for division in self.ever(one)[-1:]:
                if division.valid_to is None:
                    result[one] = division
                ahead.extend(division.successors)
        return tuple(result[one] for one in sorted(result))
