"""How a case is shown (办件): items, facts with their sources, calls, events, looks."""

from datetime import date, datetime
from typing import Literal

from ninja import Schema

from tongban.infra.api import Value


class AskedOut(Schema):
    """A point that the applicant is to correct or confirm."""

    name: str
    label: str
    why: str


class LightOut(Schema):
    """How the decision clock stands, as a light and in words."""

    light: str
    words: str


class BranchOut(Schema):
    """One item of a case: where it stands, who decided and why, its clock."""

    item: str
    version: int
    name: str
    implementation_code: str
    department: str
    state: str
    state_words: str
    outcome: str
    decided_by: str
    reasons: list[str]
    rules: list[str]
    licence: str
    started_after: list[str]
    received: date | None
    accepted: date | None
    deemed: bool
    promised_days: int | None
    statutory_days: int
    promised_date: date | None
    decided: date | None
    clock: LightOut | None
    asked: list[AskedOut]
    unavailable_until: str
    waiting_for: list[str]
    note: str
    urged: int
    fee: str


class CaseOut(Schema):
    """A case and its branches."""

    number: str
    life_event: str
    name: str
    version: int
    submitted: datetime
    ended: bool
    branches: list[BranchOut]


class CaseLine(Schema):
    """A case in a list."""

    number: str
    life_event: str
    name: str
    version: int
    submitted: datetime
    ended: bool


class CasePage(Schema):
    """One page of cases; ``count`` is of all pages."""

    count: int
    page: int
    size: int
    rows: list[CaseLine]


class DoubtOut(Schema):
    """What the applicant says of a fact instead; the case goes on with the source's value."""

    says: Value
    shown: str
    why: str
    at: datetime


class FactOut(Schema):
    """A fact of a case with its source (来源)."""

    fact: str
    label: str
    value: Value
    status: str
    origin: str
    department: str
    resource: str
    as_of: str
    unverified: bool
    doubt: DoubtOut | None


class CallOut(Schema):
    """A question that was put to a department."""

    department: str
    resource: str
    facts: list[str]
    items: list[str]
    basis: str
    outcome: str
    occurred: datetime


class FactsOut(Schema):
    """What is known, and who was asked for it."""

    facts: list[FactOut]
    calls: list[CallOut]


class EventOut(Schema):
    """One event of the trail (留痕); ``hash`` commits to everything before it."""

    seq: int
    type: str
    words: str
    occurred: datetime
    actor: Literal["system", "applicant", "agent", "official"]
    organisation: str
    item: str
    step: str
    step_name: str
    authority: str
    reason: str
    previous: str
    hash: str
    erased: bool


class TimelineOut(Schema):
    """The events of a case, oldest first; ``verified`` says that the hash chain holds."""

    verified: bool
    events: list[EventOut]


class LookOut(Schema):
    """One look at a person's data: who asked whom, for what, on which ground."""

    at: datetime
    department: str
    provider: str
    resource: str
    facts: list[str]
    purposes: list[str]
    basis: Literal["statutory", "consent"]
    case: str
    outcome: str
