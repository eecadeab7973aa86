"""The counter (窗口代办): an official applies for a person who is present, and every page says so.

How the person's identity was checked and what was signed is recorded before anything is filled in.
It ends by a button, at the end of the day by itself, and covers one life event.
"""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from tongban.apps.cases import services
from tongban.apps.items import queries as items
from tongban.apps.parties import delegating
from tongban.apps.parties import queries as parties
from tongban.apps.parties.domain import DelegationRefused
from tongban.infra.access.domain import Subject
from tongban.infra.access.sessions import BEHALF
from tongban.kernel.codes import CodeError
from tongban.web.components import Field, Option, gather
from tongban.web.desk.forms import wrong
from tongban.web.desk.frame import official, said, show
from tongban.web.pages import language, refused, subject_of, words_of

_LONGEST = 400


@require_http_methods(["GET", "POST"])
@official("clerk")
def counter(request: HttpRequest, subject: Subject) -> HttpResponse:
    """Ask who is present and how that was checked; then open the application in its name."""
    fields = _fields(request, subject)
    if request.method == "GET":
        return show(request, subject, "desk_counter", {"form": fields, "lines": []})
    t = words_of(request)
    sent = {name: text[:_LONGEST] for name, text in gather(fields, request.POST).items()}
    offered = {f.name: {o.value for o in f.options} for f in fields if f.options}
    amiss = {
        name: t["answer_needed"]
        for name, text in sent.items()
        if not text or (name in offered and text not in offered[name])
    }
    if not amiss:
        present = services.Present(
            sent["id_number"], sent["name"], cast("services.Check", sent["checked"]), sent["signed"]
        )
        try:
            number = services.at_counter(
                subject, present, sent["life_event"], department=sent["department"]
            )
        except CodeError:
            amiss = {"id_number": t["desk_number_wrong"]}
        except DelegationRefused as error:
            shown = {"form": wrong(fields, sent, {}), "lines": [said(request, error)]}
            return show(request, subject, "desk_counter", shown, 409)
        else:
            request.session[BEHALF] = number
            return redirect("apply", slug=sent["life_event"])
    shown = {"form": wrong(fields, sent, amiss), "lines": []}
    return show(request, subject, "desk_counter", shown, 422)


def _fields(request: HttpRequest, subject: Subject) -> list[Field]:
    lang, t = language(request), words_of(request)
    events = tuple(
        Option(slug, items.life_event(slug).name.of(lang)) for slug in items.life_events()
    )
    checks = tuple(Option(one, t[f"desk_check_{one.replace('-', '_')}"]) for one in services.CHECKS)
    mine = dict.fromkeys(post.department for post in subject.posts if post.role == "clerk")
    departments = tuple(Option(key, parties.department_name(key, lang)) for key in mine)
    only = departments[0].value if len(departments) == 1 else ""
    return [
        Field("id_number", t["desk_id_number"], "identity", most=18),
        Field("name", t["desk_name"], most=60),
        Field("checked", t["desk_checked"], "choice", options=checks),
        Field("signed", t["desk_signed"], hint=t["desk_signed_hint"], most=_LONGEST),
        Field("life_event", t["desk_life_event"], "select", options=events),
        Field("department", t["department"], "select", value=only, options=departments),
    ]


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """End acting for who was present, for good, and go back to the counter."""
    subject, number = subject_of(request), request.session.pop(BEHALF, "")
    if subject is not None and number:
        try:
            delegating.end(subject, number, reason="counter")
        except DelegationRefused as error:
            return refused(request, [said(request, error)])
    return redirect("desk-counter")
