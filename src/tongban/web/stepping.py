"""One question a page (一页一问): any form of the pages, stepped through in the elder view.

What was answered travels along as hidden values, so that nothing is kept and no script is needed.
In the standard view all questions stand on one page, and the same code reads and judges them.
Passwords and files do not travel: they are asked for last, several of them on one page.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus

from django.http import HttpRequest, QueryDict

from tongban.infra.access import keeping
from tongban.infra.access.sessions import BEHALF

from .components import LEVEL, Field, gather
from .pages import view_of, words_of

#: Which question of its form a page puts, and the button that leads to the one before.
QUESTION, TURN, BACK = "question", "turn", "back"
_STAY = frozenset({"file", "password"})

Judge = Callable[[Field], str]


@dataclass(frozen=True, slots=True)
class Form:
    """A form as its page draws it; ``at`` counts its questions from 1, 0 where all stand on it.

    ``whole``: every question has an answer that may be judged further, and the form is to be sent.
    """

    fields: tuple[Field, ...]
    at: int = 0
    of: int = 0
    whole: bool = False

    @property
    def put(self) -> tuple[Field, ...]:
        """The questions of the page."""
        return _pages(self.fields)[self.at - 1] if self.at else self.fields

    @property
    def carried(self) -> list[Field]:
        """The answers to the other questions, as hidden fields."""
        others = [one for one in self.fields if one not in self.put]
        return [hidden for one in others for hidden in carried(one)]

    @property
    def begun(self) -> bool:
        """Whether this is a later page of the form than its first."""
        return self.at > 1

    @property
    def ends(self) -> bool:
        """Whether the button of the page sends the form."""
        return self.at == self.of

    @property
    def status(self) -> int:
        """What a page answers that shows this form."""
        wrong = any(one.error for one in self.fields)
        return HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK


def form_of(request: HttpRequest, fields: Sequence[Field], judge: Judge | None = None) -> Form:
    """Read what came of a form, judge it, and say which question is put now.

    ``judge`` says what is wrong with the answer to a question, nothing where it will do; without it
    every question that is not optional needs one.
    """
    judge = judge or needed(request)
    of = _count(request, fields)
    sent = request.POST if request.method == "POST" else _kept(request)
    if sent is None:
        return fresh_form(request, fields)
    fields = [_bound(one, sent) for one in fields]
    at = _at(sent, of)
    if request.method != "POST" or sent.get(LEVEL) in {one.name for one in fields}:
        return Form(tuple(fields), at or min(of, 1), of)
    if at and sent.get(TURN) == BACK:
        return Form(tuple(fields), max(at - 1, 1), of)
    form = Form(tuple(fields), at, of)
    if at < of and at:
        form = _told(form, [judge(one) if one in form.put else "" for one in fields])
        return form if form.status != HTTPStatus.OK else replace(form, at=at + 1)
    return _told(replace(form, whole=True), [judge(one) for one in fields])


def fresh_form(request: HttpRequest, fields: Sequence[Field]) -> Form:
    """Give a form of which nothing came: another form of its page was sent."""
    of = _count(request, fields)
    return Form(tuple(fields), min(of, 1), of)


def again(form: Form, wrong: Mapping[str, str]) -> Form:
    """Show a form with what is wrong, by name of the question: on the page of the first such one.

    The same form, still to be sent, where nothing is wrong with any question of it.
    """
    return _told(form, [wrong.get(one.name, "") for one in form.fields])


def _told(form: Form, wrong: Sequence[str]) -> Form:
    if not any(wrong):
        return form
    fields = [replace(one, error=line) for one, line in zip(form.fields, wrong, strict=True)]
    pages = enumerate(_pages(fields), 1)
    first = next(n for n, page in pages if any(one.error for one in page))
    return Form(tuple(fields), first if form.of else 0, form.of)


def _count(request: HttpRequest, fields: Sequence[Field]) -> int:
    """Count the pages of a form; 0 where all of it stands on one."""
    of = len(_pages(fields)) if view_of(request).elder else 0
    return of if of > 1 else 0


def _pages(fields: Sequence[Field]) -> list[tuple[Field, ...]]:
    """Divide the questions of a form: one a page, and the last for what does not travel."""
    last = tuple(one for one in fields if one.kind in _STAY)
    return [*((one,) for one in fields if one.kind not in _STAY), *([last] if last else [])]


def carried(one: Field) -> list[Field]:
    """Give the hidden fields that say what the answer to a question was."""
    if one.kind in _STAY:
        return []
    if one.kind == "date":
        parts = zip(("year", "month", "day"), one.parts, strict=True)
        return [Field(f"{one.name}-{part}", "", "hidden", value=value) for part, value in parts]
    if one.kind == "checks":
        return [Field(one.name, "", "hidden", value=value) for value in sorted(one.values)]
    return [Field(one.name, "", "hidden", value=one.value)]


def needed(request: HttpRequest) -> Judge:
    """Ask for an answer to every question that is not optional; a box may stay empty."""
    wanted = words_of(request)["answer_needed"]
    return lambda one: "" if one.optional or one.kind == "check" or _given(one) else wanted


def _given(one: Field) -> bool:
    if one.kind in {"choice", "select"}:
        return one.value in {option.value for option in one.options}
    return bool(one.values if one.kind == "checks" else one.value.strip())


def _bound(one: Field, sent: QueryDict) -> Field:
    """Put what was sent into a question; fields of one name share it by their options."""
    if one.kind in _STAY:
        return one
    if one.kind == "checks":
        offered = {option.value for option in one.options}
        return replace(one, values=frozenset(sent.getlist(one.name)) & offered)
    return replace(one, value=gather([one], sent)[one.name])


def _at(sent: QueryDict, of: int) -> int:
    """Read which question was answered; 0: all of them, as the standard view sends a form."""
    told = sent.get(QUESTION, "")
    at = int(told) if told.isascii() and told.isdecimal() and len(told) < 4 else 0
    return at if at <= of else 0


def _kept(request: HttpRequest) -> QueryDict | None:
    """Give what an ended session left of this form, so that its page comes back as it was."""
    if keeping.told(request) is None:
        return None
    found = keeping.kept(request)
    if found is None or found.action != request.path:
        return None
    if found.behalf != request.session.get(BEHALF, ""):
        return None
    typed = QueryDict(mutable=True)
    for name, values in found.typed.items():
        typed.setlist(name, list(values))
    return typed
