"""What is asked before a case is there: data plans, pre-checks, a submission (申请)."""

from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field, StringConstraints

from tongban.infra.api import Body, Slug, Text, Value

from .base import BASE64, Answers, FactName, example


class UploadIn(Body):
    """A material to hand in (上传材料): PDF, PNG or JPEG, at most 2 MB, as base64."""

    material: Slug
    filename: Annotated[
        str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f/\\]+$")
    ]
    media_type: Literal["application/pdf", "image/png", "image/jpeg"]
    content: Annotated[str, StringConstraints(max_length=BASE64, pattern=r"^[A-Za-z0-9+/=]*$")]


class DoubtIn(Body):
    """What a prefilled fact should be (更正请求), null where that is not known, and why."""

    says: Value = None
    why: Text = ""


Uploads = Annotated[list[UploadIn], Field(max_length=8)]
Doubts = Annotated[dict[FactName, DoubtIn], Field(max_length=50)]


class SubmissionIn(Body):
    """What a person sends once (一次申请). ``seen`` holds prefilled values that were shown."""

    model_config = example({
        "life_event": "newborn",
        "answers": {
            "child.name": "安一诺",
            "child.surname_follows": "father",
            "child.household_with": "mother",
            "child.ethnicity_follows": "father",
            "child.card_bank": "102",
            "child.care_wish": "nursery",
        },
        "consent": True,
    })  # fmt: skip
    life_event: Slug
    answers: Answers = {}
    consent: bool = False
    seen: Answers = {}
    items: Annotated[list[Slug], Field(max_length=50)] = []
    uploads: Uploads = []
    doubts: Doubts = {}


class PrecheckIn(Body):
    """The answers so far (预检); any fact that the data plan knows."""

    model_config = example({"answers": {"child.household_with": "mother"}})
    answers: Answers = {}


class LifeEventOut(Schema):
    """A life event that can be applied for (一件事)."""

    slug: str
    version: int
    name: str
    items: list[str]


class OptionOut(Schema):
    """A value that may be chosen."""

    value: Value
    label: str


class AskOut(Schema):
    """A question of the form."""

    fact: str
    label: str
    type: str
    required: bool
    help: str
    options: list[OptionOut]
    when: list[str]
    items: list[str]


class ConsentLineOut(Schema):
    """A line of the consent: what a department gives, for which items, on which ground."""

    department: str
    basis: str
    facts: list[str]
    items: list[str]
    legal_basis: list[str]


class MaterialOut(Schema):
    """A document of an item: asked, shared with another item, or waived, and by what."""

    item: str
    code: str
    name: str
    necessity: str
    status: str
    by: list[str]


class PlanOut(Schema):
    """What an application asks, fetches and waives (数据计划)."""

    life_event: str
    version: int
    name: str
    ask: list[AskOut]
    consent: list[ConsentLineOut]
    materials: list[MaterialOut]


class PrecheckReasonOut(Schema):
    """A row of a table that fired."""

    rule: str
    text: str


class WantedOut(Schema):
    """A fact that would settle it, and who supplies it."""

    fact: str
    label: str
    origin: str
    by: str


class PrecheckOut(Schema):
    """What the rules say of one item to the answers so far; ``person``: people would decide."""

    item: str
    name: str
    answer: Literal["yes", "no", "unknown", "not-applicable"]
    person: bool
    reasons: list[PrecheckReasonOut]
    wanted: list[WantedOut]
    materials: list[str]
