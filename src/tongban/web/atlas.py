"""The pages of the atlas: what is quoted of the field, beside what is measured here.

Open to everybody: quoted figures are public, and the counts beside them are of no person.
"""

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_GET

from tongban.apps.forecast import queries
from tongban.kernel.figures import UNITS, Figure

from .pages import language, page, subject_of, words_of

_VIEWS = ("checks", "measured", "cases", "compare", "figures")


@require_GET
def atlas(request: HttpRequest, view: str = "checks") -> HttpResponse:
    """Show one page of the atlas."""
    if view not in _VIEWS:
        raise Http404
    lang = language(request)
    w, seen = words_of(request, "atlas"), queries.atlas()
    made = _MAKE[view](_Page(seen, lang, w, request.GET.get("area", "")))
    if made is None:
        return page(request, "missing", {"subject": subject_of(request)}, status=404)
    fails = sum(not one.holds for one in seen.atlas.checks)
    there = sum(one.figure is not None for one in seen.measured.values())
    shown = {
        "subject": subject_of(request),
        "w": w,
        "view": view,
        "tabs": [(_url(name), name, w[name]) for name in _VIEWS],
        "fails": str(fails),
        "checked": str(len(seen.atlas.checks)),
        "quoted": str(len(seen.atlas.figures)),
        "there": str(there),
        "wrong": seen.wrong,
        **made,
    }
    return page(request, "atlas", shown)


def _url(view: str) -> str:
    return reverse("atlas") if view == "checks" else reverse("atlas-view", args=[view])


class _Page:
    """What one page is made of, in one language."""

    def __init__(self, seen: queries.Seen, lang: str, w: Mapping[str, str], area: str) -> None:
        self.atlas, self.measured = seen.atlas, seen.measured
        self.lang, self.w, self.area = lang, w, area

    def of(self, pair: tuple[str, str]) -> str:
        return pair[1 if self.lang == "en" else 0]

    def text(self, figure: Figure | None) -> str:
        return "–" if figure is None else figure.text(self.lang)

    def named(self, one: queries.Quoted) -> str:
        return self.of((one.zh, one.en))

    def row(self, one: queries.Quoted) -> tuple[str, ...]:
        found = self.measured.get(one.key)
        return (
            self.named(one),
            self.text(one.figure),
            self.text(found.figure) if found and found.figure else self.w["not_yet"],
            self.of((found.zh, found.en)) if found and found.zh else "–",
            format_html("<code>{}</code>", found.command) if found and found.command else "–",
            self.of(one.place),
        )

    def level(self, one: queries.Level) -> str:
        if one.points is not None:
            return f"{one.points} / 5"
        if one.words is not None:
            return self.of(one.words)
        return self.text(one.quoted.figure) if one.quoted else self.w["silent"]

    def basis(self, one: queries.Level) -> str:
        if one.quoted is None:
            return "–"
        quoted = self.text(one.quoted.figure)
        of = one.measure or one.quoted
        return f"{self.of((of.zh, of.en))} {quoted}"

    @property
    def head(self) -> list[str]:
        return [self.w[name] for name in ("what", "quoted", "here", "how", "command", "section")]


def _checks(made: _Page) -> dict[str, Any]:
    halves: dict[bool, list[dict[str, str]]] = {False: [], True: []}
    for one in made.atlas.checks:
        told = {"title": made.of(one.title), "sum": made.of((one.zh, one.en))}
        halves[one.holds].append(told)
    return {"failing": halves[False], "holding": halves[True]}


def _measured(made: _Page) -> dict[str, Any]:
    rows = [made.row(made.atlas.figures[key]) for key in made.measured]
    counted = [one.figure.as_of for one in made.measured.values() if one.figure]
    return {"head": made.head, "rows": rows, "counted": max(counted, default=None)}


def _cases(made: _Page) -> dict[str, Any]:
    names = {key: made.of((zh, en)) for key, zh, en in made.atlas.criteria}
    cards = [
        {
            "name": made.of((card.zh, card.en)),
            "rows": [
                (
                    names[one.criterion],
                    made.level(one),
                    made.of(queries.KNOWN[one.status]),
                    made.basis(one),
                    (made.of(one.quoted.place) if one.quoted else one.source) or "–",
                )
                for one in made.atlas.levels[card.key]
            ],
            "told": [
                (made.named(one), made.text(one.figure), made.of(one.place))
                for one in (made.atlas.figures[key] for key in card.told)
            ],
            "source": card.source,
        }
        for card in made.atlas.cards
    ]
    rules = [
        (names[one.criterion], made.of((one.zh, one.en)), queries.steps(one))
        for one in made.atlas.measures.values()
    ]
    return {
        "cards": cards,
        "rules": rules,
        "score_head": [made.w[name] for name in ("criterion", "level", "status", "by", "section")],
        "rule_head": [made.w["criterion"], made.w["by"], made.w["thresholds"]],
    }


def _compare(made: _Page) -> dict[str, Any]:
    tables = []
    for one in made.atlas.tables:
        cells = [cell.figure if cell else None for _, _, (cell, *_) in one.rows]
        rows = [
            (made.of((zh, en)), *(made.text(cell.figure if cell else None) for cell in cells))
            for zh, en, cells in one.rows
        ]
        head = [made.of(column) for column in one.columns]
        # what is drawn must be of one unit, with nothing missing
        drawn = [figure for figure in cells if figure and figure.unit != "fen"]
        bars: list[tuple[str, float]] = []
        if len(head) == 1 and len(drawn) == len(rows) and len({f.unit for f in drawn}) == 1:
            unit = UNITS[drawn[0].unit][2 if made.lang == "en" else 0]
            head = [f"{head[0]} ({unit})" if unit else head[0]]
            bars = [(row[0], float(f.value)) for row, f in zip(rows, drawn, strict=True)]
        tables.append(
            {
                "name": made.of((one.zh, one.en)),
                "note": made.of(one.note) if one.note else "",
                "head": [made.w["what"], *head],
                "rows": rows,
                "bars": bars,
            }
        )
    return {"tables": tables}


def _figures(made: _Page) -> dict[str, Any] | None:
    counts = dict.fromkeys(queries.AREAS, 0)
    for one in made.atlas.figures.values():
        counts[one.area] += 1
    area = made.area or next(iter(queries.AREAS))
    if area not in counts:
        return None
    return {
        "areas": [
            {"key": key, "name": made.of(queries.AREAS[key]), "count": count}
            for key, count in counts.items()
        ],
        "area": area,
        "area_name": made.of(queries.AREAS[area]),
        "head": made.head,
        "rows": [made.row(one) for one in made.atlas.figures.values() if one.area == area],
    }


_MAKE: Mapping[str, Any] = {
    "checks": _checks,
    "measured": _measured,
    "cases": _cases,
    "compare": _compare,
    "figures": _figures,
}
