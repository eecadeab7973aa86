"""A report as one page (HTML): self-contained, without script, for screen and paper."""

from html import escape

from tongban.kernel.facts import Words
from tongban.kernel.figures import Figure

from .model import Cell, Report, Section, Table
from .svg import draw

_STATUS = {
    "measured": Words("实测", "measured"),
    "assumed": Words("含假定", "assumed"),
    "quoted": Words("引用", "quoted"),
}
_STYLE = """
:root{color-scheme:light}
body{font:16px/1.6 system-ui,"Noto Sans CJK SC","Microsoft YaHei",sans-serif;color:#1b1f24;
background:#fff;margin:0 auto;padding:1rem;max-width:60rem}
h1{font-size:1.6rem;line-height:1.3}h2{font-size:1.2rem;margin-block:2.2rem .5rem;
border-block-end:2px solid #0b4f8a;padding-block-end:.2rem}
nav ul{padding-inline-start:1.2rem}a{color:#0b4f8a}
.wide{overflow-x:auto}table{border-collapse:collapse;min-width:min(100%,26rem);
font-size:.9rem;margin-block:.6rem}
th,td{border-block-end:1px solid #c9d1d9;padding:.35rem .5rem;text-align:start;vertical-align:top}
th{background:#eef3f8}th.n,td.n{text-align:end;white-space:nowrap}td{min-width:6em;font-variant-numeric:tabular-nums}
.s{font-size:.75rem;color:#4a5560}.s.assumed{color:#8a4b00}.s.quoted{color:#6b2a86}
figure{margin:.6rem 0;max-width:34rem}figcaption{font-size:.9rem;font-weight:600}
svg{width:100%;height:auto;display:block}svg text{font-size:13px;fill:#1b1f24;
paint-order:stroke;stroke:#fff;stroke-width:3px}
rect.up{fill:#2f78b7}rect.down{fill:#b5532a}line.base{stroke:#1b1f24;stroke-width:1}
@media print{body{padding:0;font-size:11pt;max-width:none}h2{break-after:avoid}
nav{display:none}figure,tr{break-inside:avoid}.wide{overflow:visible}rect{print-color-adjust:exact;
-webkit-print-color-adjust:exact}}
"""


def page(report: Report, lang: str) -> str:
    """Write the page in one language; each figure bears its status and the number of its source."""
    sources = {
        name: n for n, name in enumerate(dict.fromkeys(f.source for f in report.figures()), 1)
    }
    day = Words(f"截至 {report.as_of}", f"As of {report.as_of}").of(lang)
    told = Words("数字的来源", "Where the figures come from").of(lang)
    parts = "".join(
        f'<li><a href="#s{n}">{escape(section.title.of(lang))}</a></li>'
        for n, section in enumerate(report.sections)
    )
    body = "".join(_section(s, n, lang, sources) for n, s in enumerate(report.sections))
    listed = "".join(f'<li id="q{n}">{escape(name)}</li>' for name, n in sources.items())
    title = escape(report.title.of(lang))
    return (
        f'<!doctype html><html lang="{"en" if lang == "en" else "zh-CN"}"><head>'
        '<meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{title}</h1><p>{day}</p>"
        f"<nav><ul>{parts}</ul></nav>{body}<section><h2>{told}</h2><ol>{listed}</ol></section>"
        "</main></body></html>\n"
    )


def _section(section: Section, number: int, lang: str, sources: dict[str, int]) -> str:
    says = "".join(f"<p>{escape(one.of(lang))}</p>" for one in section.says)
    drawn = "".join(
        f"<figure><figcaption>{escape(p.title.of(lang))}</figcaption>{draw(p, lang)}</figure>"
        for p in section.pictures
        if p.bars
    )
    tables = "".join(_table(table, lang, sources) for table in section.tables)
    title = escape(section.title.of(lang))
    return f'<section id="s{number}"><h2>{title}</h2>{says}{drawn}{tables}</section>'


def _table(table: Table, lang: str, sources: dict[str, int]) -> str:
    numeric = {n for row in table.rows for n, cell in enumerate(row) if isinstance(cell, Figure)}
    mark = ("", ' class="n"')
    head = "".join(
        f'<th scope="col"{mark[n in numeric]}>{escape(one.of(lang))}</th>'
        for n, one in enumerate(table.head)
    )
    rows = "".join(
        f"<tr>{''.join(_cell(cell, lang, sources) for cell in row)}</tr>" for row in table.rows
    )
    return (
        f'<div class="wide" tabindex="0"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _cell(cell: Cell, lang: str, sources: dict[str, int]) -> str:
    if not isinstance(cell, Figure):
        return f"<td>{escape(cell.of(lang))}</td>"
    n = sources[cell.source]
    return (
        f'<td class="n">{escape(cell.text(lang))} <span class="s {cell.status}">'
        f'{_STATUS[cell.status].of(lang)} <a href="#q{n}">[{n}]</a></span></td>'
    )
