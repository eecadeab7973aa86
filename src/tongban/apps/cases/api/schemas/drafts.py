"""Drafts (草稿): what is kept, looked at and read before sending."""

from datetime import datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field, StringConstraints

from tongban.infra.api import Body, Sentence, Slug, Value

from .base import Answers
from .intake import Doubts, UploadIn
from .showing import CaseOut, FactOut


class DraftIn(Body):
    """Answers to save in a draft (草稿), null to take one back; ``version``: what was seen last."""

    life_event: Slug
    answers: Answers = {}
    version: Annotated[int, Field(ge=0, le=1_000_000)] = 0


class DraftUploadIn(UploadIn):
    """A file for a draft; ``replaces`` is the digest of the one whose place it takes."""

    replaces: Annotated[str, StringConstraints(max_length=80, pattern=r"^[a-z0-9:-]*$")] = ""


class DraftSubmissionIn(Body):
    """Send the draft as it stood at ``version``; sent twice, it is one case."""

    version: Annotated[int, Field(ge=1, le=1_000_000)]
    consent: bool = False
    seen: Answers = {}
    items: Annotated[list[Slug], Field(max_length=50)] = []
    doubts: Doubts = {}


class DraftDocumentOut(Schema):
    """A file of a draft, as it is kept."""

    material: str
    filename: str
    media_type: str
    digest: str
    bytes: int


class DraftOut(Schema):
    """A draft: its answers, what is amiss, its files, until when it is kept."""

    number: str
    life_event: str
    version: int
    saved: datetime
    ends: datetime
    case: str
    answers: dict[str, Value]
    mistakes: dict[str, Sentence]
    gone: list[str]
    documents: list[DraftDocumentOut]


class ReadingIn(Body):
    """Agree to the consent panel of a draft, and have the departments asked (同意取数)."""

    consent: bool = False


class FindingOut(Schema):
    """One thing that a look at a file says; only ``refuse`` stands in the way."""

    code: str
    weight: Literal["refuse", "warn", "note"]
    zh: str
    en: str


class LookAtOut(Schema):
    """What a look at a file found (材料预检), and whether its text was read."""

    taken: bool
    text_read: bool
    findings: list[FindingOut]


class DocumentLookOut(LookAtOut):
    """What a look at a file found that came in with a submission or an answer."""

    material: str
    name: str
    filename: str


class TakenOut(CaseOut):
    """A case as it stands now, and what a look at the files found that came with the request."""

    looks: list[DocumentLookOut]


class DraftLine(Schema):
    """A draft in a list."""

    number: str
    life_event: str
    name: str
    version: int
    saved: datetime
    ends: datetime


class LaterOut(Schema):
    """What a department is asked for after sending, in words."""

    department: str
    facts: list[str]


class DifferenceOut(Schema):
    """A question that a department answers as well; its value goes first."""

    fact: str
    label: str
    typed: str
    value: Value
    shown: str
    department: str
    as_of: str
    differs: bool


class PrefilledOut(Schema):
    """What was read for a draft before sending (预填).

    ``state`` is ``none`` until the panel is agreed to, ``reading`` while answers may still come.
    ``shown``: whether the caller may see the facts; ``fresh``: whether a case may begin with them;
    ``again``: whether they may be read anew.
    """

    state: Literal["none", "reading", "read"]
    shown: bool
    fresh: bool
    again: bool
    read: datetime | None
    facts: list[FactOut]
    later: list[LaterOut]
    differs: list[DifferenceOut]
