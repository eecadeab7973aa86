"""Pages of acting for others (代理办事): who may act for me, for whom I may act, and acting.

While somebody acts for another every page says so, and its own cases are out of sight.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from tongban.apps.items import queries as items
from tongban.apps.parties import delegating
from tongban.apps.parties.delegating import Named, Scope
from tongban.apps.parties.domain import ACTIONS, DelegationRefused
from tongban.infra import clock
from tongban.infra.access.domain import Subject
from tongban.infra.access.models import User
from tongban.infra.access.sessions import BEHALF

from .components import Field, Option, gather
from .pages import language, page, refused, subject_of, view_of, words_of
from .signing_in import signed_in
from .stepping import Form, again, form_of
from .words import both

_SIMPLE = "simple"  # the short form: a relative, everything that can be applied for, one year
_YEAR = timedelta(days=365)
_ABOUT = {"agent": "name", "ends": "last"}  # the question that asks for it, where named otherwise


@require_http_methods(["GET", "POST"])
@signed_in
def delegations(request: HttpRequest, user: User) -> HttpResponse:
    """List both sides, and let the visitor grant one; elders are first asked the short way."""
    subject = subject_of(request)
    if subject is None:
        return redirect("sign-in")
    asked = request.POST if request.method == "POST" else request.GET
    short = _SIMPLE in asked if "full" in asked or _SIMPLE in asked else view_of(request).elder
    form = form_of(request, _fields(request, subject, short=short))
    if not form.whole:
        return _show(request, user, subject, form, short=short)
    try:
        _grant(request, subject, form.fields, short=short)
    except DelegationRefused as error:
        line = error.en if language(request) == "en" else error.zh
        told = again(form, {_ABOUT.get(error.about, error.about): line})
        lines = [line] if told is form else []
        return _show(request, user, subject, told, short=short, lines=lines)
    return redirect("delegations")


def _show(
    request: HttpRequest,
    user: User,
    subject: Subject,
    form: Form,
    *,
    short: bool,
    lines: Sequence[str] = (),
) -> HttpResponse:
    lang, now = language(request), clock.now()
    t = words_of(request)
    names = {slug: items.life_event(slug).name.of(lang) for slug in items.life_events()}
    shown = {
        "subject": subject,
        "held": delegating.held_by(user),
        "given": [
            {
                "row": row,
                "stands": row.ended is None and row.ends > now,
                "events": [names.get(slug, t["every_event"]) for slug in row.events],
                "actions": [t[action] for action in row.actions],
            }
            for row in delegating.given_by(subject)
        ],
        "form": form,
        "short": short,
        "lines": lines,
    }
    return page(request, "delegations", shown, 422 if lines else form.status)


def _fields(request: HttpRequest, subject: Subject, *, short: bool) -> list[Field]:
    """Make the questions of granting; the short form asks for the person alone."""
    lang, t = language(request), words_of(request)
    who = [
        Field("name", t["delegation_name"], most=50),
        Field("number", t["delegation_number"], "identity", most=18),
    ]
    if short:
        return who
    firms = delegating.companies_of(subject)
    events = [Option(slug, items.life_event(slug).name.of(lang)) for slug in items.life_events()]
    actions = [Option(action, t[action]) for action in sorted(ACTIONS)]
    company = Field(
        "company",
        t["delegation_company"],
        "select",
        value=request.GET.get("company", ""),
        optional=True,
        options=tuple(Option(one.pk, one.name) for one in firms),
    )
    return [
        *who,
        *([company] if firms else []),
        Field("events", t["delegation_events"], "checks", options=tuple(events)),
        Field("actions", t["delegation_actions"], "checks", options=tuple(actions)),
        Field("last", t["delegation_last"], "date", hint=t["date_hint"]),
    ]


def _grant(request: HttpRequest, subject: Subject, fields: Sequence[Field], *, short: bool) -> None:
    sent, form = gather(fields, request.POST), request.POST
    if not subject.person_id:
        raise DelegationRefused(*both("delegate_no_person"))
    if short:
        today = datetime.combine(clock.today(), time(), clock.SHANGHAI)
        scope = Scope(sorted(ACTIONS), list(items.life_events()), today + _YEAR)
    else:
        scope = Scope(form.getlist("actions"), form.getlist("events"), _end_of(sent["last"]))
    agent = Named(sent["number"], sent["name"])
    delegating.grant(subject, agent, scope, company=sent.get("company", ""))


def _end_of(last: str) -> datetime:
    """Give the instant at which a last day is over."""
    try:
        return datetime.combine(date.fromisoformat(last), time(), clock.SHANGHAI) + timedelta(
            days=1
        )
    except (ValueError, OverflowError):
        raise DelegationRefused(*both("delegate_last_day"), about="ends") from None


def _refused(request: HttpRequest, error: DelegationRefused) -> HttpResponse:
    return refused(request, [error.en if language(request) == "en" else error.zh])


@require_POST
@signed_in
def end(request: HttpRequest, user: User) -> HttpResponse:  # noqa: ARG001 - the guard's face
    """End a delegation."""
    subject = subject_of(request)
    if subject is not None:
        try:
            delegating.end(subject, request.POST.get("delegation", ""), reason="page")
        except DelegationRefused as error:
            return _refused(request, error)
    return redirect("delegations")


@require_POST
@signed_in
def act(request: HttpRequest, user: User) -> HttpResponse:
    """Begin to act for somebody, or (without a delegation) be oneself again."""
    number = request.POST.get("delegation", "")
    request.session.pop(BEHALF, None)
    if number:
        try:
            delegating.acting(user, number)
        except DelegationRefused as error:
            return _refused(request, error)
        request.session[BEHALF] = number
    return redirect("home")
