"""The page on which a person says that a prefilled fact is not right (更正请求)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from tongban.apps.cases import services
from tongban.apps.cases.errors import SubmissionInvalid
from tongban.apps.items import queries as items
from tongban.infra.access.domain import Subject

from .components import Field, answer, of_fact
from .pages import language, page, words_of
from .shown import day_of, value_words
from .stepping import again, form_of

MOST_WHY = 500


@dataclass(frozen=True, slots=True)
class About:
    """What a doubt is raised in: its name and number, the way back, where it is taken back."""

    name: str
    number: str
    back: str
    back_words: str
    take_back: str
    help: str = "doubt_help"


def doubt_page(
    request: HttpRequest,
    subject: Subject,
    about: About,
    row: Mapping[str, Any],
    raise_: Callable[[services.Doubted], object],
) -> HttpResponse:
    """Show the fact of ``row``, and take what it should be and why.

    ``raise_`` keeps the doubt; it may raise `SubmissionInvalid` with what is wrong with it.
    """
    lang, t = language(request), words_of(request)
    fact = row["fact"]
    vocabulary = items.vocabulary()
    known = vocabulary.fact(fact)
    fields = [
        replace(of_fact(known, lang, t, optional=True), label=t["doubt_says"]),
        Field("why", t["doubt_why"], "long", optional=True, most=MOST_WHY),
    ]
    shown = {
        "subject": subject,
        "about": about,
        "help": t[about.help],
        "fact": row,
        "as_of": day_of(row["as_of"]),
        "value": value_words(row, vocabulary, lang, t),
    }
    form = form_of(request, fields)
    if not form.whole:
        return page(request, "doubt", {**shown, "form": form}, form.status)
    sent = {one.name: one.value for one in form.fields}
    wrong: dict[str, str] = {}
    if not sent[fact] and not sent["why"]:
        wrong = {fact: t["doubt_empty"]}
    else:
        told = services.Doubted(answer(known, sent[fact]), sent["why"][:MOST_WHY])
        try:
            raise_(told)
        except SubmissionInvalid as invalid:
            wrong = {name: both[lang == "en"] for name, both in invalid.fields.items()}
        else:
            return redirect(about.back)
    return page(request, "doubt", {**shown, "form": again(form, wrong)}, 422)
