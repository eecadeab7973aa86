"""Checks of quoted figures 引用数字的检验: whether what several of them say can all hold.

A check is a line of data: a kind (``kinds``) and the figures that play its parts.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tongban.kernel.figures import Figure

from .figures import Quoted
from .kinds import KINDS, CheckInvalid, Parts, Rule

_TIMES = frozenset({"second", "minute", "hour", "day", "workday", "month", "year"})


@dataclass(frozen=True, slots=True)
class Check:
    """What came of a check: ``keys`` are the figures, ``said`` the sum in both languages.

    In ``said`` the ``figures`` stand at ``{0}``, ``{1}`` …; ``zh`` and ``en`` are the sum as text.
    """

    key: str
    kind: str
    keys: tuple[str, ...]
    holds: bool
    said: tuple[str, str]
    figures: tuple[Figure, ...]
    title: tuple[str, str] = ("", "")

    @property
    def zh(self) -> str:
        """Give the sum in Chinese."""
        return self.said[0].format(*(one.text("zh") for one in self.figures))

    @property
    def en(self) -> str:
        """Give the sum in English."""
        return self.said[1].format(*(one.text("en") for one in self.figures))


def judge(rules: Iterable[Rule], quoted: Mapping[str, Quoted]) -> tuple[Check, ...]:
    """Run checks on figures. Raise CheckInvalid for a kind, part or figure that is not there."""
    found = []
    for rule in rules:
        if rule.kind not in KINDS:
            raise CheckInvalid(
                f"CheckInvalid: check {rule.key!r} is of kind {rule.kind!r};"
                f" one of {', '.join(sorted(KINDS))}"
            )
        run, needed = KINDS[rule.kind]
        if missing := needed - rule.of.keys():
            raise CheckInvalid(
                f"CheckInvalid: check {rule.key!r} of kind {rule.kind!r} needs"
                f" {', '.join(sorted(missing))}"
            )
        if rule.kind == "total" and "total" not in rule.of and "total" not in rule.given:
            raise CheckInvalid(f"CheckInvalid: check {rule.key!r} needs a total to compare with")
        keys = tuple(key for part in rule.of.values() for key in part)
        try:
            holds, zh, en, told = run(Parts(rule, quoted))
        except (ZeroDivisionError, OverflowError, ValueError) as wrong:
            if isinstance(wrong, CheckInvalid):
                raise
            raise CheckInvalid(
                f"CheckInvalid: check {rule.key!r} cannot be computed with these figures: {wrong}"
            ) from None
        title = rule.zh, rule.en
        found.append(Check(rule.key, rule.kind, keys, holds, (zh, en), tuple(told), title))
    return tuple(found)


def agreements(quoted: Sequence[Quoted]) -> tuple[Check, ...]:
    """Check what needs no rule: figures of one thing agree, and a time is given as a time."""
    named: dict[str, list[Quoted]] = defaultdict(list)
    for one in quoted:
        if one.same is not None:
            named[one.same].append(one)
    found = [_agreement(same, told) for same, told in sorted(named.items()) if len(told) > 1]
    return (*found, *(_time(one) for one in quoted if one.kind == "time"))


def _agreement(same: str, told: Sequence[Quoted]) -> Check:
    zh = "，".join(f"{{{n}}}（{one.place[0]}）" for n, one in enumerate(told))
    en = ", ".join(f"{{{n}}} ({one.place[1]})" for n, one in enumerate(told))
    return Check(
        f"same: {same}",
        "same",
        tuple(one.key for one in told),
        len({(Decimal(one.figure.value), one.figure.unit) for one in told}) == 1,
        (f"同一件事的引用值：{zh}", f"what reads as one thing is {en}"),
        tuple(one.figure for one in told),
        (told[0].zh, told[0].en),
    )


def _time(one: Quoted) -> Check:
    return Check(
        f"time: {one.key}",
        "time",
        (one.key,),
        one.figure.unit in _TIMES,
        ("是时间，引用写作 {0}", "is a time; quoted is {0}"),
        (one.figure,),
        (one.zh, one.en),
    )
