"""Pages of fees (缴费): what is due, the way to the bank and back, the receipt.

The bank is another host: a page of ours links there and never sends a form to it, so that the
policy of every page stays as strict as it is.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tongban.apps.cases import services as cases
from tongban.apps.fees import queries, services
from tongban.apps.fees.errors import BankSilent, FeeError, FeeUnknown, NotAllowed
from tongban.infra.access.domain import Subject

from .components import Field, Option
from .pages import acting_subject, language, page, words_of
from .shown import yuan
from .stepping import form_of

_LISTED = 100
_TONES = {"open": "wait", "held": "alert", "paid": "done"}


def _payer(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give a page of fees who looks; what is not its own does not exist for it."""

    @wraps(view)
    def guarded(request: HttpRequest, **more: str) -> HttpResponse:
        subject = acting_subject(request)
        if subject is None:
            return redirect(f"{reverse('sign-in')}?{urlencode({'next': request.path})}")
        try:
            return view(request, subject, **more)
        except FeeUnknown:
            return page(request, "missing", {"subject": subject}, status=404)
        except FeeError as refused:
            line = refused.en if language(request) == "en" else refused.zh
            status = {BankSilent: 503, NotAllowed: 403}.get(type(refused), 409)
            return page(request, "refused", {"subject": subject, "lines": [line]}, status)

    return guarded


def _view(order: dict[str, Any], t: Mapping[str, str]) -> dict[str, Any]:
    """Make an order ready for a page."""
    return order | {
        "tone": _TONES.get(order["state"], "quiet"),
        "amount": yuan(order["amount_fen"], t),
        "until": parse_datetime(order["expires"]),
        "receipts": [one | {"amount": yuan(one["amount_fen"], t)} for one in order["receipts"]],
        "refunds": [one | {"amount": yuan(one["amount_fen"], t)} for one in order["refunds"]],
    }


@require_GET
@_payer
def own_fees(request: HttpRequest, subject: Subject) -> HttpResponse:
    """List what was asked of the visitor, the latest first."""
    lang, t = language(request), words_of(request)
    rows = [
        {
            "name": order.name_en if lang == "en" else order.name,
            "url": reverse("fee", args=[order.number]),
            "hint": yuan(order.amount_fen, t),
            "tone": _TONES.get(order.state, "quiet"),
            "state": queries.STATES[order.state].of(lang),  # type: ignore[index]
        }
        for order in queries.orders_of(subject)[:_LISTED]
    ]
    return page(request, "fees", {"subject": subject, "rows": rows})


@require_GET
@_payer
def fee(request: HttpRequest, subject: Subject, number: str) -> HttpResponse:
    """Show one fee: how it stands, its receipts, and what was given back."""
    return _fee(request, subject, number)


def _fee(
    request: HttpRequest, subject: Subject, number: str, *, silent: bool = False
) -> HttpResponse:
    lang = language(request)
    order = queries.order_view(queries.look(subject, number), lang)
    shown = {
        "subject": subject,
        "order": _view(order, words_of(request)),
        "silent": silent,
        "begun": queries.begun(number),
        "wishes": services.may_wish(queries.look(subject, number)),
    }
    return page(request, "fee", shown)


@require_http_methods(["GET", "POST"])
@_payer
def refund(request: HttpRequest, subject: Subject, number: str) -> HttpResponse:
    """Take why money is wanted back; a department answers, nothing moves by itself."""
    order = queries.look(subject, number)
    if not services.may_wish(order):
        return redirect("fee", number)
    lang, t = language(request), words_of(request)
    fields = [
        Field(
            "why",
            t["refund_why"],
            "choice",
            options=tuple(
                Option(name, queries.WHY[name].of(lang)) for name in sorted(services.REASONS)
            ),
        ),
        Field("note", t["refund_note"], "long", most=services.MOST_NOTE),
    ]
    shown = {
        "subject": subject,
        "order": _view(queries.order_view(order, lang), t),
        "left": yuan(services.left_of(order), t),
    }
    form = form_of(request, fields)
    if not form.whole:
        return page(request, "fee_refund", {**shown, "form": form}, form.status)
    why, note = (one.value for one in form.fields)
    services.wish_refund(subject, number, why, note[: services.MOST_NOTE])
    return redirect("fee", number)


@require_POST
@_payer
def pay(request: HttpRequest, subject: Subject, number: str) -> HttpResponse:
    """Have the bank make its page, and show the way there."""
    back = f"{settings.ORIGIN}{reverse('fee-back', args=[number])}"
    bank = services.pay(subject, number, back)
    lang = language(request)
    order = _view(queries.order_view(queries.look(subject, number), lang), words_of(request))
    return page(request, "fee_bank", {"subject": subject, "order": order, "bank": bank})


@require_GET
@_payer
def back(request: HttpRequest, subject: Subject, number: str) -> HttpResponse:
    """Ask the bank what came of it, whatever the browser says, and let the case go on."""
    order = queries.look(subject, number)
    try:
        services.ask_bank(number)
    except BankSilent:
        return _fee(request, subject, number, silent=True)
    cases.advance(order.case)
    return redirect("fee", number)


@require_GET
@_payer
def receipt(request: HttpRequest, subject: Subject, number: str) -> HttpResponse:
    """Show an electronic receipt (电子票据) as it was issued."""
    found, t = queries.receipt_view(subject, number), words_of(request)
    shown = {
        "subject": subject,
        "receipt": found | {"amount": yuan(found["amount_fen"], t)},
    }
    return page(request, "fee_receipt", shown)
