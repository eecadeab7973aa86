"""Reads of outreach: what a run came to, counted from its findings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet, Sum

from tongban.apps.items import queries as items
from tongban.apps.outreach.domain import Period, Status
from tongban.kernel.facts import Words

from .models import Finding, Run

STATUSES: tuple[Status, ...] = ("granted", "ordered-before", "excluded", "unknown")
_SIZE = 3  # examples of each status


class NoSuchRun(LookupError):
    """No run has this number."""


@dataclass(frozen=True, slots=True)
class Group:
    """People of one status for one reason or with one question. Amounts are in fen."""

    status: Status
    cause: str
    rules: tuple[str, ...]
    facts: tuple[str, ...]
    departments: tuple[str, ...]
    said: Words
    people: int
    each_fen: int | None
    total_fen: int


@dataclass(frozen=True, slots=True)
class Person:
    """One finding, the person masked (脱敏)."""

    reference: str
    shown: str
    status: Status
    said: Words
    departments: tuple[str, ...]
    amount_fen: int | None


@dataclass(frozen=True, slots=True)
class Report:
    """What a run came to. ``finished`` is None where it was cut short: run it again."""

    run: str
    policy: str
    name: Words
    version: int
    period: Period
    actor: str
    started: datetime
    finished: datetime | None
    calls: int
    problem: str
    groups: tuple[Group, ...]
    examples: tuple[Person, ...]

    @property
    def elapsed_s(self) -> float | None:
        """The seconds the run took; None where it was cut short."""
        return None if self.finished is None else (self.finished - self.started).total_seconds()

    def of(self, *statuses: Status) -> tuple[Group, ...]:
        """Give the groups of these statuses, the largest first."""
        found = [group for group in self.groups if group.status in statuses]
        return tuple(sorted(found, key=lambda group: (-group.people, group.rules, group.facts)))

    def people(self, *statuses: Status) -> int:
        """Count the people of these statuses, everybody without."""
        return sum(group.people for group in self.of(*(statuses or STATUSES)))

    def fen(self, *statuses: Status) -> int:
        """Sum the amounts of these statuses: owed, or at stake for an unknown."""
        return sum(group.total_fen for group in self.of(*statuses))


def load(number: str) -> Run:
    """Give a run with its month; raises `NoSuchRun`."""
    run = Run.objects.select_related("month").filter(pk=number).first()
    if run is None:
        raise NoSuchRun(f"NoSuchRun: no run {number!r}; `tongban outreach run` prints its number")
    return run


def questions(number: str, department: str) -> list[Finding]:
    """Give the unknowns of a run that a department can settle."""
    found = Finding.objects.filter(run_id=number, status="unknown")
    return [row for row in found.iterator() if department in row.departments.split()]


def report(number: str) -> Report:
    """Give what a run came to; raises `NoSuchRun`."""
    run = load(number)
    return Report(
        run=run.number,
        policy=run.month.policy,
        name=items.policy(run.month.policy, run.version).name,
        version=run.version,
        period=Period(run.month.period),
        actor=run.actor,
        started=run.started,
        finished=run.finished,
        calls=run.calls,
        problem=run.problem,
        groups=tuple(_groups(number)),
        examples=tuple(person for status in STATUSES for person in people(number, status, _SIZE)),
    )


def people(number: str, status: Status, limit: int | None = None) -> Iterator[Person]:
    """Give the findings of one status, one of each reason or question first."""
    found = Finding.objects.filter(run_id=number, status=status).order_by("pk")
    if limit is None:
        yield from map(_person, found.iterator())
        return
    # an example of each reason is worth more than three of one
    firsts: dict[str, Finding] = {}
    for row in found[:500]:
        firsts.setdefault(row.said_zh, row)
    yield from map(_person, [*firsts.values()][:limit])


def _person(row: Finding) -> Person:
    return Person(
        row.person,
        row.shown,
        _status(row.status),
        Words(row.said_zh, row.said_en),
        tuple(row.departments.split()),
        row.amount_fen,
    )


def _status(text: str) -> Status:
    return next(status for status in STATUSES if status == text)


def _groups(number: str) -> Iterator[Group]:
    rows: QuerySet[Finding, Mapping[str, Any]] = (
        Finding.objects.filter(run_id=number)
        .order_by()
        .values(
            "status",
            "cause",
            "rules",
            "facts",
            "departments",
            "said_zh",
            "said_en",
            "amount_fen",
        )
        .annotate(people=Count("pk"), total=Sum("amount_fen"))
    )
    for row in rows:
        yield Group(
            _status(row["status"]),
            row["cause"],
            tuple(row["rules"].split()),
            tuple(row["facts"].split()),
            tuple(row["departments"].split()),
            Words(row["said_zh"], row["said_en"]),
            row["people"],
            row["amount_fen"],
            row["total"] or 0,
        )
