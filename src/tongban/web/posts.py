"""The page of posts and roles (岗位与角色): who holds what; give and end them, with a reason."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from tongban.apps.parties import posts
from tongban.apps.parties.posts import Held, PostRefused
from tongban.infra.access.domain import ROLES, Subject
from tongban.infra.access.models import User
from tongban.infra.access.users import NotYours

from .components import Field, Option, gather
from .pages import language, missing, page, refused, subject_of, words_of
from .signing_in import signed_in

_MOST = 500


@require_http_methods(["GET", "POST"])
@signed_in
def posts_page(request: HttpRequest, user: User) -> HttpResponse:  # noqa: ARG001 - the guard's face
    """Show the posts of one department; give one, or end one."""
    subject, lang = subject_of(request), language(request)
    if subject is None:
        return redirect("sign-in")
    known = dict(posts.departments(lang))
    department = request.GET.get("department", "") or next(iter(known), "")
    if department not in known:
        return missing(request)
    try:
        if request.method == "GET":
            return _show(request, subject, department, _giving(request))
        return _act(request, subject, department)
    except NotYours as no:
        if not any(post.role == "admin" for post in subject.posts):
            return missing(request)
        return refused(request, [no.en if lang == "en" else no.zh], 403)


def _act(request: HttpRequest, subject: Subject, department: str) -> HttpResponse:
    t, lang = words_of(request), language(request)
    act, _, of = request.POST.get("act", "").partition(":")
    fields = _giving(request)
    if act == "end" and of.isascii() and of.isdecimal() and len(of) < 19:
        reason = request.POST.get(f"reason-{of}", "").strip()[:_MOST]
        if not reason:
            return _show(request, subject, department, fields, {of: t["answer_needed"]}, status=422)
        give = None
    elif act == "give":
        texts = gather(fields, request.POST)
        needed = [f.name for f in fields if not f.optional and not texts[f.name]]
        fields = [
            replace(f, value=texts[f.name], error=t["answer_needed"] if f.name in needed else "")
            for f in fields
        ]
        if needed:
            return _show(request, subject, department, fields, status=422)
        give = texts
    else:
        return missing(request)
    try:
        if give is None:
            posts.end(subject, int(of), reason=reason)
        else:
            posts.give(subject, give["login"], department, give["role"], reason=give["why"],
                       name=give["name"])  # fmt: skip
    except PostRefused as no:
        told = no.en if lang == "en" else no.zh
        return _show(request, subject, department, fields, lines=[told], status=409)
    return redirect(f"{reverse('posts')}?{urlencode({'department': department})}")


def _giving(request: HttpRequest) -> list[Field]:
    t = words_of(request)
    at = 1 if language(request) == "en" else 0
    roles = tuple(Option(role, both[at]) for role, both in ROLES.items())
    return [
        Field("login", t["sign_in_name"], most=150),
        Field("name", t["posts_name"], hint=t["posts_name_hint"], optional=True, most=150),
        Field("role", t["posts_role"], "select", options=roles),
        Field("why", t["request_reason"], most=_MOST),
    ]


def _show(
    request: HttpRequest,
    subject: Subject,
    department: str,
    fields: Sequence[Field],
    wrong: Mapping[str, str] = {},
    *,
    lines: Sequence[str] = (),
    status: int = 200,
) -> HttpResponse:
    t, lang = words_of(request), language(request)
    known = posts.departments(lang)
    held = posts.held(subject, department)
    rows = [
        {
            "post": one,
            "role": ROLES[one.role][1 if lang == "en" else 0],
            "self": one.login == getattr(request.user, "username", ""),
            "field": _reason(one, t, wrong),
        }
        for one in held
    ]
    shown = {
        "subject": subject,
        "departments": known,
        "department": department,
        "here": f"{reverse('posts')}?{urlencode({'department': department})}",
        "named": dict(known)[department],
        "rows": rows,
        "fields": fields,
        "wrong": [*fields, *(row["field"] for row in rows)],
        "lines": lines,
    }
    return page(request, "posts", shown, status)


def _reason(one: Held, t: Mapping[str, str], wrong: Mapping[str, str]) -> Field:
    return Field(
        f"reason-{one.number}",
        t["request_reason"],
        error=wrong.get(str(one.number), ""),
        most=_MOST,
    )
