"""Pages of what can be applied for (办事): the list with its filters, and the guide of one service.

Open to everybody: what a service is, what it asks and what it costs is nobody's secret.
"""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from tongban.apps.exchange import queries as exchange
from tongban.apps.items import queries as items
from tongban.apps.items import translating
from tongban.apps.items.domain.pieces import ABOUT, Piece, pieces
from tongban.apps.items.translating import Signed
from tongban.infra import clock, regions
from tongban.infra.access.questions import may_ask

from .components import Field, Option
from .languages import Language
from .pages import acting_subject, language, missing, page, too_many, view_of, words_of
from .translated import Reader, names, reader

_SIZE = 20
_FILTERS = ("of", "life_event", "theme", "department", "region", "audience")
_TYPED = 100
_LABELS = {
    "life_event": "services_event",
    "theme": "services_theme",
    "department": "department",
    "region": "services_region",
    "audience": "services_for",
}
#: The life event comes before its items, and these sections before the written paragraphs.
_FIRST = ("who", "known", "asked", "bring", "time", "fee", "result")


@require_GET
def services(request: HttpRequest) -> HttpResponse:
    """List what can be applied for, by life event, theme, department, region and name."""
    lang = language(request)
    asked = {name: request.GET.get(name, "") for name in _FILTERS}
    typed = request.GET.get("q", "").strip()[:_TYPED]
    number = request.GET.get("page", "1")
    at = int(number) if number.isascii() and number.isdecimal() and len(number) < 6 else 1
    refused = bool(typed) and not may_ask(request)
    into, named = view_of(request).language, "" if refused else typed
    called = translating.called(named, into.tag) if named and into.pack else ()
    found = items.services(**asked, named=named, called=called, page=max(at, 1), size=_SIZE)
    facets = items.facets()
    asked["q"] = typed
    events = [row.about for row, _ in facets.life_events]
    read = reader(request, [*events, *(row.about for row in found.rows)])
    shown = {
        "subject": acting_subject(request),
        "rows": [
            {
                "name": name,
                "hint": summary,
                "url": reverse("guide", args=[row.slug]),
                "state": "",
            }
            for row in found.rows
            for name, summary in [read(row.about)]
        ],
        "total": found.total,
        "themes": [
            {"name": theme.name.of(lang), "hint": str(count), "url": f"?theme={theme.slug}"}
            for theme, count in facets.themes
        ],
        "narrow": _narrow(facets, asked, lang, words_of(request), read),
        "reading": found.reading,
        "ask": f"{reverse('ask')}?{urlencode({'q': typed})}",
        "asked": asked,
        "filtered": any(asked.values()),
        "earlier": _page(asked, at - 1) if at > 1 else "",
        "later": _page(asked, at + 1) if at * _SIZE < found.total else "",
    }
    if refused:
        nothing = {"rows": (), "total": "", "earlier": "", "later": ""}
        return too_many(request, "services", shown | nothing)
    return page(request, "services", shown)


def _narrow(
    facets: items.Facets,
    asked: Mapping[str, str],
    lang: str,
    t: Mapping[str, str],
    read: Reader,
) -> list[Field]:
    """Give the lists to choose from: what there is, and the place of a narrower address."""
    departments = exchange.departments() if facets.departments else {}
    places = dict.fromkeys(code for code, _ in facets.regions)
    standing = regions.places(clock.today())
    if standing.name(asked["region"]):
        places[asked["region"]] = None
    choices = {
        "life_event": [(row.slug, read(row.about)[0]) for row, _ in facets.life_events],
        "theme": [(theme.slug, theme.name.of(lang)) for theme, _ in facets.themes],
        "department": [
            (key, departments[key].name.of(lang) if key in departments else key)
            for key, _ in facets.departments
        ],
        "region": [(code, standing.name(code)) for code in places],
        "audience": [(one, t[f"services_{one}"]) for one in ("person", "company")],
    }
    return [
        Field(
            name,
            t[_LABELS[name]],
            "select",
            value=asked[name],
            options=tuple(Option(value, label) for value, label in options),
            lang="zh-CN" if name == "region" and lang != "zh" else "",
        )
        for name, options in choices.items()
    ]


def _page(asked: dict[str, str], number: int) -> str:
    kept = {name: value for name, value in asked.items() if value}
    return f"?{urlencode(kept | {'page': str(number)})}"


@require_GET
def guide(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the guide of a life event or an item."""
    try:
        one = items.guide(slug)
    except items.NotPublished:
        return missing(request)
    lang, into = language(request), view_of(request).language
    signed = translating.signed(one, into.tag) if into.pack else {}
    told = {part.id: _told(part, signed.get(part.id), into, lang) for part in pieces(one)}
    about, written = told.pop(ABOUT), {part.id for part in one.paragraphs}
    inner = () if one.of == "item" or one.items == (one.slug,) else one.items
    known = names(request, {*inner, *one.apply})
    shown = {
        "subject": acting_subject(request),
        "guide": one,
        "name": about["heading"],
        "summary": " ".join(about["lines"]) if one.edition else "",
        "department": exchange.departments()[one.department].name.of(lang),
        "sections": [told[name] for name in _FIRST if name in told],
        "paragraphs": [told[part.id] for part in one.paragraphs],
        "more": [told[name] for name in told if name not in _FIRST and name not in written],
        "items": [(slug, known.get(slug) or items.item(slug).name.of(lang)) for slug in inner],
        "apply": [
            (
                event,
                known.get(event) or items.life_event(event).name.of(lang),
                event == one.slug or len(one.apply) == 1,
            )
            for event in one.apply
        ],
        "translated": str(words_of(request)["guide_translated"]).format(
            done=len(signed), all=len(told) + 1
        )
        if into.pack
        else "",
    }
    return page(request, "guide", shown)


def _told(part: Piece, there: Signed | None, into: Language, lang: str) -> dict[str, Any]:
    """Give a piece of a guide, in the visitor's language where somebody signed it."""
    if there is None:
        return {"heading": part.heading.of(lang), "lines": part.text.of(lang).split("\n")}
    return {"heading": there.heading, "lines": there.text.splitlines(), "into": into}
