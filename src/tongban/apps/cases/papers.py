"""The documents of a case and who signed them (办件文件): read in one way by all who show them.

The application itself is a document: the words that its events recorded, byte for byte. It has no
file of its own, and none is given where its data was lawfully erased.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.conf import settings

from tongban.infra.trail import queries as trail
from tongban.kernel.suites import suite

from .events import ANSWERED, SUBMITTED
from .models import Document, Notice, Signature

PDF, JSON = "application/pdf", "application/json"
_SUFFIX = {PDF: "pdf", "image/png": "png", "image/jpeg": "jpg"}
FOLDER, STATEMENTS = "documents", "signatures"


@dataclass(frozen=True, slots=True)
class Paper:
    """A document: its path in a bundle, its digest, its bytes.

    ``kind`` is ``application``, ``material`` or ``notice``; ``of`` the code of the material, or the
    item of the notice.
    """

    path: str
    kind: str
    name: str
    media_type: str
    digest: str
    content: bytes = field(repr=False)
    of: str = ""


def digest_of(content: bytes) -> str:
    """Write the digest of a document as this installation's suite makes it."""
    by = suite(settings.SUITE)
    return f"{by.digest_name}:{by.digest(content).hex()}"


def handed_in(number: str) -> tuple[Paper, ...]:
    """Give what the applicant handed in: application, later answers, uploads; oldest first."""
    found = []
    for event in trail.history(number):
        if event.type in {SUBMITTED, ANSWERED} and event.payload is not None:
            told = event.payload.encode()
            name = f"application-{event.seq:03d}.json"
            found.append(
                Paper(f"{FOLDER}/{name}", "application", name, JSON, digest_of(told), told)
            )
    for place, row in enumerate(Document.objects.filter(case=number).order_by("pk"), 1):
        path = f"{FOLDER}/{place:02d}-{row.material}.{_SUFFIX[row.media_type]}"
        told = bytes(row.content)
        found.append(
            Paper(path, "material", row.filename, row.media_type, row.digest, told, row.material)
        )
    return tuple(found)


def notices(number: str) -> tuple[Paper, ...]:
    """Give the notices of decisions that were made, oldest first."""
    return tuple(
        Paper(
            f"{FOLDER}/decision-{row.item}.pdf",
            "notice",
            f"decision-{row.item}.pdf",
            PDF,
            row.digest,
            bytes(row.content),
            row.item,
        )
        for row in Notice.objects.filter(case=number).order_by("pk")
    )


def signatures(number: str) -> tuple[Signature, ...]:
    """Give every signature and seal beside a document of the case, oldest first."""
    return tuple(Signature.objects.filter(case=number).order_by("pk"))


def bundled(number: str) -> Mapping[str, bytes]:
    """Give documents and statements by their paths in a bundle.

    Of the application only what somebody signed: the rest of it is in the events as it is.
    """
    beside = signatures(number)
    signed = {one.digest for one in beside}
    papers = (*handed_in(number), *notices(number))
    files = {p.path: p.content for p in papers if p.kind != "application" or p.digest in signed}
    for place, one in enumerate(beside, 1):
        files[f"{STATEMENTS}/{place:02d}-{one.role}.json"] = bytes(one.statement)
    return files
