"""The pages: whose cases there are, and the timeline of one (办件进度).

Server rendered, without script. A page shows a case only to those to whom the API shows it; it
reads through ``cases.disclosure`` and decides nothing.
"""

import ipaddress

from django.conf import settings
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseStopPolling, reswap

from tongban.infra import clock
from tongban.infra.access import services as access
from tongban.infra.access import sessions
from tongban.infra.access.assurance import LINK, TWO
from tongban.infra.access.services import ENTER, TokenInvalid

from . import uploads
from .case_acts import look
from .pages import acting_subject, language, page, words_of
from .shown import shown

_LOOKS = 60  # seconds in which a receipt looks for what was decided meanwhile


@require_GET
def case(request: HttpRequest, number: str) -> HttpResponse:
    """Show one case to those who may see it; to anyone else it does not exist."""
    subject = acting_subject(request)
    lang, t = language(request), words_of(request)
    sight = look(subject, number)
    if sight is None:
        return page(request, "missing", {"subject": subject}, status=404)
    more = {
        "subject": subject,
        "whole": sight.whole,
        "e": words_of(request, "evidence"),
        "uploads": uploads.shown(sight, sight.items, lang, t),
    }
    return page(request, "case", {**more, **shown(sight, lang, t)})


@require_GET
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """Show that an application has arrived, and what happens next.

    Most is decided within seconds: with script the list asks for a minute, while something is
    open, whether anything is other than it says. It changes only then: who reads it is not
    disturbed, and a reader aloud tells what is new.
    """
    subject = acting_subject(request)
    sight = look(subject, number)
    if sight is None:
        return page(request, "missing", {"subject": subject}, status=404)
    told = shown(sight, language(request), words_of(request))
    states = ".".join(branch["state"] for branch in told["branches"])
    now = int(clock.now().timestamp())
    asked = request.GET.get("since", "")
    since = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 12 else now
    looks = now - since < _LOOKS
    if request.headers.get("HX-Request") == "true" and request.GET.get("seen") == states:
        same = HttpResponse(status=204) if looks else HttpResponseStopPolling()
        return reswap(same, "none")
    again = ""
    if looks and any(branch["tone"] == "wait" for branch in told["branches"]):
        again = urlencode([("since", since), ("seen", states)])
    return page(request, "receipt", {"subject": subject, "again": again, **told})


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
