"""The pages on which one file of a draft is edited: as a form where it has one, else as text."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from tongban.apps.exchange import queries as exchange
from tongban.apps.items import queries as items
from tongban.apps.items.workshop import queries, services, shape
from tongban.apps.items.workshop.domain import Text, editable
from tongban.apps.items.workshop.errors import EditedMeanwhile, WorkshopError
from tongban.infra.access.domain import Subject
from tongban.infra.packs import Document, PackInvalid, changed, document_of, kind_of, shape_of
from tongban.web.components import Field, Option
from tongban.web.pages import language, missing, words_of

from .drafts import file_url, kind_word
from .frame import designer, said, show

_FORMS = frozenset({"item", "life-event", "guide", "policy", "licence-kind"})
_MOST = 1_000_000
_RADIOS = 4
_MIXED = frozenset({"en", "when", "waived", "rule", "source", "alone_source"})
Words = Mapping[str, str]


@require_http_methods(["GET", "POST"])
@designer
def file(request: HttpRequest, subject: Subject, number: str) -> HttpResponse:
    """Show a file of a draft and take what was made of it."""
    path = request.GET.get("path", "")
    found = queries.text_of(subject, number, path) if editable(path) else None
    if found is None or queries.draft(subject, number).closed:
        return missing(request)
    as_text = "text" in request.GET or "line" in request.GET
    if kind_of(path) in _FORMS and not as_text and found.text is not None:
        try:
            document = document_of(found.text.encode(), path)
        except PackInvalid:  # what cannot be read has no form
            document = None
        if document is not None and isinstance(document.data, dict):
            return _form(request, subject, number, found, document)
    return _text(request, subject, number, found)


# --- as text ------------------------------------------------------------------------------------


def _text(request: HttpRequest, subject: Subject, number: str, found: Text) -> HttpResponse:
    t = words_of(request)
    text, seen, lines, status = found.text or "", found.digest, list[str](), 200
    if request.method == "POST":
        text, seen = request.POST.get("text", "")[:_MOST], request.POST.get("seen", "")
        try:
            if request.POST.get("act") == "remove":
                services.remove(subject, number, found.path, seen)
                return redirect("design-draft", number)
            services.write(subject, number, found.path, text, seen)
        except EditedMeanwhile as met:
            now = queries.text_of(subject, number, found.path)
            lines, status, seen = [said(request, met)], 409, now.digest
        except WorkshopError as refused:
            lines, status = [said(request, refused)], 409
        else:
            return redirect(file_url(number, found.path, text="1"))
    field = Field("text", found.path, "long", text, most=_MOST)
    shown = {
        **_frame(subject, number, found, t, language(request)),
        "lines": lines,
        "fields": [field],
        "field": field,
        "seen": seen,
        "meanwhile": found.text if status == 409 and found.text != text else "",
        "form": kind_of(found.path) in _FORMS,
        "here": file_url(number, found.path, text="1"),
        "rows": max(12, min(40, text.count("\n") + 3)),
    }
    return show(request, subject, "design_file", shown, status)


def _frame(subject: Subject, number: str, found: Text, t: Words, lang: str) -> dict[str, Any]:
    effect = queries.effect(subject, number)
    draft = queries.draft(subject, number)
    mine = f"{draft.pack}/{found.path}"
    problems = [*effect.problems, *(one.problem for one in effect.unraised)]
    kind = kind_of(found.path)
    called = queries.called(subject, number).get(found.path)
    slug = found.path.rpartition("/")[2].rpartition(".")[0]
    return {
        "draft": draft,
        "file": found,
        "kind": kind_word(kind, t),
        "slug": slug,
        "title": called.of(lang) if called else "",
        "findings": [{"line": p.line, "text": p.told(lang)} for p in problems if p.file == mine],
        "others": sum(one.file != mine for one in problems),
        "as_text": file_url(number, found.path, text="1"),
        "as_form": file_url(number, found.path),
        "preview": reverse("design-preview", args=[number, slug])
        if kind in {"item", "life-event"}
        else "",
    }


# --- as a form ----------------------------------------------------------------------------------


def _form(
    request: HttpRequest, subject: Subject, number: str, found: Text, document: Document
) -> HttpResponse:
    t = words_of(request)
    laid = shape.laid_out(*shape_of(kind_of(found.path)), document.data)
    texts = {leaf.name: leaf.text for leaf in shape.leaves(laid)}
    amiss: dict[str, str] = {}
    lines, status, seen = list[str](), 200, found.digest
    if request.method == "POST":
        texts = {name: request.POST.get(name, "")[:_MOST] for name in texts}
        seen = request.POST.get("seen", "")
        data, unread = shape.gathered(laid, document.data, texts)
        amiss = {one.name: t["design_unread"].format(line=one.line) for one in unread}
        status = 422 if amiss else 200
        if not amiss:
            act = request.POST.get("act", "save")
            data = shape.acted(data, act)
            try:
                text = changed(found.text or "", data, found.path)
                services.write(subject, number, found.path, text, seen)
            except PackInvalid as wrong:
                lines = [one.told(language(request)) for one in wrong.problems]
                status = 422
            except EditedMeanwhile as met:
                lines, status, seen = [said(request, met)], 409, found.digest
            except WorkshopError as refused:
                lines, status = [said(request, refused)], 409
            else:
                there = "" if act == "save" else f"#{_anchor(act)}"
                return redirect(f"{file_url(number, found.path)}{there}")
    options = _options(subject, number, language(request))
    fields = {
        leaf.name: _field(leaf, texts.get(leaf.name, ""), amiss, options, t)
        for leaf in shape.leaves(laid)
    }
    shown = {
        **_frame(subject, number, found, t, language(request)),
        "lines": lines,
        "fields": list(fields.values()),
        "parts": list(_parts(laid, fields, t)),
        "seen": seen,
        "here": file_url(number, found.path),
    }
    return show(request, subject, "design_form", shown, status)


def _anchor(act: str) -> str:
    """Give the id of the list upon which an act was done."""
    verb, _, name = act.partition(":")
    return "part-" + (name if verb == "add" else name.rpartition("/")[0]).replace("/", "-")


def _field(
    leaf: shape.Leaf,
    text: str,
    amiss: Mapping[str, str],
    options: Mapping[str, Sequence[Option]],
    t: Words,
) -> Field:
    key = next(str(p) for p in reversed(leaf.place) if isinstance(p, str))
    made = Field(
        leaf.name,
        t.get(f"shape_{key}", key),
        "long" if leaf.kind in {"long", "lines", "yaml"} else "text",
        text,
        hint=t["design_lines_hint"] if leaf.kind == "lines" else t["design_yaml_hint"]
        if leaf.kind == "yaml"
        else "",
        error=amiss.get(leaf.name, ""),
        optional=not leaf.required,
        most=_MOST,
        lang="mul" if key in _MIXED or leaf.kind in {"lines", "yaml"} else "",
    )  # fmt: skip
    if leaf.kind in {"flag", "choice"}:
        known = tuple(
            Option(one, t.get(f"shape_{key}_{one}".replace("-", "_"), one)) for one in leaf.options
        )
        if leaf.kind == "flag":
            known = (Option("true", t["yes"]), Option("false", t["no"]))
        few = leaf.required and len(known) <= _RADIOS  # what may be left out is a list to open
        return replace(made, kind="choice" if few else "select", options=known)
    offered = options.get(key) or options.get(leaf.refers)
    if leaf.kind == "text" and offered:
        known = tuple(offered)
        if text and text not in {one.value for one in known}:
            known = (Option(text, text), *known)
        return replace(made, kind="select", options=known)
    return made


def _options(subject: Subject, number: str, lang: str) -> dict[str, list[Option]]:
    """Offer what a name may refer to: facts, departments, and other files of the draft."""
    departments = exchange.departments()
    facts = [Option(name, f"{told} {name}") for name, told in sorted(items.labels(lang).items())]
    made = {
        "fact": facts,
        "account": facts,
        "department": [Option(k, d.name.of(lang)) for k, d in sorted(departments.items())],
    }
    made["authority"] = made["receiver"] = made["department"]
    rooms = {"flow": "flows", "licence": "licence-kind", "item": "item", "policy": "policy"}
    files = queries.known_slugs(subject, number)
    for key, kind in rooms.items():
        made[key] = [Option(slug, f"{kind}/{slug}") for slug in files.get(kind, ())]
    return made


def _parts(node: shape.Section, fields: Mapping[str, Field], t: Words) -> Iterator[dict[str, Any]]:
    """Give the panels of a form: plain questions first, then each mapping and each list."""
    plain = [fields[one.name] for one in node.nodes if isinstance(one, shape.Leaf)]
    if plain:
        yield {"title": t["design_general"], "fields": plain, "open": True, "id": "part-general"}
    for one in node.nodes:
        if isinstance(one, shape.Leaf):
            continue
        key = str(one.place[-1])
        name = shape.name_of(one.place)
        part: dict[str, Any] = {
            "title": t.get(f"shape_{key}", key),
            "id": f"part-{name.replace('/', '-')}",
            "open": any(fields[leaf.name].error for leaf in shape.leaves(one)),
        }
        if isinstance(one, shape.Rows):
            yield {**part, **_rows(one, name, fields, t)}
            continue
        inner = [n for n in one.nodes if isinstance(n, shape.Rows)]
        flat = [fields[leaf.name] for n in one.nodes if n not in inner for leaf in shape.leaves(n)]
        yield {**part, "fields": flat}
        for rows in inner:
            row_name = shape.name_of(rows.place)
            title = t.get(f"shape_{rows.place[-1]}", str(rows.place[-1]))
            yield {
                "title": title,
                "id": f"part-{row_name.replace('/', '-')}",
                "open": False,
                **_rows(rows, row_name, fields, t),
            }


def _rows(rows: shape.Rows, name: str, fields: Mapping[str, Field], t: Words) -> dict[str, Any]:
    entries = [
        {
            "n": n + 1,
            "name": shape.name_of(entry.place),
            "title": next((leaf.text for leaf in shape.leaves(entry) if leaf.text), "")
            or t["design_new_row"],
            "fields": [fields[leaf.name] for leaf in shape.leaves(entry)],
            "first": n == 0,
            "last": n == len(rows.entries) - 1,
            "open": any(fields[leaf.name].error for leaf in shape.leaves(entry))
            or not any(leaf.text for leaf in shape.leaves(entry)),
        }
        for n, entry in enumerate(rows.entries)
    ]
    return {"rows": entries, "add": f"add:{name}", "fields": []}
