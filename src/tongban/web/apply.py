"""The pages of applying (申请): answers and documents, kept in a draft; the last look is beside.

Each page saves into the draft before it goes on, so that nothing typed is lost; the last one sends
it, once. In the elder view every question has a page of its own. What may be asked, and whether an
answer is right, is decided by the case's own code; a page only gathers and shows.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods

from tongban.apps.cases import services
from tongban.apps.cases.errors import DraftMoved, SubmissionInvalid
from tongban.apps.cases.materials import Look
from tongban.kernel import feel
from tongban.kernel.forms import Field as Asked
from tongban.kernel.forms import Material

from . import apply_check
from .apply_frame import (
    ANSWERS,
    CHECK,
    CONSENT,
    DOCUMENTS,
    Desk,
    at,
    fields_of,
    fresh,
    in_lang,
    licences_of,
    named,
    show,
)
from .components import LEVEL, Field, answer, gather, of_fact
from .looks import looked
from .pages import missing, view_of, words_of


@require_GET
@at
def apply(request: HttpRequest, desk: Desk) -> HttpResponse:  # noqa: ARG001 - the guard's face
    """Begin, or go on where the draft stands."""
    return redirect(desk.here(desk.steps[0]))


def step(request: HttpRequest, slug: str, step: str) -> HttpResponse:
    """Lead to the page of a step; an unknown one does not exist."""
    view = _STEPS.get(step)
    return view(request, slug=slug) if view else missing(request)


# --- answers ------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@at
def answers(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Ask the questions: all on one page, or in the elder view one a page."""
    elder = view_of(request).elder
    if request.method == "GET":
        put = _one(request, desk) if elder else desk.asked
        if not put:
            return redirect(desk.after(ANSWERS))
        return show(request, desk, ANSWERS, {"fields": fields_of(desk, put)})
    put = [one for one in desk.event.plan.ask if one.fact.name in request.POST.getlist("put")]
    return _take(request, desk, put, elder=elder)


def _one(request: HttpRequest, desk: Desk) -> list[Asked]:
    """Give the one question of an elder's page: the one named, else the first without an answer."""
    wanted = request.GET.get("at", "")
    named = [one for one in desk.asked if one.fact.name == wanted]
    return named or [one for one in desk.asked if one.fact.name not in desk.typed][:1]


def _next(desk: Desk, put: Sequence[Asked]) -> str:
    """Give the address after an elder's question: the next one, else what is still open."""
    names = [one.fact.name for one in desk.asked]
    at = max((names.index(one.fact.name) for one in put if one.fact.name in names), default=-1)
    left = [name for name in names[at + 1 :] if name not in desk.typed]
    left += [one.fact.name for one in desk.open]
    return f"{desk.here(ANSWERS)}?at={left[0]}" if left else desk.after(ANSWERS)


def _take(request: HttpRequest, desk: Desk, put: Sequence[Asked], *, elder: bool) -> HttpResponse:
    """Save what was answered; show the next list of a division, or judge it all."""
    fields = [of_fact(one.fact, desk.lang, desk.t) for one in put]
    sent = gather(fields, request.POST)
    given: dict[str, Any] = {one.fact.name: answer(one.fact, sent[one.fact.name]) for one in put}
    version = request.POST.get("version", "0")
    try:
        services.save_draft(
            desk.subject,
            desk.event.slug,
            given,
            version=int(version) if version.isascii() and version.isdecimal() else 0,
        )
    except DraftMoved as moved:
        desk = _again(desk, {**desk.typed, **given})
        return _wrong(request, desk, put, in_lang(moved.fields, desk.lang))
    except SubmissionInvalid as invalid:
        return _wrong(request, desk, put, in_lang(invalid.fields, desk.lang))
    desk = fresh(desk)
    if LEVEL in request.POST:
        return show(request, desk, ANSWERS, {"fields": fields_of(desk, put)})
    return _judged(request, desk, put, given, elder=elder)


def _judged(
    request: HttpRequest,
    desk: Desk,
    put: Sequence[Asked],
    given: Mapping[str, Any],
    *,
    elder: bool,
) -> HttpResponse:
    """Say what is amiss in what was saved, else go on."""
    facts = [one.fact for one in put]
    _, mistakes = services.read_typed(facts, {n: v for n, v in given.items() if v is not None})
    wrong = {m.fact: m.message(desk.lang) for m in mistakes}
    lacking = words_of(request)["answer_needed"]
    shown = {one.fact.name for one in desk.asked}
    for one in put:
        name = one.fact.name
        if name in shown and one.required and given[name] is None:
            wrong.setdefault(name, lacking)
    if wrong:
        return _wrong(request, desk, [one for one in put if one.fact.name in shown], wrong)
    if elder:
        return redirect(_next(desk, put))
    if opened := [one for one in desk.open if one not in put]:
        # an answer has opened a question that was not on the page: put it now
        return _wrong(request, desk, desk.asked, {opened[0].fact.name: lacking})
    return redirect(desk.after(ANSWERS))


def _wrong(
    request: HttpRequest, desk: Desk, put: Sequence[Asked], wrong: Mapping[str, str]
) -> HttpResponse:
    return show(request, desk, ANSWERS, {"fields": fields_of(desk, put, wrong)}, status=422)


def _again(desk: Desk, typed: Mapping[str, Any]) -> Desk:
    """Show what was typed over the newest version, so that sending it again takes its place."""
    now = fresh(desk)
    return replace(now, draft={**now.draft, "answers": {**now.typed, **typed}})


# --- documents ----------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@at
def documents(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Take the documents that nothing stands for; each is kept as soon as it is sent.

    All are asked for on one page, or in the elder view one a page.
    """
    if request.method == "GET":
        if not desk.papers and not desk.licensed:
            return redirect(desk.after(DOCUMENTS))
        return show(request, desk, DOCUMENTS, _papers(request, desk, {}))
    wrong: dict[str, str] = {}
    new: list[str] = []
    for one in desk.papers:
        code = one.spec.code
        if request.POST.get("remove") == code:
            services.detach(desk.subject, desk.draft["number"], code)
        elif (file := request.FILES.get(code)) is not None:
            if (file.size or 0) > services.MOST_BYTES:
                wrong[code] = words_of(request)["file_too_big"]
                continue
            wrong |= _attach(desk, code, file.name or code, file.read())
            new.append(code)
    desk = fresh(desk)
    if wrong:
        return show(request, desk, DOCUMENTS, _papers(request, desk, wrong), status=422)
    if way := _other_paper(request, desk, new):
        return redirect(way)
    there = {one["material"] for one in desk.draft["documents"]}
    lacking = words_of(request)["file_needed"]
    wrong = {
        one.spec.code: lacking
        for one in desk.papers
        if one.spec.necessity == "required" and one.spec.code not in there and _certain(desk, one)
    }
    if wrong:
        return show(request, desk, DOCUMENTS, _papers(request, desk, wrong), status=422)
    return redirect(desk.after(DOCUMENTS))


def _other_paper(request: HttpRequest, desk: Desk, new: Sequence[str]) -> str:
    """Give the page of documents that comes next: the same, or an elder's next; else nothing."""
    codes, put = [one.spec.code for one in desk.papers], request.POST.get("put", "")
    if not ("remove" in request.POST or "stay" in request.POST or _amiss(desk, new)):
        there = {one["material"] for one in desk.draft["documents"]}
        left = (
            [one for one in codes[codes.index(put) + 1 :] if one not in there]
            if put in codes
            else []
        )
        if not left:
            return ""
        put = left[0]
    return f"{desk.here(DOCUMENTS)}?at={put}" if put in codes else desk.here(DOCUMENTS)


def _amiss(desk: Desk, new: Sequence[str]) -> bool:
    """Say whether a look at a file that just came in found something: it is shown, once."""
    if not new:
        return False
    found = services.looks(desk.subject, desk.draft["number"])
    return any(not found[code].well for code in new)


def _certain(desk: Desk, one: Material) -> bool:
    """Say whether a document is wanted for certain, not only if a source says so later."""
    return one.spec.when is None or feel.judge(one.spec.when, desk.known).value is True


def _attach(desk: Desk, code: str, name: str, content: bytes) -> dict[str, str]:
    number = desk.draft["number"] or services.save_draft(desk.subject, desk.event.slug, {}).number
    held = {one["material"]: one["digest"] for one in desk.draft["documents"]}
    upload = services.Upload(code, name, "", base64.b64encode(content).decode())
    try:
        services.attach(desk.subject, number, upload, replaces=held.get(code, ""))
    except (SubmissionInvalid, DraftMoved) as invalid:
        return in_lang(invalid.fields, desk.lang)
    return {}


def _papers(request: HttpRequest, desk: Desk, wrong: Mapping[str, str]) -> dict[str, Any]:
    t = words_of(request)
    there = {one["material"]: one for one in desk.draft["documents"]}
    looks = services.looks(desk.subject, desk.draft["number"]) if there else {}
    papers: list[dict[str, Any]] = [
        {
            "code": one.spec.code,
            "label": one.spec.name.of(desk.lang),
            "field": _wanted(desk, one, looks.get(one.spec.code), wrong, t),
            "there": there.get(one.spec.code),
            "look": looked(looks[one.spec.code], desk.lang, t) if one.spec.code in looks else [],
        }
        for one in desk.papers
    ]
    put = ""
    if view_of(request).elder:
        asked = [one["code"] for one in papers if one["field"]]
        first = [*wrong, request.GET.get("at", ""), *(c for c in asked if c not in there), *asked]
        put = next((code for code in first if code in asked), "")
        for one in papers:
            one["field"] = one["field"] if one["code"] == put else None
    return {
        "papers": papers,
        "put": put,
        "licensed": licences_of(desk),
        "fields": [Field(code, named(desk, code), error=line) for code, line in wrong.items()],
        "waived": sorted(
            {
                one.spec.name.of(desk.lang)
                for one in desk.event.plan.materials
                if one.status == "waived"
            }
        ),
    }


def _wanted(
    desk: Desk, one: Material, look: Look | None, wrong: Mapping[str, str], t: Mapping[str, str]
) -> Field | None:
    """Make the field of a document; None where it is there and nothing is amiss."""
    code, name = one.spec.code, one.spec.name.of(desk.lang)
    error = wrong.get(code, "")
    if look is None:
        optional = one.spec.necessity == "optional" or not _certain(desk, one)
        return Field(code, name, "file", error=error, optional=optional)
    if look.well and not error:
        return None
    return Field(code, f"{t['file_again']}{t['colon']}{name}", "file", error=error, optional=True)


_STEPS = {
    ANSWERS: answers,
    DOCUMENTS: documents,
    CONSENT: apply_check.consent,
    CHECK: apply_check.check,
    "send": apply_check.send,
    "drop": apply_check.drop,
}
