"""What the text of a document says against what is known: which paper, whose, still valid. Pure.

Text that was read off a photograph has slips in it: a title counts as found where most of its
signs stand together, and nothing found here ever refuses a paper. It is said to the applicant, who
knows better.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from types import MappingProxyType
from typing import Literal

_DAY = re.compile(r"(\d{4})\s*[年./-]\s*(\d{1,2})\s*[月./-]\s*(\d{1,2})\s*日?")
# 有效期（限）…至 <day>, until <day>
_UNTIL = re.compile(r"(?:有效期|有效期限|至|until|valid)[^\d]{0,12}" + _DAY.pattern, re.IGNORECASE)
_SPAN = re.compile(_DAY.pattern + r"\s*(?:至|到|[-—~]|to)+\s*" + _DAY.pattern, re.IGNORECASE)
_ALIKE = 0.6


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a look at a file says; ``refuse`` stands in the way, ``warn`` does not."""

    code: str
    weight: Literal["refuse", "warn", "note"]
    zh: str
    en: str


def read_against(
    lines: Sequence[str],
    *,
    title: str,
    names: Collection[str],
    today: date,
    registered: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Finding, ...]:
    """Hold the lines of a document against its title, the names that are known, and the day.

    ``registered`` maps a name as somebody typed it to the one that a department has instead.

    >>> lines = ["结婚证", "持证人 安一诺", "登记日期 2020年5月20日"]
    >>> read_against(lines, title="结婚证", names={"安一诺"}, today=date(2026, 11, 26))
    ()
    >>> [f.code for f in read_against(lines, title="居民户口簿", names={"王五"},
    ...                               today=date(2020, 5, 1))]
    ['kind', 'name', 'future']
    """
    text = "".join("".join(lines).split())
    if not text:
        return (
            Finding(
                "text",
                "warn",
                "图片中没有读到文字，请确认拍的是材料正面",
                "no text was found in the picture; make sure it shows the front of the document",
            ),
        )
    found: list[Finding] = []
    if title and likeness(title, text) < _ALIKE:
        found.append(
            Finding(
                "kind",
                "warn",
                f"看起来不像“{title}”，请核对是否选错了材料",
                f"this does not look like “{title}”; check that it is the right document",
            )
        )
    found += _by_name(text, names, registered)
    found += _by_date(text, today)
    return tuple(found)


def _by_name(text: str, names: Collection[str], registered: Mapping[str, str]) -> list[Finding]:
    """Tell whom the text names: as typed and not as registered, or nobody who is known."""
    typed = [
        (ours, theirs)
        for ours, theirs in sorted(registered.items())
        if _named(ours, text) and likeness(theirs, text) < likeness(ours, text)
    ]
    if typed:
        return [
            Finding(
                "registered",
                "warn",
                f"材料上的姓名“{ours}”与部门登记的“{theirs}”不一致，请核对；"
                "如部门登记有误，请在核对一步点“不对？”",
                f"the document says “{ours}”, the department has “{theirs}”; check it, and if the "
                "department is wrong say so under “Not right?” at the last step",
            )
            for ours, theirs in typed
        ]
    known = {*names, *registered.values()} - {""}
    if not known or any(_named(name, text) for name in known):
        return []
    listed = sorted(known)
    return [
        Finding(
            "name",
            "warn",
            f"材料上没有读到姓名（{'、'.join(listed)}），请核对是否为本人材料",
            f"none of the names {', '.join(listed)} was read; check whose document it is",
        )
    ]


def _named(name: str, text: str) -> bool:
    return likeness(name, text) >= _ALIKE


def likeness(wanted: str, text: str) -> float:
    """Give the share of ``wanted`` that stands together somewhere in ``text``, 0 to 1.

    >>> likeness("出生医学证明", "中华人民共和国出生医字证明编号"), likeness("", "甲")
    (0.8333333333333334, 0.0)
    """
    wanted = "".join(wanted.split())
    if not wanted:
        return 0.0
    size = len(wanted)
    best = 0.0
    for start in range(max(1, len(text) - size + 1)):
        window = text[start : start + size]
        if not set(window) & set(wanted):
            continue
        same = SequenceMatcher(None, wanted, window, autojunk=False).get_matching_blocks()
        best = max(best, sum(block.size for block in same) / size)
        if best == 1.0:
            break
    return best


def days(text: str) -> tuple[date, ...]:
    """Give the days that a text names, in their order; impossible ones are no days.

    >>> days("2020年5月20日至2040.05.20，2021-13-01")
    (datetime.date(2020, 5, 20), datetime.date(2040, 5, 20))
    """
    return tuple(day for found in _DAY.finditer(text) if (day := _day(*found.groups())))


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _by_date(text: str, today: date) -> list[Finding]:
    ends = [_day(*found.groups()[-3:]) for found in _UNTIL.finditer(text)]
    ends += [_day(*found.groups()[-3:]) for found in _SPAN.finditer(text)]
    until = max((day for day in ends if day is not None), default=None)
    if until is not None and until < today:
        return [
            Finding(
                "expired",
                "warn",
                f"材料有效期至{until}，已过期，请换用有效的材料",
                f"the document was valid until {until}; use one that is valid",
            )
        ]
    named = [day for day in days(text) if day != until and day not in ends]
    if named and min(named) > today:
        return [
            Finding(
                "future",
                "warn",
                f"材料日期{min(named)}晚于今天，请核对",
                f"the document is dated {min(named)}, later than today; check it",
            )
        ]
    return []
