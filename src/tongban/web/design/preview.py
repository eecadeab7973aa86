"""The preview of a draft: what a citizen would see if it were published, and nothing is.

The draft is published inside a transaction that is rolled back once the page is made, so that what
is shown is what publication would give, by the very code of the citizen's pages.
"""

import re
from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from tongban.apps.items import queries as items
from tongban.apps.items import services as publishing
from tongban.apps.items.workshop import queries
from tongban.apps.items.workshop.errors import WorkshopRefused
from tongban.infra.access.domain import Subject
from tongban.infra.once import one_look
from tongban.infra.packs import PackInvalid
from tongban.kernel.facts import Words
from tongban.kernel.forms import DataPlan
from tongban.web.components import of_fact
from tongban.web.pages import language, view_of, words_of
from tongban.web.services import guide as guide_page

from .frame import designer, show


@require_GET
@designer
def preview(request: HttpRequest, subject: Subject, number: str, slug: str) -> HttpResponse:
    """Show the guide of an item or life event as the draft would have it."""
    return _previewed(request, subject, number, lambda: guide_page(request, slug=slug))


@require_GET
@designer
def preview_form(request: HttpRequest, subject: Subject, number: str, slug: str) -> HttpResponse:
    """Show the form that the draft would ask for this item or life event."""
    return _previewed(request, subject, number, lambda: _form(request, subject, number, slug))


def _form(request: HttpRequest, subject: Subject, number: str, slug: str) -> HttpResponse:
    lang, t = language(request), words_of(request)
    try:
        name, plan = _asked(slug)
    except items.NotPublished as unknown:
        raise WorkshopRefused(unknown.zh, unknown.en) from unknown
    fields = [
        of_fact(
            one.fact,
            lang,
            t,
            hint=one.help.of(lang) if one.help else "",
            optional=not one.required,
        )
        for one in plan.ask
    ]
    steps = {}
    if view_of(request).elder and fields:  # one question a page, as an elder is asked
        told = request.GET.get("at", "")
        at = min(max(int(told) if re.fullmatch("[0-9]{1,4}", told) else 1, 1), len(fields))
        steps = {
            "told": t["question_of"].format(at=at, all=len(fields)),
            "earlier": f"?at={at - 1}" if at > 1 else "",
            "later": f"?at={at + 1}" if at < len(fields) else "",
        }
        fields = fields[at - 1 : at]
    shown = {
        "draft": queries.draft(subject, number),
        "name": name.of(lang),
        "slug": slug,
        "fields": fields,
        **steps,
        "bring": [one.spec.name.of(lang) for one in plan.materials if one.status == "asked"],
    }
    return show(request, subject, "design_preview", shown)


def _asked(slug: str) -> tuple[Words, DataPlan]:
    """Give the name and the data plan of a life event, or of an item by itself."""
    if slug in items.life_events():
        event = items.life_event(slug)
        return event.name, event.plan
    return items.item(slug).name, items.plan_alone(slug)


def _previewed(
    request: HttpRequest, subject: Subject, number: str, make: Callable[[], HttpResponse]
) -> HttpResponse:
    row = queries.row_of(subject, number)
    request.preview = {"back": f"/design/{number}"}  # type: ignore[attr-defined]
    try:
        with transaction.atomic():
            publishing.publish(queries.packs(row), actor=subject.user_id)
            with one_look():  # what this request asked before is asked anew
                made = make()
            transaction.set_rollback(True)
    except PackInvalid as wrong:
        t = words_of(request)
        lines = [t["design_preview_not_ready"], *map(str, wrong.problems[:20])]
        return show(request, subject, "refused", {"lines": lines}, 409)
    made.cookies.clear()  # looking at a draft changes nobody's language or view
    return made
