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
        return tuple(division.name for division in self.line(code, year))

    def line(self, code: str, year: int) -> tuple[Division, ...]:
        """Give the divisions from the province down to `code`, as `path` gives their names."""
        found: list[Division] = []
        at = self.at(code, year)
        while at is not None:
            found.append(at)
            at = self.at(at.parent, year) if at.parent else None
        return tuple(reversed(found))

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


@dataclass(frozen=True, slots=True)
class Places:
    """The divisions as they stand at the end of one year: what a form offers, and takes.

    >>> places = Places(Regions.of([
    ...     Division("330000", "浙江省", 1, "", 1980),
    ...     Division("330100", "杭州市", 2, "330000", 1980),
    ...     Division("330184", "余杭市", 3, "330100", 1995, 2000, ("330110",)),
    ...     Division("330110", "余杭区", 3, "330100", 2001),
    ... ]), 2026)
    >>> places.chosen(["330000", "330100", "330110"]), places.chosen(["330000", "110100"])
    ('330110', '330000')
    >>> places.name("330110"), places.name("330184")
    ('浙江省杭州市余杭区', '')
    >>> places.fault("330184", lowest=True)[1]
    '330184 余杭市 is no more; today it is 330110 余杭区: choose again'
    """

    regions: Regions
    year: int

    def below(self, code: str) -> tuple[Division, ...]:
        """Give the divisions directly below `code`; "" gives provinces."""
        return self.regions.children(code, self.year)

    def line(self, code: str) -> tuple[Division, ...]:
        """Give the divisions from the province down to `code`; none where it does not stand."""
        return self.regions.line(code, self.year)

    def name(self, code: str) -> str:
        """Write a division as a person does, from the province down; empty where none stands."""
        return "".join(self.regions.path(code, self.year))

    def chosen(self, codes: Sequence[str]) -> str:
        """Give the lowest of codes that were chosen level by level, each below the one before.

        What was chosen below another one than stands now counts no more. A first code that is no
        province is given as it is, for `fault` to name.
        """
        at = ""
        for code in codes:
            if all(division.code != code for division in self.below(at)):
                break
            at = code
        return at or (codes[0] if codes else "")

    def fault(self, code: str, *, lowest: bool) -> tuple[str, str] | None:
        """Say in Chinese and English why a code is no answer; None where it is one.

        With `lowest` it must have no division below it.
        """
        if self.regions.at(code, self.year) is None:
            return self._ended(code)
        if lowest and self.below(code):
            return "请继续选择，直到县（市、区）", "go on choosing, down to the county or district"
        return None

    def _ended(self, code: str) -> tuple[str, str]:
        stood = self.regions.ever(code)
        if not stood:
            return (
                f"没有行政区划{code}，请逐级选择",
                f"no division has the code {code}; choose one",
            )
        heirs = [f"{one.code} {one.name}" for one in self.regions.heirs(code)]
        was = f"{code} {stood[-1].name}"
        zh, en = "、".join(heirs), ", ".join(heirs)
        return (
            f"{was}已撤销{f'，现为{zh}' if zh else ''}，请重新选择",
            f"{was} is no more{f'; today it is {en}' if en else ''}: choose again",
        )
