"""What waits at the desk (审批台), and what a correction or a decision may name."""

from datetime import date, datetime
from typing import Literal

from ninja import Schema


class TaskOut(Schema):
    """Work at a step; of a rule that could not decide, what it lacked."""

    item: str
    step: str
    name: str
    post: str
    rule: bool
    missing: list[str]
    message: str


class QueueLine(Schema):
    """An item of a case that waits for a post of the caller, with its light and who has it."""

    case: str
    item: str
    name: str
    stage: str
    post: str
    due: date | None
    submitted: datetime
    light: str
    light_word: str
    clock: str
    claimed: Literal["", "mine", "other"]
    claimed_until: datetime | None
    urged: int
    doubted: bool
    move_asked: list[str]
    extension_asked: int | None
    batch: bool
    tasks: list[TaskOut]


class QueuePage(Schema):
    """One page of the queue, the most urgent first; ``count`` is of all, ``after`` goes on."""

    count: int
    size: int
    after: str
    rows: list[QueueLine]


class PointOut(Schema):
    """A field that may be asked, and how it stands."""

    name: str
    label: str
    given: bool
    missing: str


class PaperOut(PointOut):
    """A document that may be asked."""

    required: bool
    waived: bool


class ReasonOut(Schema):
    """A reason of the item that may be chosen."""

    slug: str
    text: str


class ChecklistOut(Schema):
    """Everything that may be asked of the applicant for an item."""

    asked_on: date | None
    may_ask: bool
    fields: list[PointOut]
    materials: list[PaperOut]
    reasons: list[ReasonOut]
