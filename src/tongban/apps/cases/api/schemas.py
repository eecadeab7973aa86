"""What callers send to the cases' API and what it gives back (请求与应答).

Requests are strict: unknown fields, floats and control characters are refused with a sentence.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from tongban.apps.cases.services import MOST_BYTES
from tongban.infra.api import Body, Reason, Sentence, Slug, Text, Value
from tongban.kernel.workdays import SPECIAL_PROCEDURES

Number = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{8}-[2-9A-HJ-NP-Z]{10}$"), Field(title="办件编号")
]
OptionalSlug = Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9-]{0,59})?$")]
DraftNumber = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{20}$"), Field(title="草稿编号")]
# a wish, which may be empty
Key = Annotated[str, StringConstraints(max_length=60, pattern=r"^[a-z0-9_-]*$")]
After = Annotated[
    str, StringConstraints(max_length=40, pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2}\.[0-9]{1,18})?$")
]
Step = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_./-]{0,99}$")]
FactName = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,40}\.[a-z][a-z0-9_]{0,60}$")
]
# a fact or the code of a material
Point = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]{0,99}$")]
Output = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,59}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^(sha-256|sm3):[0-9a-f]{64}$")]
Procedure = Literal[
    "hearing", "tender", "auction", "inspection", "test", "quarantine", "appraisal", "expert-review"
]
if set(Procedure.__args__) != set(SPECIAL_PROCEDURES):  # type: ignore[attr-defined]
    raise TypeError("Procedure must name exactly the kernel's special procedures")
_BASE64 = MOST_BYTES * 4 // 3 + 4


def _example(shown: JsonDict) -> ConfigDict:
    """Show an example on the OpenAPI page; schemathesis sends it too."""
    return ConfigDict(json_schema_extra={"examples": [shown]})


class UploadIn(Body):
    """A material to hand in (上传材料): PDF, PNG or JPEG, at most 2 MB, as base64."""

    material: Slug
    filename: Annotated[
        str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f/\\]+$")
    ]
    media_type: Literal["application/pdf", "image/png", "image/jpeg"]
    content: Annotated[str, StringConstraints(max_length=_BASE64, pattern=r"^[A-Za-z0-9+/=]*$")]


Uploads = Annotated[list[UploadIn], Field(max_length=8)]
Answers = Annotated[dict[FactName, Value], Field(max_length=300)]


class DoubtIn(Body):
    """What a prefilled fact should be (更正请求), null where that is not known, and why."""

    says: Value = None
    why: Text = ""


Doubts = Annotated[dict[FactName, DoubtIn], Field(max_length=50)]


class SubmissionIn(Body):
    """What a person sends once (一次申请). ``seen`` holds prefilled values that were shown."""

    model_config = _example({
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

    model_config = _example({"outputs": {"outcome": "grant"}, "reason": "材料齐全，符合条件，同意"})
    outputs: Annotated[dict[Output, Value], Field(max_length=20)]
    reason: Text = ""
    accept_unverified: bool = False
    template: OptionalSlug = ""


class BatchIn(DecisionIn):
    """One decision for several cases, each by itself, where the item allows it."""

    model_config = _example({
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
    """Approve a move to another department, or not."""

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


class PrecheckIn(Body):
    """The answers so far (预检); any fact that the data plan knows."""

    model_config = _example({"answers": {"child.household_with": "mother"}})
    answers: Answers = {}


class WithdrawalIn(Body):
    """What to withdraw (撤回); every open item where ``items`` is empty."""

    items: Annotated[list[Slug], Field(max_length=50)] = []
    reason: Text = ""


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


class DraftLine(Schema):
    """A draft in a list."""

    number: str
    life_event: str
    name: str
    version: int
    saved: datetime
    ends: datetime


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


class OutcomeOut(Schema):
    """What came of one case of several."""

    number: str
    decided: bool
    refused: Sentence | None


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
