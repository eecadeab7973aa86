"""What the pages of the desk share: who may open them, the filters of the queue, refusals in words.

Only somebody with a post sees a desk; who acts for another has left the desk meanwhile.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import wraps
from typing import Any, Literal, Protocol, cast

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from tongban.apps.cases.desk import Wanted, waiting
from tongban.infra import clock
from tongban.infra.access.domain import Subject
from tongban.web.pages import acting_subject, language, missing, page, words_of

#: Filters of the queue, as they stand in an address; a case that was opened from it keeps them.
FILTERS = ("item", "stage", "claimed", "due")
#: How far away the day is that the desk works towards, in days from today.
DUE = {"overdue": 0, "today": 1, "week": 7}
CLAIMED = ("free", "mine", "others")
STAGES = ("examining", "processing", "gathering")
_LONGEST = 60
# nobody needs to know of more work than so many cases a post, and counting takes time
_COUNTED = 1_000


class Refusal(Protocol):
    """What an app refuses, in both languages."""

    zh: str
    en: str


def official(*roles: str) -> Callable[[Callable[..., HttpResponse]], Any]:
    """Guard a page of the desk: for whoever holds one of these posts (none named: any post)."""

    def guard(view: Callable[..., HttpResponse]) -> Any:
        @wraps(view)
        def guarded(request: HttpRequest, **kept: str) -> HttpResponse:
            subject = acting_subject(request)
            if subject is None:
                return redirect(f"{reverse('sign-in')}?{urlencode({'next': request.path})}")
            held = {post.role for post in subject.posts}
            if not held or (roles and not held & set(roles)):
                return missing(request)
            if not all(value.isprintable() for value in kept.values()):
                return missing(request)
            return view(request, subject, **kept)

        return guarded

    return guard


def show(
    request: HttpRequest,
    subject: Subject,
    template: str,
    shown: Mapping[str, Any],
    status: int = 200,
) -> HttpResponse:
    """Show a page of the desk with the tabs of what this official may do."""
    t = words_of(request)
    held = {post.role for post in subject.posts}
    tabs = [
        (reverse(name), name, t[f"{name.replace('-', '_')}_tab"])
        for name, roles in _TABS
        if not roles or held & roles
    ]
    # the queue's address begins all others: the longest that fits is where the visitor is
    fits = [(len(url), name) for url, name, _ in tabs if request.path.startswith(url)]
    frame = {"subject": subject, "tabs": tabs, "at": max(fits, default=(0, ""))[1]}
    return page(request, template, {**frame, **shown}, status)


_TABS: Sequence[tuple[str, frozenset[str]]] = (
    ("desk", frozenset()),
    ("desk-counter", frozenset({"clerk"})),
    ("desk-licences", frozenset({"approver"})),
    ("desk-fees", frozenset({"approver"})),
    ("desk-wishes", frozenset({"clerk"})),
    ("desk-ratings", frozenset({"clerk", "reviewer", "approver"})),
    ("desk-translations", frozenset({"clerk", "approver"})),
    ("design", frozenset({"publisher"})),
)


def said(request: HttpRequest, refused: Refusal) -> str:
    """Give a refusal in the visitor's language."""
    return refused.en if language(request) == "en" else refused.zh


def kept(asked: QueryDict) -> dict[str, str]:
    """Give the filters that an address carries; what is none of them is left out."""
    fits = {"claimed": CLAIMED, "stage": STAGES, "due": tuple(DUE)}
    found = {name: asked.get(name, "").strip()[:_LONGEST] for name in FILTERS}
    return {
        name: value
        for name, value in found.items()
        if value and value.isprintable() and value in fits.get(name, (value,))
    }


def wanted(filters: Mapping[str, str]) -> Wanted:
    """Read the filters of the queue."""
    due = filters.get("due", "")
    return Wanted(
        item=filters.get("item", ""),
        stage=filters.get("stage", ""),
        claimed=cast("Literal['', 'free', 'mine', 'others']", filters.get("claimed", "")),
        due_before=clock.today() + timedelta(days=DUE[due]) if due else None,
    )


def counted(subject: Subject, asked: Wanted) -> str:
    """Count the work that waits for this official; a plus says that there is more."""
    found = waiting(subject, asked, _COUNTED + 1)
    return str(found) if found <= _COUNTED else f"{_COUNTED}+"


def address(name: str, *parts: str, **query: str) -> str:
    """Write the address of a page of the desk, with what its query carries."""
    path = reverse(name, args=parts)
    return f"{path}?{urlencode(query)}" if query else path
