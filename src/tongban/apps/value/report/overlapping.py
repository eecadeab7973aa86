"""The report of projects that may have been bought twice 重复建设 and of what could be shared."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from tongban.apps.value.domain import overlap
from tongban.apps.value.parameters import Parameters
from tongban.infra.reports.model import (
    NONE,
    Bar,
    Bars,
    Cell,
    Report,
    Section,
    Source,
    Table,
    bar,
    filled,
    plain,
)
from tongban.kernel.facts import Words

_MOST = 15  # bars of a picture; the table beside it has all
_WHAT = (Words("项目", "what"), Words("数值", "figure"))


def report(
    projects: Sequence[overlap.Project],
    pairs: Sequence[overlap.Pair],
    components: Sequence[overlap.Component],
    parameters: Parameters,
    source: str,
    as_of: date,
) -> Report:
    """Build the report."""
    books = Source(source, as_of)
    alike = books.assumed(parameters.source)
    return Report(
        Words("重复建设与共享组件", "Bought twice, and what could be shared"),
        as_of,
        (_alike(projects, pairs, parameters, books, alike), _shared(components, books)),
    )


def _alike(
    projects: Sequence[overlap.Project],
    pairs: Sequence[overlap.Pair],
    parameters: Parameters,
    books: Source,
    alike: Source,
) -> Section:
    total, groups = sum(p.amount for p in projects), overlap.groups(pairs)
    saved = sum(group.at_most for group in groups)
    summary: tuple[tuple[Cell, ...], ...] = (
        (Words("全部项目金额", "all projects"), books.fen(total)),
        (Words("可能节省，至多", "could have been saved, at most"), alike.fen(saved)),
        (Words("占比", "share"), alike.share(Decimal(saved) / total) if total else NONE),
        (Words("相似度不低于", "alike from"), alike.share(parameters.likeness)),
        (
            Words("年度相差不超过", "years apart, at most"),
            alike.of(parameters.overlap_years, "year"),
        ),
    )
    rows = tuple(
        (
            _named(p.first),
            _named(p.second),
            alike.share(Decimal(str(p.likeness))),
            alike.fen(p.at_most),
        )
        for p in pairs
    )
    together = tuple(
        (
            Words(
                "；".join(f"{one.name}（{one.department}）" for one in group.projects),
                "; ".join(f"{one.name} ({one.department})" for one in group.projects),
            ),
            alike.fen(sum(one.amount for one in group.projects)),
            alike.fen(group.at_most),
        )
        for group in groups
    )
    head = (
        Words("项目（#为行）", "one (# is its row)"),
        Words("项目", "the other"),
        Words("相似度", "alike"),
        Words("至多可省", "at most saved"),
    )
    bars = (bar(plain(group.projects[0].name), alike.fen(group.at_most)) for group in groups)
    title = Words(
        "每组相似的项目，除最贵的一项外的金额", "What each group cost beside its dearest project"
    )
    return Section(
        Words("相似的项目", "Projects that are alike"),
        (
            Words(
                "相似只是线索，须由人核对；节省额是上限。",
                "Alike is a question for a person. What could be saved is an upper bound.",
            ),
        ),
        (
            Table(_WHAT, summary),
            Table((Words("一组", "group"), Words("金额", "cost"), head[3]), together or _none(3)),
            Table(head, rows or _none(4)),
        ),
        (_most(title, bars, alike),),
    )


def _named(one: overlap.Project) -> Words:
    return Words(
        f"#{one.row} {one.name}（{one.department}，{one.year}）",
        f"#{one.row} {one.name} ({one.department}, {one.year})",
    )


def _none(width: int) -> tuple[tuple[Cell, ...], ...]:
    return ((NONE,) * width,)


def _shared(components: Sequence[overlap.Component], books: Source) -> Section:
    rows = tuple(
        (
            plain(one.name),
            Words("、".join(one.departments), ", ".join(one.departments)),
            books.of(len(one.projects), "item"),
            books.fen(one.amount),
        )
        for one in components
    )
    bars = (
        bar(plain(one.name), books.fen(one.amount))
        for one in sorted(components, key=lambda one: -one.amount)
    )
    title = Words("含该组件的项目金额", "Cost of the projects that have the component")
    return Section(
        Words("多个部门都有的组件", "Components that several departments have"),
        (
            Words(
                "金额是含该组件的整个项目的，不是组件本身的。",
                "The amounts are those of whole projects, not of the component alone.",
            ),
        ),
        (
            Table(
                (
                    Words("组件", "component"),
                    Words("部门", "departments"),
                    Words("项目数", "projects"),
                    Words("项目金额", "cost of the projects"),
                ),
                rows or _none(4),
            ),
        ),
        (_most(title, bars, books),),
    )


def _most(title: Words, bars: Iterable[Bar], books: Source) -> Bars:
    """Draw the longest bars; where some are left out the title says so."""
    every = tuple(bars)
    if len(every) <= _MOST:
        return Bars(title, every)
    more = Words(f"{title.zh}（最大的 {{0}} 个，共 {{1}} 个）", f"{title.en} (top {{0}} of {{1}})")
    counts = [books.of(n, "number") for n in (_MOST, len(every))]
    return Bars(filled(more, counts), every[:_MOST])
