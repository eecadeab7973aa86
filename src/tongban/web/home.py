"""The first page: one box to ask, tiles to go on from, and what waits for the visitor (首页)."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from tongban.apps.cases import queries
from tongban.apps.cases.desk import Wanted
from tongban.apps.items import queries as items
from tongban.infra import clock
from tongban.infra.access.domain import Subject

from . import company
from .desk.frame import counted
from .pages import acting_subject, language, page, view_of, words_of
from .translated import Reader, reader

_LISTED = 20
_WAITING = 3  # cases shown on the first page; all of them are one tap further
_TILES = 6
_ELDER_TILES = 4  # house rule of the elder view: four tiles, large enough to be seen at once


def _tile(row: items.ServiceRow, read: Reader) -> dict[str, str]:
    """Give the tile of a service; its picture is that of its first theme."""
    return {
        "name": read(row.about)[0],
        "url": reverse("guide", args=[row.slug]),
        "icon": next((theme.icon for theme in row.themes if theme.icon), "services"),
    }


def _first(rows: Iterable[items.ServiceRow]) -> list[items.ServiceRow]:
    """Put first what a theme for elders holds."""
    return sorted(rows, key=lambda row: not any(theme.elders for theme in row.themes))


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Show what waits for whoever is signed in, and where to begin."""
    subject = acting_subject(request)
    view, lang, t = view_of(request), language(request), words_of(request)
    doors = [
        {"name": t["home_title"], "url": reverse("my-cases"), "icon": "file"},
        {"name": t["home_help"], "url": reverse("delegations"), "icon": "help"}
        if view.elder
        else {"name": t["licences_link"], "url": reverse("licences"), "icon": "licence"},
    ]
    rows = items.services(of="life-event", size=_TILES).rows
    if view.elder:
        rows = tuple(_first(rows)[: _ELDER_TILES - len(doors)])
    read = reader(request, (row.about for row in rows))
    events = [_tile(row, read) for row in rows]
    shown = {
        "subject": subject,
        "tiles": [*events, *doors],
        "due": company.waiting(subject, lang, t)[:_LISTED] if subject else [],
        "drafts": _drafts(subject, lang, t)[:_WAITING] if subject else [],
        "waiting": _cases(queries.page_of(subject, size=_WAITING), lang) if subject else [],
        "queue": counted(subject, Wanted()) if subject and subject.posts else "",
        "by_link": settings.ENTER_BY_LINK,
    }
    return page(request, "home", shown)


def _drafts(subject: Subject, lang: str, t: Mapping[str, str]) -> list[dict[str, Any]]:
    """List what was begun and not sent, to go on with."""
    return [
        {
            "name": items.life_event(row.life_event).name.of(lang),
            "url": reverse("apply", args=[row.life_event]),
            "hint": str(t["draft_until"]).format(
                day=row.ends.astimezone(clock.SHANGHAI).date().isoformat()
            ),
            "tone": "wait",
            "state": t["draft_go_on"],
        }
        for row in queries.drafts_of(subject)
    ]


def _cases(rows: Iterable[Any], lang: str) -> list[dict[str, Any]]:
    return [
        {
            "number": row.number,
            "name": items.life_event(row.life_event, row.version).name.of(lang),
            "submitted": row.submitted,
            "ended": row.ended,
        }
        for row in rows
    ]


@require_GET
def my_cases(request: HttpRequest) -> HttpResponse:
    """Show the visitor's own cases, so many a page; drafts on the first."""
    subject = acting_subject(request)
    if subject is None:
        return redirect(f"{reverse('sign-in')}?{urlencode({'next': request.path})}")
    lang, t = language(request), words_of(request)
    before = request.GET.get("before", "")
    rows = queries.page_of(subject, before=before, size=_LISTED + 1)
    shown = {
        "cases": _cases(rows[:_LISTED], lang),
        "drafts": [] if before else _drafts(subject, lang, t),
        "earlier": reverse("my-cases") if before else "",
        "later": f"?before={rows[_LISTED - 1].number}" if len(rows) > _LISTED else "",
    }
    return page(request, "cases", {"subject": subject, **shown})
