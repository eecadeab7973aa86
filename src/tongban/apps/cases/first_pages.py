"""First pages of uploaded PDFs as pictures (首页预览): made once a content, kept sealed.

The worker makes them after the files came in; whoever looks at one that is not there yet has it
made. That there can be none is kept too, with the reason, so that a hostile file is tried once.
"""

from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction
from django.db.models import Q

from tongban.infra import clock
from tongban.infra.jobs.services import enqueue
from tongban.infra.papers import pictures
from tongban.infra.papers.pictures import PictureNotMade
from tongban.infra.secrecy.fields import holding
from tongban.infra.secrecy.ring import held

from .models import Document, FirstPage
from .papers import PDF

DRAW = "cases.first_pages"


def ask(number: str, documents: Sequence[Document]) -> None:
    """Have the worker draw what came in, in the caller's transaction."""
    if pictures.can_draw() and any(row.media_type == PDF for row in documents):
        enqueue(DRAW, {"number": number})


def ensure(number: str) -> None:
    """Draw the first page of every PDF of a case that was not tried yet."""
    if not pictures.can_draw():
        return
    for row in Document.objects.filter(case=number, media_type=PDF).order_by("pk"):
        _kept(row)


def picture(document: Document) -> bytes:
    """Give the picture of a PDF's first page, a WebP; raise PictureNotMade."""
    if not pictures.can_draw():
        raise PictureNotMade(pictures.ABSENT)
    kept = _kept(document)
    if kept.reason:
        raise PictureNotMade(kept.reason)
    return bytes(kept.content)


def reasons(documents: Iterable[Document]) -> Mapping[int, str]:
    """Give why there is no picture, by the key of each PDF that has none for good."""
    rows = list(documents)
    if not pictures.can_draw():
        return {row.pk: pictures.ABSENT for row in rows}
    if not rows:
        return {}
    same = Q()
    for row in rows:
        same |= holding(FirstPage, "digest", row.digest)
    # the pictures themselves are not read
    tried = FirstPage.objects.filter(same).exclude(reason="").defer("content")
    known = {str(one.digest): one.reason for one in tried}
    return {row.pk: known[row.digest] for row in rows if row.digest in known}


def _kept(document: Document) -> FirstPage:
    """Give what is kept of a PDF; draw it where nothing is. Two that draw at once keep one."""
    same = FirstPage.objects.filter(holding(FirstPage, "digest", document.digest))
    if known := same.first():
        return known
    reason, drawn = "", b""
    try:
        drawn = pictures.first_page(bytes(document.content))
    except PictureNotMade as refused:
        reason = refused.reason
    with transaction.atomic():
        held()  # two that meet here mark the digest with one key, and the database keeps one
        row, _ = same.get_or_create(
            defaults={
                "digest": document.digest,
                "reason": reason,
                "content": drawn,
                "made": clock.now(),
            }
        )
    return row
