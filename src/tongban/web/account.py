"""The page of one's own account (账户安全): password, authenticator app, passkeys, devices.

What weakens an account, or adds a way in, asks for the second factor that is there already.
"""

from typing import Any

import segno
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tongban.apps.parties.login import accounts
from tongban.apps.parties.sign_on import clients
from tongban.infra.access import devices, elevation, factors, passkeys, sessions
from tongban.infra.access.assurance import TWO, sentence
from tongban.infra.access.domain import RAISED, ROLES, Ruling
from tongban.infra.access.elevation import ElevationRefused
from tongban.infra.access.factors import FactorRefused
from tongban.infra.access.models import Authenticator, User
from tongban.infra.access.refusing import StepUpNeeded

from .pages import language, page, refused, said, subject_of, words_of
from .signing_in import read_answer, signed_in


def strong(request: HttpRequest, user: User) -> None:
    """Ask for the second factor where there is one."""
    if Authenticator.objects.filter(user=user, confirmed=True).exists() and (
        sessions.level_of(request) < min(TWO, user.proof + 1)
    ):
        zh, en = sentence(TWO)
        raise StepUpNeeded(Ruling(allowed=False, zh=zh, en=en, needs=TWO))


@require_GET
@signed_in
def account(request: HttpRequest, user: User) -> HttpResponse:
    """Show how this account is kept safe, and what may be done about it."""
    subject, english = subject_of(request), language(request) == "en"
    roles = {post.role for post in subject.posts} & RAISED if subject is not None else set()
    shown = {
        "subject": subject,
        "level": sessions.level_of(request),
        "proof": user.proof,
        "app": factors.has_second(user),
        "factors": Authenticator.objects.filter(user=user, confirmed=True).exclude(kind="rc"),
        "recovery": Authenticator.objects.filter(user=user, kind="rc").count(),
        "clients": clients.used_by(user),
        "links": accounts.links_of(user),
        "providers": [
            (one.name, one.words.of(language(request))) for one in accounts.providers().values()
        ],
        "devices": user.devices.order_by("-since"),
        "roles": [(role, ROLES[role][1 if english else 0]) for role in sorted(roles)],
        "raised": sorted(elevation.raised(user)),
    }
    return page(request, "account", shown)


def _refused(request: HttpRequest, why: str) -> HttpResponse:
    return refused(request, [words_of(request)[why]])


@sensitive_variables("new")
@sensitive_post_parameters()
@require_POST
@signed_in
def change_password(request: HttpRequest, user: User) -> HttpResponse:
    """Set a new password, by the old one; every other session of the user ends."""
    strong(request, user)
    new = request.POST.get("new", "")
    if user.has_usable_password() and not user.check_password(request.POST.get("old", "")):
        return _refused(request, "password_wrong")
    try:
        validate_password(new, user)
    except ValidationError as error:
        return refused(request, said(request, error))
    user.set_password(new)
    user.save(update_fields=["password"])
    update_session_auth_hash(request, user)
    return redirect("account")


@require_http_methods(["GET", "POST"])
@signed_in
def add_app(request: HttpRequest, user: User) -> HttpResponse:
    """Show the secret of an authenticator app once, then take its first code."""
    strong(request, user)
    if request.method == "GET":
        return page(request, "add_app", {"subject": subject_of(request)})
    try:
        if "code" not in request.POST:
            fresh = factors.begin_app(user)
            shown: dict[str, Any] = {
                "secret": fresh.secret,
                "picture": segno.make(fresh.address, micro=False).svg_data_uri(scale=5),
            }
            return page(request, "add_app", {"subject": subject_of(request), **shown})
        codes = factors.confirm_app(user, request.POST["code"][:16])
    except FactorRefused:
        return _refused(request, "factor_refused")
    return page(request, "recovery_codes", {"subject": subject_of(request), "codes": codes})


@require_POST
@signed_in
def remove_factor(request: HttpRequest, user: User) -> HttpResponse:
    """Take a factor away."""
    strong(request, user)
    factors.remove(user, number_of(request, "factor"))
    return redirect("account")


@require_POST
@signed_in
def forget_device(request: HttpRequest, user: User) -> HttpResponse:
    """Forget a device: it is a stranger from now on."""
    devices.forget(user, number_of(request, "device"))
    return redirect("account")


@require_POST
@signed_in
def leave_client(request: HttpRequest, user: User) -> HttpResponse:
    """End what a system holds of the user."""
    clients.leave(user, request.POST.get("client", ""))
    return redirect("account")


def number_of(request: HttpRequest, name: str) -> int:
    """Read a whole number from a form; 0 where there is none."""
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


@require_POST
@signed_in
def passkey_options(request: HttpRequest, user: User) -> HttpResponse:
    """Give the options with which the browser makes a passkey."""
    strong(request, user)
    return HttpResponse(passkeys.begin_adding(request.session, user), "application/json")


@require_POST
@signed_in
def passkey_answer(request: HttpRequest, user: User) -> HttpResponse:
    """Keep the passkey that the browser made."""
    strong(request, user)
    try:
        passkeys.add(request.session, user, read_answer(request), request.GET.get("label", ""))
    except FactorRefused:
        return JsonResponse({"error": "refused"}, status=403)
    return JsonResponse({"next": request.build_absolute_uri("/account")})


@require_POST
@signed_in
def raise_role(request: HttpRequest, user: User) -> HttpResponse:  # noqa: ARG001 - the guard's face
    """Raise a role of one's own for a while, or lower it again."""
    subject = subject_of(request)
    if subject is None:
        return redirect("sign-in")
    if request.POST.get("end"):
        elevation.lower(subject)
        return redirect("account")
    try:
        elevation.elevate(
            subject,
            request.POST.get("role", ""),
            reason=request.POST.get("reason", "")[:500],
            minutes=number_of(request, "minutes"),
        )
    except ElevationRefused:
        return _refused(request, "raise_refused")
    return redirect("account")
