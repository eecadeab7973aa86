"""The desk's queue (待办): filtered, in the order of the days it works towards, page by page.

However many cases there are, a page is a fixed number of questions to the database: one for each
post of the official, two for each set of definitions on it. The light and its word come from the
ledger, not from a stored colour.
"""

import heapq
from dataclasses import dataclass
from datetime import date
from typing import Literal

from django.db.models import Q, QuerySet

from tongban.apps.parties import queries as parties
from tongban.infra import clock
from tongban.infra.access.domain import Post, Subject, judge

from . import docket, services
from .domain import engine, handling
from .domain.ground import Ground
from .domain.state import Json, decode
from .errors import SubmissionInvalid
from .models import BranchRow
from .queries import Loaded, load


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the queue to show; what is left empty is not asked for."""

    item: str = ""
    stage: str = ""
    claimed: Literal["", "free", "mine", "others"] = ""
    due_before: date | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines of the queue, and what to ask with for those after them (empty: no more)."""

    rows: list[dict[str, Json]]
    after: str


def queue(subject: Subject, wanted: Wanted, lang: str, *, after: str = "", size: int = 20) -> Page:
    """Give a page of the work that waits for the posts of this official, the most urgent first.

    Raises `SubmissionInvalid` for an ``after`` that no page gave.
    """
    place = _place(after)
    now = clock.now()
    found = heapq.merge(
        *(
            _beyond(_chosen(subject, post, wanted, now), place)
            .select_related("case")
            .order_by("rank", "pk")[: size + 1]
            for post in dict.fromkeys(subject.posts)
        ),
        key=lambda row: (row.rank, row.pk),
    )
    rows = list(dict.fromkeys(found))[: size + 1]
    grounds: dict[object, Ground] = {}
    lines = [line for row in rows[:size] if (line := _line(subject, row, lang, grounds))]
    last = rows[size - 1] if len(rows) > size else None
    return Page(lines, f"{last.rank.isoformat()}.{last.pk}" if last else "")


def waiting(subject: Subject, wanted: Wanted, most: int | None = None) -> int:
    """Count the work that waits; ``most`` of each post at most, so that a page counts not all."""
    now = clock.now()
    return sum(
        _chosen(subject, post, wanted, now)[:most].count() for post in dict.fromkeys(subject.posts)
    )


def _chosen(subject: Subject, post: Post, wanted: Wanted, now: object) -> QuerySet[BranchRow]:
    rows = BranchRow.objects.filter(department=post.department, post=post.role).exclude(post="")
    if wanted.item:
        rows = rows.filter(item=wanted.item)
    if wanted.stage:
        rows = rows.filter(stage=wanted.stage)
    if wanted.due_before is not None:
        rows = rows.filter(rank__lt=wanted.due_before)
    if wanted.claimed == "mine":
        rows = rows.filter(claimed_by=subject.user_id, claimed_until__gt=now).exclude(claimed_by="")
    elif wanted.claimed == "others":
        rows = rows.filter(claimed_until__gt=now).exclude(claimed_by="")
        rows = rows.exclude(claimed_by=subject.user_id)
    elif wanted.claimed == "free":
        rows = rows.filter(Q(claimed_by="") | Q(claimed_until__lte=now))
    return rows


def _place(after: str) -> tuple[date, int] | None:
    if not after:
        return None
    day, _, number = after.partition(".")
    try:
        return date.fromisoformat(day), int(number)
    except ValueError:
        raise SubmissionInvalid({"after": ("没有这一页", "no page gave this")}) from None


def _beyond(rows: QuerySet[BranchRow], place: tuple[date, int] | None) -> QuerySet[BranchRow]:
    if place is None:
        return rows
    day, number = place
    # the first condition bounds the walk in the index, the second drops what was shown
    return rows.filter(Q(rank__gte=day) & (Q(rank__gt=day) | Q(pk__gt=number)))


def _line(
    subject: Subject, row: BranchRow, lang: str, grounds: dict[object, Ground]
) -> dict[str, Json] | None:
    """Show a row; ``grounds`` are those of the page, so that each is gathered once."""
    case = decode(row.case.state)
    stands_on = (
        case.life_event,
        case.version,
        *((b.item, b.version) for b in case.branches.values()),
    )
    if stands_on not in grounds:
        grounds[stands_on] = services.ground_for(case)
    ground = grounds[stands_on]
    branch = case.branches[row.item]
    resource = {
        "applicant": case.applicant,
        "company": case.on_behalf_of,
        "life_event": case.life_event,
        "department": row.department,
        "region": parties.department_region(row.department),
    }
    if not judge(subject, "case.read", resource).allowed:
        return None
    definition = ground.definitions[row.item]
    ticking = docket.clock(Loaded(case, ground), branch, lang)
    held = handling.holder(branch, ground.now)
    mine = {(post.department, post.role) for post in subject.posts}
    return {
        "case": row.case_id,
        "item": row.item,
        "name": definition.name.of(lang),
        "stage": row.stage,
        "post": row.post,
        "due": row.due,
        "submitted": row.case.submitted,
        "light": ticking["light"] if ticking else "",
        "light_word": ticking["word"] if ticking else "",
        "clock": ticking["words"] if ticking else "",
        "claimed": "" if not held else "mine" if held == subject.user_id else "other",
        "claimed_until": branch.claimed_until if held else None,
        "urged": branch.urged,
        "doubted": bool(case.doubts.keys() & definition.wanted),
        "move_asked": list(branch.move[:2]),
        "extension_asked": branch.extension_asked[0] if branch.extension_asked else None,
        "batch": definition.desk.batch,
        "tasks": [
            {
                "item": task.item,
                "step": task.step,
                "name": docket.task_name(task, branch, ground, lang),
                "post": task.post,
                "rule": task.rule,
                "missing": list(task.missing),
                "message": task.message,
            }
            for task in engine.tasks(case, ground)
            if task.item == row.item and (row.department, task.post) in mine
        ],
    }


def checklist(subject: Subject, number: str, item: str, lang: str) -> dict[str, Json]:
    """Give everything that may be asked of the applicant for an item, and how it stands.

    A clerk goes through it once and asks once (一次性告知): ``missing`` is what the rules find;
    ``reasons`` are the item's words for it.
    """
    services.allowed(subject, number, "case.ask", item)
    return docket.checklist(load(number), item, lang)


def place(number: str, item: str) -> str:
    """Give where a branch stands in the queue, to go on from there once it has left it."""
    row = BranchRow.objects.filter(case=number, item=item).first()
    return f"{row.rank.isoformat()}.{row.pk}" if row else ""


def following(subject: Subject, wanted: Wanted, after: str) -> tuple[str, str] | None:
    """Give the case and item to take up next: the first behind a place, else the most urgent.

    What others have in hand is passed over. None where nothing but the place itself is left.
    """
    here, now = _place(after), clock.now()
    free = Q(claimed_by__in=["", subject.user_id]) | Q(claimed_until__lte=now)
    for begin in (here, None):
        firsts = [
            row
            for post in dict.fromkeys(subject.posts)
            for row in _beyond(_chosen(subject, post, wanted, now).filter(free), begin)
            .exclude(pk=here[1] if here else 0)
            .order_by("rank", "pk")[:1]
        ]
        if firsts:
            first = min(firsts, key=lambda row: (row.rank, row.pk))
            return first.case_id, first.item
    return None
