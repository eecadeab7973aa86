"""Pages of signing in: password, second factor, passkey, proving more; script for passkeys alone.

Every failure reads the same, whatever was wrong. Nobody is sent to another host.
"""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tongban.apps.parties.login import accounts
from tongban.infra import clock
from tongban.infra.access import devices, factors, passkeys, sessions
from tongban.infra.access.assurance import HIGHEST, LOWEST, PASSKEY, PASSWORD, TWO
from tongban.infra.access.factors import FactorRefused
from tongban.infra.access.models import User

from .pages import language, page, subject_of

_PENDING = "pending"
_PENDING_LASTS = timedelta(minutes=5)


def way_back(request: HttpRequest) -> str:
    """Give where to go after signing in: ``next`` where it is an address of ours, else home."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours else reverse("home")


def form(request: HttpRequest, template: str, *, failed: bool, **shown: Any) -> HttpResponse:
    """Show a page of signing in, with what every one of them needs."""
    back = {"next": way_back(request), "failed": failed, "subject": subject_of(request)}
    if template == "sign_in":
        lang = language(request)
        known = accounts.providers().values()
        back["providers"] = [(one.name, one.words.of(lang)) for one in known]
    return page(request, template, {**back, **shown}, status=403 if failed else 200)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for name and password; a user with an authenticator app is then asked for its code."""
    if request.method == "GET":
        return form(request, "sign_in", failed=False)
    user = authenticate(
        request, username=request.POST.get("username"), password=request.POST.get("password")
    )
    if not isinstance(user, User):
        return form(request, "sign_in", failed=True)
    if factors.has_second(user):
        request.session.cycle_key()
        request.session[_PENDING] = [user.pk, clock.now().isoformat()]
        return redirect(f"{reverse('second-factor')}?{urlencode({'next': way_back(request)})}")
    sessions.enter(request, user, PASSWORD)
    return redirect(way_back(request))


def _pending(request: HttpRequest) -> User | None:
    kept = request.session.get(_PENDING)
    if kept is None or clock.now() - datetime.fromisoformat(kept[1]) > _PENDING_LASTS:
        return None
    return User.objects.filter(pk=kept[0], is_active=True).first()


@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """Ask for the code that follows the password, or a recovery code."""
    user = _pending(request)
    if user is None:
        return redirect(f"{reverse('sign-in')}?{urlencode({'next': way_back(request)})}")
    if request.method == "GET":
        return form(request, "second_factor", failed=False)
    return _with_code(request, user, PASSWORD)


def _with_code(request: HttpRequest, user: User, *before: str) -> HttpResponse:
    try:
        method = factors.use(user, request.POST.get("code", "")[:64])
    except FactorRefused:
        return form(request, "second_factor", failed=True)
    request.session.pop(_PENDING, None)
    sessions.enter(request, user, *before, method, more=not before)
    response = redirect(way_back(request))
    devices.remember(request, response, user)
    return response


def signed_in(view: Callable[[HttpRequest, User], HttpResponse]) -> Any:
    """Guard a page: a stranger is sent to sign in first."""

    def guarded(request: HttpRequest) -> HttpResponse:
        if isinstance(request.user, User):
            return view(request, request.user)
        return redirect(f"{reverse('sign-in')}?{urlencode({'next': request.get_full_path()})}")

    return guarded


@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
@signed_in
def step_up(request: HttpRequest, user: User) -> HttpResponse:
    """Ask who is signed in already to prove more: a code, or a passkey."""
    if request.method == "POST":
        return _with_code(request, user)
    wanted = request.GET.get("level", "")
    level = int(wanted) if wanted in {"1", "2", "3"} else TWO
    if sessions.level_of(request) >= level:
        return redirect(way_back(request))
    app = factors.has_second(user) and LOWEST < level < HIGHEST
    return form(request, "step_up", failed=False, app=app, proofed=user.proof + 1 >= level)


@require_GET
def passkey(request: HttpRequest) -> HttpResponse:
    """Show the one page that needs script: the browser's passkey dialogue."""
    return form(request, "passkey", failed=False)


@require_POST
def passkey_options(request: HttpRequest) -> HttpResponse:
    """Give the options of a sign-in by passkey, with a fresh challenge."""
    return HttpResponse(passkeys.begin_entering(request.session), "application/json")


@require_POST
def passkey_answer(request: HttpRequest) -> HttpResponse:
    """Sign in by what the browser signed."""
    try:
        user = passkeys.enter(request.session, read_answer(request))
    except FactorRefused:
        return JsonResponse({"error": "refused"}, status=403)
    if isinstance(request.user, User) and request.user != user:
        return JsonResponse({"error": "refused"}, status=403)
    sessions.enter(request, user, PASSKEY)
    response = JsonResponse({"next": way_back(request)})
    devices.remember(request, response, user)
    return response


def read_answer(request: HttpRequest) -> dict[str, Any]:
    """Read what the browser's passkey dialogue gave; raise `FactorRefused`."""
    try:
        answer = json.loads(request.body)
    except ValueError as error:
        raise FactorRefused("FactorRefused: not JSON") from error
    if not isinstance(answer, dict):
        raise FactorRefused("FactorRefused: not an object")
    return answer
