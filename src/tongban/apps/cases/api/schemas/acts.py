"""What applicants and officials do to a case (办理), and the papers that they sign."""

from datetime import datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field, StringConstraints

from tongban.infra.api import Body, Reason, Sentence, Slug, Text, Value

from .base import Answers, Digest, Number, OptionalSlug, Output, Point, Procedure, example
from .intake import Uploads


class AnswerIn(Body):
    """What was asked for in a correction, or a changed value confirmed (补正、确认)."""

    answers: Answers = {}
    uploads: Uploads = []


class AcceptanceIn(Body):
    """Accept or refuse acceptance (受理、不予受理); a refusal needs its reason."""

    accept: bool
    reason: Text = ""


class AskedIn(Body):
    """One point to correct: a fact or a material, and why."""

    name: Point
    why: Reason


class CorrectionIn(Body):
    """Everything that is to be corrected, at once (一次性告知)."""

    asked: Annotated[list[AskedIn], Field(max_length=50)] = []


class DecisionIn(Body):
    """What a person decides at a step: ``outcome`` grant or refuse, or a rule's own outputs."""

    model_config = example({"outputs": {"outcome": "grant"}, "reason": "材料齐全，符合条件，同意"})
    outputs: Annotated[dict[Output, Value], Field(max_length=20)]
    reason: Text = ""
    accept_unverified: bool = False
    template: OptionalSlug = ""


class BatchIn(DecisionIn):
    """One decision for several cases, each by itself, where the item allows it."""

    model_config = example({
        "cases": ["20261123-AAAAAAAAAA"],
        "outputs": {"outcome": "grant"},
        "reason": "材料齐全，符合条件，同意",
    })  # fmt: skip
    cases: Annotated[list[Number], Field(min_length=1, max_length=50)]


class ClaimIn(Body):
    """Claim a task; one that somebody has in hand is taken over with a reason."""

    take_over: bool = False
    reason: Text = ""


class TransferIn(Body):
    """Move the work to another post or department, with the reason."""

    department: Slug
    post: Literal["clerk", "reviewer", "approver"]
    reason: Reason


class SettlementIn(Body):
    """Approve a move to another department, or more time; or not."""

    agreed: bool
    reason: Text = ""


class CounterIn(Body):
    """A person who is present at a counter, how it was checked, and the paper that was signed."""

    id_number: Annotated[str, StringConstraints(pattern=r"^[0-9]{17}[0-9X]$")]
    name: Annotated[
        str, StringConstraints(min_length=1, max_length=50, pattern=r"^[^\x00-\x1f\x7f]*$")
    ]
    checked: Literal["id-card-reader", "id-card-seen", "face", "document"]
    consent: Reason
    life_event: Slug
    department: Slug


class CounterOut(Schema):
    """The delegation to name in ``Tongban-On-Behalf`` while the person is present."""

    delegation: str


class SuspensionIn(Body):
    """A special procedure (特别程序) that the law names, and why."""

    kind: Procedure
    reason: Reason


class ExtensionIn(Body):
    """Working days to add, once (延长办理期限)."""

    days: Annotated[int, Field(ge=1, le=10)]
    reason: Reason


class WithdrawalIn(Body):
    """What to withdraw (撤回); every open item where ``items`` is empty."""

    items: Annotated[list[Slug], Field(max_length=50)] = []
    reason: Text = ""


class SigningIn(Body):
    """Documents to sign (签名), by the digests under which they were shown; and by which service.

    Without a service the signature is made with the key that is kept here for the account.
    """

    documents: Annotated[list[Digest], Field(min_length=1, max_length=200)]
    service: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{0,40}$")] = ""


class SignatureOut(Schema):
    """A signature or a seal beside a document: whose, by which key, when, in which words."""

    role: str
    signer: dict[str, str]
    key: str
    signed: datetime
    zh: str
    en: str


class DocumentOut(Schema):
    """A document of a case: the application, a material or a notice, and who signed it."""

    kind: str
    name: str
    of: str
    media_type: str
    digest: str
    bytes: int
    signatures: list[SignatureOut]


class ToSignLine(Schema):
    """A document that is to be signed, or was."""

    kind: str
    name: str
    media_type: str
    digest: str
    signed: bool


class ToSignOut(Schema):
    """What the applicant is asked to sign: the words, the documents, and by which services."""

    zh: str
    en: str
    documents: list[ToSignLine]
    services: list[str]


class OutcomeOut(Schema):
    """What came of one case of several."""

    number: str
    decided: bool
    refused: Sentence | None
