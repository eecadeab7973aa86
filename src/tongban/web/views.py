"""The pages: whose cases there are, and the timeline of one (办件进度).

Server rendered, without script. A page shows a case only to those to whom the API shows it; it
reads through ``cases.disclosure`` and decides nothing.
"""

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import override
from django.views.decorators.http import require_GET, require_POST

from tongban.apps.cases import disclosure, queries
from tongban.apps.cases.errors import CaseUnknown, NotAllowed
from tongban.apps.items import queries as items
from tongban.apps.parties import delegating
from tongban.apps.parties import queries as parties
from tongban.apps.parties.domain import DelegationRefused
from tongban.infra.access import services as access
from tongban.infra.access import sessions
from tongban.infra.access.assurance import LINK, TWO
from tongban.infra.access.domain import Subject
from tongban.infra.access.models import User
from tongban.infra.access.services import ENTER, TokenInvalid

from .evidence_words import words as evidence_words
from .shown import shown
from .words import words

_LISTED = 20
BEHALF = "behalf"  # in the session: the delegation by which somebody acts
_CODES = {"zh": "zh-hans", "en": "en"}
_YEAR = 365 * 24 * 3600


def language(request: HttpRequest) -> str:
    """Give the language: ``?lang=``, else the cookie, else Chinese."""
    asked = request.GET.get("lang", "")
    kept = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    return "en" if (asked if asked in _CODES else kept) == "en" else "zh"


def page(
    request: HttpRequest, template: str, shown: Mapping[str, Any], status: int = 200
) -> HttpResponse:
    """Render a page in the visitor's language; ``shown`` is what its template needs."""
    lang = language(request)
    subject: Any = shown.get("subject")
    acting = isinstance(subject, Subject) and subject.behalf is not None
    context = {
        "lang": lang,
        "html_lang": {"zh": "zh-CN", "en": "en"}[lang],
        "t": words(lang),
        "acting": parties.name_of(subject.person_id) if acting else "",
    }
    with override(_CODES[lang]):
        response = render(request, f"web/{template}.html", {**context, **shown}, status=status)
    if request.GET.get("lang") in _CODES:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, _CODES[lang], max_age=_YEAR, samesite="Lax"
        )
    return response


def refused(request: HttpRequest, lines: Sequence[str], status: int = 409) -> HttpResponse:
    """Say why something was not done."""
    return page(request, "refused", {"subject": subject_of(request), "lines": lines}, status)


def said(request: HttpRequest, error: ValidationError) -> list[str]:
    """Give what Django says is amiss, in the visitor's language."""
    with override(_CODES[language(request)]):
        return [str(line) for line in error.messages]


def subject_of(request: HttpRequest) -> Subject | None:
    """Give who is signed in, or nobody."""
    return (
        parties.subject_of(request.user, sessions.context_of(request))
        if isinstance(request.user, User)
        else None
    )


def acting_subject(request: HttpRequest) -> Subject | None:
    """Give who is signed in, as acting for whom it chose to act for; else as `subject_of`."""
    number = request.session.get(BEHALF)
    if not number or not isinstance(request.user, User):
        return subject_of(request)
    try:
        return delegating.acting(request.user, number, sessions.context_of(request))
    except DelegationRefused:
        request.session.pop(BEHALF)
        return subject_of(request)


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Show the visitor's own cases or queue; to a stranger, how to make and see one."""
    subject = acting_subject(request)
    if subject is None:
        return page(request, "home", {})
    lang = language(request)
    cases = [
        {
            "number": row.number,
            "name": items.life_event(row.life_event, row.version).name.of(lang),
            "submitted": row.submitted,
            "ended": row.ended,
        }
        for row in queries.cases_of(subject)[:_LISTED]
    ]
    queue = [
        {
            "number": row.case_id,
            "name": items.item(row.item, row.version).name.of(lang),
            "due": row.due,
        }
        for row in queries.queue(subject)[:_LISTED]
    ]
    return page(request, "home", {"subject": subject, "cases": cases, "queue": queue})


def _look(subject: Subject | None, number: str) -> disclosure.Sight | None:
    if subject is None or not number.isprintable():
        return None
    try:
        return disclosure.look(subject, number)
    except (CaseUnknown, NotAllowed):
        return None


@require_GET
def case(request: HttpRequest, number: str) -> HttpResponse:
    """Show one case to those who may see it; to anyone else it does not exist."""
    subject = acting_subject(request)
    lang = language(request)
    sight = _look(subject, number)
    if sight is None:
        return page(request, "missing", {"subject": subject}, status=404)
    more = {"subject": subject, "whole": sight.whole, "e": evidence_words(lang)}
    return page(request, "case", {**more, **shown(sight, lang)})


@require_GET
def enter(request: HttpRequest, secret: str) -> HttpResponse:
    """Sign in by a link that works once; only on this machine and where the setting allows it."""
    if not (settings.ENTER_BY_LINK and _on_this_machine(request)):
        raise Http404
    try:
        user = access.redeem(secret, ENTER)
    except TokenInvalid:
        return page(request, "missing", {"expired": True}, status=404)
    sessions.enter(request, user, LINK, vouched=TWO)  # who started the server answers for it
    return redirect("home")


def _on_this_machine(request: HttpRequest) -> bool:
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Sign out."""
    logout(request)
    return redirect("home")


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Answer an unknown address."""
    return page(request, "missing", {"subject": subject_of(request)}, status=404)
