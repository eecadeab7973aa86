"""Pages of the catalogue: search, one resource, a form to register one, the base libraries.

For whoever is signed in; server rendered, without script. What a page offers is what the verbs of
the catalogue would not refuse.
"""

import re
from collections.abc import Container, Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tongban.apps.exchange import queries as exchange
from tongban.apps.exchange.catalogue import errors, libraries, queries, services
from tongban.apps.exchange.domain import records
from tongban.apps.exchange.domain.records import Registered
from tongban.apps.exchange.domain.registry import EntryInvalid
from tongban.infra.access.domain import Subject
from tongban.infra.access.questions import may_ask
from tongban.kernel.facts import Words

from .components import Field, Option
from .components.fields import Kind
from .pages import language, page, subject_of, too_many, words_of

_ROWS = 12  # items of the form
_FILTERS: Mapping[str, Mapping[str, Words]] = {
    "sharing": records.SHARING,
    "base_library": records.LIBRARIES,
    "level": records.LEVELS,
}
_CHOICES: Mapping[str, Mapping[str, Words]] = {
    "sharing": records.SHARING,
    "mode": records.MODES,
    "open": records.OPEN,
    "format": records.FORMATS,
    "update_cycle": records.CYCLES,
    "base_library": records.LIBRARIES,
}
_TEXTS = ("slug", "code", "kind", "source_item")
_LISTS = ("classes", "related")
_APART = re.compile(r"[\u3001,]")  # between what a list holds
_PAIRS = ("name", "abstract", "condition")
_Context = dict[str, Any]


def _shown(
    request: HttpRequest, template: str, subject: Subject, shown: _Context, status: int = 200
) -> HttpResponse:
    c = words_of(request, "catalogue")
    return page(request, template, {"subject": subject, "c": c, **shown}, status)


def _missing(request: HttpRequest) -> HttpResponse:
    return page(request, "missing", {"subject": subject_of(request)}, 404)


def _options(table: Mapping[str, Words], lang: str) -> tuple[Option, ...]:
    return tuple(Option(code, words.of(lang)) for code, words in table.items())


def _departments(lang: str, among: Container[str] | None = None) -> tuple[Option, ...]:
    known = exchange.departments().values()
    return tuple(Option(d.key, d.name.of(lang)) for d in known if among is None or d.key in among)


def _select(name: str, value: str, options: tuple[Option, ...], c: Mapping[str, str]) -> Field:
    return Field(name, c[name], "select", value=value, options=options, optional=True)


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """Search what is published, with filters; the hits are marked."""
    subject = subject_of(request)
    if subject is None:
        return _missing(request)
    lang, c = language(request), words_of(request, "catalogue")
    text = request.GET.get("q", "")[:200]
    if text and not may_ask(request):
        lines = [words_of(request)["ask_too_many"]]
        return too_many(request, "refused", {"subject": subject, "lines": lines})
    chosen = {name: request.GET.get(name, "") for name in (*_FILTERS, "department")}
    number = request.GET.get("page", "1")
    at = int(number) if number.isascii() and number.isdigit() and len(number) < 5 else 1
    try:
        found = queries.search(text, chosen, max(at, 1))
    except errors.SearchInvalid:
        return _missing(request)
    turned = {"q": text} | {name: value for name, value in chosen.items() if value}
    pages = -(-found.total // found.size)
    shown = {
        "q": text,
        "found": found,
        "hits": [_line(hit, lang) for hit in found.hits],
        "filters": [
            _select(name, chosen[name], _options(table, lang), c)
            for name, table in _FILTERS.items()
        ]
        + [_select("department", chosen["department"], _departments(lang), c)],
        "narrowed": any(chosen.values()),
        "next": _turned(turned, found.page + 1) if found.page < pages else "",
        "previous": _turned(turned, found.page - 1) if found.page > 1 else "",
        "may_register": services.may_register(subject),
    }
    return _shown(request, "catalogue", subject, shown)


def _turned(asked: Mapping[str, str], at: int) -> str:
    return f"?{urlencode({**asked, 'page': at})}"


def _line(hit: queries.Hit, lang: str) -> _Context:
    entry = hit.resource.entry
    name = hit.marks.get("name", [(entry.name.zh, False)])
    if lang == "en" and entry.name.en:
        name = hit.marks.get("name_en", [(entry.name.en, False)])
    items = [pieces for field, pieces in hit.marks.items() if field.startswith("item:")]
    return {
        "slug": entry.slug,
        "name": name,
        "owner": entry.department.name.of(lang) or entry.department.name.zh,
        "sharing": records.SHARING[entry.sharing].of(lang),
        "abstract": hit.marks.get("abstract", []),
        "items": items,
        "origin": hit.resource.origin.instance if hit.resource.source == "harvested" else "",
    }


@require_GET
def resource(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one resource; a draft to its own department only."""
    subject = subject_of(request)
    if subject is None:
        return _missing(request)
    try:
        held = queries.get(slug)
    except errors.ResourceUnknown:
        return _missing(request)
    own = {post.department for post in subject.posts}
    if held.state == "draft" and held.entry.department.key not in own:
        return _missing(request)
    shown = {"held": held, **_detail(request, held)}
    return _shown(request, "resource", subject, shown | {"may": services.offered(subject, held)})


_COLUMNS = ("item_label", "item_name", "item_type", "classification", "key", "lead_item", "mask")


def _detail(request: HttpRequest, held: Registered) -> _Context:
    lang, t, c = language(request), words_of(request), words_of(request, "catalogue")
    entry = held.entry

    def both(text: Words) -> str:
        return text.of(lang) or text.zh

    lead = entry.lead or entry.department
    quality = [f"{records.QUALITY[name][0].of(lang)} {n}" for name, n in entry.quality.items()]
    values = {
        "code": entry.code,
        "classes": t["comma"].join(
            filter(None, [_of(records.CATEGORIES, entry.category, lang), *entry.classes])
        ),
        "department": f"{both(entry.department.name)} {entry.department.uscc}",
        "lead": f"{both(lead.name)} {lead.uscc}",
        "sharing": records.SHARING[entry.sharing].of(lang),
        "condition": both(entry.condition),
        "mode": records.MODES[entry.mode].of(lang),
        "open": records.OPEN[entry.open].of(lang),
        "format": records.FORMATS[entry.format].of(lang),
        "update_cycle": records.CYCLES[entry.update_cycle].of(lang),
        "published_on": entry.published_on,
        "classification": records.CLASSES[entry.classification].of(lang),
        "base_library": _of(records.LIBRARIES, entry.base_library, lang),
        "related": t["comma"].join(entry.related),
        "source_item": entry.source_item,
        "quality": t["semicolon"].join(quality),
        "region": entry.region,
        "level": _of(records.LEVELS, entry.level, lang),
        "origin": held.origin.instance,
        "state": records.STATES[held.state].of(lang),
        "version": held.version or "",
    }
    return {
        "name": both(entry.name),
        "abstract": both(entry.abstract),
        "values": [{"label": c[name], "shown": value} for name, value in values.items() if value],
        "columns": [c[name] for name in _COLUMNS],
        "items": [
            (
                both(item.label),
                item.name,
                records.TYPES[item.type].of(lang),
                records.CLASSES[item.classification].of(lang),
                c["yes"] if item.key else "–",
                c["yes"] if item.lead else "–",
                item.mask or "–",
            )
            for item in entry.items
        ],
    }


def _of(table: Mapping[str, Words], code: str, lang: str) -> str:
    return table[code].of(lang) if code in table else ""


@require_http_methods(["GET", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """Show the form; take it in, or say everything that is wrong in it."""
    subject = subject_of(request)
    if subject is None or not services.may_register(subject):
        return _missing(request)
    lang, c = language(request), words_of(request, "catalogue")
    faults: list[str] = []
    if request.method == "POST":
        try:
            made = services.register(subject, _given(request.POST))
        except EntryInvalid as wrong:
            faults = [f"{f.place}: {f.zh if lang == 'zh' else f.en}" for f in wrong.faults]
        except errors.CatalogueError as refused:
            faults = [getattr(refused, lang)]
        else:
            return redirect("resource", made.entry.slug)
    own, posted = {post.department for post in subject.posts}, request.POST
    texts = [*_TEXTS, *_LISTS, *(p for pair in _PAIRS for p in (pair, f"{pair}_en"))]
    shown = {
        "faults": faults,
        "fields": [
            _select("department", posted.get("department", ""), _departments(lang, own), c),
            *(Field(name, c[name], value=posted.get(name, ""), most=2000) for name in texts),
            *(
                _select(name, posted.get(name, ""), _options(table, lang), c)
                for name, table in _CHOICES.items()
            ),
        ],
        "rows": [
            {"fields": _item_fields(row, lang, c), "told": bool(row["name"] or row["label"])}
            for row in (_row(posted, number) for number in range(_ROWS))
        ],
    }
    return _shown(request, "register", subject, shown, 422 if faults else 200)


_ITEM = ("name", "label", "label_en", "type", "classification", "mask", "key", "lead")
_ITEM_WORDS = {
    "name": "item_name",
    "label": "item_label",
    "label_en": "item_label_en",
    "type": "item_type",
    "lead": "lead_item",
}


def _item_fields(row: _Context, lang: str, c: Mapping[str, str]) -> list[Field]:
    """Give the fields of one item's row of the form."""
    kinds: Mapping[str, tuple[Kind, tuple[Option, ...]]] = {
        "type": ("select", _options(records.TYPES, lang)),
        "classification": ("select", _options(records.CLASSES, lang)),
        "key": ("check", ()),
        "lead": ("check", ()),
    }
    made = []
    for name in _ITEM:
        kind, options = kinds.get(name, ("text", ()))
        hint = "keep:3,4" if name == "mask" else ""
        label = c[_ITEM_WORDS.get(name, name)]
        made.append(
            Field(
                f"{name}.{row['number']}",
                label,
                kind,
                value=row[name],
                hint=hint,
                options=options,
                most=100,
            )
        )
    return made


def _row(posted: QueryDict, number: int) -> _Context:
    return {field: posted.get(f"{field}.{number}", "") for field in _ITEM} | {"number": number}


def _given(posted: QueryDict) -> _Context:
    """Read the form: one field a name, items by their row; empty rows are no items."""
    raw: _Context = {name: posted.get(name, "") for name in (*_TEXTS, *_CHOICES, "department")}
    for name in _LISTS:
        raw[name] = [part.strip() for part in _APART.split(posted.get(name, "")) if part.strip()]
    for name in _PAIRS:
        zh, en = posted.get(name, ""), posted.get(f"{name}_en", "")
        raw[name] = {"zh": zh, "en": en} if zh or en else None
    rows = [_row(posted, number) for number in range(_ROWS)]
    raw["items"] = [
        {
            "name": row["name"],
            "label": {"zh": row["label"], "en": row["label_en"]} if row["label"] else None,
            "type": row["type"],
            "classification": row["classification"],
            "mask": row["mask"],
            "key": bool(row["key"]),
            "lead": bool(row["lead"]),
        }
        for row in rows
        if row["name"] or row["label"]
    ]
    return raw


@require_POST
def act(request: HttpRequest, slug: str) -> HttpResponse:
    """Publish or withdraw a resource."""
    subject = subject_of(request)
    if subject is None:
        return _missing(request)
    try:
        if request.POST.get("act") == "publish":
            services.publish(subject, slug)
        else:
            services.withdraw(subject, slug, request.POST.get("reason", "")[:2000])
    except errors.CatalogueError as refused:
        shown = {"zh": refused.zh, "en": refused.en, "said": getattr(refused, language(request))}
        return _shown(request, "catalogue_refused", subject, shown, 409)
    return redirect("resource", slug)


@require_GET
def base_libraries(request: HttpRequest) -> HttpResponse:
    """Show the eight base libraries: who owns them, how fresh they are, what they lack."""
    subject = subject_of(request)
    if subject is None:
        return _missing(request)
    lang, comma = language(request), words_of(request)["comma"]
    vocabulary = exchange.vocabulary()
    shown = [
        {
            "view": view,
            "name": view.name.of(lang),
            "owners": comma.join(o.name.of(lang) or o.name.zh for o in view.owners),
            "overdue": [late.name.of(lang) or late.name.zh for late in view.overdue],
            "gaps": [
                vocabulary.kinds[kind][name].label.of(lang)
                for kind, _, name in (gap.partition(".") for gap in view.gaps)
            ],
        }
        for view in libraries.views()
    ]
    return _shown(request, "libraries", subject, {"libraries": shown})
