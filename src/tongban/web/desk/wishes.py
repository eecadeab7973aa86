"""The page of what payers want back (退款申请): an official grants part or all, or declines."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from tongban.apps.fees import queries, services
from tongban.apps.fees.errors import FeeError, FeeUnknown
from tongban.infra.access.domain import Subject
from tongban.web.components import Field
from tongban.web.pages import language, missing, words_of
from tongban.web.shown import yuan

from .frame import official, said, show

_LISTED = 20
_MOST = 500


@require_http_methods(["GET", "POST"])
@official("clerk")
def wishes(request: HttpRequest, subject: Subject) -> HttpResponse:
    """Show what payers of one's department want back, and take the answers."""
    if request.method == "GET":
        return _wishes(request, subject)
    t = words_of(request)
    of, act = request.POST.get("of", ""), request.POST.get("act", "")
    if not (of.isascii() and of.isdecimal() and len(of) < 19) or act not in {"grant", "decline"}:
        return missing(request)
    fen = _fen(request.POST.get("amount", "")) if act == "grant" else 0
    reason = request.POST.get("reason", "").strip()[:_MOST]
    if not (fen if act == "grant" else reason):
        lacking = (of, "amount" if act == "grant" else "reason", t["answer_needed"])
        return _wishes(request, subject, wrong=lacking, status=422)
    try:
        services.answer_wish(subject, int(of), fen=fen, reason=reason)
    except FeeUnknown:
        return missing(request)
    except FeeError as refused:
        return _wishes(request, subject, lines=[said(request, refused)], status=409)
    return redirect("desk-wishes")


def _fen(text: str) -> int:
    """Read yuan as fen; 0 where it is no amount.

    >>> _fen("240"), _fen("0.05"), _fen("1.234"), _fen("-1"), _fen("x")
    (24000, 5, 0, 0, 0)
    """
    try:
        fen = Decimal(text.strip() or "0") * 100
    except InvalidOperation:
        return 0
    return int(fen) if fen.is_finite() and fen == fen.to_integral_value() and fen > 0 else 0


def _wishes(
    request: HttpRequest,
    subject: Subject,
    *,
    lines: Sequence[str] = (),
    wrong: tuple[str, str, str] = ("", "", ""),
    status: int = 200,
) -> HttpResponse:
    lang, t = language(request), words_of(request)
    rows = []
    for one in queries.wishes_for(subject, _LISTED):
        left = services.left_of(one.order)
        rows.append(
            queries.wish_view(one, lang)
            | {
                "name": one.order.name_en if lang == "en" else one.order.name,
                "left": yuan(left, t),
                "day": one.wished,
                "fields": _fields(one.pk, left, t, wrong),
            }
        )
    fields = [field for row in rows for field in row["fields"]]
    return show(
        request, subject, "desk_wishes", {"rows": rows, "lines": lines, "fields": fields}, status
    )


def _fields(
    number: int, left: int, t: Mapping[str, str], wrong: tuple[str, str, str]
) -> list[Field]:
    of, name, error = wrong
    made = [
        Field("amount", t["wish_amount"], "money", f"{left // 100}.{left % 100:02d}"),
        Field("reason", t["wish_reason"], "long", optional=True, most=_MOST),
    ]
    return [
        replace(
            field,
            key=f"{field.name}-{number}",
            error=error if (of, name) == (str(number), field.name) else "",
        )
        for field in made
    ]
