"""Pictures of a report: floating bars as SVG, drawn here, without a script."""

from collections.abc import Callable
from decimal import Decimal
from html import escape
from itertools import chain

from .model import Bar, Bars

_WIDTH, _ROW, _EDGE = 400, 40, 4


def draw(bars: Bars, lang: str) -> str:
    """Give the SVG of a picture; its title is its name for who cannot see it."""
    values = [Decimal(f.value) for f in chain.from_iterable((b.low, b.high) for b in bars.bars)]
    values += [Decimal(0)] if bars.base is None else [Decimal(bars.base.value)]
    low, high = min(values), max(values)
    span = high - low or Decimal(1)

    def x(value: Decimal | int) -> float:
        return _EDGE + float((Decimal(value) - low) / span) * (_WIDTH - 2 * _EDGE)

    # two figures do not fit beside a long name: they take a line of their own
    line = 16 if any(len(bar.shown) > 1 for bar in bars.bars) else 0
    height = (_ROW + line) * len(bars.bars) + 4
    base = x(0 if bars.base is None else bars.base.value)
    drawn = "".join(
        _bar(bar, place * (_ROW + line), line, x, lang) for place, bar in enumerate(bars.bars)
    )
    title = escape(bars.title.of(lang))
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{title}">'
        f"<title>{title}</title>"
        f'<line class="base" x1="{base:.1f}" x2="{base:.1f}" y1="0" y2="{height}"/>{drawn}</svg>'
    )


def _bar(bar: Bar, top: int, line: int, x: Callable[[Decimal | int], float], lang: str) -> str:
    ends = sorted((x(bar.low.value), x(bar.high.value)))
    tone = "down" if bar.high.value < bar.low.value else "up"
    shown = " … ".join(figure.text(lang) for figure in bar.shown)
    return (
        f'<text x="{_EDGE}" y="{top + 15}">{escape(bar.label.of(lang))}</text>'
        f'<text x="{_WIDTH - _EDGE}" y="{top + line + 15}" text-anchor="end">{escape(shown)}</text>'
        f'<rect class="{tone}" x="{ends[0]:.1f}" y="{top + line + 21}" '
        f'width="{max(ends[1] - ends[0], 1):.1f}" height="13"/>'
    )
