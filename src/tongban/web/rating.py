"""The page of a rating (好差评): first one of five levels, then what fits it, once.

The tags depend on the level, so the level is a page of its own and needs no script.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from tongban.apps.cases.disclosure import Sight
from tongban.apps.voice import queries, services
from tongban.apps.voice.domain import LEVELS, LONGEST, Opinion, RatingRefused

from .case_acts import at_case, case_refused
from .components import Field, Option
from .pages import language, page, words_of
from .shown import acts_of
from .stepping import again, form_of


@require_http_methods(["GET", "POST"])
@at_case
def rate(request: HttpRequest, sight: Sight, item: str) -> HttpResponse:
    """Ask for a level, then for tags and words; send them."""
    number, lang = sight.loaded.case.number, language(request)
    given = queries.of_case(number)
    if "rate" not in acts_of(sight) or given.get(item, True) is not None:
        return redirect("case", number)
    sent = request.POST if request.method == "POST" else request.GET
    level = _level(sent.get("level", ""))
    shown: dict[str, Any] = {
        "subject": sight.subject,
        "number": number,
        "name": sight.loaded.ground.definitions[item].name.of(lang),
        "item": item,
        "level": level,
    }
    if level is None:
        t = words_of(request)
        wrong = t["rate_level"] if "level" in sent else ""
        field = Field("level", t["rating"], "choice", error=wrong)
        shown |= {"error": wrong, "wrong": [field]}
        return page(request, "rate", shown, 422 if wrong else 200)
    shown |= {"said": LEVELS[level].of(lang)}
    form = form_of(request, _fields(request, level))
    if not form.whole:
        return page(request, "rate", {**shown, "form": form}, form.status)
    opinion = Opinion(
        level,
        request.POST.getlist("tags"),
        request.POST.get("words", "").strip(),
        anonymous=request.POST.get("anonymous") == "yes",
    )
    try:
        services.rate(sight.subject, number, item, opinion)
    except RatingRefused as refused:
        if queries.of_case(number).get(item) is not None:  # rated by a second click
            return case_refused(request, sight.subject, number, refused.zh, refused.en)
        form = again(form, {"words": refused.en if lang == "en" else refused.zh})
        return page(request, "rate", {**shown, "form": form}, form.status)
    return redirect("case", number)


def _level(text: str) -> int | None:
    return int(text) if text in {str(level) for level in LEVELS} else None


def _fields(request: HttpRequest, level: int) -> list[Field]:
    """Make the questions that follow a level: its tags by group, words, whether unnamed."""
    lang, t = language(request), words_of(request)
    groups = [
        Field(
            "tags",
            group["text"],
            "checks",
            optional=True,
            options=tuple(Option(tag["slug"], tag["text"]) for tag in group["tags"]),
            key=f"tags-{n}",
        )
        for n, group in enumerate(queries.offered(level, lang)["groups"])
    ]
    return [
        *groups,
        Field("words", t["rate_words"], "long", optional=True, most=LONGEST),
        Field("anonymous", t["rate_anonymous"], "check"),
    ]
