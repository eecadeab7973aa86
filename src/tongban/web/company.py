"""Pages for companies (企业): for which one somebody stands, who acts for it, and what is due.

What is due is gathered from what exists, one query a source; nothing is kept for the calendar.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from tongban.apps.cases import queries as cases
from tongban.apps.fees import queries as fees
from tongban.apps.items import queries as items
from tongban.apps.licences import queries as licences
from tongban.apps.parties import delegating
from tongban.infra import clock
from tongban.infra.access.domain import Subject
from tongban.infra.access.models import User

from .pages import acting_subject, language, page, subject_of, words_of
from .signing_in import signed_in

_LISTED = 100
_STARTS = 6  # life events of companies that are offered as tiles


@require_GET
@signed_in
def companies(request: HttpRequest, user: User) -> HttpResponse:
    """Show the companies one represents or acts for, their delegates, and what they may begin."""
    subject = subject_of(request)
    if subject is None:
        return redirect("sign-in")
    lang, now = language(request), clock.now()
    own = delegating.companies_of(subject)
    given = [
        row
        for row in delegating.given_by(subject)
        if row.company is not None and row.ended is None and row.ends > now
    ]
    represented = [
        {"firm": firm, "delegates": [row for row in given if row.company_id == firm.pk]}
        for firm in own
    ]
    starts = items.services(of="life-event", audience="company", size=_STARTS).rows
    shown = {
        "subject": subject,
        "represented": represented,
        "held": [row for row in delegating.held_by(user) if row.company is not None],
        "starts": [
            {
                "name": row.name.of(lang),
                "url": reverse("guide", args=[row.slug]),
                "hint": row.summary.of(lang),
                "icon": "company",
            }
            for row in starts
        ],
    }
    return page(request, "companies", shown)


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """One thing that is due, with its day; none means as soon as one can."""

    day: date
    kind: str
    name: str
    url: str


@require_GET
def calendar(request: HttpRequest) -> HttpResponse:
    """List by date what ends or is owed: licences, delegations, fees, corrections, drafts."""
    subject = acting_subject(request)
    if subject is None:
        return redirect(f"{reverse('sign-in')}?{urlencode({'next': request.path})}")
    t = words_of(request)
    today = clock.today()
    rows = [_row(one, today, t) for one in sorted(due(subject, language(request)))]
    return page(request, "calendar", {"subject": subject, "rows": rows})


def _row(one: Due, today: date, t: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": one.name,
        "url": one.url,
        "hint": t["due_now"] if one.day == date.min else one.day.isoformat(),
        "tone": "alert" if one.day <= today else "wait",
        "state": t[one.kind],
    }


def waiting(subject: Subject, lang: str, t: Mapping[str, str]) -> list[dict[str, Any]]:
    """Give what waits for this subject and nobody else: corrections, confirmations and fees."""
    found = sorted((*_asked(subject, lang), *_fees(subject, lang)))
    return [_row(one, clock.today(), t) for one in found]


def _asked(subject: Subject, lang: str) -> Iterable[Due]:
    for one in cases.asking(subject):
        name = items.item(one.item, one.item_version).name.of(lang)
        yield Due(date.min, "due_asked", name, reverse("case", args=[one.number]))


def _fees(subject: Subject, lang: str) -> Iterable[Due]:
    for order in fees.orders_of(subject).filter(state="open")[:_LISTED]:
        name = order.name_en if lang == "en" else order.name
        day = order.expires.astimezone(clock.SHANGHAI).date()
        yield Due(day, "due_fee", name, reverse("fee", args=[order.number]))


def due(subject: Subject, lang: str) -> Iterable[Due]:
    """Give what is due of this subject: its own, or of whom it acts for."""
    yield from _asked(subject, lang)
    yield from _fees(subject, lang)
    for draft in cases.drafts_of(subject):
        name = items.life_event(draft.life_event).name.of(lang)
        day = draft.ends.astimezone(clock.SHANGHAI).date()
        yield Due(day, "due_draft", name, reverse("apply", args=[draft.life_event]))
    for row in licences.ending(subject, clock.today(), _LISTED):
        if row.valid_until is not None:
            name = licences.kind_of(row).name.of(lang)
            there = reverse("licence", args=[row.identifier])
            yield Due(row.valid_until, "due_licence", name, there)
    if subject.behalf is None:
        yield from _delegations(subject)


def _delegations(subject: Subject) -> Iterable[Due]:
    """Give when those end who act for this person or its companies."""
    for one in delegating.given_by(subject):
        if one.ended is None and one.ends > clock.now():
            day = one.ends.astimezone(clock.SHANGHAI).date()
            yield Due(day, "due_delegation", one.agent.first_name, reverse("delegations"))
