"""Reads what is uploaded: its kind by content, its size, what is kept of it, name and digest.

However a file comes in, it is looked at once and what was seen stays with it (材料预检).
"""

import base64
from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.conf import settings

from tongban.apps.cases import materials
from tongban.apps.cases.domain import papers
from tongban.apps.cases.domain.state import Json
from tongban.apps.cases.errors import SubmissionInvalid
from tongban.apps.cases.models import Document
from tongban.apps.cases.plugins import text_reader
from tongban.infra import clock
from tongban.kernel.suites import suite

MOST_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """A material that the applicant uploads (上传材料); ``media_type`` is only claimed."""

    material: str
    filename: str
    media_type: str
    content: str  # base64


@dataclass(frozen=True, slots=True)
class Paper:
    """A file as it is kept: cleaned, named harmlessly, known by the digest of what is kept.

    ``seen`` is what a look at it found, as it is kept; None where nobody looked.
    """

    material: str
    filename: str
    media_type: str
    digest: str
    content: bytes
    seen: Json = None


def read_paper(upload: Upload) -> Paper:
    """Read a file strictly; raises `SubmissionInvalid` with a sentence that says what to do."""
    try:
        content = base64.b64decode(upload.content, validate=True)
    except ValueError:
        raise SubmissionInvalid({upload.material: ("文件内容不是base64", "not base64")}) from None
    if len(content) > MOST_BYTES:
        raise SubmissionInvalid(
            {
                upload.material: (
                    "文件不得超过2 MB，请压缩后上传",
                    "send at most 2 MB; make it smaller",
                )
            }
        )
    try:
        media_type, kept = papers.clean(content)
    except papers.PaperRefused as refused:
        raise SubmissionInvalid({upload.material: (refused.zh, refused.en)}) from refused
    by = suite(settings.SUITE)
    return Paper(
        material=upload.material,
        filename=papers.clean_name(upload.filename, media_type),
        media_type=media_type,
        digest=f"{by.digest_name}:{by.digest(kept).hex()}",
        content=kept,
    )


def see_paper(paper: Paper) -> Paper:
    """Look at a file by itself, and keep with it what was seen; reading its text costs time."""
    return replace(paper, seen=materials.write(materials.see(paper.content, text_reader())))


def documents_of(number: str, given: Iterable[Paper]) -> list[Document]:
    """Give the rows of a case's materials."""
    now = clock.now()
    return [
        Document(
            case_id=number,
            material=paper.material,
            filename=paper.filename,
            media_type=paper.media_type,
            digest=paper.digest,
            content=paper.content,
            seen=paper.seen,
            received=now,
        )
        for paper in given
    ]
