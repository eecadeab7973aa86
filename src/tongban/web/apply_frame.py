"""The frame of every page of applying: whose draft it is, how far it is, what goes round a step."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from tongban.apps.cases import queries, services
from tongban.apps.cases.errors import CaseError
from tongban.apps.items import queries as items
from tongban.apps.items.domain import LifeEvent
from tongban.infra.access.domain import Subject
from tongban.kernel import feel
from tongban.kernel.feel import Value
from tongban.kernel.forms import Field as Asked
from tongban.kernel.forms import Material

from .components import Field, of_fact, written
from .pages import acting_subject, language, missing, page, words_of

ANSWERS, DOCUMENTS, CONSENT, CHECK = "answers", "documents", "consent", "check"


@dataclass(frozen=True)
class Desk:
    """What a page of applying works on: who applies for what, and how far the draft is."""

    subject: Subject
    event: LifeEvent
    draft: Mapping[str, Any]
    lang: str
    t: Mapping[str, str]

    @cached_property
    def presented(self) -> Mapping[str, str]:
        """The applicant's licences that stand for documents: kind → identifier."""
        return services.presented(self.subject, self.event, self.known)

    @property
    def typed(self) -> Mapping[str, Any]:
        """The answers as they were typed."""
        found: Mapping[str, Any] = self.draft["answers"]
        return found

    @property
    def known(self) -> dict[str, Value]:
        """The answers that can be read; what is amiss is left out and stays unknown."""
        facts = [one.fact for one in self.event.plan.ask if one.fact.name in self.typed]
        values, _ = services.read_typed(facts, {f.name: self.typed[f.name] for f in facts})
        return values

    @property
    def asked(self) -> list[Asked]:
        """The questions that are put: those that no answer so far has made needless."""
        return [one for one in self.event.plan.ask if self._applies(one.when)]

    @property
    def papers(self) -> list[Material]:
        """The documents to hand in: those that no answer so far has made needless."""
        return [one for one in self._wanted if not self._stands(one)]

    @property
    def licensed(self) -> list[Material]:
        """The documents for which a licence of the applicant is presented instead (出示证照)."""
        return [one for one in self._wanted if self._stands(one)]

    @property
    def _wanted(self) -> list[Material]:
        return [
            one
            for one in self.event.plan.materials
            if one.status == "asked" and self._applies((one.spec.when,) if one.spec.when else ())
        ]

    def _stands(self, wanted: Material) -> bool:
        # an item that shares the document may not take a licence for it
        return all(
            one.spec.waived_by_licence in self.presented
            for one in self.event.plan.materials
            if one.spec.code == wanted.spec.code and one.status in {"asked", "shared"}
        )

    @property
    def open(self) -> list[Asked]:
        """The questions that still want an answer."""
        known = self.known
        return [one for one in self.asked if one.required and known.get(one.fact.name) is None]

    @property
    def steps(self) -> list[str]:
        """The pages of this application, in their order."""
        found = [ANSWERS] if self.event.plan.ask else []
        # a document may be wanted once an answer is known: the page is there if any may be
        if any(one.status == "asked" for one in self.event.plan.materials):
            found.append(DOCUMENTS)
        return [*found, *([CONSENT] if self.event.plan.consent else []), CHECK]

    def _applies(self, conditions: Sequence[feel.Condition]) -> bool:
        return not conditions or any(
            feel.judge(one, self.known).value is not False for one in conditions
        )

    def after(self, step: str) -> str:
        """Give the address of the page after a step."""
        left = self.steps[self.steps.index(step) + 1 :]
        return reverse("apply-step", args=[self.event.slug, left[0]])

    def before(self, step: str) -> str:
        """Give the address of the page before a step; of the first one, the guide."""
        at = self.steps.index(step)
        if at == 0:
            return reverse("guide", args=[self.event.slug])
        return reverse("apply-step", args=[self.event.slug, self.steps[at - 1]])

    def here(self, step: str) -> str:
        """Give the address of a step."""
        return reverse("apply-step", args=[self.event.slug, step])


NEW: Mapping[str, Any] = {"number": "", "version": 0, "answers": {}, "documents": [], "gone": []}


def at(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give a page its desk: who is not signed in does so first, and comes back."""

    @wraps(view)
    def guarded(request: HttpRequest, slug: str, **more: str) -> HttpResponse:
        subject = acting_subject(request)
        if subject is None:
            return redirect(f"{reverse('sign-in')}?{urlencode({'next': request.path})}")
        try:
            event = items.life_event(slug)
            services.may_apply(subject, slug)
            number = queries.draft_of(subject, slug)
            draft = queries.draft(subject, number) if number else NEW
        except items.NotPublished:
            return missing(request)
        except CaseError as error:
            return refused(request, subject, error)
        return view(
            request, Desk(subject, event, draft, language(request), words_of(request)), **more
        )

    return guarded


def refused(request: HttpRequest, subject: Subject, error: CaseError) -> HttpResponse:
    """Say why something was not done."""
    line = error.en if language(request) == "en" else error.zh
    return page(request, "refused", {"subject": subject, "lines": [line]}, status=409)


def show(
    request: HttpRequest, desk: Desk, step: str, shown: Mapping[str, Any], status: int = 200
) -> HttpResponse:
    """Show the page of a step."""
    t = words_of(request)
    frame = {
        "subject": desk.subject,
        "desk": desk,
        "name": desk.event.name.of(desk.lang),
        "steps": [t[f"step_{one}"] for one in desk.steps],
        "at": desk.steps.index(step) + 1,
        "back": desk.before(step),
        "draft": desk.draft,
    }
    return page(request, f"apply_{step}", {**frame, **shown}, status)


def fields_of(
    desk: Desk, put: Sequence[Asked], wrong: Mapping[str, str] | None = None
) -> list[Field]:
    """Make the fields of questions, with what the draft holds and what is wrong with it."""
    made = [
        of_fact(one.fact, desk.lang, desk.t, hint=_help(one, desk.lang), optional=not one.required)
        for one in put
    ]
    return [
        replace(
            field,
            value=written(desk.typed.get(field.name), field.kind),
            error=(wrong or {}).get(field.name, ""),
        )
        for field in made
    ]


def _help(one: Asked, lang: str) -> str:
    return one.help.of(lang) if one.help else ""


def fresh(desk: Desk) -> Desk:
    """Give the desk with the draft as it is now."""
    number = queries.draft_of(desk.subject, desk.event.slug)
    return replace(desk, draft=queries.draft(desk.subject, number) if number else NEW)


def in_lang(fields: Mapping[str, tuple[str, str]], lang: str) -> dict[str, str]:
    """Give the faults by field in one language."""
    return {name: both[1 if lang == "en" else 0] for name, both in fields.items()}


def licences_of(desk: Desk) -> list[tuple[str, str]]:
    """Name each document that a licence stands for, and the licence."""
    return [
        (
            one.spec.name.of(desk.lang),
            items.licence_kind(one.spec.waived_by_licence).name.of(desk.lang),
        )
        for one in desk.licensed
    ]


def named(desk: Desk, code: str) -> str:
    """Name a document that is asked for."""
    names = {one.spec.code: one.spec.name.of(desk.lang) for one in desk.event.plan.materials}
    return names.get(code, code)
