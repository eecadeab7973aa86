"""The pages of applying (申请): answers, documents, consent, check, receipt, kept in a draft.

Each page saves into the draft before it goes on, so that nothing typed is lost; the last one sends
it, once. In the elder view every question has a page of its own. What may be asked, and whether an
answer is right, is decided by the case's own code; a page only gathers and shows.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, Protocol

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tongban.apps.cases import queries, services
from tongban.apps.cases.errors import CaseError, DraftMoved, DraftUnknown, SubmissionInvalid
from tongban.apps.exchange import consents
from tongban.apps.exchange import queries as exchange
from tongban.apps.items import queries as items
from tongban.apps.items.domain import LifeEvent
from tongban.infra import clock
from tongban.infra.access.domain import Subject
from tongban.kernel import feel
from tongban.kernel.feel import Value
from tongban.kernel.forms import Field as Asked
from tongban.kernel.forms import Material, read_answers

from .components import Field, answer, gather, of_fact
from .languages import words
from .pages import acting_subject, language, missing, page, view_of

_ANSWERS, _DOCUMENTS, _CONSENT, _CHECK = "answers", "documents", "consent", "check"


@dataclass(frozen=True, slots=True)
class Desk:
    """What a page of applying works on: who applies for what, and how far the draft is."""

    subject: Subject
    event: LifeEvent
    draft: Mapping[str, Any]
    lang: str

    @property
    def typed(self) -> Mapping[str, Any]:
        """The answers as they were typed."""
        found: Mapping[str, Any] = self.draft["answers"]
        return found

    @property
    def known(self) -> dict[str, Value]:
        """The answers that can be read; what is amiss is left out and stays unknown."""
        facts = [one.fact for one in self.event.plan.ask if one.fact.name in self.typed]
        values, _ = read_answers(facts, {f.name: self.typed[f.name] for f in facts})
        return values

    @property
    def asked(self) -> list[Asked]:
        """The questions that are put: those that no answer so far has made needless."""
        return [one for one in self.event.plan.ask if self._applies(one.when)]

    @property
    def papers(self) -> list[Material]:
        """The documents to hand in: those that no answer so far has made needless."""
        return [
            one
            for one in self.event.plan.materials
            if one.status == "asked" and self._applies((one.spec.when,) if one.spec.when else ())
        ]

    @property
    def open(self) -> list[Asked]:
        """The questions that still want an answer."""
        known = self.known
        return [one for one in self.asked if one.required and known.get(one.fact.name) is None]

    @property
    def steps(self) -> list[str]:
        """The pages of this application, in their order."""
        found = [_ANSWERS] if self.event.plan.ask else []
        # a document may be wanted once an answer is known: the page is there if any may be
        if any(one.status == "asked" for one in self.event.plan.materials):
            found.append(_DOCUMENTS)
        return [*found, *([_CONSENT] if self.event.plan.consent else []), _CHECK]

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


_NEW: Mapping[str, Any] = {"number": "", "version": 0, "answers": {}, "documents": [], "gone": []}


class _Page(Protocol):
    def __call__(self, request: HttpRequest, desk: Desk, /) -> HttpResponse: ...


def _at(view: _Page) -> Any:
    """Give a page its desk: who is not signed in does so first, and comes back."""

    @wraps(view)
    def guarded(request: HttpRequest, slug: str, **_: str) -> HttpResponse:
        subject = acting_subject(request)
        if subject is None:
            return redirect(f"{reverse('sign-in')}?{urlencode({'next': request.path})}")
        try:
            event = items.life_event(slug)
            services.may_apply(subject, slug)
            number = queries.draft_of(subject, slug)
            draft = queries.draft(subject, number) if number else _NEW
        except items.NotPublished:
            return missing(request)
        except CaseError as refused:
            return _refused(request, subject, refused)
        return view(request, Desk(subject, event, draft, language(request)))

    return guarded


def _refused(request: HttpRequest, subject: Subject, error: CaseError) -> HttpResponse:
    line = error.en if language(request) == "en" else error.zh
    return page(request, "refused", {"subject": subject, "lines": [line]}, status=409)


def _show(
    request: HttpRequest, desk: Desk, step: str, shown: Mapping[str, Any], status: int = 200
) -> HttpResponse:
    t = words(view_of(request).language.tag)
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


@require_GET
@_at
def apply(request: HttpRequest, desk: Desk) -> HttpResponse:  # noqa: ARG001 - the guard's face
    """Begin, or go on where the draft stands."""
    return redirect(desk.here(desk.steps[0]))


def step(request: HttpRequest, slug: str, step: str) -> HttpResponse:
    """Lead to the page of a step; an unknown one does not exist."""
    view = _STEPS.get(step)
    return view(request, slug=slug) if view else missing(request)


# --- answers ------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@_at
def answers(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Ask the questions: all on one page, or in the elder view one a page."""
    elder = view_of(request).elder
    if request.method == "GET":
        put = _one(request, desk) if elder else desk.asked
        if not put:
            return redirect(desk.after(_ANSWERS))
        return _show(request, desk, _ANSWERS, {"fields": _fields(desk, put)})
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
    return f"{desk.here(_ANSWERS)}?at={left[0]}" if left else desk.after(_ANSWERS)


def _fields(
    desk: Desk, put: Sequence[Asked], wrong: Mapping[str, str] | None = None
) -> list[Field]:
    made = [
        of_fact(one.fact, desk.lang, hint=_help(one, desk.lang), optional=not one.required)
        for one in put
    ]
    return [
        replace(
            field,
            value=_text(desk.typed.get(field.name), field),
            error=(wrong or {}).get(field.name, ""),
        )
        for field in made
    ]


def _help(one: Asked, lang: str) -> str:
    return one.help.of(lang) if one.help else ""


def _text(typed: object, field: Field) -> str:
    """Write an answer of the draft as its control shows it."""
    if typed is None:
        return ""
    if isinstance(typed, bool):
        return "true" if typed else "false"
    if field.kind == "money" and isinstance(typed, int):
        return f"{typed // 100}.{typed % 100:02d}"
    return str(typed)


def _take(request: HttpRequest, desk: Desk, put: Sequence[Asked], *, elder: bool) -> HttpResponse:
    """Save what was answered, say what is amiss, else go on."""
    fields = [of_fact(one.fact, desk.lang) for one in put]
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
        return _wrong(request, desk, put, _of(moved.fields, desk.lang))
    except SubmissionInvalid as invalid:
        return _wrong(request, desk, put, _of(invalid.fields, desk.lang))
    desk = _fresh(desk)
    facts = [one.fact for one in put]
    _, mistakes = read_answers(facts, {n: v for n, v in given.items() if v is not None})
    wrong = {m.fact: m.message(desk.lang) for m in mistakes}
    lacking = words(view_of(request).language.tag)["answer_needed"]
    shown = {one.fact.name for one in desk.asked}
    for one in put:
        name = one.fact.name
        if name in shown and one.required and given[name] is None:
            wrong.setdefault(name, lacking)
    if wrong:
        return _wrong(request, desk, [one for one in put if one.fact.name in shown], wrong)
    if elder:
        return redirect(_next(desk, put))
    if fresh := [one for one in desk.open if one not in put]:
        # an answer has opened a question that was not on the page: put it now
        return _wrong(request, desk, desk.asked, {fresh[0].fact.name: lacking})
    return redirect(desk.after(_ANSWERS))


def _wrong(
    request: HttpRequest, desk: Desk, put: Sequence[Asked], wrong: Mapping[str, str]
) -> HttpResponse:
    return _show(request, desk, _ANSWERS, {"fields": _fields(desk, put, wrong)}, status=422)


def _again(desk: Desk, typed: Mapping[str, Any]) -> Desk:
    """Show what was typed over the newest version, so that sending it again takes its place."""
    fresh = _fresh(desk)
    return replace(fresh, draft={**fresh.draft, "answers": {**fresh.typed, **typed}})


def _fresh(desk: Desk) -> Desk:
    number = queries.draft_of(desk.subject, desk.event.slug)
    return replace(desk, draft=queries.draft(desk.subject, number) if number else _NEW)


def _of(fields: Mapping[str, tuple[str, str]], lang: str) -> dict[str, str]:
    return {name: both[1 if lang == "en" else 0] for name, both in fields.items()}


# --- documents ----------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@_at
def documents(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Take the documents that nothing stands for; each is kept as soon as it is sent."""
    if request.method == "GET":
        if not desk.papers:
            return redirect(desk.after(_DOCUMENTS))
        return _show(request, desk, _DOCUMENTS, _papers(desk, {}))
    wrong: dict[str, str] = {}
    for one in desk.papers:
        code = one.spec.code
        if request.POST.get("remove") == code:
            services.detach(desk.subject, desk.draft["number"], code)
        elif (file := request.FILES.get(code)) is not None:
            if (file.size or 0) > services.MOST_BYTES:
                wrong[code] = words(view_of(request).language.tag)["file_too_big"]
                continue
            wrong |= _attach(desk, code, file.name or code, file.read())
    desk = _fresh(desk)
    if wrong:
        return _show(request, desk, _DOCUMENTS, _papers(desk, wrong), status=422)
    if "remove" in request.POST or "stay" in request.POST:
        return redirect(desk.here(_DOCUMENTS))
    there = {one["material"] for one in desk.draft["documents"]}
    lacking = words(view_of(request).language.tag)["file_needed"]
    wrong = {
        one.spec.code: lacking
        for one in desk.papers
        if one.spec.necessity == "required" and one.spec.code not in there and _certain(desk, one)
    }
    if wrong:
        return _show(request, desk, _DOCUMENTS, _papers(desk, wrong), status=422)
    return redirect(desk.after(_DOCUMENTS))


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
        return _of(invalid.fields, desk.lang)
    return {}


def _papers(desk: Desk, wrong: Mapping[str, str]) -> dict[str, Any]:
    there = {one["material"]: one for one in desk.draft["documents"]}
    return {
        "papers": [
            {
                "field": Field(
                    one.spec.code,
                    one.spec.name.of(desk.lang),
                    "file",
                    error=wrong.get(one.spec.code, ""),
                    optional=one.spec.necessity == "optional" or not _certain(desk, one),
                ),
                "there": there.get(one.spec.code),
            }
            for one in desk.papers
        ],
        "fields": [Field(code, _named(desk, code), error=line) for code, line in wrong.items()],
        "waived": sorted(
            {
                one.spec.name.of(desk.lang)
                for one in desk.event.plan.materials
                if one.status == "waived"
            }
        ),
    }


def _named(desk: Desk, code: str) -> str:
    names = {one.spec.code: one.spec.name.of(desk.lang) for one in desk.papers}
    return names.get(code, code)


# --- consent and check --------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@_at
def consent(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Show who will be asked for what; agreeing leads on to the last look."""
    asks = any(line.basis == "consent" for line in desk.event.plan.consent)
    shown = {"lines": _consent(desk), "asks": asks, "fields": []}
    if request.method == "GET":
        return _show(request, desk, _CONSENT, shown)
    if asks and request.POST.get("consent") != "yes":
        t = words(view_of(request).language.tag)
        field = Field("consent", t["consent_agree"], "check", error=t["consent_wanted"])
        return _show(request, desk, _CONSENT, {**shown, "fields": [field]}, status=422)
    return _check(request, desk, agreed=True)


def _consent(desk: Desk) -> list[dict[str, Any]]:
    labels = desk.event.labels(desk.lang)
    departments = exchange.departments()
    until = consents.until_from(clock.now()).date().isoformat()
    return [
        {
            "department": departments[line.department].name.of(desk.lang),
            "basis": line.basis,
            "facts": [labels.get(fact, fact) for fact in line.facts],
            "purpose": "、".join(items.item(slug).name.of(desk.lang) for slug in line.items)
            if desk.lang == "zh"
            else ", ".join(items.item(slug).name.of(desk.lang) for slug in line.items),
            "until": until,
            "law": "；".join(f"《{law.title}》{law.article}" for law in line.legal_basis),
        }
        for line in desk.event.plan.consent
    ]


@require_http_methods(["GET", "POST"])
@_at
def check(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Show everything once more; a plan that needs no consent comes here by itself."""
    if request.method == "GET" and _CONSENT in desk.steps:
        return redirect(desk.here(_CONSENT))
    return _check(request, desk, agreed=request.POST.get("consent") == "yes")


def _check(
    request: HttpRequest, desk: Desk, *, agreed: bool, amiss: Sequence[str] = (), status: int = 200
) -> HttpResponse:
    if desk.open:
        return redirect(desk.here(_ANSWERS))
    number = desk.draft["number"] or services.save_draft(desk.subject, desk.event.slug, {}).number
    desk = _fresh(desk)
    rows = [
        {
            "label": field.label,
            "shown": _chosen(field) or "—",
            "act": f"{desk.here(_ANSWERS)}?at={field.name}#{field.id}",
            "act_words": words(view_of(request).language.tag)["change"],
        }
        for field in _fields(desk, desk.asked)
    ]
    shown = {
        "rows": rows,
        "files": [
            {"label": _named(desk, one["material"]), "shown": one["filename"]}
            for one in desk.draft["documents"]
        ],
        "known": items.guide(desk.event.slug).known,
        "agreed": agreed,
        "number": number,
        "amiss": amiss,
        "fields": [],
    }
    return _show(request, desk, _CHECK, shown, status)


def _chosen(field: Field) -> str:
    return next((o.label for o in field.options if o.value == field.value), field.value)


@require_POST
@_at
def send(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Send the draft and show the receipt; a second click finds the same case."""
    number, version = request.POST.get("number", ""), request.POST.get("version", "")
    agreed = request.POST.get("consent") == "yes"
    try:
        case = services.submit_draft(
            desk.subject,
            number,
            version=int(version) if version.isascii() and version.isdecimal() else 0,
            consent=agreed,
        )
    except DraftUnknown:
        return missing(request)
    except DraftMoved:
        t = words(view_of(request).language.tag)
        return _check(request, _fresh(desk), agreed=agreed, amiss=[t["draft_moved"]], status=409)
    except SubmissionInvalid as invalid:
        lines = list(_of(invalid.fields, desk.lang).values())
        return _check(request, desk, agreed=agreed, amiss=lines, status=422)
    except CaseError as refused:
        return _refused(request, desk.subject, refused)
    return redirect("receipt", number=case)


@require_http_methods(["GET", "POST"])
@_at
def drop(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Ask once, then drop the draft with all it holds."""
    if request.method == "GET":
        shown = {"subject": desk.subject, "name": desk.event.name.of(desk.lang), "desk": desk}
        return page(request, "apply_drop", shown)
    if desk.draft["number"]:
        services.drop_draft(desk.subject, desk.draft["number"])
    return redirect("guide", slug=desk.event.slug)


_STEPS = {_ANSWERS: answers, _DOCUMENTS: documents, _CONSENT: consent, _CHECK: check, "send": send,
          "drop": drop}  # fmt: skip
