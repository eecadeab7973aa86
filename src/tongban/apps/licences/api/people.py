"""The API of licences: one's own, what to show of them, verification, and an official's orders.

Mounted by ``config.api``. Nothing is decided here. Verification is open to everybody: whoever is
shown a licence must be able to check it, and learns from us only what it was shown.
"""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema
from ninja.responses import Status
from pydantic import Field, StringConstraints

from tongban.apps.licences import facing, queries, services
from tongban.apps.licences.domain import REASONS, Told
from tongban.apps.licences.models import Licence
from tongban.apps.licences.services import counter, wallets
from tongban.apps.licences.verifying import Verdict
from tongban.apps.parties import queries as parties
from tongban.apps.parties.asking import acting
from tongban.infra.access.domain import Subject
from tongban.infra.api import Body, Problem, Reason, Sentence, Slug
from tongban.kernel.facts import Words
from tongban.kernel.sdjwt import Binding
from tongban.kernel.sdjwt.strict import LONGEST

router = Router(tags=["licences · 证照"])
_READ = dict.fromkeys((401, 403, 404, 422), Problem)
_WRITE = _READ | {409: Problem}
Identifier = Annotated[str, StringConstraints(pattern=r"^1\.2\.156\.3005\.2\.[0-9A-Z.]{1,80}$")]
Claim = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.]{0,99}$")]
Claims = Annotated[list[Claim], Field(max_length=200)]
Word = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,300}$")]
Secret = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{32}$")]


class LicenceOut(Schema):
    """A licence: what it is and where it stands."""

    identifier: str
    number: str
    kind: str
    name: Sentence
    department: Sentence
    issued: datetime
    valid_until: date | None
    state: str
    state_reason: str
    flagged: str


class ClaimOut(Schema):
    """One claim as a person reads it, and its value."""

    name: str
    label: Sentence
    text: str
    value: Any


class WholeOut(LicenceOut):
    """A licence with every claim that its holder may show today."""

    claims: list[ClaimOut]


class ShowIn(Body):
    """Which claims to show, and nothing else."""

    claims: Claims


class LinkOut(Schema):
    """A link that leads to what is shown, for two minutes."""

    address: str
    expires: datetime


class PresentIn(ShowIn):
    """Which claims, for which verifier, in answer to which question."""

    audience: Word
    nonce: Word


class PresentationOut(Schema):
    """An SD-JWT+KB."""

    presentation: str


class OfferOut(Schema):
    """A credential offer for a wallet, and the PIN that goes another way."""

    offer: dict[str, Any]
    link: str
    pin: str
    expires: datetime


class OrderIn(Body):
    """Why a licence's state changes, and by which law."""

    act: Literal["revoke", "suspend", "restore", "settle"]
    legal_basis: Reason
    reason: Reason


class BindingIn(Body):
    """What the holder had to prove: for whom, and in answer to which question."""

    audience: Word
    nonce: Word


class VerifyIn(Body):
    """A presentation, or the link behind a QR code; with ``binding`` the holder must be proved."""

    presented: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST)]
    binding: BindingIn | None = None


class VerdictOut(Schema):
    """What was found; ``reason`` is empty for a valid licence."""

    valid: bool
    reason: str
    words: Sentence
    why: str
    kind: str
    issuer: str
    issued: datetime | None
    expires: datetime | None
    holder_proved: bool
    claims: list[ClaimOut]


class QuestionOut(Schema):
    """Where a presentation for the page for counters is addressed, and its nonce."""

    audience: str
    nonce: str


class AskIn(Body):
    """Which claims of which licence kind a wallet is asked for."""

    kind: Slug
    claims: Annotated[list[Claim], Field(min_length=1, max_length=200)]


class NewQuestionOut(Schema):
    """A question for a wallet; with the secret the answer is read."""

    link: str
    secret: str
    expires: datetime


class AnswerOut(Schema):
    """The answer to a question, or nothing yet."""

    answer: VerdictOut | None


def _subject(request: HttpRequest, action: str) -> Subject:
    """Give who asks, for itself or by a delegation that covers this; refuse everybody else."""
    subject = acting(request, action)
    queries.allow_agent(subject, action)
    return subject


def _both(words: Words) -> dict[str, str]:
    return {"zh": words.zh, "en": words.en}


def _licence(row: Licence) -> dict[str, Any]:
    department = {lang: parties.department_name(row.department, lang) for lang in ("zh", "en")}
    names = ("identifier", "number", "kind", "issued", "valid_until", "state", "state_reason")
    return {name: getattr(row, name) for name in names} | {
        "name": _both(queries.kind_of(row).name),
        "department": department,
        "flagged": row.flagged,
    }


def _claims(told: list[Told]) -> list[dict[str, Any]]:
    return [
        {"name": one.name, "label": _both(one.label), "text": one.text, "value": one.value}
        for one in told
    ]


def _verdict(found: Verdict) -> dict[str, Any]:
    def when(second: int | None) -> datetime | None:
        return None if second is None else datetime.fromtimestamp(second, UTC)

    return {
        "valid": found.valid,
        "reason": found.reason,
        "words": _both(REASONS[found.reason]),
        "why": found.why,
        "kind": found.kind,
        "issuer": found.issuer,
        "issued": when(found.issued),
        "expires": when(found.expires),
        "holder_proved": found.holder_proved,
        "claims": _claims(queries.told(found.kind, found.claims)),
    }


@router.get(
    "/licences",
    response={200: list[LicenceOut], **_READ},
    summary="我的证照 · My licences",
    operation_id="list_licences",
)
def own(request: HttpRequest) -> Any:
    """List the licences that the caller holds or keeps for another, newest first.

    By a delegation, those that it covers.
    """
    subject = acting(request, "licence.read")
    return [_licence(row) for row in queries.listed(subject, 200)]


@router.post(
    "/licences/verify",
    response={200: VerdictOut, 422: Problem},
    auth=None,
    summary="核验证照 · Verify a licence",
    operation_id="verify_licence",
)
def verify(request: HttpRequest, body: VerifyIn) -> Any:  # noqa: ARG001
    """Verify what somebody shows; what does not hold is an answer, not an error."""
    told = body.binding
    binding = None if told is None else Binding(told.audience, told.nonce)
    return _verdict(services.verify(body.presented, binding))


@router.post(
    "/licences/verify/question",
    response={200: QuestionOut},
    auth=None,
    summary="核验随机数 · A nonce for a presentation",
    operation_id="ask_for_presentation",
)
def question(request: HttpRequest) -> Any:  # noqa: ARG001
    """Give a nonce that is good for five minutes; use it with its audience as ``binding``."""
    return {"audience": counter.audience(), "nonce": counter.question()}


@router.post(
    "/licences/questions",
    response={201: NewQuestionOut, **_READ},
    summary="向钱包索取证照 · Ask a wallet for a licence (OpenID4VP)",
    operation_id="ask_wallet",
)
def ask(request: HttpRequest, body: AskIn) -> Any:
    """Open a question for a wallet; its holder decides whether to answer."""
    subject = _subject(request, "licence.ask")
    asked = services.ask(subject.user_id, body.kind, body.claims)
    return Status(201, {"link": asked.link, "secret": asked.secret, "expires": asked.expires})


@router.get(
    "/licences/questions/{secret}",
    response={200: AnswerOut, **_READ},
    summary="钱包的应答 · What the wallet answered",
    operation_id="wallet_answer",
)
def answered(request: HttpRequest, secret: Secret) -> Any:
    """Read the answer to one's own question; null while there is none."""
    found = services.answered(_subject(request, "licence.ask").user_id, secret)
    return {"answer": found and _verdict(found)}


@router.get(
    "/licences/{identifier}",
    response={200: WholeOut, **_READ},
    summary="证照详情 · One licence",
    operation_id="licence",
)
def one(request: HttpRequest, identifier: Identifier) -> Any:
    """Show a licence to whom may see it, with all that can be shown of it today."""
    row = queries.look(_subject(request, "licence.read"), identifier)
    uri = queries.uri_of(row)
    return _licence(row) | {"claims": _claims(queries.told(uri, queries.could_show(row)))}


@router.get(
    "/licences/{identifier}/face",
    response={200: bytes, **_WRITE},
    summary="证照版式文件 · The face as PDF",
    operation_id="licence_face",
    openapi_extra={
        "responses": {
            200: {
                "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}
            }
        }
    },
)
def face(request: HttpRequest, identifier: Identifier) -> Any:
    """Give the sealed PDF; 409 where none can be made here."""
    row = queries.look(_subject(request, "licence.read"), identifier)
    return HttpResponse(facing.face_of(row), content_type="application/pdf")


@router.post(
    "/licences/{identifier}/show",
    response={201: LinkOut, **_WRITE},
    summary="亮证 · Show chosen claims by a short-lived link",
    operation_id="show_licence",
)
def show(request: HttpRequest, identifier: Identifier, body: ShowIn) -> Any:
    """Give a link, to be drawn as a QR code, that shows these claims for two minutes."""
    subject = _subject(request, "licence.present")
    link = services.show(subject, identifier, body.claims)
    return Status(201, {"address": link.address, "expires": link.expires})


@router.post(
    "/licences/{identifier}/present",
    response={200: PresentationOut, **_WRITE},
    summary="出示凭证 · A presentation for one verifier",
    operation_id="present_licence",
)
def present(request: HttpRequest, identifier: Identifier, body: PresentIn) -> Any:
    """Present chosen claims to one verifier, with proof of possession."""
    subject = _subject(request, "licence.present")
    made = services.present(
        subject, identifier, body.claims, audience=body.audience, nonce=body.nonce
    )
    return {"presentation": made}


@router.post(
    "/licences/{identifier}/offer",
    response={201: OfferOut, **_WRITE},
    summary="领取到钱包 · Put it into a wallet (OpenID4VCI)",
    operation_id="offer_licence",
)
def offer(request: HttpRequest, identifier: Identifier) -> Any:
    """Offer the licence to the caller's own wallet; the PIN is typed there by hand."""
    made = services.offer(_subject(request, "licence.present"), identifier)
    told = {"offer": made.document, "link": wallets.link(made.document)}
    return Status(201, told | {"pin": made.pin, "expires": made.expires})


@router.post(
    "/licences/{identifier}/orders",
    response={200: LicenceOut, **_WRITE},
    summary="注销、暂停、恢复 · Revoke, suspend, restore, settle",
    operation_id="order_licence",
)
def order(request: HttpRequest, identifier: Identifier, body: OrderIn) -> Any:
    """Change a licence's state in the name of its department; seen by verifiers within a minute."""
    subject = _subject(request, f"licence.{body.act}")
    services.order(subject, identifier, body.act, authority=body.legal_basis, reason=body.reason)
    return _licence(queries.look(subject, identifier))
