"""A report as one page 报告网页: self-contained, without script, for screen and paper."""

import base64
import hashlib

from tongban.kernel.facts import Words
from tongban.kernel.figures import STATUS, Figure, Status, source_of

from .markup import Markup, joined, tag
from .model import Bars, Cell, Fans, Link, Picture, Report, Section, Table, drawn, pieces
from .svg import bars, fan, lines

_STYLE = """
:root{color-scheme:light;--ink:#1b1f24;--soft:#4a5560;--line:#c9d1d9;--tint:#eef3f8;
--strong:#0b4f8a;--bar:#6a93c4;--warn:#a33b00}
*{box-sizing:border-box}
body{margin:0;color:var(--ink);background:#fff;font:16px/1.6 "Noto Sans CJK SC",
"Source Han Sans SC","PingFang SC","Microsoft YaHei",system-ui,sans-serif}
main{max-width:60rem;margin:auto;padding:1rem}a{color:var(--strong)}
h1{font-size:1.6rem;line-height:1.3;margin:.5rem 0 1rem}
h2{font-size:1.2rem;margin:2.2rem 0 .5rem;border-block-end:2px solid var(--strong);
padding-block-end:.2rem}
.verdict{background:var(--tint);border-inline-start:.3rem solid var(--strong);padding:.6rem 1rem}
.verdict p{margin:.3rem 0}.verdict p:first-child{font-size:1.15rem;font-weight:600}
nav ul{padding-inline-start:1.2rem;columns:16rem}
.wide{overflow-x:auto}table{border-collapse:collapse;min-width:min(100%,26rem);
font-size:.9rem;margin:.8rem 0}
th,td{border-block-end:1px solid var(--line);padding:.35rem .5rem;text-align:start;
vertical-align:top}
th{background:var(--tint)}td{min-inline-size:5.5em}
td.n,th.n{min-inline-size:0;text-align:end;white-space:nowrap;font-variant-numeric:tabular-nums}
.q{font-size:.7rem;vertical-align:super;line-height:1;text-decoration:none;
margin-inline-start:.2em}.f{white-space:nowrap}
td.assumed,.f.assumed{text-decoration:underline dotted var(--warn);text-underline-offset:.25em}
td.quoted,.f.quoted{font-style:italic}.assumed .q{display:inline-block}
tr:target{background:var(--tint)}
.sources{font-size:.85rem;overflow-wrap:anywhere}
figure{margin:.8rem 0}figcaption{font-size:.9rem;font-weight:600}
svg{display:block;inline-size:100%;block-size:auto;font:13px system-ui,sans-serif;
fill:var(--ink)}
svg.bars,svg.lines{max-inline-size:34rem}
svg.bars text{paint-order:stroke;stroke:#fff;stroke-width:3px}
.end,.foot{fill:var(--soft)}.last{text-anchor:end}.head{font-weight:600}.foot{font-size:11px}
rect{fill:var(--bar)}rect.chosen{fill:var(--strong)}rect.down{fill:#b5532a}
.base{stroke:var(--ink)}.promise{stroke:var(--warn);stroke-dasharray:4 3}
.fans{display:grid;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr));gap:.8rem}
.fan{border:1px solid var(--line);border-radius:.3rem}
.stress{fill:#dfe8f4}.band{fill:#b4cae6}
.past,.ahead{fill:none;stroke:var(--ink);stroke-width:1.6}
.ahead{stroke:var(--strong);stroke-dasharray:4 2}
.line{fill:none;stroke:var(--strong);stroke-width:2}
.k1{stroke-dasharray:7 3}.k2{stroke-dasharray:2 3}
.thin{fill:none;stroke:var(--soft);stroke-width:.8}
@page{size:A4;margin:14mm}
@media print{main{max-width:none;padding:0}nav{display:none}.wide{overflow:visible}
table{min-width:0}td{min-inline-size:3em}td.n,th.n{white-space:normal}
svg{max-block-size:235mm}svg.bars,svg.lines{max-inline-size:24rem}
tr,svg,figure,.verdict{break-inside:avoid}h2{break-after:avoid}
body{font-size:10.5pt}table{font-size:8pt}th,td{padding:.15rem .3rem}
th,rect,.verdict,polygon{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""
_SOURCES = Words("数字的来源", "Where the figures come from")
#: A figure's source and status, and the number under which the page lists them.
Listed = dict[tuple[str | Words, Status], int]


def page(report: Report, lang: str) -> str:
    """Write the page in one language; each figure bears the number of its source and status."""
    known = dict.fromkeys((one.source, one.status) for one in report.figures())
    listed = {about: number for number, about in enumerate(known, 1)}
    title = report.title.of(lang)
    day = Words(f"截至 {report.as_of}", f"As of {report.as_of}").of(lang)
    verdict = [tag("p", *_inline(one, lang, listed)) for one in report.verdict]
    keys = [one.key or f"s{place}" for place, one in enumerate(report.sections)]
    parts = [
        tag("li", tag("a", one.title.of(lang), href=f"#{key}"))
        for key, one in zip(keys, report.sections, strict=True)
    ]
    sources = [
        tag("li", f"{STATUS[status].of(lang)} · {source_of(source, lang)}", id=f"q{number}")
        for (source, status), number in listed.items()
    ]
    body = tag(
        "main",
        tag("h1", title),
        tag("p", day),
        tag("div", *verdict, class_="verdict") if verdict else "",
        tag("nav", tag("ul", *parts)),
        *(_section(one, key, lang, listed) for key, one in zip(keys, report.sections, strict=True)),
        tag("section", tag("h2", _SOURCES.of(lang)), tag("ol", *sources), class_="sources"),
    )
    return document(title, body, lang)


def document(title: str, body: Markup, lang: str) -> str:
    """Write a page that loads and runs nothing around its body."""
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("title", title),
        tag("style", Markup(_STYLE)),
    )
    code = "en" if lang == "en" else "zh-CN"
    return f"<!DOCTYPE html>\n{tag('html', head, tag('body', body), lang=code)}\n"


def _section(one: Section, key: str, lang: str, listed: Listed) -> Markup:
    return tag(
        "section",
        tag("h2", one.title.of(lang)),
        *(tag("p", *_inline(words, lang, listed)) for words in one.says),
        *(_figure(picture, lang, listed) for picture in one.pictures if not _empty(picture)),
        *(_table(table, lang, listed) for table in one.tables),
        id=key,
    )


def _empty(picture: Picture) -> bool:
    return isinstance(picture, Bars) and not picture.bars


def _figure(picture: Picture, lang: str, listed: Listed) -> Markup:
    match picture:
        case Bars():
            image = bars(picture, lang)
        case Fans():
            image = tag("div", *(fan(each, lang) for each in picture.fans), class_="fans")
        case _:
            image = lines(picture, lang)
    # what is drawn cannot lead to its source, so the caption does
    numbers = sorted({listed[one.source, one.status] for one in drawn(picture)})
    caption = [*_inline(picture.title, lang, listed), *(_source(n) for n in numbers)]
    return tag("figure", tag("figcaption", *caption), image)


def _source(number: int) -> Markup:
    return tag("a", f"[{number}]", href=f"#q{number}", class_="q")


def _inline(cell: Cell, lang: str, listed: Listed) -> list[str]:
    return [
        tag(
            "span",
            one.text(lang),
            _source(listed[one.source, one.status]),
            class_=f"f {one.status}",
            title=one.full(lang),
        )
        if isinstance(one, Figure)
        else one
        for one in pieces(cell, lang)
    ]


def _table(table: Table, lang: str, listed: Listed) -> Markup:
    numeric = {n for row in table.rows for n, cell in enumerate(row) if isinstance(cell, Figure)}
    head = tag(
        "tr",
        *(
            tag(
                "th",
                *_inline(one, lang, listed),
                scope="col",
                **({"class_": "n"} if n in numeric else {}),
            )
            for n, one in enumerate(table.head)
        ),
    )
    keys = [{"id": key} for key in table.keys] or [{}] * len(table.rows)
    rows = [
        tag("tr", *(_cell(cell, lang, listed) for cell in row), **key)
        for row, key in zip(table.rows, keys, strict=True)
    ]
    inner = tag("table", tag("thead", head), tag("tbody", joined(rows)))
    return tag("div", inner, class_="wide", tabindex="0", role="group")


def _cell(cell: Cell, lang: str, listed: Listed) -> Markup:
    if isinstance(cell, Link):
        return tag("td", tag("a", cell.of(lang), href=f"#{cell.to}"))
    if not isinstance(cell, Figure):
        told = _inline(cell, lang, listed)
        return tag("td", *told, **({"class_": "n"} if cell is None else {}))
    link = _source(listed[cell.source, cell.status])
    return tag("td", cell.text(lang), link, class_=f"n {cell.status}", title=cell.full(lang))
