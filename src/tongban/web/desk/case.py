"""The case at the desk: what was said and by whom, what does not agree, and what may be done.

One page holds everything, because a clerk compares; a refusal of a verb is shown in its words above
what was typed. After a decision the next case of the queue opens, its heading in focus.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods

from tongban.apps.cases import desk, disclosure, docket, queries
from tongban.apps.cases.disclosure import Sight
from tongban.apps.cases.errors import (
    CaseError,
    CaseUnknown,
    NotAllowed,
    SubmissionInvalid,
)
from tongban.infra.access.domain import Subject
from tongban.web import uploads
from tongban.web.desk import forms
from tongban.web.desk.flow import flow_of
from tongban.web.desk.forms import TONES, Form
from tongban.web.desk.frame import address, kept, official, said, show
from tongban.web.desk.queue import done_of, next_address
from tongban.web.pages import language, missing, view_of, words_of
from tongban.web.shown import shown


@require_http_methods(["GET", "POST"])
@official()
def case(request: HttpRequest, subject: Subject, number: str, item: str) -> HttpResponse:
    """Show one item of a case with everything that may be done to it, and do it."""
    lang = language(request)
    try:
        sight = disclosure.look(subject, number)
        held = docket.docket(sight, item, lang)
    except (CaseUnknown, NotAllowed):
        return missing(request)
    offered = forms.forms(held, lang, words_of(request))
    if request.method == "GET":
        return _show(request, sight, held, offered)
    return _act(request, sight, held, offered)


def _act(
    request: HttpRequest, sight: Sight, held: Mapping[str, Any], offered: Sequence[Form]
) -> HttpResponse:
    subject, number = sight.subject, sight.loaded.case.number
    t = words_of(request)
    act, step = request.POST.get("act", ""), request.POST.get("step", "")
    form = next((one for one in offered if one.act == act and one.step == step), None)
    if form is None:
        return _show(request, sight, held, offered, lines=[t["desk_moved"]], status=409)
    sent = forms.read(form, request.POST)
    amiss, status = forms.lacking(form, sent, t), 422
    lines: list[str] = []
    place = desk.place(number, held["item"])
    if not amiss:
        try:
            forms.do(subject, number, held, form, sent)
        except SubmissionInvalid as invalid:
            amiss, lines = _sorted(form, invalid, language(request))
        except CaseError as refused:
            lines = [said(request, refused)]
            status = 403 if isinstance(refused, NotAllowed) else 409
        else:
            return _onward(request, subject, number, held["item"], form, place)
    again = [forms.filled(one, request.POST, amiss) if one is form else one for one in offered]
    return _show(request, sight, held, again, lines=lines, status=status)


def _sorted(form: Form, invalid: SubmissionInvalid, lang: str) -> tuple[dict[str, str], list[str]]:
    """Put what is amiss at its field; what belongs to none of them stands above all."""
    at = 1 if lang == "en" else 0
    names = {field.name.partition(".")[2] for field in form.fields}
    amiss, lines = {}, []
    for name, both in invalid.fields.items():
        here = next((n for n in (name, f"out-{name}", "points") if n in names), "")
        if here:
            amiss[here] = both[at]
        else:
            lines.append(both[at])
    return amiss, lines


def _onward(
    request: HttpRequest, subject: Subject, number: str, item: str, form: Form, place: str
) -> HttpResponse:
    filters = kept(request.GET)
    if form.onward:
        return redirect(next_address(subject, filters, place, done=number))
    return redirect(address("desk-case", number, item, **filters) + "#case")


def _show(
    request: HttpRequest,
    sight: Sight,
    held: Mapping[str, Any],
    offered: Sequence[Form],
    *,
    lines: Sequence[str] = (),
    status: int = 200,
) -> HttpResponse:
    lang, filters = language(request), kept(request.GET)
    number, item = sight.loaded.case.number, held["item"]
    t = words_of(request)
    page = shown(sight, lang, t)
    history = queries.timeline(number)
    facts = _facts(page, held, t)
    ticking = held["clock"]
    more = {
        **page,
        "d": held,
        "item": item,
        "here": address("desk-case", number, item, **filters),
        "back": address("desk", **filters),
        "skip": address("desk-next", **filters, after=desk.place(number, item)),
        "urged_words": t["desk_urged"].format(n=held["urged"]),
        "clock_words": f"{ticking['word']} · {ticking['words']}" if ticking else "",
        "tone": TONES.get(ticking["light"], "quiet") if ticking else "",
        "facts": facts,
        "doubts": [
            {"label": one["label"], "says": one["doubt"]["shown"], "why": one["doubt"]["why"]}
            for one in facts
            if one["doubt"]
        ],
        "conflicts": docket.conflicts(sight, item, history, lang),
        "uploads": uploads.shown(sight, {item}, lang, t, desk="desk-"),
        "branch": next(one for one in page["branches"] if one["item"] == item),
        "others": [one for one in page["branches"] if one["item"] != item],
        "history": _history(page["events"], item),
        "flow": flow_of(queries.progress(sight.loaded, item, history), view_of(request), lang),
        "claimed_until": held["claimed_until"] and datetime.fromisoformat(held["claimed_until"]),
        "forms": offered,
        "wrong": [field for form in offered for field in form.fields],
        "lines": lines,
        "done": done_of(request),
    }
    return show(request, sight.subject, "desk_case", more, status)


def _facts(
    page: Mapping[str, Any], held: Mapping[str, Any], t: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Give the facts of this item alone, each with the department it came from."""
    wanted = frozenset(held["facts"])
    known = [*page["known"], *page["given"], *page["assigned"]]
    return [
        {
            "label": fact["label"],
            "shown": fact["shown"],
            "source": fact["department"] if fact["origin"] == "source" else "",
            "as_of": fact["as_of"][:16].replace("T", " "),
            "by": "" if fact["origin"] == "source" else t[f"desk_from_{fact['origin']}"],
            "unverified": fact["unverified"],
            "doubt": fact["doubted"],
        }
        for fact in [*page["fetched"], *known]
        if fact["fact"] in wanted
    ]


def _history(events: Sequence[Mapping[str, Any]], item: str) -> list[dict[str, Any]]:
    """Give what happened to this item, and to the case as a whole, the latest first."""
    return [
        {
            "at": event["at"],
            "words": f"{event['words']} · {event['step_name']}"
            if event["step_name"]
            else event["words"],
            "who": event["who"],
            "more": event["reason"],
        }
        for event in reversed(events)
        if event["item"] in {"", item}
    ]


@require_GET
@official()
def material(request: HttpRequest, subject: Subject, number: str, code: str) -> HttpResponse:
    """Give a document that was handed in: pictures to look at, all else to save."""
    try:
        return uploads.whole(disclosure.look(subject, number), code)
    except (CaseUnknown, NotAllowed):
        return missing(request)


@require_GET
@official()
def first_page(request: HttpRequest, subject: Subject, number: str, code: str) -> HttpResponse:
    """Give the first page of a PDF that was handed in, as a picture to look at."""
    try:
        return uploads.page_one(disclosure.look(subject, number), code)
    except (CaseUnknown, NotAllowed):
        return missing(request)
