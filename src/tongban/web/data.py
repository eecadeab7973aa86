"""The page of one's own data (我的数据): who looked and why, consents, one's file, what one doubts.

Each tab is a page. Everything is one's own: who acts for somebody sees nothing here.
"""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from tongban.apps.cases import disclosure, queries
from tongban.apps.exchange import consents
from tongban.apps.items import queries as items
from tongban.infra import clock
from tongban.infra.access.domain import Subject

from .pages import language, missing, page, subject_of, words_of

_LISTED = 100
_TABS = ("looks", "consents", "my-file", "doubts")
_WORDS = {"looks": "data_looks", "consents": "data_consents", "my-file": "data_file",
          "doubts": "data_doubts"}  # fmt: skip


def tabs(request: HttpRequest) -> list[tuple[str, str, str]]:
    """Give the tabs of this page: address, name, words."""
    t = words_of(request)
    return [(reverse(name), name, t[_WORDS[name]]) for name in _TABS]


def owner(request: HttpRequest) -> Subject | HttpResponse:
    """Give whose data it is, or where to go instead: to sign in first, or nowhere."""
    subject = subject_of(request)
    if subject is None:
        return redirect(f"{reverse('sign-in')}?{urlencode({'next': request.path})}")
    return subject if subject.person_id else missing(request)


@require_GET
def looks(request: HttpRequest) -> HttpResponse:
    """Show every look at the visitor's data: by whom, at what, on which ground."""
    subject = owner(request)
    if not isinstance(subject, Subject):
        return subject
    lang = language(request)
    t = words_of(request)
    drafts = {*queries.read_ahead_of(subject)} - queries.sent_of(subject)
    rows = [
        (
            f"{seen['at'].astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M:%S}",
            seen["department"],
            seen["provider"],
            t["comma"].join(seen["facts"]) or "—",
            t[seen["basis"]],
            t["draft_words"] if seen["case"] in drafts else seen["case"] or "—",
        )
        for seen in disclosure.looks(subject, lang)[:_LISTED]
    ]
    columns = [t[name] for name in ("look_at", "look_by", "look_from", "look_what")]
    columns += [t["show_law"], t["look_case"]]
    shown = {"subject": subject, "tabs": tabs(request), "rows": rows, "columns": columns}
    return page(request, "data_looks", shown)


@require_GET
def own_consents(request: HttpRequest) -> HttpResponse:
    """Show what the visitor consented to, with the way to take it back."""
    subject = owner(request)
    if not isinstance(subject, Subject):
        return subject
    lang, now = language(request), clock.now()
    sent = queries.sent_of(subject)
    given = [
        consent_view(one, lang, words_of(request))
        | {"stands": one.stands(now), "sent": one.case in sent}
        for one in consents.consents_of(subject)
    ]
    shown = {"subject": subject, "tabs": tabs(request), "given": given}
    return page(request, "data_consents", shown)


def consent_view(one: consents.Given, lang: str, t: Mapping[str, str]) -> dict[str, Any]:
    """Make a consent ready for a page: what it is for, and a line a department."""
    lines = [
        {
            "department": line["name"][lang],
            "facts": [fact[lang] for fact in line["facts"]],
            "law": t["semicolon"].join(line["legal_basis"]),
            "withdrawable": line["withdrawable"],
            "basis": line["basis"],
            "purpose": items.life_event(one.life_event).name.of(lang),
            "until": f"{one.until:%Y-%m-%d}",
        }
        for line in one.lines
    ]
    return {"one": one, "name": items.life_event(one.life_event).name.of(lang), "lines": lines}


@require_GET
def doubts(request: HttpRequest) -> HttpResponse:
    """List what the visitor said, in its cases, is not right."""
    subject = owner(request)
    if not isinstance(subject, Subject):
        return subject
    rows = disclosure.doubts(subject, language(request))
    return page(request, "data_doubts", {"subject": subject, "tabs": tabs(request), "rows": rows})
