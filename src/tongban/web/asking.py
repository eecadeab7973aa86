"""Pages for who does not know yet: a question answered out of the guides, and "may I?" beforehand.

Open to everybody. What is typed here is kept nowhere: an answer goes with the form from page to
page, and never into an address.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from tongban.apps.cases import queries
from tongban.apps.cases.domain.prechecking import Precheck
from tongban.apps.cases.errors import SubmissionInvalid
from tongban.apps.exchange import queries as exchange
from tongban.apps.items import queries as items
from tongban.infra.access.questions import may_ask
from tongban.kernel.facts import Fact

from .components import LEVEL, Field, answer, gather, of_fact
from .pages import acting_subject, language, missing, page, too_many, view_of, words_of
from .translated import reader

_PUT = 5  # questions a page; one in the elder view
_TONES = {"yes": "done", "no": "stop", "unknown": "wait"}


@require_GET
def ask(request: HttpRequest) -> HttpResponse:
    """Answer a question by a quoted paragraph, or say plainly that nobody knows."""
    question = request.GET.get("q", "").strip()
    shown: dict[str, Any] = {"subject": acting_subject(request), "question": question}
    if question and not may_ask(request):
        return too_many(request, "ask", shown)
    if question:
        reply = items.ask(question)
        quotes = reply.quotes[: 1 if reply.known else 3]
        read = reader(request, [part for one in quotes for part in (one.service.about, one.piece)])
        shown |= {
            "reply": reply,
            "quotes": [
                {
                    "name": read(one.service.about)[0],
                    "url": reverse("guide", args=[one.service.slug]),
                    "heading": heading,
                    "lines": text.splitlines(),
                    "edition": one.edition,
                    "published": one.published,
                }
                for one in quotes
                for heading, text in [read(one.piece)]
            ],
        }
    return page(request, "ask", shown)


@require_http_methods(["GET", "POST"])
def precheck(request: HttpRequest, slug: str) -> HttpResponse:
    """Let the rules answer before anybody applies: yes, no, or which fact would settle it."""
    lang, t = language(request), words_of(request)
    try:
        event = items.life_event(slug)
    except items.NotPublished:
        return missing(request)
    known, askable = items.vocabulary(), queries.precheck_facts(slug)

    def named(name: str) -> list[Fact]:
        sent = dict.fromkeys(request.POST.getlist(name))
        return [known.fact(one) for one in sent if one in askable]

    kept, put = named("kept"), named("put")
    again = LEVEL in request.POST  # the same questions with one list more
    typed = gather([of_fact(fact, lang, t) for fact in (*kept, *put)], request.POST)
    answered = kept if again else [*kept, *put]
    given = {fact.name: answer(fact, typed[fact.name]) for fact in answered}
    told = {name: value for name, value in given.items() if value is not None}
    wrong: dict[str, str] = {}
    try:
        found = queries.precheck(slug, told)
    except SubmissionInvalid as invalid:
        wrong = {name: both[1 if lang == "en" else 0] for name, both in invalid.fields.items()}
        told = {name: value for name, value in told.items() if name not in wrong}
        found = queries.precheck(slug, told)
    asks = [*wrong, *([fact.name for fact in put] if again else _open(found))]
    open_ = [known.fact(name) for name in dict.fromkeys(asks) if name not in told]
    now = open_ if again else open_[: 1 if view_of(request).elder else _PUT]
    shown = {
        "subject": acting_subject(request),
        "slug": slug,
        "name": event.name.of(lang),
        "results": [_result(request, one, lang) for one in found],
        "fields": _fields(now, typed, wrong, lang, t),
        "kept": _hidden(told, typed, answered, lang, t),
        "began": bool(answered),
    }
    return page(request, "precheck", shown, status=422 if wrong else 200)


def _open(found: Iterable[Precheck]) -> list[str]:
    """Name the facts that would settle what is open, each once, in the order of the items."""
    return list(dict.fromkeys(one.fact for result in found for one in result.wanted))


def _fields(
    facts: Sequence[Fact],
    typed: Mapping[str, str],
    wrong: Mapping[str, str],
    lang: str,
    t: Mapping[str, str],
) -> list[Field]:
    return [
        replace(
            of_fact(fact, lang, t, optional=True),
            value=typed.get(fact.name, ""),
            error=wrong.get(fact.name, ""),
        )
        for fact in facts
    ]


def _hidden(
    told: Mapping[str, object],
    typed: Mapping[str, str],
    put: Sequence[Fact],
    lang: str,
    t: Mapping[str, str],
) -> list[Field]:
    """Carry what was answered along with the form: it is kept nowhere else."""
    made: list[Field] = []
    for fact in put:
        if fact.name not in told:
            continue
        field = replace(of_fact(fact, lang, t), value=typed[fact.name])
        names = ("year", "month", "day")
        if field.kind == "date":
            parts = zip(names, field.parts, strict=True)
            made += [Field(f"{fact.name}-{n}", "", "hidden", value=v) for n, v in parts]
        else:
            made.append(Field(fact.name, "", "hidden", value=field.value))
        made.append(Field("kept", "", "hidden", value=fact.name))
    return made


def _result(request: HttpRequest, one: Precheck, lang: str) -> dict[str, Any]:
    t = words_of(request)
    departments = exchange.departments()
    asked = [w.label.of(lang) for w in one.wanted]
    sources = sorted({w.by for w in one.wanted if w.by in departments})
    return {
        "name": items.item(one.item).name.of(lang),
        "tone": _TONES[one.answer],
        "state": t["precheck_person"] if one.person else t[f"precheck_{one.answer}"],
        "reasons": [reason.text.of(lang) for reason in one.reasons],
        "wanted": asked,
        "sources": [departments[key].name.of(lang) for key in sources],
    }
