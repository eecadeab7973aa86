"""Sessions: how somebody signed in is written into the session, and read out as a context.

A session ends half an hour after its last use and eight hours after sign-in, whatever happens. The
browser's next session, a stranger's, remembers whose it was: not to let anybody in, but to keep
what a page that is still open sends (`keeping`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from django.contrib.auth import login, logout
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import (  # type: ignore[attr-defined]  # tokens have no other door
    InvalidTokenFormat,
    _check_token_format,
    _does_token_match,
)

from tongban.infra import clock
from tongban.infra.trail.services import tell
from tongban.kernel.events import Draft

from . import refusing
from .assurance import PASSWORD, level
from .devices import device_of
from .domain import Context
from .models import User

IDLE = timedelta(minutes=30)
WHOLE = timedelta(hours=8)
_TOUCH = timedelta(minutes=1)
_KEY = "access"
_ENDED, _FORMER = "ended", "former"
BEHALF = "behalf"  # in the session: the delegation by which somebody acts
_BACKEND = "tongban.infra.access.backends.PasswordBackend"
_PURPOSE_LENGTH = 200
Whose: TypeAlias = tuple[int, str]  # a user, and the delegation by which it acted, or nothing


@dataclass(frozen=True, slots=True)
class SignedIn:
    """How and when the session's user proved who it is; ``vouched`` by whom we trust.

    ``event`` is the id of the event that tells of it.
    """

    methods: tuple[str, ...]
    vouched: int
    at: datetime
    seen: datetime
    event: str = ""


def enter(
    request: HttpRequest, user: User, *methods: str, vouched: int = 0, more: bool = False
) -> None:
    """Sign the user in by these methods, or (``more``) add them to those of the present session.

    Tells the trail. The session gets a new key, so that one set beforehand is worthless; adding to
    a session makes it no younger.
    """
    now = clock.now()
    before = _read(request) if more and request.user == user else None
    kept = before or SignedIn((), 0, now, now)
    last, secret = ended(request), request.META.get("CSRF_COOKIE")
    login(request, user, backend=_BACKEND)
    request.session.pop(_ENDED, None)
    if last is not None and last[0] == user.pk and secret:
        request.session[_FORMER] = [secret, last[1]]
    held: dict[str, object] = {
        "methods": sorted({*kept.methods, *methods}),
        "vouched": max(vouched, kept.vouched),
        "at": kept.at.isoformat(),
        "seen": now.isoformat(),
    }
    request.session[_KEY] = held
    with transaction.atomic():
        event = tell(
            Draft(
                type="tongban.access.signed_in.v1",
                chain=f"user:{user.pk}",
                actor=str(user.pk),
                data={
                    "methods": sorted(methods),
                    "level": level_of(request),
                    "network": device_of(request, user).network,
                },
            )
        )
    request.session[_KEY] = {**held, "event": event.id}


def _read(request: HttpRequest) -> SignedIn | None:
    kept = request.session.get(_KEY)
    if not isinstance(kept, dict):
        return None
    return SignedIn(
        tuple(kept["methods"]),
        kept["vouched"],
        datetime.fromisoformat(kept["at"]),
        datetime.fromisoformat(kept["seen"]),
        kept.get("event", ""),
    )


def signed_in(request: HttpRequest) -> SignedIn:
    """Give how the session was signed in; one that some other door made had a password."""
    now = clock.now()
    return _read(request) or SignedIn((PASSWORD,), 0, now, now)


def level_of(request: HttpRequest) -> int:
    """Give the level of assurance of the session; 0 where nobody is signed in."""
    if not isinstance(request.user, User):
        return 0
    how = signed_in(request)
    return level(request.user.proof, how.methods, how.vouched)


def purpose_of(request: HttpRequest) -> str:
    """Give what a call is for: its header ``Tongban-Purpose``, else the name of what it calls."""
    told = request.headers.get("Tongban-Purpose", "")
    if told and told.isprintable():
        return told[:_PURPOSE_LENGTH]
    match = request.resolver_match
    return match.view_name if match is not None else ""


def context_of(request: HttpRequest) -> Context:
    """Give the context of a signed-in browser's call."""
    user = request.user if isinstance(request.user, User) else None
    event = signed_in(request).event if user is not None else ""
    return Context(
        max(level_of(request), 1),
        purpose_of(request),
        device_of(request, user),
        f"event:{event}" if event else "",
    )


def ended(request: HttpRequest) -> Whose | None:
    """Give whose session ended by itself in this browser.

    None where somebody is signed in, or left, or never was.
    """
    if isinstance(request.user, User) or _ENDED not in request.session:
        return None
    user, behalf = request.session[_ENDED]
    return user, behalf


def former(request: HttpRequest) -> Whose | None:
    """Give who is signed in, if its last session in this browser made the form that was sent.

    That session ended by itself, and the form has a token of its secret, which no other site knows.
    """
    held = request.session.get(_FORMER)
    token = request.POST.get("csrfmiddlewaretoken", "")
    if held is None or not isinstance(request.user, User):
        return None
    secret, behalf = held
    try:
        _check_token_format(token)
    except InvalidTokenFormat:
        return None
    return (request.user.pk, behalf) if _does_token_match(token, secret) else None


class AccessMiddleware:
    """Ends sessions in time, and writes down the denials of a request once it is over."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, unless the session has ended: then as to a stranger."""
        if isinstance(request.user, User):
            _touch(request)
        try:
            return self._answer(request)
        finally:
            refusing.flush()


def _touch(request: HttpRequest) -> None:
    now, how = clock.now(), _read(request)
    if how is None:  # made by another door: from now on it has a beginning
        request.session[_KEY] = {
            "methods": [PASSWORD],
            "vouched": 0,
            "at": now.isoformat(),
            "seen": now.isoformat(),
        }
    elif now - how.seen > IDLE or now - how.at > WHOLE:
        whose = [request.user.pk, request.session.get(BEHALF, "")]
        logout(request)
        request.session[_ENDED] = whose
    elif now - how.seen > _TOUCH:
        request.session[_KEY] = {**request.session[_KEY], "seen": now.isoformat()}
