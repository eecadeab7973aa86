"""Fees over the API: what I owe and paid, receipts, refunds by two people, a bank's accounts.

A payer acts on its own fees alone; an official within its department; who keeps the accounts sees
what differs. The bank's own notices come to `notices`, and count by their signature.
"""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.core.paginator import Paginator
from django.http import HttpRequest
from ninja import Router, Schema
from ninja.responses import Status
from pydantic import Field, StringConstraints

from tongban.apps.parties.asking import acting
from tongban.infra.api import Body, Lang, Page, Problem, Reason, Size, Text, speaks

from . import queries, services
from .errors import FeeUnknown
from .models import Mismatch, Refund, RefundWish

router = Router()
_TAGS = ["fees · 收费"]
_READ: dict[int, type[Problem]] = dict.fromkeys((401, 403, 404, 422), Problem)
_WRITE: dict[int, type[Problem]] = _READ | dict.fromkeys((409, 502, 503), Problem)

Number = Annotated[str, StringConstraints(pattern=r"^F[0-9]{8}-[0-9A-Z]{10}$")]
RefundNumber = Annotated[str, StringConstraints(pattern=r"^F[0-9]{8}-[0-9A-Z]{10}-R[0-9]{1,6}$")]
ReceiptNumber = Annotated[str, StringConstraints(pattern=r"^[0-9]{18}$")]
Bank = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")]
Fen = Annotated[int, Field(ge=1, le=2**53 - 1)]


class ReceiptBrief(Schema):
    """A receipt (电子票据); a red one has a negative amount."""

    number: str
    amount_fen: int
    check_code: str
    issued: datetime


class ReceiptOut(ReceiptBrief):
    """A whole receipt with its content as it was issued."""

    order: str
    content: dict[str, str | int]


class RefundOut(Schema):
    """Money that is given back (退付)."""

    number: str
    order: str
    amount_fen: int
    why: str
    why_words: str
    note: str
    state: Literal["asked", "approved", "done", "refused"]
    state_words: str
    asked: datetime
    done: datetime | None
    bank_reference: str


class RefundWishOut(Schema):
    """That a payer wants money back (退付申请), and the answer."""

    number: int
    order: str
    why: str
    why_words: str
    note: str
    state: Literal["open", "granted", "declined"]
    state_words: str
    wished: datetime
    answer: str
    refund: str


class FeeOut(Schema):
    """A fee (缴费单): what for, how much, until when, and what became of it."""

    number: str
    case: str
    item: str
    name: str
    department: str
    legal_basis: str
    amount_fen: int
    state: Literal["open", "held", "paid", "cancelled", "expired"]
    state_words: str
    opened: datetime
    expires: datetime
    paid_at: datetime | None
    bank_reference: str
    receipts: list[ReceiptBrief]
    refunds: list[RefundOut]
    wishes: list[RefundWishOut]


class FeesOut(Schema):
    """One page of fees."""

    total: int
    fees: list[FeeOut]


class PaymentOut(Schema):
    """Where to pay: the address of the bank's page."""

    page: str


class RefundIn(Body):
    """What is to be given back, and why."""

    amount_fen: Fen
    why: Literal["mistake", "waived", "amount", "service", "court"]
    note: Text = ""


class RefundWishIn(Body):
    """Why a payer wants money back, in its own words."""

    why: Literal["mistake", "waived", "amount", "service", "court"]
    note: Annotated[str, StringConstraints(min_length=1, max_length=services.MOST_NOTE)]


class WishAnswerIn(Body):
    """The answer to a wish: how much is given back, or (0) why nothing is."""

    amount_fen: Annotated[int, Field(ge=0, le=2**53 - 1)] = 0
    reason: Text = ""


class RefundDecisionIn(Body):
    """Yes or no to a refund; a no has a reason."""

    approve: bool
    reason: Text = ""


class MismatchOut(Schema):
    """A difference between a bank and us (对账差错)."""

    id: int
    provider: str
    day: date
    fault: str
    fault_words: str
    number: str
    bank_reference: str
    bank_fen: int
    here_fen: int
    found: datetime
    settled: datetime | None
    reason: str


class MismatchesOut(Schema):
    """One page of differences."""

    total: int
    mismatches: list[MismatchOut]


class MismatchSettlementIn(Body):
    """How a difference was settled, and on which document."""

    reason: Reason


@router.get(
    "/fees",
    response={200: FeesOut, **_READ},
    summary="我的缴费 · My fees",
    operation_id="my_fees",
    tags=_TAGS,
)
def my_fees(request: HttpRequest, page: Page = 1, size: Size = 20, lang: Lang | None = None) -> Any:
    """List what I am asked to pay and have paid, newest first."""
    rows = Paginator(queries.orders_of(acting(request, "case.read")), size)
    spoken = speaks(request, lang)
    return {
        "total": rows.count,
        "fees": [queries.order_view(one, spoken) for one in rows.get_page(page)]
        if page <= rows.num_pages
        else [],
    }


@router.get(
    "/fees/{number}",
    response={200: FeeOut, **_READ},
    summary="缴费单 · A fee",
    operation_id="fee",
    tags=_TAGS,
)
def fee(request: HttpRequest, number: Number, lang: Lang | None = None) -> Any:
    """Show a fee to its payer, or to an official of its department."""
    order = queries.look(acting(request, "case.read"), number)
    return queries.order_view(order, speaks(request, lang))


@router.post(
    "/fees/{number}/payment",
    response={200: PaymentOut, **_WRITE},
    summary="去缴费 · Pay",
    operation_id="pay_fee",
    tags=_TAGS,
)
def pay(request: HttpRequest, number: Number) -> Any:
    """Give the bank's page; repeated, the same page while it can be paid."""
    return {"page": services.pay(acting(request, "case.correct"), number)}


@router.post(
    "/fees/{number}/question",
    response={200: FeeOut, **_WRITE},
    summary="查询到账 · Ask the bank",
    operation_id="ask_bank",
    tags=_TAGS,
)
def question(request: HttpRequest, number: Number, lang: Lang | None = None) -> Any:
    """Ask the bank whether it was paid, where nobody has told us yet."""
    subject = acting(request, "case.read")
    queries.look(subject, number)
    services.ask_bank(number)
    return queries.order_view(queries.look(subject, number), speaks(request, lang))


@router.get(
    "/receipts/{number}",
    response={200: ReceiptOut, **_READ},
    summary="电子票据 · A receipt",
    operation_id="receipt",
    tags=_TAGS,
)
def receipt(request: HttpRequest, number: ReceiptNumber) -> Any:
    """Show a receipt to its payer, or to an official of its department."""
    return queries.receipt_view(acting(request, "case.read"), number)


@router.post(
    "/fees/{number}/refunds",
    response={201: RefundOut, **_WRITE},
    summary="申请退付 · Ask for a refund",
    operation_id="ask_refund",
    tags=_TAGS,
)
def ask_refund(
    request: HttpRequest, number: Number, body: RefundIn, lang: Lang | None = None
) -> Any:
    """Ask that money be given back (clerk); above the limit somebody else approves it."""
    made = services.ask_refund(
        acting(request, "fee.refund"), number, body.amount_fen, body.why, body.note
    )
    shown = queries.refund_view(Refund.objects.get(number=made), speaks(request, lang))
    return Status(201, shown)


@router.post(
    "/fees/{number}/wishes",
    response={201: FeeOut, **_WRITE},
    summary="申请退款 · Want money back",
    operation_id="wish_refund",
    tags=_TAGS,
)
def wish_refund(
    request: HttpRequest, number: Number, body: RefundWishIn, lang: Lang | None = None
) -> Any:
    """Ask for money of one's own fee back (payer); an official of the department answers."""
    subject = acting(request, "case.correct")
    services.wish_refund(subject, number, body.why, body.note)
    shown = queries.order_view(queries.look(subject, number), speaks(request, lang))
    return Status(201, shown)


@router.get(
    "/wishes",
    response={200: list[RefundWishOut], **_READ},
    summary="待答复的退付申请 · Wishes to answer",
    operation_id="refund_wishes",
    tags=_TAGS,
)
def wishes(request: HttpRequest, lang: Lang | None = None) -> Any:
    """List the wishes that wait for this official (clerk), oldest first, 500 at most."""
    spoken = speaks(request, lang)
    rows = queries.wishes_for(acting(request, "fee.refund"))
    return [queries.wish_view(one, spoken) for one in rows]


@router.post(
    "/wishes/{wish}/answer",
    response={200: RefundWishOut, **_WRITE},
    summary="答复退付申请 · Answer a wish",
    operation_id="answer_wish",
    tags=_TAGS,
)
def answer_wish(
    request: HttpRequest,
    wish: Annotated[int, Field(ge=1, le=2**53 - 1)],
    body: WishAnswerIn,
    lang: Lang | None = None,
) -> Any:
    """Grant a wish, which asks for a refund, or decline it with a reason (clerk)."""
    services.answer_wish(
        acting(request, "fee.refund"), wish, fen=body.amount_fen, reason=body.reason
    )
    return queries.wish_view(RefundWish.objects.get(pk=wish), speaks(request, lang))


@router.post(
    "/refunds/{number}/decision",
    response={200: RefundOut, **_WRITE},
    summary="复核退付 · Approve a refund or not",
    operation_id="decide_refund",
    tags=_TAGS,
)
def decide_refund(
    request: HttpRequest, number: RefundNumber, body: RefundDecisionIn, lang: Lang | None = None
) -> Any:
    """Approve a refund that another has asked for, or refuse it (approver)."""
    subject = acting(request, "fee.approve")
    if body.approve:
        services.approve(subject, number)
    else:
        services.refuse_refund(subject, number, body.reason)
    return queries.refund_view(Refund.objects.get(number=number), speaks(request, lang))


@router.get(
    "/banks/{provider}/mismatches",
    response={200: MismatchesOut, **_READ, 503: Problem},
    summary="对账差错 · What differs",
    operation_id="mismatches",
    tags=_TAGS,
)
def mismatches(
    request: HttpRequest,
    provider: Bank,
    day: date | None = None,
    settled: bool = False,  # noqa: FBT001, FBT002 - a parameter of the address
    page: Page = 1,
    size: Size = 20,
    lang: Lang | None = None,
) -> Any:
    """List what differs between this bank and us (approver who keeps the accounts, auditor)."""
    subject, spoken = acting(request, "fee.read"), speaks(request, lang)
    rows = Paginator(queries.mismatches(subject, provider, day, settled=settled), size)
    shown = rows.get_page(page) if page <= rows.num_pages else []
    return {
        "total": rows.count,
        "mismatches": [queries.mismatch_view(one, spoken) for one in shown],
    }


@router.post(
    "/mismatches/{mismatch}/settlement",
    response={200: MismatchOut, **_WRITE},
    summary="处理差错 · Settle a difference",
    operation_id="settle_mismatch",
    tags=_TAGS,
)
def settle(
    request: HttpRequest,
    mismatch: Annotated[int, Field(ge=1, le=2**53 - 1)],
    body: MismatchSettlementIn,
    lang: Lang | None = None,
) -> Any:
    """Settle a difference with a reason (approver who keeps the accounts)."""
    services.settle(acting(request, "fee.settle"), mismatch, body.reason)
    row = Mismatch.objects.filter(pk=mismatch).first()
    if row is None:
        raise FeeUnknown(mismatch)
    return queries.mismatch_view(row, speaks(request, lang))
