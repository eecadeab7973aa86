"""Pages of acting for others (代理办事): who may act for me, for whom I may act, and acting.

While somebody acts for another every page says so, and its own cases are out of sight.
"""

from datetime import date, datetime, time, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from tongban.apps.items import queries as items
from tongban.apps.parties import delegating
from tongban.apps.parties.delegating import Named, Scope
from tongban.apps.parties.domain import ACTIONS, DelegationRefused
from tongban.infra import clock
from tongban.infra.access.models import User

from .pages import BEHALF, language, page, refused, subject_of
from .signing_in import signed_in
from .words import WORDS


@require_http_methods(["GET", "POST"])
@signed_in
def delegations(request: HttpRequest, user: User) -> HttpResponse:
    """List both sides, and let the visitor grant one."""
    subject = subject_of(request)
    if subject is None:
        return redirect("sign-in")
    if request.method == "POST":
        try:
            _grant(request)
        except DelegationRefused as error:
            return _refused(request, error)
        return redirect("delegations")
    lang, now = language(request), clock.now()
    events = [(slug, items.life_event(slug).name.of(lang)) for slug in items.life_events()]
    shown = {
        "subject": subject,
        "held": delegating.held_by(user),
        "given": [
            {"row": row, "stands": row.ended is None and row.ends > now}
            for row in delegating.given_by(subject)
        ],
        "companies": delegating.companies_of(subject),
        "events": events,
        "actions": [(action, WORDS[action].of(lang)) for action in sorted(ACTIONS)],
    }
    return page(request, "delegations", shown)


def _grant(request: HttpRequest) -> None:
    subject, form = subject_of(request), request.POST
    try:
        last = date.fromisoformat(form.get("last", ""))
        ends = datetime.combine(last, time(), clock.SHANGHAI) + timedelta(days=1)
    except (ValueError, OverflowError):
        raise DelegationRefused("请填写截止日期", "name the last day") from None
    if subject is None or not subject.person_id:
        raise DelegationRefused("您没有自然人账户", "you have no account as a person")
    delegating.grant(
        subject,
        Named(form.get("number", "").strip(), form.get("name", "").strip()),
        Scope(form.getlist("actions"), form.getlist("events"), ends),
        company=form.get("company", ""),
    )


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
