"""A form that comes when its session has ended, or is too weak: what was typed waits.

The form itself does nothing. Its sender is led to sign in, or to prove more, and back to the page,
where what was typed stands in its place again, for the same person alone; it is sent by hand or not
at all.
"""

from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from tongban.infra.access import keeping, sessions
from tongban.infra.access.models import User

from .pages import page, subject_of, words_of
from .refilling import refill, say

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_SECRETS = ("/sign-in", "/account", "/invited")
_CLOSED = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})
_HEARD = frozenset({HTTPStatus.OK, HTTPStatus.FOUND, HTTPStatus.UNPROCESSABLE_ENTITY})


class TypedIsKept:
    """Keeps what an ended session's form holds, and gives it back on the page it came from."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer."""
        late = sessions.ended(request) is not None
        response = self._answer(request)
        if request.method == "POST":
            if late:
                return _late(request, response)
            return _weak(request, response) or _sent(request, response)
        if request.method == "GET" and keeping.told(request) is not None:
            return _given_back(request, response)
        return response


def _signs_in(path: str) -> bool:
    return path.startswith(reverse("sign-in"))


def _late(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Keep the form where a stranger may not send it."""
    whose = sessions.ended(request)
    asked = _signs_in(response.get("Location", ""))
    typed = _typed(request)
    if whose is None or not _proved(request) or not (typed or asked):
        return response
    if not asked and response.status_code not in _CLOSED:
        return response  # a page for everybody
    back = _page_of(request)
    if typed:
        keeping.keep(request, whose, back, typed, files=bool(request.FILES))
    return redirect(f"{reverse('sign-in')}?{urlencode({'next': back})}")


def _weak(request: HttpRequest, response: HttpResponse) -> HttpResponse | None:
    """Keep the form for which its sender must prove more first; None where that is not so."""
    if not response.get("Location", "").startswith(f"{reverse('step-up')}?"):
        return None
    if (typed := _typed(request)) and _proved(request) and isinstance(request.user, User):
        whose = request.user.pk, request.session.get(sessions.BEHALF, "")
        keeping.keep(request, whose, _page_of(request), typed, files=bool(request.FILES))
    return response


def _proved(request: HttpRequest) -> bool:
    """Say whether the form is one of ours, as its token proved."""
    return bool(getattr(request, "csrf_processing_done", False))


def _typed(request: HttpRequest) -> dict[str, list[str]]:
    """Give the fields that were sent, without the token; none of pages that ask for secrets."""
    if request.path.startswith(_SECRETS) or request.content_type not in _FORMS:
        return {}
    return {
        name: request.POST.getlist(name) for name in request.POST if name != "csrfmiddlewaretoken"
    }


def _page_of(request: HttpRequest) -> str:
    """Give the page on which a form stood: of our own, as the browser tells."""
    told = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(told, allowed_hosts={request.get_host()}):
        return request.path
    parts = urlsplit(told)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _sent(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Forget what was kept once it was sent by hand, and taken or shown again with its faults."""
    heard = response.status_code in _HEARD and not _signs_in(response.get("Location", ""))
    if heard and _proved(request) and keeping.told(request) is not None:
        found = keeping.kept(request)
        if found is not None and found.action == request.path:
            keeping.let_go(request)
    return response


def _given_back(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    told = keeping.told(request)
    if told is None or not response.get("Content-Type", "").startswith("text/html"):
        return response
    if not isinstance(request.user, User):
        if _signs_in(request.path):
            _tell(request, response, "kept_here" if told.whole else "kept_not", files=told.files)
        return response
    found = keeping.kept(request)
    if found is None or urlsplit(found.page).path != request.path:
        return response
    if found.behalf != request.session.get(sessions.BEHALF, ""):
        _tell(request, response, "kept_others")
    elif response.status_code == HTTPStatus.OK:
        body, left = refill(response.content.decode(), request.path, found.action, found.typed)
        response.content = body
        _tell(request, response, "kept_moved" if left else "kept_back", left=left, files=told.files)
    return response


def _tell(
    request: HttpRequest,
    response: HttpResponse,
    word: str,
    *,
    left: list[str] | None = None,
    files: bool = False,
) -> None:
    """Say at the top of the page what became of what was typed."""
    t = words_of(request)
    shown = {"t": t, "word": t[word], "left": left or [], "files": files}
    notice = render_to_string("web/kept.html", shown)
    response.content = say(response.content.decode(), notice)


def stale(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's face
    """Answer a form whose token is not of this session: from another site, or of an old page.

    If the same user's last session in this browser made the page, what was typed is given back.
    """
    back, typed = _page_of(request), _typed(request)
    whose = sessions.former(request)
    if whose is not None and typed:
        keeping.keep(request, whose, back, typed, files=bool(request.FILES))
        return redirect(back)
    return page(request, "stale", {"subject": subject_of(request), "again": back}, status=403)
