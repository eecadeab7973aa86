"""The queue (待办): what waits for an official's posts, the most urgent first, page by page.

Several cases are decided in one act only where the item allows it, after one kind of work on one
item was chosen; each is then judged by itself, and what was refused is said.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods

from tongban.apps.cases import desk, docket, services
from tongban.apps.cases.errors import CaseError, SubmissionInvalid
from tongban.apps.items import queries as items
from tongban.infra.access.domain import Subject
from tongban.web.components import Field, Option, gather
from tongban.web.desk.forms import TONES, verdict_fields, wrong
from tongban.web.desk.frame import (
    CLAIMED,
    DUE,
    STAGES,
    address,
    counted,
    kept,
    official,
    said,
    show,
    wanted,
)
from tongban.web.pages import language, missing, words_of

_ITEMS = 200
_DONE = re.compile(r"[0-9A-Za-z-]{1,32}\Z")


def done_of(request: HttpRequest) -> dict[str, str] | None:
    """Give the case that was just dealt with, where the address names one."""
    number = request.GET.get("done", "")
    return {"number": number} if _DONE.match(number) else None


@require_http_methods(["GET", "POST"])
@official()
def queue(request: HttpRequest, subject: Subject) -> HttpResponse:
    """Show the queue; take a case into one's hands or let go of it; decide several."""
    if request.method == "GET":
        return _show(request, subject)
    if request.POST.get("act") == "batch":
        return _batch(request, subject)
    return _hands(request, subject)


def _show(
    request: HttpRequest,
    subject: Subject,
    *,
    lines: Sequence[str] = (),
    fields: Sequence[Field] = (),
    status: int = 200,
    outcomes: Sequence[Mapping[str, Any]] = (),
) -> HttpResponse:
    lang, filters = language(request), kept(request.GET)
    after = request.GET.get("after", "")[:40]
    asked = wanted(filters)
    try:
        found = desk.queue(subject, asked, lang, after=after)
    except SubmissionInvalid:
        return missing(request)
    t = words_of(request)
    together = _together(found.rows, filters)
    if together and not fields:
        fields = verdict_fields("batch", _reasons(filters["item"], lang), t)
    shown = {
        "rows": [_row(row, filters, t) for row in found.rows],
        "count": {"n": counted(subject, asked)},
        "begin": address("desk-next", **filters),
        "done": done_of(request),
        "filters": _filters(request, subject, filters),
        "filtered": bool(filters),
        "here": address("desk", **filters),
        "first": address("desk", **filters) if after else "",
        "later": address("desk", **filters, after=found.after) if found.after else "",
        "together": together,
        "batch": fields if together else (),
        "fields": fields if status == 422 else (),
        "lines": lines,
        "outcomes": outcomes,
    }
    return show(request, subject, "desk", shown, status)


def _row(row: dict[str, Any], filters: Mapping[str, str], t: Mapping[str, str]) -> dict[str, Any]:
    return row | {
        "url": address("desk-case", row["case"], row["item"], **filters) + "#case",
        "tone": TONES.get(row["light"], "quiet"),
        "clock_words": f"{row['light_word']} · {row['clock']}" if row["light"] else "",
        "urged_words": t["desk_urged"].format(n=row["urged"]),
    }


def _together(rows: Sequence[Mapping[str, Any]], filters: Mapping[str, str]) -> str:
    """Name the step that the cases shown can be decided at in one act; empty where they cannot."""
    if not filters.get("item"):
        return ""
    steps = {
        "" if task["rule"] or task["step"] == "acceptance" else task["step"]
        for row in rows
        for task in row["tasks"]
    }
    allowed = bool(rows) and all(row["batch"] for row in rows)
    return steps.pop() if allowed and len(steps) == 1 else ""


def _reasons(item: str, lang: str) -> dict[str, list[dict[str, str]]]:
    templates = items.item(item).desk.reasons
    return {use: docket.reasons(templates, use, lang) for use in ("grant", "refuse")}


def _filters(request: HttpRequest, subject: Subject, now: Mapping[str, str]) -> list[Field]:
    t, lang = words_of(request), language(request)
    mine = {post.department for post in subject.posts}
    rows = {
        row.slug: row.name.of(lang)
        for department in sorted(mine)
        for row in items.services(of="item", department=department, size=_ITEMS).rows
    }
    chosen = {
        "item": tuple(Option(slug, name) for slug, name in rows.items()),
        "stage": tuple(Option(one, t[f"desk_stage_{one}"]) for one in STAGES),
        "claimed": tuple(Option(one, t[f"desk_{one}"]) for one in CLAIMED),
        "due": tuple(Option(one, t[f"desk_due_{one}"]) for one in DUE),
    }
    return [
        Field(name, t[f"desk_by_{name}"], "select", value=now.get(name, ""), options=options)
        for name, options in chosen.items()
    ]


def _hands(request: HttpRequest, subject: Subject) -> HttpResponse:
    number, _, item = request.POST.get("of", "")[:100].partition(" ")
    verb = {"claim": services.claim, "release": services.release}.get(request.POST.get("act", ""))
    if verb is None or not number.isprintable():
        return missing(request)
    try:
        verb(subject, number, item)
    except CaseError as refused:
        return _show(
            request,
            subject,
            lines=[f"{number}{words_of(request)['colon']}{said(request, refused)}"],
            status=409,
        )
    return _back(request)


def _back(request: HttpRequest) -> HttpResponseRedirect:
    return redirect(address("desk", **kept(request.GET)))


def _batch(request: HttpRequest, subject: Subject) -> HttpResponse:
    lang, item = language(request), kept(request.GET).get("item", "")
    numbers = request.POST.getlist("cases")[: services.MOST_AT_ONCE + 1]
    t = words_of(request)
    try:
        reasons = _reasons(item, lang)
    except items.NotPublished:
        return missing(request)
    fields = verdict_fields("batch", reasons, t)
    sent = gather(fields, request.POST)
    if not sent["batch.outcome"]:
        lacking = wrong(fields, sent, {"batch.outcome": t["answer_needed"]})
        return _show(request, subject, fields=lacking, status=422)
    verdict = services.Verdict(
        {"outcome": sent["batch.outcome"]},
        sent["batch.reason"],
        template=sent["batch.template"].partition(":")[2],
    )
    step = request.POST.get("step", "")[:60]
    try:
        done = services.decide_many(subject, numbers, item, step, verdict)
    except SubmissionInvalid as invalid:
        at = 1 if lang == "en" else 0
        said_ = [told[at] for told in invalid.fields.values()]
        return _show(request, subject, lines=said_, fields=wrong(fields, sent, {}), status=422)
    outcomes = [
        {
            "number": one.number,
            "tone": "done" if one.refused is None else "stop",
            "words": t["desk_decided"] if one.refused is None else t["desk_not_decided"],
            "why": "" if one.refused is None else _why(request, one.refused),
        }
        for one in done
    ]
    return _show(request, subject, outcomes=outcomes)


def _why(request: HttpRequest, refused: CaseError) -> str:
    if not isinstance(refused, SubmissionInvalid):
        return said(request, refused)
    at = 1 if language(request) == "en" else 0
    return " ".join(told[at] for told in refused.fields.values())


@require_GET
@official()
def following(request: HttpRequest, subject: Subject) -> HttpResponse:
    """Lead to the next case of the queue, behind the one that is named; else back to the queue."""
    filters = kept(request.GET)
    after = request.GET.get("after", "")[:40]
    try:
        return redirect(next_address(subject, filters, after))
    except SubmissionInvalid:
        return missing(request)


def next_address(subject: Subject, filters: Mapping[str, str], after: str, **said_: str) -> str:
    """Give the address of the next case of the queue, its heading in focus; else of the queue."""
    found = desk.following(subject, wanted(filters), after)
    if found is None:
        return address("desk", **filters, **said_)
    return address("desk-case", *found, **filters, **said_) + "#case"
