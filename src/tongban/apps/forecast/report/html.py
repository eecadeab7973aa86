"""Writes a report as one file of HTML 报告网页: no script, nothing fetched, prints well."""

import base64
import hashlib

from tongban.kernel.figures import Figure

from .markup import Markup, joined, tag
from .parts import Cell, Report, Section, Table, pick, shown
from .svg import bars, fan, lines

_STYLE = """
:root{--ink:#1d2530;--soft:#5b6675;--line:#d5dbe3;--paper:#fff;--tint:#f4f6f9;--strong:#1a5fb4;
--bar:#9db4d3;--warn:#a33b00}
*{box-sizing:border-box}
body{margin:0;color:var(--ink);background:var(--paper);
font:16px/1.6 "Noto Sans CJK SC","Source Han Sans SC","PingFang SC","Microsoft YaHei",
system-ui,sans-serif}
main{max-width:60rem;margin:auto;padding:1rem}
h1{font-size:1.6rem;line-height:1.3;margin:.5rem 0 1rem}
h2{font-size:1.2rem;margin:2.2rem 0 .4rem;border-block-end:1px solid var(--line)}
.verdict{background:var(--tint);border-inline-start:.3rem solid var(--strong);padding:.6rem 1rem}
.verdict p{margin:.3rem 0}.verdict p:first-child{font-size:1.15rem;font-weight:600}
.wide{overflow-x:auto}
table{border-collapse:collapse;min-width:100%;margin:.8rem 0;font-size:.9rem}
th,td{padding:.3rem .6rem;text-align:start;vertical-align:top;
border-block-end:1px solid var(--line)}
th{color:var(--soft);font-weight:600}
td{min-inline-size:5.5em}td.n,th.n{min-inline-size:0;text-align:end;white-space:nowrap;font-variant-numeric:tabular-nums}
svg{display:block;inline-size:100%;block-size:auto;font:14px system-ui,sans-serif;fill:var(--ink)}
svg.bars,svg.lines{max-inline-size:34rem;margin:.6rem 0}
.name{text-anchor:end}.end,.foot{fill:var(--soft)}.last{text-anchor:end}.head{font-weight:600}
.foot{font-size:11px}.head{font-size:13px}
.bar{fill:var(--bar)}.chosen{fill:var(--strong)}
.promise{stroke:var(--warn);stroke-dasharray:4 3}
.fans{display:grid;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr));gap:.8rem;
margin:.8rem 0}
.fan{border:1px solid var(--line);border-radius:.3rem}
.stress{fill:#dfe8f4}.band{fill:#b4cae6}
.past,.ahead{fill:none;stroke:var(--ink);stroke-width:1.6}
.ahead{stroke:var(--strong);stroke-dasharray:4 2}
.line{fill:none;stroke:var(--strong);stroke-width:2}
.k1{stroke-dasharray:7 3}.k2{stroke-dasharray:2 3}
.quoted{fill:none;stroke:var(--soft);stroke-width:.8}
footer{color:var(--soft);font-size:.85rem;margin:2rem 0}
@media print{main{max-width:none;padding:0}.wide{overflow:visible}
tr,svg,.verdict{break-inside:avoid}
h2{break-after:avoid}body{font-size:10.5pt}table{font-size:8pt}th,td{padding:.15rem .3rem}}
"""
_FOOT = (
    "每个数字都有来源与状态（实测、假定、引用）：见同名 JSON 和表格文件，或把指针停在数字上。",
    (
        "Each number has its source and status (measured, assumed, quoted) in the JSON and the"
        " spreadsheet beside this file, and under the pointer."
    ),
)


def render(report: Report, lang: str) -> str:
    """Write the page."""
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'"
    title = pick(report.title, lang)
    code = "en" if lang.startswith("en") else "zh-CN"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("title", title),
        tag("style", Markup(_STYLE)),
    )
    body = tag(
        "main",
        tag("h1", title),
        tag("div", *(tag("p", pick(one, lang)) for one in report.verdict), class_="verdict"),
        *(_section(one, lang) for one in report.sections),
        tag("footer", pick(_FOOT, lang)),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, tag('body', body), lang=code)}\n"


def _section(one: Section, lang: str) -> Markup:
    parts: list[str] = [tag("h2", pick(one.title, lang))]
    parts += [tag("p", pick(words, lang)) for words in one.words]
    if one.bars is not None:
        parts += [tag("p", pick(one.bars.title, lang), class_="foot"), bars(one.bars, lang)]
    if one.lines is not None:
        parts += [tag("p", pick(one.lines.title, lang), class_="foot"), lines(one.lines, lang)]
    if one.fans:
        parts.append(tag("div", *(fan(each, lang) for each in one.fans), class_="fans"))
    parts += [_table(table, lang) for table in one.tables]
    return tag("section", *parts, id=one.key)


def _table(table: Table, lang: str) -> Markup:
    numeric = [
        any(isinstance(row[place], Figure) for row in table.rows)
        for place in range(len(table.head))
    ]
    head = tag(
        "tr",
        *(
            tag("th", pick(words, lang), scope="col", **({"class_": "n"} if n else {}))
            for words, n in zip(table.head, numeric, strict=True)
        ),
    )
    rows = [tag("tr", *(_cell(cell, lang) for cell in row)) for row in table.rows]
    return tag("div", tag("table", tag("thead", head), tag("tbody", joined(rows))), class_="wide")


def _cell(cell: Cell, lang: str) -> Markup:
    if isinstance(cell, Figure):
        return tag("td", cell.text(lang), class_="n", title=cell.full(lang))
    return tag("td", shown(cell, lang), **({"class_": "n"} if cell is None else {}))
