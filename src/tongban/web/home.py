"""The first page: one box to ask, tiles to go on from, and what waits for the visitor (首页)."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from tongban.apps.cases import queries
from tongban.apps.items import queries as items
from tongban.infra.access.domain import Subject

from .languages import words
from .pages import acting_subject, language, page, view_of

_LISTED = 20
_WAITING = 3  # cases shown on the first page; all of them are one tap further
_ICONS = {"newborn": "baby", "enterprise-start": "company", "old-age-allowance": "elder"}
_ELDER_TILES = 4  # house rule of the elder view: four tiles, large enough to be seen at once


def tile(slug: str, lang: str) -> dict[str, str]:
    """Give the tile of a life event."""
    return {
        "name": items.life_event(slug).name.of(lang),
        "url": reverse("guide", args=[slug]),
        "icon": _ICONS.get(slug, "services"),
    }


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Show where to begin, and what waits for whoever is signed in."""
    subject = acting_subject(request)
    view, lang = view_of(request), language(request)
    t = words(view.language.tag)
    doors = [
        {"name": t["home_title"], "url": reverse("my-cases"), "icon": "file"},
        {"name": t["home_help"], "url": reverse("delegations"), "icon": "help"}
        if view.elder
        else {"name": t["licences_link"], "url": reverse("licences"), "icon": "licence"},
    ]
    events = [tile(slug, lang) for slug in items.life_events()]
    if view.elder:
        events = sorted(events, key=lambda one: one["icon"] != "elder")[: _ELDER_TILES - len(doors)]
    shown = {
        "subject": subject,
        "tiles": [*events, *doors],
        "waiting": _cases(subject, lang)[:_WAITING] if subject else [],
        "queue": len(queries.queue(subject)[:_LISTED]) if subject and subject.posts else 0,
        "by_link": settings.ENTER_BY_LINK,
    }
    return page(request, "home", shown)


def _cases(subject: Subject, lang: str) -> list[dict[str, Any]]:
    return [
        {
            "number": row.number,
            "name": items.life_event(row.life_event, row.version).name.of(lang),
            "submitted": row.submitted,
            "ended": row.ended,
        }
        for row in queries.cases_of(subject)[:_LISTED]
    ]


@require_GET
def my_cases(request: HttpRequest) -> HttpResponse:
    """Show the visitor's own cases."""
    subject = acting_subject(request)
    if subject is None:
        return page(request, "sign_in_first", {})
    return page(request, "cases", {"subject": subject, "cases": _cases(subject, language(request))})


@require_GET
def desk(request: HttpRequest) -> HttpResponse:
    """Show an official what waits for a decision of theirs."""
    subject = acting_subject(request)
    if subject is None or not subject.posts:
        return page(request, "missing", {"subject": subject}, status=404)
    lang = language(request)
    queue = [
        {
            "number": row.case_id,
            "name": items.item(row.item, row.version).name.of(lang),
            "due": row.due,
        }
        for row in queries.queue(subject)[:_LISTED]
    ]
    return page(request, "desk", {"subject": subject, "queue": queue})
