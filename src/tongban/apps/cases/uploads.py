"""What was uploaded (上传材料), as those see it in whose sight an item stands that asks for it.

Of each document the last that came in. The desk and the applicant see the same by the same rule; to
anybody else there is none.
"""

from collections.abc import Collection, Iterable, Mapping

from tongban.infra import clock
from tongban.infra.papers.pictures import REASONS
from tongban.kernel.facts import Words

from . import disclosure, first_pages, materials
from .disclosure import Sight
from .domain.state import Json
from .errors import CaseUnknown
from .materials import Look, People
from .models import Document
from .papers import PDF
from .services import Paper


def listed(sight: Sight, items: Collection[str], lang: str) -> list[dict[str, Json]]:
    """List what was uploaded for these items of a case; no content is read.

    ``no_picture`` says why a PDF has no picture of its first page, where that is known; ``look``
    what a look at it found, held against the names in the subject's sight; None: nobody looked.
    """
    names = _names(sight, items, lang)
    rows = Document.objects.filter(case=sight.loaded.case.number, material__in=names)
    newest = {row.material: row for row in rows.defer("content").order_by("pk")}
    without = first_pages.reasons(row for row in newest.values() if row.media_type == PDF)
    people = _people(sight, lang) if any(row.seen for row in newest.values()) else People()
    titles = _names(sight, items, "zh")
    return [
        {
            "code": code,
            "name": names[code],
            "filename": row.filename,
            "media_type": row.media_type,
            "digest": row.digest,
            "received": row.received,
            "no_picture": Words(*REASONS[without[row.pk]]).of(lang) if row.pk in without else "",
            "look": _look(row, titles[code], people),
        }
        for code, row in newest.items()
    ]


def looks(sight: Sight, papers: Iterable[Paper]) -> Mapping[str, Look]:
    """Hold what was seen in files against a case before it is given them, by document."""
    people, titles = _people(sight, "zh"), _names(sight, sight.items, "zh")
    return {
        paper.material: materials.compare(
            materials.read(paper.seen),
            title=titles.get(paper.material, ""),
            people=people,
            today=clock.today(),
        )
        for paper in papers
    }


def whole(sight: Sight, code: str) -> tuple[str, str, bytes]:
    """Give a document as it was uploaded: its name, media type and bytes.

    Only for an item in the subject's sight; raises `CaseUnknown`.
    """
    row = _row(sight, code)
    return str(row.filename), row.media_type, bytes(row.content)


def first_page(sight: Sight, code: str) -> bytes:
    """Give the first page of a PDF as a picture (首页预览), a WebP.

    Only for an item in the subject's sight; raises `CaseUnknown`, also where it is no PDF, and
    `PictureNotMade`.
    """
    row = _row(sight, code)
    if row.media_type != PDF:
        raise CaseUnknown(sight.loaded.case.number)
    return first_pages.picture(row)


def _names(sight: Sight, items: Collection[str], lang: str) -> Mapping[str, str]:
    definitions = sight.loaded.ground.definitions
    return {
        spec.code: spec.name.of(lang)
        for item in items
        if item in sight.items
        for spec in definitions[item].needs.materials
    }


def _people(sight: Sight, lang: str) -> People:
    """Name the people of a case as far as the subject sees them."""
    rows = (row for row in disclosure.facts(sight, lang) if row["fact"].endswith(".name"))
    return People(frozenset(str(row["value"]) for row in rows if row["value"]))


def _look(row: Document, title: str, people: People) -> Look | None:
    """Say what a look found on the day the document came in."""
    if row.seen is None:
        return None
    day = row.received.astimezone(clock.SHANGHAI).date()
    return materials.compare(materials.read(row.seen), title=title, people=people, today=day)


def _row(sight: Sight, code: str) -> Document:
    number = sight.loaded.case.number
    row = Document.objects.filter(case=number, material=code).order_by("-pk").first()
    if code not in _names(sight, sight.items, "zh") or row is None:
        raise CaseUnknown(number)
    return row
