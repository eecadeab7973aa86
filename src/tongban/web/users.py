"""Pages of user administration (用户管理), for an administrator whose role is raised; invitations.

What an administrator does here needs two factors, a raised role and a reason; the link of an
invitation is shown once, to be handed over in person.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from tongban.infra.access import sessions, users
from tongban.infra.access.assurance import PASSWORD
from tongban.infra.access.domain import judge
from tongban.infra.access.models import User
from tongban.infra.access.refusing import refuse
from tongban.infra.access.services import TokenInvalid
from tongban.infra.access.users import NotYours, UserUnknown

from .components import Field
from .pages import language, page, refused, said, subject_of, words_of
from .signing_in import signed_in
from .words import both

_VERBS: Mapping[str, Callable[..., None]] = {
    "close": users.close,
    "reopen": users.reopen,
    "unlock": users.unlock,
    "reset": users.reset,
}


@require_http_methods(["GET", "POST"])
@signed_in
def manage(request: HttpRequest, user: User) -> HttpResponse:  # noqa: ARG001 - the guard's face
    """Find one account by its exact name; do one thing to it."""
    subject = subject_of(request)
    if subject is None:
        return redirect("sign-in")
    ruling = judge(subject, "user.read", {})
    if not ruling.allowed:
        refuse(subject, "user.read", {}, ruling)
        return page(request, "missing", {"subject": subject}, status=404)
    login = request.POST.get("login", "") or request.GET.get("login", "")
    lang, t = language(request), words_of(request)
    shown: dict[str, Any] = {
        "subject": subject,
        "found": User.objects.filter(username=login).first() if login else None,
        "login": login,
        "verbs": [(verb, t[f"user_{verb}"]) for verb in ("invite", *_VERBS)],
    }
    if request.method == "POST":
        try:
            shown["link"] = _done(request, login)
        except NotYours as error:
            return refused(request, [error.en if lang == "en" else error.zh], 403)
        except UserUnknown:
            return page(request, "missing", {"subject": subject}, status=404)
        shown["found"] = User.objects.get(username=login)
    return page(request, "users", shown)


def _done(request: HttpRequest, login: str) -> str:
    subject = subject_of(request)
    if subject is None:
        raise NotYours(*both("users_sign_in"))
    users.allow(subject, login)
    verb, reason = request.POST.get("verb", ""), request.POST.get("reason", "").strip()[:500]
    if not reason:
        raise NotYours(*both("users_reason_first"))
    if verb == "invite":
        secret = users.invite(login, actor=subject.user_id)
        return f"{settings.ORIGIN}/invited/{secret}"
    if verb not in _VERBS:
        raise NotYours(*both("users_no_verb"))
    _VERBS[verb](login, actor=subject.user_id, reason=reason)
    return ""


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Let who was invited set a password, and sign in with it."""
    t = words_of(request)
    new = Field("password", t["password_new"], "password", most=256, autocomplete="new-password")
    shown: dict[str, Any] = {"subject": None, "fields": [new]}
    try:
        shown["login"] = users.invited(secret).username
        if request.method == "POST":
            user = users.accept(secret, request.POST.get("password", ""))
            sessions.enter(request, user, PASSWORD)
            return redirect("account")
    except TokenInvalid:
        return page(request, "missing", {"expired": True}, status=404)
    except ValidationError as error:
        wrong = replace(new, error=" ".join(said(request, error)))
        return page(request, "invited", {**shown, "fields": [wrong]}, status=409)
    return page(request, "invited", shown)
