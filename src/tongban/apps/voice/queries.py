"""Reads of voice: the ratings of a department for itself, counts for everybody."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet

from tongban.apps.cases import queries as cases
from tongban.apps.parties import queries as parties
from tongban.infra import clock
from tongban.infra.access.domain import Subject, judge
from tongban.infra.access.refusing import refuse

from .domain import LEVELS, RatingsClosed, shown
from .models import CallBack, Rating
from .tags import tags


def of_case(number: str) -> dict[str, dict[str, Any] | None]:
    """Give what of a case is decided, with the rating given; None where none was."""
    decided = cases.decided(number)
    rows = {row.item: row for row in Rating.objects.filter(case=number, item__in=decided)}
    return {
        item: {"level": rows[item].level, "tags": rows[item].tags} if item in rows else None
        for item in decided
    }


def of_department(
    subject: Subject, department: str, *, before: int = 0, size: int = 20
) -> list[dict[str, Any]]:
    """Give a department's ratings to who holds a post there, the latest first.

    An unnamed one tells neither its case nor its hour. Raises `RatingsClosed`.
    """
    about = {"department": department, "region": parties.department_region(department)}
    ruling = judge(subject, "case.read", about)
    if subject.kind != "official" or not ruling.allowed:
        refuse(subject, "case.read", about, ruling)
        raise RatingsClosed("只能查看本部门的评价", "read the ratings of your own department")
    rows = Rating.objects.filter(department=department).select_related("said", "call_back")
    rows = rows.filter(pk__lt=before) if before else rows
    return [
        {
            "id": row.pk,
            "item": row.item,
            "level": row.level,
            "tags": row.tags,
            "words": row.said.words if hasattr(row, "said") else "",
            "case": "" if row.anonymous else row.case,
            "day": row.rated.date(),
            "call_back": _call_back(row),
        }
        for row in rows.order_by("-pk")[:size]
    ]


def _call_back(row: Rating) -> dict[str, Any] | None:
    """Show the call-back of a low rating; None where there is none to make."""
    if not hasattr(row, "call_back"):
        return None
    made = row.call_back
    return {
        "due": made.due,
        "open": made.closed is None,
        "late": made.due is not None
        and (made.closed.astimezone(clock.SHANGHAI).date() if made.closed else clock.today())
        > made.due,
        "how": made.how,
        "found": made.found or "",
        "mended": made.mended,
    }


def to_call_back(subject: Subject, department: str) -> int:
    """Count the call-backs that wait in a department whose ratings the subject may read."""
    about = {"department": department, "region": parties.department_region(department)}
    if not judge(subject, "case.read", about).allowed:
        return 0
    return CallBack.objects.filter(department=department, closed=None).count()


def counts(*, item: str = "", department: str = "") -> dict[str, Any]:
    """Count ratings by level and by tag for everybody to see; too few are not told.

    Of an item, of a department, or of all.
    """
    told = levels(item=item, department=department)
    tagged: Counter[str] = Counter()
    if told is not None:
        # few tags are ever given together in more than a few ways: the database counts the ways
        given = _of(item, department).values_list("tags").annotate(Count("pk"))
        for tags_, times in given:
            tagged.update(dict.fromkeys(tags_, times))
    return {"levels": told, "tags": dict(sorted(tagged.items()))}


def levels(*, item: str = "", department: str = "") -> dict[int, int] | None:
    """Count ratings by level as `counts` does; None where there are too few to be told."""
    by_level = dict(_of(item, department).values_list("level").annotate(Count("pk")))
    return shown(by_level)


def _of(item: str, department: str) -> QuerySet[Rating]:
    rows = Rating.objects.order_by()
    rows = rows.filter(item=item) if item else rows
    return rows.filter(department=department) if department else rows


def since(moment: datetime) -> int:
    """Count the ratings given since a moment."""
    return Rating.objects.filter(rated__gte=moment).count()


def tag_words(slugs: Iterable[str], lang: str) -> list[str]:
    """Give the words of tags as they are now; a tag that is no more is told by its slug."""
    known = tags().tags
    return [known[slug].text.of(lang) if slug in known else slug for slug in slugs]


def offered(level: int, lang: str) -> dict[str, Any]:
    """Give the tags that are offered for a level, by group."""
    known = tags()
    groups: dict[str, list[dict[str, str]]] = {}
    for tag in known.tags.values():
        if level in tag.levels:
            groups.setdefault(tag.group, []).append({"slug": tag.slug, "text": tag.text.of(lang)})
    return {
        "version": known.version,
        "level": LEVELS[level].of(lang),
        "groups": [
            {"slug": slug, "text": known.groups[slug].of(lang), "tags": found}
            for slug, found in groups.items()
        ],
    }
