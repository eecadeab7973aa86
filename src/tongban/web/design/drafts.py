"""The first page of the designer and the page of one draft: files, findings, effect, acts."""

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods

from tongban.apps.cases import queries as cases
from tongban.apps.items.workshop import archives, queries, services, shape, shelves
from tongban.apps.items.workshop.domain import Difference
from tongban.apps.items.workshop.errors import WorkshopError, WorkshopRefused
from tongban.infra.access.domain import Subject
from tongban.infra.packs import PackInvalid, Problem, kind_of
from tongban.kernel.facts import Words as Named
from tongban.web.components import Field, Option, gather
from tongban.web.desk.forms import wrong
from tongban.web.pages import language, missing, words_of
from tongban.web.words import both

from .frame import designer, said, show

_LARGEST = 8 * 1024 * 1024
_KINDS = (
    *("life-event", "item", "guide", "rules", "cases", "flows", "policy", "licence-kind", "faces"),
)
_PAGES = {"rules": "design-rules", "flows": "design-flow"}
_MANY, _SOUGHT = 20, 60  # rows above which files are sought; signs of what is sought
_SLUG = re.compile(r"[-a-zA-Z0-9_]+")
Words = Mapping[str, str]


@require_http_methods(["GET", "POST"])
@designer
def drafts(request: HttpRequest, subject: Subject) -> HttpResponse:
    """Show the drafts and the packs; begin a draft, from nothing or from an archive."""
    t = words_of(request)
    beginning, bringing = _beginning(t, language(request)), _bringing(t)
    if request.method == "GET":
        return _drafts(request, subject, beginning, bringing)
    brings = request.POST.get("act") == "import"
    fields = bringing if brings else beginning
    texts = gather(fields, request.POST)
    file = request.FILES.get("archive")
    lacking = {f.name: t["answer_needed"] for f in fields if f.kind != "file" and not texts[f.name]}
    if brings and (file is None or file.size is None or file.size > _LARGEST):
        lacking["archive"] = t["design_archive_needed"]
    if lacking:
        told = wrong(fields, texts, lacking)
        both = (beginning, told) if brings else (told, bringing)
        return _drafts(request, subject, *both, status=422)
    try:
        if file is not None and brings:
            number, _ = archives.imported(subject, file.read(), texts["of-archive"])
        else:
            number = services.open_draft(subject, texts["pack"], texts["title"])
    except WorkshopError as refused:
        lines = [said(request, refused)]
        return _drafts(request, subject, beginning, bringing, lines=lines, status=409)
    return redirect("design-draft", number)


def _beginning(t: Words, lang: str) -> list[Field]:
    options = tuple(Option(name, told.of(lang)) for name, told in shelves.names().items())
    return [
        Field("title", t["design_title"], hint=t["design_title_hint"], most=200),
        Field("pack", t["design_pack"], "select", value=options[-1].value, options=options),
    ]


def _bringing(t: Words) -> list[Field]:
    return [
        Field("of-archive", t["design_title"], most=200),
        Field("archive", t["design_archive"], "file", hint=t["design_archive_hint"], accept=".zip"),
    ]


def _drafts(
    request: HttpRequest,
    subject: Subject,
    beginning: Sequence[Field],
    bringing: Sequence[Field],
    *,
    lines: Sequence[str] = (),
    status: int = 200,
) -> HttpResponse:
    lang, t = language(request), words_of(request)
    found, packs = queries.drafts(subject), shelves.names()
    rows = [
        {
            "name": one.title,
            "url": reverse("design-draft", args=[one.number]),
            "hint": f"{_called(packs, one.pack, lang)} · {one.opened_at:%Y-%m-%d} {one.opened_by}",
            "tone": {"": "wait", "published": "done"}.get(one.closed, "quiet"),
            "state": t[f"design_{one.closed or 'open'}"],
        }
        for one in found
    ]
    shown = {
        "rows": rows,
        "beginning": beginning,
        "bringing": bringing,
        "fields": [*beginning, *bringing],
        "lines": lines,
        "packs": [(name, told.of(lang)) for name, told in packs.items()],
    }
    return show(request, subject, "design", shown, status)


def _called(packs: Mapping[str, Named], pack: str, lang: str) -> str:
    """Name a pack; one whose folder is gone by the name of that folder."""
    return packs[pack].of(lang) if pack in packs else pack


@require_GET
@designer
def export(request: HttpRequest, subject: Subject, pack: str) -> HttpResponse:  # noqa: ARG001
    """Give a pack in force as an archive."""
    return _archive(archives.exported(pack), pack)


def _archive(raw: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(raw, content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="{name}.zip"'
    return answer


@require_GET
@designer
def draft_export(request: HttpRequest, subject: Subject, number: str) -> HttpResponse:  # noqa: ARG001
    """Give the draft's pack with its changes as an archive."""
    return _archive(archives.draft_exported(subject, number), f"draft-{number}")


@require_http_methods(["GET", "POST"])
@designer
def draft(request: HttpRequest, subject: Subject, number: str) -> HttpResponse:
    """Show one draft with all that is in it and wrong with it; do what is asked of it."""
    if request.method == "GET":
        return _draft(request, subject, number)
    act, _, of = request.POST.get("act", "").partition(":")
    done = _ACTS.get(act)
    if done is None:
        return missing(request)
    try:
        onward = done(subject, number, of, request)
    except WorkshopError as refused:
        lines = [said(request, refused)]
        return _draft(request, subject, number, lines=lines, status=409)
    return redirect(onward or reverse("design-draft", args=[number]))


def _publish(subject: Subject, number: str, of: str, request: HttpRequest) -> str:  # noqa: ARG001
    services.publish(subject, number)
    return ""


def _discard(subject: Subject, number: str, of: str, request: HttpRequest) -> str:  # noqa: ARG001
    services.discard(subject, number)
    return reverse("design")


def _raise(subject: Subject, number: str, of: str, request: HttpRequest) -> str:  # noqa: ARG001
    kind, _, slug = of.partition("/")
    services.raise_version(subject, number, kind, slug)
    return ""


def _undo(subject: Subject, number: str, of: str, request: HttpRequest) -> str:  # noqa: ARG001
    services.undo(subject, number, of)
    return ""


def _keep(subject: Subject, number: str, of: str, request: HttpRequest) -> str:  # noqa: ARG001
    services.take_over(subject, number, of)
    return ""


def _copy(subject: Subject, number: str, of: str, request: HttpRequest) -> str:  # noqa: ARG001
    """Make a new file after the model of another one."""
    model, slug = request.POST.get("model", ""), request.POST.get("slug", "").strip()
    room, _, name = model.rpartition("/")
    ending = name.rpartition(".")[2]
    path = f"{room}/{slug}.{ending}"
    if queries.text_of(subject, number, path).text is not None:
        raise WorkshopRefused(*both("design_file_there", path=path))
    services.write(subject, number, path, queries.modelled(subject, number, model, slug), "")
    return file_url(number, path)


_ACTS = {
    "publish": _publish,
    "discard": _discard,
    "raise": _raise,
    "undo": _undo,
    "keep": _keep,
    "copy": _copy,
}


def kind_word(kind: str, t: Words) -> str:
    """Give what a kind of file is called."""
    return t[f"design_kind_{kind.replace('-', '_')}"]


def file_url(number: str, path: str, **more: str) -> str:
    """Give the address of the page on which a file is edited: its own, or that of its text."""
    page, slug = _PAGES.get(kind_of(path), ""), path.rpartition("/")[2].rpartition(".")[0]
    if page and not more and _SLUG.fullmatch(slug):
        return reverse(page, args=[number, slug])
    return f"{reverse('design-file', args=[number])}?{urlencode({'path': path, **more})}"


def _draft(
    request: HttpRequest,
    subject: Subject,
    number: str,
    *,
    lines: Sequence[str] = (),
    status: int = 200,
) -> HttpResponse:
    t = words_of(request)
    one, effect = queries.draft(subject, number), queries.effect(subject, number)
    lang, sought = language(request), " ".join(request.GET.get("q", "").split())[:_SOUGHT]
    called = {path: told.of(lang) for path, told in queries.called(subject, number).items()}
    files = [] if one.closed else _files(subject, number, t, called)
    changes = _changes(subject, number, t, called)
    shown = {
        "draft": one,
        "pack": _called(shelves.names(), one.pack, lang),
        "here": reverse("design-draft", args=[number]),
        "lines": lines,
        "findings": [_finding(told, one, number, lang) for told in effect.problems],
        "unraised": [
            {
                "act": f"raise:{u.ready.kind}/{u.ready.slug}",
                "kind": kind_word(u.ready.kind, t),
                "slug": u.ready.slug,
                "title": _title(called, u.ready.document.file),
                "version": u.version,
                "guide": u.ready.kind == "guide",
            }
            for u in effect.unraised
        ],
        "fresh": [
            _fresh(ready.kind, ready.slug, ready.version, t)
            | {"title": _title(called, ready.document.file)}
            for ready in effect.fresh
        ],
        "ready": effect.ready and bool(changes) and not one.closed,
        "changes": changes,
        "kinds": _found(files, sought),
        "many": sum(len(kind["files"]) for kind in files) > _MANY,
        "sought": sought,
        "models": [
            Option(row["path"], f"{kind['title']} {row['title']} ({row['path']})")
            for kind in files
            if kind["kind"] != "cases"  # they belong to the one table
            for row in kind["files"]
            if row["state"] != "removed"
        ],
    }
    return show(request, subject, "design_draft", shown, status)


def _title(called: Mapping[str, str], file: str) -> str:
    """Name a definition by its file; one of another pack by its slug."""
    path = file.partition("/")[2]
    return called.get(path) or path.rpartition("/")[2].rpartition(".")[0]


def _found(kinds: Sequence[dict[str, Any]], sought: str) -> list[dict[str, Any]]:
    """Keep the files whose title or name holds what is sought."""
    wanted = sought.casefold()
    kept = [
        {
            **kind,
            "files": [r for r in kind["files"] if wanted in f"{r['title']} {r['path']}".casefold()],
        }
        for kind in kinds
    ]
    return [kind for kind in kept if kind["files"]]


def _finding(problem: Problem, one: queries.Draft, number: str, lang: str) -> dict[str, Any]:
    pack, _, path = problem.file.partition("/")
    mine = pack == one.pack and not one.closed
    return {
        "problem": problem,
        "text": problem.told(lang),
        "url": file_url(number, path, line=str(problem.line)) if mine and "/" in path else "",
        "keep": path if problem.code == "draft-late" else "",
    }


def _fresh(kind: str, slug: str, version: int, t: Words) -> dict[str, Any]:
    """Tell of a version that would be published: whether it is new, and what is open before it."""
    open_ = cases.open_on(kind, slug) if kind in {"item", "life-event"} else 0
    return {
        "kind": kind_word(kind, t),
        "slug": slug,
        "version": version,
        "open": t["design_open_cases"].format(n=open_) if open_ else "",
    }


def _changes(
    subject: Subject, number: str, t: Words, called: Mapping[str, str]
) -> list[dict[str, Any]]:
    try:
        found = queries.changes(subject, number)
    except PackInvalid:  # the findings say it
        return []
    return [
        {
            "path": change.path,
            "kind": kind_word(change.kind, t),
            "title": called.get(change.path, ""),
            "state": t[f"design_{change.state}"],
            "values": [_value(one, t) for one in change.values],
            "lines": change.lines,
            "undo": f"undo:{change.path}",
            "url": file_url(number, change.path),
        }
        for change in found
    ]


def _value(one: Difference, t: Words) -> dict[str, str]:
    def told(value: object) -> str:
        return t["design_absent"] if value is None else shape.snippet(value)

    return {
        "place": " › ".join(str(p + 1) if isinstance(p, int) else p for p in one.place),
        "was": told(one.was),
        "now": told(one.now),
    }


def _files(
    subject: Subject, number: str, t: Words, called: Mapping[str, str]
) -> list[dict[str, Any]]:
    try:
        found = queries.files(subject, number)
    except PackInvalid:
        return []
    # a folder may hold files of two kinds, whose names alternate
    ordered = sorted(found, key=lambda one: one.kind)
    by_kind = {kind: list(rows) for kind, rows in groupby(ordered, key=lambda one: one.kind)}
    return [
        {
            "kind": kind,
            "title": kind_word(kind, t),
            "files": [
                {
                    "path": row.path,
                    "slug": row.slug,
                    "title": called.get(row.path) or row.slug,
                    "kind": kind_word(kind, t),
                    "state": row.state,
                    "said": "" if row.state == "same" else t[f"design_{row.state}"],
                    "url": file_url(number, row.path),
                    "preview": kind in {"item", "life-event"} and row.state != "removed",
                }
                for row in by_kind[kind]
            ],
        }
        for kind in _KINDS
        if kind in by_kind
    ]


__all__ = ["draft", "draft_export", "drafts", "export", "file_url", "kind_word"]
