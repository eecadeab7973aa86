"""What its applicant does on a case: answer, doubt, urge on, withdraw (补正、更正请求、催办、撤回).

Each page shows what the case itself asks or offers and sends it to the case's own verb, which
decides. To whoever may not see the case it does not exist.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, Literal

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST

from tongban.apps.cases import disclosure, queries, services, uploads
from tongban.apps.cases.disclosure import Sight
from tongban.apps.cases.domain.state import ENDED, Stage
from tongban.apps.cases.errors import CaseError, CaseUnknown, NotAllowed, SubmissionInvalid
from tongban.infra.access.domain import Subject
from tongban.kernel.facts import Fact, UnknownFact

from .components import Field, Option, answer, of_fact
from .doubting import MOST_WHY, About, doubt_page
from .looks import looked
from .pages import acting_subject, language, missing, page, words_of
from .shown import value_words
from .stepping import Form, again, form_of

#: The box by which a file goes in as it is, whatever a look found.
_AS_IT_IS = "as_it_is"


def look(subject: Subject | None, number: str) -> Sight | None:
    """Give the case as this subject sees it; None where it may see none of it."""
    if subject is None or not number.isprintable():
        return None
    try:
        return disclosure.look(subject, number)
    except (CaseUnknown, NotAllowed):
        return None


def at_case(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give a page the case it is about; who is not signed in does so first, and comes back."""

    @wraps(view)
    def guarded(request: HttpRequest, number: str, **more: str) -> HttpResponse:
        subject = acting_subject(request)
        if subject is None:
            return redirect(f"{reverse('sign-in')}?{urlencode({'next': request.path})}")
        sight = look(subject, number)
        if sight is None:
            return page(request, "missing", {"subject": subject}, status=404)
        try:
            return view(request, sight, **more)
        except CaseUnknown:
            return page(request, "missing", {"subject": subject}, status=404)
        except CaseError as error:
            return case_refused(request, subject, number, error.zh, error.en)

    return guarded


def case_refused(
    request: HttpRequest, subject: Subject, number: str, zh: str, en: str, status: int = 409
) -> HttpResponse:
    """Say why something was not done, with the way back to the case."""
    shown = {
        "subject": subject,
        "lines": [en if language(request) == "en" else zh],
        "back_to": reverse("case", args=[number]),
    }
    return page(request, "refused", shown, status)


def _frame(sight: Sight, lang: str) -> dict[str, Any]:
    case = sight.loaded.case
    return {
        "subject": sight.subject,
        "number": case.number,
        "name": sight.loaded.ground.life_event.name.of(lang),
    }


def wrong_of(error: SubmissionInvalid, lang: str) -> dict[str, str]:
    """Give the faults of a submission by field, in the visitor's language."""
    return {name: both[1 if lang == "en" else 0] for name, both in error.fields.items()}


# --- answering a correction -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Point:
    """One point that is asked: a value to type, a department's value to confirm, or a document."""

    kind: Literal["typed", "confirmed", "paper"]
    field: Field
    fact: Fact | None = None
    given: Any = None  # what is confirmed, as JSON


def _points(sight: Sight, lang: str, t: Mapping[str, str]) -> list[Point]:
    loaded = sight.loaded
    known = queries.values(loaded)
    sources = {row["fact"]: row for row in queries.facts_view(loaded, lang)}
    found: dict[str, Point] = {}
    for branch in disclosure.case(sight, lang)["branches"]:
        papers = {one.code for one in loaded.ground.definitions[branch["item"]].needs.materials}
        for asked in branch["asked"]:
            name, label, why = asked["name"], asked["label"], asked["why"]
            if name in found:
                continue
            if name in papers:
                found[name] = Point("paper", Field(name, label, "file", hint=why))
                continue
            try:
                fact = loaded.ground.vocabulary.fact(name)
            except UnknownFact:  # a clerk's own words: a point that no form can take
                continue
            row = sources.get(name)
            if name in known and (row is None or row["origin"] != "applicant"):
                told = row or {"fact": name, "value": known[name]}
                said = value_words(told, loaded.ground.vocabulary, lang, t)
                field = Field(
                    name,
                    str(t["confirm_value"]).format(shown=f"{label} {said}"),
                    "check",
                    hint=t["in_brackets"].format(text=why, more=row["department"])
                    if row and row["department"]
                    else why,
                    doubt=reverse("case-doubt", args=[loaded.case.number, name]) if row else "",
                )
                found[name] = Point("confirmed", field, fact, known[name])
                continue
            held = loaded.case.facts.get(name)
            typed = of_fact(fact, lang, t, value=held.value if held else None, hint=why)
            found[name] = Point("typed", replace(typed, label=label), fact)
    return list(found.values())


@require_http_methods(["GET", "POST"])
@at_case
def give_answer(request: HttpRequest, sight: Sight) -> HttpResponse:
    """Show every point that is asked, and take the answers to all of them."""
    lang, t = language(request), words_of(request)
    points = _points(sight, lang, t)
    if not points or not disclosure.may(sight, "case.correct"):
        return redirect("case", sight.loaded.case.number)
    form = form_of(request, [one.field for one in points], lambda one: _lacks(request, one, t))
    shown = {**_frame(sight, lang), "form": form}
    if not form.whole:
        return page(request, "case_answer", shown, form.status)
    answers, papers, wrong = _gathered(request, points, form, lang)
    if not wrong:
        papers = [services.see_paper(paper) for paper in papers]
        if amiss := _amiss(sight, papers, lang, t):
            shown["again"] = Field(_AS_IT_IS, t["look_as_it_is"], "check", optional=True)
            wrong = {} if request.POST.get(_AS_IT_IS) == "yes" else amiss
    if not wrong:
        try:
            services.answer(sight.subject, sight.loaded.case.number, answers, papers)
        except SubmissionInvalid as invalid:
            wrong = wrong_of(invalid, lang)
        else:
            return redirect("case", sight.loaded.case.number)
    asked = {one.name for one in form.fields}
    told = {"form": again(form, wrong), "lines": [wrong[name] for name in wrong.keys() - asked]}
    return page(request, "case_answer", {**shown, **told}, 422)


def _lacks(request: HttpRequest, one: Field, t: Mapping[str, str]) -> str:
    """Say what a point lacks: every one is wanted, a box ticked and a document there."""
    if one.kind == "file":
        file = request.FILES.get(one.name)
        if file is None:
            return t["file_needed"]
        return t["file_too_big"] if (file.size or 0) > services.MOST_BYTES else ""
    if one.kind == "check":
        return "" if one.value == "yes" else t["confirm_wanted"]
    return "" if one.value else t["answer_needed"]


def _gathered(
    request: HttpRequest, points: Sequence[Point], form: Form, lang: str
) -> tuple[dict[str, Any], list[services.Paper], dict[str, str]]:
    """Take what was typed, confirmed and chosen, and say by field which file cannot be read."""
    sent = {one.name: one.value for one in form.fields}
    wrong: dict[str, str] = {}
    answers: dict[str, Any] = {}
    papers: list[services.Paper] = []
    for one in points:
        name = one.field.name
        if (file := request.FILES.get(name)) is not None and one.kind == "paper":
            try:
                papers.append(services.read_paper(_upload(name, file)))
            except SubmissionInvalid as invalid:
                wrong |= wrong_of(invalid, lang)
        elif one.kind == "confirmed":
            answers[name] = one.given
        elif one.fact is not None:
            answers[name] = answer(one.fact, sent[name])
    return answers, papers, wrong


def _upload(name: str, file: UploadedFile[Any]) -> services.Upload:
    content = base64.b64encode(file.read()).decode()
    return services.Upload(name, (file.name or name)[-120:], "", content)


def _amiss(
    sight: Sight, papers: Sequence[services.Paper], lang: str, t: Mapping[str, str]
) -> dict[str, str]:
    """Give what a look at files finds amiss and what to do, before anything is sent.

    What an answer hands in is final, unlike a draft's: so it is told first, and whoever has checked
    it sends it as it is.
    """
    return {
        name: " ".join(line["words"] for line in looked(look, lang, t))
        for name, look in uploads.looks(sight, papers).items()
        if not look.well
    }


# --- not right? -----------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@at_case
def doubt(request: HttpRequest, sight: Sight, fact: str) -> HttpResponse:
    """Take what a prefilled fact should be and why; show what was said, to be taken back."""
    lang, t = language(request), words_of(request)
    rows = {row["fact"]: row for row in disclosure.facts(sight, lang)}
    row = rows.get(fact)
    if row is None or row["origin"] != "source" or not disclosure.may(sight, "case.correct"):
        return missing(request)
    number = sight.loaded.case.number
    about = About(
        name=sight.loaded.ground.life_event.name.of(lang),
        number=number,
        back=reverse("case", args=[number]),
        back_words=t["back_to_case"],
        take_back=reverse("case-doubt-back", args=[number, fact]),
    )
    return doubt_page(
        request,
        sight.subject,
        about,
        row,
        lambda told: services.doubt(sight.subject, number, fact, told),
    )


@require_POST
@at_case
def withdraw_doubt(request: HttpRequest, sight: Sight, fact: str) -> HttpResponse:  # noqa: ARG001 - the guard's face
    """Take a doubt back."""
    services.withdraw_doubt(sight.subject, sight.loaded.case.number, fact)
    return redirect("case", sight.loaded.case.number)


# --- urge and withdraw ----------------------------------------------------------------------------


@require_POST
@at_case
def urge(request: HttpRequest, sight: Sight) -> HttpResponse:
    """Urge one item on."""
    services.urge(sight.subject, sight.loaded.case.number, request.POST.get("item", "")[:60])
    return redirect("case", sight.loaded.case.number)


@require_http_methods(["GET", "POST"])
@at_case
def take_back(request: HttpRequest, sight: Sight) -> HttpResponse:
    """Ask which items and why, once; then withdraw them."""
    lang, t, case = language(request), words_of(request), sight.loaded.case
    definitions = sight.loaded.ground.definitions
    standing = [
        Option(item, definitions[item].name.of(lang))
        for item, branch in case.branches.items()
        if Stage(branch.stage) not in ENDED
    ]
    if not standing or not disclosure.may(sight, "case.withdraw"):
        return redirect("case", case.number)
    which = Field("items", t["take_back_which"], "checks", options=tuple(standing))
    why = Field("why", t["why_optional"], "long", optional=True, most=MOST_WHY)
    shown = _frame(sight, lang)
    none = t["take_back_none"]
    form = form_of(
        request, [which, why], lambda one: none if one.name == "items" and not one.values else ""
    )
    if not form.whole:
        return page(request, "case_take_back", {**shown, "form": form}, form.status)
    which, why = form.fields
    services.withdraw(sight.subject, case.number, sorted(which.values), why.value[:MOST_WHY])
    return redirect("case", case.number)
