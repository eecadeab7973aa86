"""Duties of a department beside its cases: licences that end, money that goes back, its ratings.

What changes a right or money asks who is signed in to prove more first, and wants a reason.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods

from tongban.apps.fees import queries as fees
from tongban.apps.fees import services as giving
from tongban.apps.fees.errors import FeeError, FeeUnknown, ProviderMissing
from tongban.apps.items import queries as items
from tongban.apps.licences import queries as licences
from tongban.apps.licences import services as licensing
from tongban.apps.licences.errors import LicenceError, LicenceUnknown
from tongban.apps.parties import queries as parties
from tongban.apps.voice import queries as voice
from tongban.apps.voice import services as answering
from tongban.apps.voice.domain import HOW, LONGEST, Answer, RatingRefused
from tongban.infra.access.domain import Subject
from tongban.web.components import Field, Option, gather
from tongban.web.desk.forms import wrong
from tongban.web.desk.frame import address, official, said, show
from tongban.web.pages import language, missing, words_of

_LISTED = 20
_NUMBER = re.compile(r"[0-9]{1,18}")
_TONES = {"valid": "done", "suspended": "wait", "superseded": "quiet", "revoked": "stop"}
#: What may be done to a licence in each state; a flag is taken off in either of the first two.
_ACTS = {"valid": ("suspend", "revoke"), "suspended": ("restore", "revoke")}


# --- licences ---------------------------------------------------------------------------------


@require_GET
@official("approver")
def find_licence(request: HttpRequest, subject: Subject) -> HttpResponse:
    """Ask which licence; one that the subject may see opens at once."""
    asked = request.GET.get("identifier", "").strip()[:100]
    t = words_of(request)
    field = Field("identifier", t["licence"], value=asked, most=100)
    if asked:
        try:
            licences.look(subject, asked)
        except LicenceError as refused:
            shown = {"field": replace(field, error=said(request, refused))}
            return show(request, subject, "desk_licences", shown, 404)
        return redirect("desk-licence", identifier=asked)
    return show(request, subject, "desk_licences", {"field": field})


@require_http_methods(["GET", "POST"])
@official("approver")
def licence(request: HttpRequest, subject: Subject, identifier: str) -> HttpResponse:
    """Show a licence, and suspend, restore, revoke or clear it with its legal basis and reason."""
    try:
        row = licences.look(subject, identifier)
    except LicenceError:
        return missing(request)
    lang, t = language(request), words_of(request)
    acts = (*_ACTS.get(row.state, ()), *(("settle",) if row.flagged and row.state in _ACTS else ()))
    fields = [
        Field("act", t["desk_what"], "choice",
              options=tuple(Option(act, t[f"desk_licence_{act}"]) for act in acts)),
        Field("authority", t["desk_authority"], hint=t["desk_authority_hint"], most=200),
        Field("reason", t["desk_reason"], "long", most=200),
    ]  # fmt: skip
    shown: dict[str, Any] = {
        "row": row,
        "name": licences.kind_of(row).name.of(lang),
        "tone": _TONES[row.state],
        "state": t[f"desk_licence_is_{row.state}"],
        "department": parties.department_name(row.department, lang),
        "form": fields if acts else [],
        "lines": [],
    }
    if request.method == "GET":
        return show(request, subject, "desk_licence", shown)
    sent = {name: text[:200] for name, text in gather(fields, request.POST).items()}
    amiss = {name: t["answer_needed"] for name, text in sent.items() if not text}
    if sent["act"] not in acts:
        amiss["act"] = t["answer_needed"]
    if amiss:
        shown["form"] = wrong(fields, sent, amiss)
        return show(request, subject, "desk_licence", shown, 422)
    act = cast("licensing.Act", sent["act"])
    try:
        licensing.order(
            subject, identifier, act, authority=sent["authority"], reason=sent["reason"]
        )
    except LicenceUnknown:
        return missing(request)
    except LicenceError as refused:
        shown |= {"form": wrong(fields, sent, {}), "lines": [said(request, refused)]}
        return show(request, subject, "desk_licence", shown, 409)
    return redirect("desk-licence", identifier=identifier)


# --- fees -------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@official("approver")
def fees_page(request: HttpRequest, subject: Subject) -> HttpResponse:
    """Show refunds that wait for a second hand, and what differs from the bank's statement."""
    if request.method == "GET":
        return _fees(request, subject)
    act, of = request.POST.get("act", ""), request.POST.get("of", "")[:44]
    reason = request.POST.get("reason", "").strip()[:2000]
    try:
        if act == "approve":
            giving.approve(subject, of)
        elif act == "refuse" and reason:
            giving.refuse_refund(subject, of, reason)
        elif act == "settle" and _NUMBER.fullmatch(of):
            giving.settle(subject, int(of), reason)
        elif act == "refuse":
            t = words_of(request)
            return _fees(request, subject, lines=[t["desk_refund_reason"]], status=422)
        else:
            return missing(request)
    except FeeUnknown:
        return missing(request)
    except FeeError as refused:
        return _fees(request, subject, lines=[said(request, refused)], status=409)
    return redirect("desk-fees")


def _fees(
    request: HttpRequest, subject: Subject, *, lines: Sequence[str] = (), status: int = 200
) -> HttpResponse:
    lang = language(request)
    refunds = [
        fees.refund_view(one, lang) | {"yuan": _yuan(one.amount_fen), "asked_at": one.asked}
        for one in fees.to_approve(subject, _LISTED)
    ]
    try:
        banks = fees.accounts_of(subject)
    except ProviderMissing as amiss:
        banks, lines = [], [*lines, said(request, amiss)]
    found = [
        fees.mismatch_view(row, lang)
        | {"bank": _yuan(row.bank_fen), "ours": _yuan(row.here_fen), "found_at": row.found}
        for bank in banks
        for row in fees.mismatches(subject, bank)[:_LISTED]
    ]
    shown = {"refunds": refunds, "findings": found, "keeps": bool(banks), "lines": lines}
    return show(request, subject, "desk_fees", shown, status)


def _yuan(fen: int) -> str:
    """Write whole fen as yuan.

    >>> _yuan(240_00), _yuan(-5)
    ('240.00', '-0.05')
    """
    whole, part = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{whole}.{part:02d}"


# --- ratings ----------------------------------------------------------------------------------


@require_GET
@official("clerk", "reviewer", "approver")
def ratings(request: HttpRequest, subject: Subject) -> HttpResponse:
    """Show what people said of the department's work, the latest first."""
    lang, t = language(request), words_of(request)
    roles = {"clerk", "reviewer", "approver"}
    mine = list(dict.fromkeys(p.department for p in subject.posts if p.role in roles))
    chosen = request.GET.get("department", "")
    department = chosen if chosen in mine else mine[0]
    asked = request.GET.get("before", "")
    before = int(asked) if _NUMBER.fullmatch(asked) else 0
    found = voice.of_department(subject, department, before=before, size=_LISTED + 1)
    rows = [
        {
            "tone": "stop" if row["level"] <= 2 else "done",
            "level": t[f"rating_{row['level']}"],
            "name": _item_name(row["item"], lang),
            "day": row["day"],
            "tags": voice.tag_words(row["tags"], lang),
            "words": row["words"],
            "case": row["case"],
            "url": address("desk-case", row["case"], row["item"]) if row["case"] else "",
            "call_back": row["call_back"],
            "answer": address("desk-rating", str(row["id"]), department=department)
            if row["call_back"] and row["call_back"]["open"]
            else "",
        }
        for row in found[:_LISTED]
    ]
    here = {"department": department}
    more = {**here, "before": str(found[_LISTED - 1]["id"])} if len(found) > _LISTED else {}
    counted = voice.levels(department=department)
    shown = {
        "rows": rows,
        "name": parties.department_name(department, lang),
        "departments": [
            (address("desk-ratings", department=one), one, parties.department_name(one, lang))
            for one in mine
        ],
        "department": department,
        "waiting": voice.to_call_back(subject, department),
        "counted": [
            {"label": t[f"rating_{level}"], "shown": n} for level, n in (counted or {}).items()
        ],
        "first": address("desk-ratings", **here) if before else "",
        "later": address("desk-ratings", **more) if more else "",
    }
    return show(request, subject, "desk_ratings", shown)


@require_http_methods(["GET", "POST"])
@official("clerk", "reviewer")
def call_back(request: HttpRequest, subject: Subject, number: str) -> HttpResponse:
    """Take what came of calling back who was not content; nobody calls about its own decision."""
    lang, t = language(request), words_of(request)
    department = request.GET.get("department", "")
    if not _NUMBER.fullmatch(number) or department not in {p.department for p in subject.posts}:
        return missing(request)
    rating = int(number)
    found = voice.of_department(subject, department, before=rating + 1, size=1)
    row = next((one for one in found if one["id"] == rating and one["call_back"]), None)
    if row is None or not row["call_back"]["open"]:
        return missing(request)
    fields = [
        Field("how", t["callback_how"], "choice",
              options=tuple(Option(name, told.of(lang)) for name, told in HOW.items()
                            if row["case"] or name == "looked-into")),
        Field("found", t["callback_found"], "long", most=LONGEST),
        Field("mended", t["callback_mended"], "check"),
    ]  # fmt: skip
    shown: dict[str, Any] = {
        "row": row | {"name": _item_name(row["item"], lang), "level": t[f"rating_{row['level']}"]},
        "tags": voice.tag_words(row["tags"], lang),
        "back": address("desk-ratings", department=department),
        "form": fields,
        "lines": [],
    }
    if request.method == "GET":
        return show(request, subject, "desk_rating", shown)
    sent = gather(fields, request.POST)
    amiss = {name: t["answer_needed"] for name in ("how", "found") if not sent[name].strip()}
    if amiss:
        return show(
            request, subject, "desk_rating", shown | {"form": wrong(fields, sent, amiss)}, 422
        )
    answer = Answer(sent["how"], sent["found"], mended=sent["mended"] == "yes")
    try:
        answering.call_back(subject, rating, answer)
    except RatingRefused as refused:
        shown |= {"form": wrong(fields, sent, {}), "lines": [said(request, refused)]}
        return show(request, subject, "desk_rating", shown, 409)
    return redirect(shown["back"])


def _item_name(item: str, lang: str) -> str:
    try:
        return items.item(item).name.of(lang)
    except items.NotPublished:
        return item
