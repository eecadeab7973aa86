"""What may be wrong in a ledger 台账疑点: counted as it stands, and shown to a person.

A line is what has one tower, department and service. Each finding is a question, never a verdict: a
service may have begun or ended, and costs may rise a hundredfold.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise

from tongban.apps.value.errors import Fault

from .costing import Cost

_Line = tuple[str, str, str]
#: From here on a change is as large as that of a wrong unit: the nearest two, 分 and 元, are a
#: hundredfold apart, and half of it leaves room for the change that really was.
_LEAP = 50


def found(file: str, rows: Sequence[Cost]) -> tuple[Fault, ...]:
    """Give every doubt about the rows of a ledger."""
    lines: defaultdict[_Line, list[Cost]] = defaultdict(list)
    for row in rows:
        lines[row.tower, row.department, row.service].append(row)
    renamed = _renamed(rows)
    return (
        *_like_renamed(file, rows, renamed),
        *_gaps(file, lines),
        *_short(file, lines, renamed),
        *_units(file, rows),
    )


def _renamed(rows: Sequence[Cost]) -> dict[tuple[str, str], int]:
    """Give departments, old and new, that may be one, with the last year of the old."""
    years: defaultdict[str, set[int]] = defaultdict(set)
    towers: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.department:
            years[row.department].add(row.year)
            towers[row.department].add(row.tower)
    return {
        (old, new): max(years[old])
        for old in years
        for new in years
        if max(years[old]) + 1 == min(years[new]) and towers[old] == towers[new]
    }


def _like_renamed(
    file: str, rows: Sequence[Cost], renamed: Mapping[tuple[str, str], int]
) -> tuple[Fault, ...]:
    first: dict[str, int] = {}
    for row in rows:
        first.setdefault(row.department, row.row)
    return tuple(
        Fault(
            "DepartmentMaybeRenamed",
            file,
            first[new],
            "department",
            f"“{old}”止于 {last} 年而“{new}”随后开始；若是更名，请填写部门代码",
            f"{old} ends in {last} where {new} begins; if it is one, give both a code",
        )
        for (old, new), last in renamed.items()
    )


def _gaps(file: str, lines: Mapping[_Line, Sequence[Cost]]) -> tuple[Fault, ...]:
    return tuple(
        Fault(
            "LineGap",
            file,
            max((row.year, row.row) for row in having if row.year < year)[1],
            "year",
            f"{zh}前后年度都有，缺少 {year} 年，缺少的按零计；没有支出请写一行零",
            f"{en} is there before and after {year} but lacks it, and what it lacks counts as nil; "
            "where nothing was spent write a row of nil",
        )
        for line, having in lines.items()
        for zh, en in [_told(line)]
        for year in _lacking(having)
    )


def _told(line: _Line) -> tuple[str, str]:
    tower, department, service = line
    return (
        f"成本类别“{tower}”、部门“{department or '各部门共用'}”、事项“{service or '全部'}”",
        f"tower {tower}, department {department or '(all)'}, service {service or '(all)'}",
    )


def _lacking(rows: Sequence[Cost]) -> list[int]:
    """Give the years within a line for which nothing stands, or no running cost."""
    # capital stands for every year of its life, but must not hide running cost that is left out
    return sorted({y for years in (_running(rows), _standing(rows)) for y in _between(years)})


def _running(rows: Sequence[Cost]) -> set[int]:
    return {row.year for row in rows if row.kind == "running"}


def _standing(rows: Sequence[Cost]) -> set[int]:
    capital = (row for row in rows if row.kind == "capital")
    return _running(rows) | {row.year + n for row in capital for n in range(row.life)}


def _between(years: set[int]) -> set[int]:
    return set(range(min(years), max(years))) - years if years else set()


def _short(
    file: str, lines: Mapping[_Line, Sequence[Cost]], renamed: Mapping[tuple[str, str], int]
) -> tuple[Fault, ...]:
    """Ask about running cost that begins after the ledger or ends before it."""
    every = [row.year for having in lines.values() for row in having]
    olds, news = ({pair[n] for pair in renamed} for n in (0, 1))
    faults = []
    for line, having in lines.items():
        if not _running(having):
            continue
        years = _standing(having)
        # where a department was perhaps renamed that is the question, and it is asked already
        if (begins := min(years)) > min(every) and line[1] not in news:
            zh = f"自 {begins} 年才有，此前年度按零计；是当年新增的吗？如不是，请补上此前年度"
            en = f"begins in {begins}, nil before: was it new then? If not, add the years before"
            faults.append(_asked(file, line, min((r.year, r.row) for r in having), zh, en))
        if (ends := max(years)) < max(every) and line[1] not in olds:
            zh = f"到 {ends} 年为止，此后年度按零计；是当年终止的吗？如不是，请补上此后年度"
            en = f"ends in {ends}, nil after: did it stop then? If not, add the years after"
            faults.append(_asked(file, line, max((r.year, r.row) for r in having), zh, en))
    return tuple(faults)


def _asked(file: str, line: _Line, place: tuple[int, int], zh: str, en: str) -> Fault:
    names = _told(line)
    return Fault("LineMaybeShort", file, place[1], "year", f"{names[0]}{zh}", f"{names[1]} {en}")


def _units(file: str, rows: Sequence[Cost]) -> tuple[Fault, ...]:
    """Ask about amounts that change from year to year as if one had another unit."""
    lines: defaultdict[tuple[_Line, str], list[Cost]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row.year, row.row)):
        if row.amount:
            lines[(row.tower, row.department, row.service), row.kind].append(row)
    return tuple(
        Fault(
            "UnitMaybeWrong",
            file,
            row.row,
            "amount",
            f"{zh}，{before.year} 年与 {row.year} 年的金额相差如同单位不同；两年的单位都对吗？",
            f"{en}: from {before.year} to {row.year} the amount changes as if its unit did. Are "
            "the units of both years right?",
        )
        for (line, _), having in lines.items()
        for zh, en in [_told(line)]
        for before, row in _leaps(having)
    )


def _leaps(rows: Sequence[Cost]) -> list[tuple[Cost, Cost]]:
    """Give each row that leaps, after the one from which it does; a way back is no second leap."""
    leaps: list[tuple[Cost, Cost]] = []
    for before, row in pairwise(rows):
        back = bool(leaps) and leaps[-1][1] is before and not _leap(leaps[-1][0], row)
        if _leap(before, row) and not back:
            leaps.append((before, row))
    return leaps


def _leap(one: Cost, other: Cost) -> bool:
    return max(one.amount, other.amount) >= _LEAP * min(one.amount, other.amount)
