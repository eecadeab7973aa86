"""What every page shares: who looks, in which language and view, and the frame around the content.

A page comes in the visitor's language and in the standard or the elder view (长辈版); both are kept
in a cookie, and the view in the account too. Addresses are the same in every language and view.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import override

from tongban.apps.parties import delegating
from tongban.apps.parties import queries as parties
from tongban.apps.parties.domain import DelegationRefused
from tongban.infra.access import sessions
from tongban.infra.access.domain import Subject
from tongban.infra.access.models import User
from tongban.infra.access.sessions import BEHALF
from tongban.infra.messages import queries as messages

from .languages import Language, languages, words
from .marking import marked

VIEW = "tb_view"
ELDER, STANDARD = "elder", "standard"
_YEAR = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class View:
    """How a visitor sees a page: its language, and whether it is the elder view."""

    language: Language
    elder: bool


def view_of(request: HttpRequest) -> View:
    """Give the view: ``?lang=`` and ``?view=``, else the cookies, else the account, else plain."""
    known = languages()
    kept = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "").removesuffix("-hans")
    asked = request.GET.get("lang", "")
    language = known.get(asked) or known.get(kept) or known["zh"]
    view = request.GET.get("view", "") or request.COOKIES.get(VIEW, "")
    if not view and isinstance(request.user, User):
        view = request.user.view
    return View(language, view == ELDER)


def language(request: HttpRequest) -> str:
    """Give the language of content, ``zh`` or ``en``: other languages fall back to Chinese."""
    return "en" if view_of(request).language.tag == "en" else "zh"


def words_of(request: HttpRequest, room: str = "") -> Mapping[str, str]:
    """Give the words of a room, or of what all rooms share, in the visitor's language."""
    return words(view_of(request).language.tag, room)


def page(
    request: HttpRequest, template: str, shown: Mapping[str, Any], status: int = 200
) -> HttpResponse:
    """Render a page in the visitor's language and view; ``shown`` is what its template needs."""
    view = view_of(request)
    subject: Any = shown.get("subject")
    context = {
        "lang": language(request),
        "language": view.language,
        "languages": [(one, _with(request, "lang", one.tag)) for one in languages().values()],
        "elder": view.elder,
        "t": words(view.language.tag),
        "acting": parties.acted_for(subject) if isinstance(subject, Subject) else "",
        "other_view": _with(request, "view", STANDARD if view.elder else ELDER),
        "room": _room(request),
        **_own(request, subject, words(view.language.tag)),
    }
    with override(view.language.django):
        response = render(request, f"web/{template}.html", {**context, **shown}, status=status)
    if view.language.pack:
        response.content = marked(response.content.decode())
    if request.GET.get("lang") in languages():
        kept = view.language.tag if view.language.pack else view.language.django
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, kept, max_age=_YEAR, samesite="Lax")
    if (chosen := request.GET.get("view")) in {ELDER, STANDARD}:
        response.set_cookie(VIEW, chosen, max_age=_YEAR, samesite="Lax")
        if isinstance(request.user, User) and request.user.view != chosen:
            User.objects.filter(pk=request.user.pk).update(view=chosen)
    return response


def too_many(request: HttpRequest, template: str, shown: Mapping[str, Any]) -> HttpResponse:
    """Render a page that asks to wait a little before the next question."""
    response = page(request, template, {**shown, "too_many": True}, status=429)
    response["Retry-After"] = "60"
    return response


def _own(request: HttpRequest, subject: Any, t: Mapping[str, str]) -> dict[str, Any]:
    """Give what the frame tells whoever is signed in: unread messages, for whom it may act."""
    if not isinstance(subject, Subject) or not isinstance(request.user, User):
        return {}
    unread = 0
    if subject.person_id and subject.behalf is None:
        unread = messages.unread(subject.person_id)
    return {
        "unread": str(t["messages_unread"]).format(n=unread) if unread else "",
        "roles": () if subject.posts else delegating.held_by(request.user),
    }


def _with(request: HttpRequest, name: str, value: str) -> str:
    """Give the query of this page with one part of it changed."""
    asked = request.GET.copy()
    asked[name] = value
    return f"?{asked.urlencode()}"


# pages for everybody that belong to no room
_NOWHERE = frozenset({"atlas", "evidence", "accessibility", "styleguide"})


def _room(request: HttpRequest) -> str:
    """Name the entry of the bottom bar under which an address lies."""
    first = request.path.strip("/").partition("/")[0]
    rooms = {
        "": "home",
        "services": "services",
        "messages": "messages",
        "desk": "desk",
        "design": "desk",
    }
    return "" if first in _NOWHERE else rooms.get(first, "me")


def refused(request: HttpRequest, lines: Sequence[str], status: int = 409) -> HttpResponse:
    """Say why something was not done."""
    return page(request, "refused", {"subject": subject_of(request), "lines": lines}, status)


def missing(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """Answer an unknown address, and what is not for the visitor to see."""
    return page(request, "missing", {"subject": subject_of(request)}, status=404)


def said(request: HttpRequest, error: ValidationError) -> list[str]:
    """Give what Django says is amiss, in the visitor's language."""
    with override(view_of(request).language.django):
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
