"""A rule table of a draft (规则表) as a sheet: its cells, what is found in it, its test cases.

Every act is a plain post that writes the file of the draft, also while a cell is wrong: what was
typed is kept and told at its place. Nothing here decides; the kernel reads, checks and tries.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from tongban.apps.items import queries as items
from tongban.apps.items.checking import cases
from tongban.apps.items.checking.shelf import told
from tongban.apps.items.workshop import queries, services, sheet
from tongban.apps.items.workshop.domain import Text
from tongban.apps.items.workshop.errors import EditedMeanwhile, WorkshopError, WorkshopRefused
from tongban.apps.items.workshop.sheet import Sheet
from tongban.infra.access.domain import Subject
from tongban.infra.packs import PackInvalid, changed, document_of, written
from tongban.kernel.feel import Value
from tongban.kernel.tables import (
    Decision,
    DecisionTable,
    TableError,
    check,
    compile_table,
    explain,
    read_dmn,
    render_rule,
)
from tongban.kernel.tables.words import Language
from tongban.web.design.drafts import file_url
from tongban.web.design.frame import designer
from tongban.web.design.sheets import cells, heads, trying
from tongban.web.desk.frame import address, said, show
from tongban.web.pages import language, missing, words_of
from tongban.web.words import both

_LONGEST = 2_000  # signs of one cell


@dataclass(frozen=True, slots=True)
class _Page:
    """What a request is about: the file, the decision that is edited, its cases."""

    subject: Subject
    draft: str
    slug: str
    found: Text
    sheets: tuple[Sheet, ...]
    at: int
    cases: Text

    @property
    def path(self) -> str:
        return self.found.path

    @property
    def sheet(self) -> Sheet:
        return self.sheets[self.at]

    @property
    def data(self) -> bytes:
        return (self.found.text or "").encode()

    @property
    def here(self) -> str:
        more = {"table": str(self.at)} if self.at else {}
        return address("design-rules", self.draft, self.slug, **more)


@require_http_methods(["GET", "POST"])
@designer
def rules(request: HttpRequest, subject: Subject, draft: str, slug: str) -> HttpResponse:
    """Show the tables of a rule file of a draft; change one, try it, keep test cases."""
    found = queries.text_of(subject, draft, f"rules/{slug}.dmn")
    tests = queries.text_of(subject, draft, f"rules/{slug}.cases.yaml")
    if found.text is None:
        return missing(request)
    try:
        sheets = sheet.read_sheets(found.text.encode(), found.path)
    except TableError as error:
        return _broken(request, subject, draft, slug, error)
    asked = request.GET.get("table", "0")
    at = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 4 else 0
    if at >= len(sheets):
        return missing(request)
    page = _Page(subject, draft, slug, found, sheets, at, tests)
    if request.method == "GET":
        return _show(request, page, page.sheet)
    return _act(request, page)


def _act(request: HttpRequest, page: _Page) -> HttpResponse:
    sent = {name: str(value)[:_LONGEST] for name, value in request.POST.items()}
    act = sent.get("act", "")
    if act in {"try", "keep"}:
        return _try(request, page, sent)
    t = words_of(request)
    if sent.get("seen", "") != page.found.digest:
        return _overtaken(request, page, sent)
    typed = sheet.typed(page.sheet, sent)
    made = _done(typed, act, sent)
    if act != "save" and made is typed:
        line = t.get(f"design_unfit_{act.replace('-', '_')}", t["design_unfit"])
        return _show(request, page, typed, lines=[line], status=422)
    try:
        text = sheet.write_sheet(page.data, made, page.path).decode()
        services.write(page.subject, page.draft, page.path, text, sent.get("seen", ""))
    except WorkshopError as refused:
        return _show(request, page, made, lines=[said(request, refused)], status=409)
    except TableError as error:
        return _show(
            request, page, made, lines=[_trouble(error, page.path, language(request))], status=422
        )
    return redirect(page.here + "#sheet")


def _overtaken(request: HttpRequest, page: _Page, sent: Mapping[str, str]) -> HttpResponse:
    """Show what the sheet is by now with what was typed in its rows, and what changed meanwhile."""
    t = words_of(request)
    lines = [said(request, EditedMeanwhile(page.found.text))]
    before = _before(page, sent.get("seen", ""))
    if before is None:
        made = sheet.typed(page.sheet, sent)
        return _show(request, page, made, lines=lines, status=409)
    mine = sheet.typed(before, sent)
    made = sheet.merged(before, page.sheet, mine)
    other = sheet.overtaken(before, page.sheet)
    if other:
        rows = ", ".join(str(n + 1) for n in sorted(other))
        lines.append(str(t["design_rows_changed"]).format(rows=rows))
    for row in sheet.gone(before, page.sheet, mine):
        texts = " | ".join(text for text in (*row.cells, *row.results, *row.notes) if text)
        lines.append(str(t["design_row_gone"]).format(texts=texts))
    return _show(request, page, made, lines=lines, other=other, status=409)


def _before(page: _Page, seen: str) -> Sheet | None:
    """Give the sheet as it was when the form was made, where that text is kept."""
    text = queries.text_seen(page.subject, page.draft, page.path, seen)
    if text is None:
        return None
    try:
        found = sheet.read_sheets(text.encode(), page.path)
    except TableError:
        return None
    return next((one for one in found if one.decision == page.sheet.decision), None)


def _done(made: Sheet, act: str, sent: Mapping[str, str]) -> Sheet:
    """Do an act to the sheet as it was typed; an act that does not fit gives it back."""
    row, column = _number(sent.get("row", "")), sent.get("column", "")
    kind, _, place = column.partition("-")
    at = _number(place)
    acts: Mapping[str, Callable[[], Sheet]] = {
        "row-add": lambda: sheet.add_row(made, row + 1),
        "row-copy": lambda: sheet.copy_row(made, row),
        "row-drop": lambda: sheet.drop_row(made, row),
        "row-up": lambda: sheet.move_row(made, row, -1),
        "row-down": lambda: sheet.move_row(made, row, 1),
        "column-drop-input": lambda: sheet.drop_input(made, at),
        "column-drop-output": lambda: sheet.drop_output(made, at),
        "input-add": lambda: _asks(made, sent.get("fact", "")),
        "output-add": lambda: _gives(made, sent),
    }
    chosen = acts.get(f"{act}-{kind}" if act == "column-drop" else act)
    return made if chosen is None else chosen()


def _asks(made: Sheet, fact: str) -> Sheet:
    labels = items.labels("zh")
    if fact not in labels:
        return made
    return sheet.add_input(made, fact, items.vocabulary().fact(fact).type, labels[fact])


def _gives(made: Sheet, sent: Mapping[str, str]) -> Sheet:
    name, type_ = sent.get("result", "").strip(), sent.get("result-type", "string")
    if not name.isidentifier() or type_ not in sheet.TYPES:
        return made
    return sheet.add_output(made, name, type_, "")


def _number(text: str) -> int:
    """Read a position; what is none is far away from every row."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else -9


# --- trying --------------------------------------------------------------------------------------


def _try(request: HttpRequest, page: _Page, sent: Mapping[str, str]) -> HttpResponse:
    """Try the table with facts that were typed, and keep them as a test case where asked."""
    t = words_of(request)
    table, trouble = _table(page, page.sheet, language(request))
    if table is None:
        return _show(request, page, page.sheet, lines=[trouble], status=422)
    raw, wrong = _facts(table, sent)
    if wrong:
        lines = [str(t["design_try_wrong"]).format(name=name) for name in wrong]
        return _show(request, page, page.sheet, lines=lines, tried=sent, status=422)
    types = {column.name: column.type for column in table.inputs}
    facts = {name: cases.value_of(types[name], value) for name, value in raw.items()}
    decision = compile_table(table).decide(facts)
    if sent.get("act") == "try":
        return _show(request, page, page.sheet, tried=sent, decision=decision)
    zh, en = (" ".join(sent.get(name, "").split())[:200] for name in ("name-zh", "name-en"))
    if not (zh and en) or decision.status == "error":
        line = decision.message if decision.status == "error" else t["design_case_name"]
        return _show(
            request, page, page.sheet, lines=[line], tried=sent, decision=decision, status=422
        )
    case = {"name": {"zh": zh, "en": en}, "decision": table.id, "facts": raw, **_wants(decision)}
    try:
        text = _with_case(page, case)
        services.write(page.subject, page.draft, page.cases.path, text, page.cases.digest)
    except (WorkshopError, PackInvalid) as refused:
        lines = (
            [said(request, refused)]
            if isinstance(refused, WorkshopError)
            else [one.told(language(request)) for one in refused.problems]
        )
        return _show(request, page, page.sheet, lines=lines, tried=sent, status=409)
    return redirect(page.here + "#cases")


def _facts(table: DecisionTable, sent: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Give the facts as a pack writes them, and the labels of those that do not fit their type."""
    raw: dict[str, Any] = {}
    wrong = []
    for number, column in enumerate(table.inputs):
        text: Any = sent.get(f"try-{number}", "").strip()
        if not text:
            continue
        if column.type == "boolean":
            text = {"true": True, "false": False}.get(text.lower(), text)
        try:
            raw[column.name] = _plain(cases.value_of(column.type, text))
        except ValueError:
            wrong.append(column.label or column.name)
    return raw, wrong


def _plain(value: Value) -> Any:
    """Write a value as a pack does: days and broken numbers are text."""
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _wants(decision: Decision) -> dict[str, Any]:
    if decision.status == "unknown":
        return {"unknown": list(decision.missing)}
    given = [{name: _plain(one[name]) for name in one} for one in decision.outputs]
    return {"gives": given}


def _with_case(page: _Page, case: Mapping[str, Any]) -> str:
    if page.cases.text is None:
        return written({"schema": "tongban/cases/1", "slug": page.slug, "cases": [case]})
    data = document_of(page.cases.text.encode(), page.cases.path).data
    if not isinstance(data, dict) or not isinstance(data.get("cases"), list):
        raise WorkshopRefused(*both("design_cases_broken"))
    return changed(page.cases.text, {**data, "cases": [*data["cases"], case]}, page.cases.path)


# --- showing -------------------------------------------------------------------------------------


def _trouble(error: TableError, path: str, lang: str) -> str:
    problem = told(error, path)
    return f"{path}:{problem.line} {problem.told(lang)}"


def _table(page: _Page, made: Sheet, lang: str) -> tuple[DecisionTable | None, str]:
    """Read the table as it would be with this sheet, or say why it cannot be."""
    try:
        data = sheet.write_sheet(page.data, made, page.path)
        return next(t for t in read_dmn(data, page.path) if t.id == made.decision), ""
    except TableError as error:
        return None, _trouble(error, page.path, lang)


def _show(
    request: HttpRequest,
    page: _Page,
    made: Sheet,
    *,
    lines: Sequence[str] = (),
    tried: Mapping[str, str] | None = None,
    decision: Decision | None = None,
    other: frozenset[int] = frozenset(),
    status: int = 200,
) -> HttpResponse:
    t, en = words_of(request), language(request) == "en"
    lang: Language = "en" if en else "zh"
    labels = items.labels(lang)
    own = {one.fact: one.label for one in made.inputs if one.label} if not en else {}
    called = {**labels, **own}
    table, trouble = _table(page, made, lang)
    faults = sheet.faults(made)
    findings: list[str] = []
    marked: dict[str, str] = {}
    sentences: dict[str, str] = {}
    asks = ""
    if table is not None:
        try:
            for one in check(table, called):
                findings.append(one.en if en else one.zh)
                marked.update(dict.fromkeys(one.rules, t["design_row_marked"]))
        except TableError as error:
            findings.append(_trouble(error, page.path, lang))
        sentences = {r.id: render_rule(table, r.id, lang, called) for r in table.rules}
        asks = " ".join(explain(table, compile_table(table).decide({}), lang, called))
    ids = [rule.id for rule in table.rules] if table is not None else []
    shown = {
        "draft": queries.draft(page.subject, page.draft),
        "slug": page.slug,
        "here": page.here,
        "as_text": file_url(page.draft, page.path, text="1"),
        "seen": page.found.digest,
        "tables": [
            (address("design-rules", page.draft, page.slug, table=str(n)), one.name, n == page.at)
            for n, one in enumerate(page.sheets)
        ],
        "sheet": made,
        "policies": [
            (one, t[f"design_policy_{one.lower().replace(' ', '_')}"]) for one in sheet.POLICIES
        ],
        "totals": [(one, t[f"design_total_{one.lower() or 'none'}"]) for one in sheet.TOTALS],
        "heads": heads(made, called, t),
        "rows": [
            {
                "number": number + 1,
                "key": row.key,
                "changed": t["design_row_changed"] if number in other else "",
                "cells": cells(made, number, row, faults, called, t, en=en),
                "marked": marked.get(ids[number], "") if number < len(ids) else "",
                "sentence": sentences.get(ids[number], "") if number < len(ids) else "",
            }
            for number, row in enumerate(made.rows)
        ],
        "faults": [
            {"to": f"cell-{f.kind}-{f.row}-{f.column}", "says": f.en if en else f.zh}
            for f in faults
        ],
        "trouble": trouble if not faults else "",
        "findings": findings,
        "whole": table is not None and not findings,
        "asks": asks,
        "facts": sorted(labels.items(), key=lambda one: one[1]),
        "types": [one for one in sheet.TYPES if one],
        "lines": lines,
        "tests": _tests(page, table, lang),
        "trying": trying(table, called, tried or {}),
        "said": explain(table, decision, lang, called) if table and decision else (),
        "fired": _fired(decision, ids),
        "tried": tried is not None and decision is not None,
        "kept": tried or {},
    }
    return show(request, page.subject, "design_rules", shown, status)


def _broken(
    request: HttpRequest, subject: Subject, draft: str, slug: str, error: TableError
) -> HttpResponse:
    """Say that a file cannot be taken apart; its text is mended as text."""
    shown = {
        "draft": queries.draft(subject, draft),
        "slug": slug,
        "as_text": file_url(draft, f"rules/{slug}.dmn", text="1"),
        "lines": [_trouble(error, f"rules/{slug}.dmn", language(request))],
    }
    return show(request, subject, "design_rules", shown)


def _tests(page: _Page, table: DecisionTable | None, lang: str) -> list[dict[str, Any]]:
    """Run the test cases of this table that can be read; the checks tell of those that cannot."""
    if page.cases.text is None or table is None:
        return []
    try:
        found = cases.cases_of(document_of(page.cases.text.encode(), page.cases.path).data)
    except (PackInvalid, KeyError, TypeError):
        return []
    ready, ids = compile_table(table), [rule.id for rule in table.rules]
    made = []
    for one in found:
        if one.decision != table.id:
            continue
        ran = cases.run(one, ready)
        made.append(
            {
                "name": one.en if lang == "en" else one.zh,
                "passed": ran.passed,
                "why": ran.en if lang == "en" else ran.zh,
                "facts": "; ".join(f"{name} = {_shown(raw)}" for name, raw in one.facts.items()),
                "rows": _fired(ran.decision, ids),
            }
        )
    return made


def _shown(raw: Any) -> str:
    return str(raw).lower() if isinstance(raw, bool) else str(raw)


def _fired(decision: Decision | None, ids: Sequence[str]) -> str:
    return ", ".join(str(ids.index(one) + 1) for one in decision.rules) if decision else ""
