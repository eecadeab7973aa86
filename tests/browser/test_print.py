"""Reports on paper: A4, nothing cut off, heads again on each page, in both languages.

They are files, so no city is needed; Chromium prints them as a reader would.
"""

from pathlib import Path

import pypdfium2
import pytest
from click.testing import CliRunner

from browser.visits import Chromium
from tongban.apps.forecast.domain.generator import Truth, generate
from tongban.apps.forecast.domain.running import run
from tongban.apps.forecast.models.drift import Naive, NationalDrift, OwnDrift
from tongban.apps.forecast.report.building import build
from tongban.cli import main
from tongban.infra.reports.files import write

_A4 = (595.28, 841.89)  # points
_INSIDE = 687  # CSS pixels of A4 between its margins, 210 − 28 mm
_HIGH = 1016  # and 297 − 28 mm
_LONG = 70  # rows that no page holds

# what reaches beyond the paper, by name; a pixel is for rounding. Small fans may part over pages
_BEYOND = f"""() => [...document.querySelectorAll('body *')].filter(one => {{
  const box = one.getBoundingClientRect(), wide = document.documentElement.clientWidth;
  return (one.matches('figure:not(:has(.fans)), svg') && box.height > {_HIGH})
    || box.right > wide + 1 || box.left < -1
    || (one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== 'visible');
}}).map(one => `${{one.localName}} ${{one.textContent.slice(0, 60)}}`)"""
# text that a chart cuts off at its edge, and names that run into their figures
_CUT = """() => [...document.querySelectorAll('svg')].flatMap(svg => {
  const edge = svg.getBoundingClientRect();
  const all = [...svg.querySelectorAll('text')].map(one => [one, one.getBoundingClientRect()]);
  const cut = all.filter(([, box]) => box.left < edge.left - 1 || box.right > edge.right + 1);
  const met = all.filter(([one, a]) => all.some(([other, b]) => one !== other
    && a.left < b.left && a.right > b.left + 1 && a.top < b.bottom - 4 && b.top < a.bottom - 4));
  return [...cut, ...met].map(([one]) => `${svg.getAttribute('class')} ${one.textContent}`);
})"""
_HEADS = f"""() => [...document.querySelectorAll('table')]
  .filter(one => one.tBodies[0].rows.length > {_LONG})
  .map(one => [...one.tHead.querySelectorAll('th')].map(th => th.textContent))"""


@pytest.fixture(scope="module", params=["zh", "en"])
def written(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Write three reports: everything of value, a long list of projects, a forecast."""
    folder, lang = tmp_path_factory.mktemp("print"), request.param
    paths = {name: folder / f"{name}.html" for name in ("duplicates", "forecast")}
    listed = folder / "list.csv"
    rows = [f"{chr(0x4E00 + 9 * n) * 4},{d},2024,{n + 1},yuan" for n in range(90) for d in "ab"]
    listed.write_text("\n".join(["name,department,year,amount,unit", *rows]), encoding="utf-8")
    for words in (
        ("demo", "-o", str(folder), "--branches", "500", "--no-open"),
        ("duplicates", str(listed), "-o", str(paths["duplicates"])),
    ):
        done = CliRunner().invoke(main, ["value", *words, "--lang", lang])
        assert done.exit_code == 0, done.output
    found = run(generate(Truth(shock=2020)), (Naive(), OwnDrift(), NationalDrift()), ahead=3)
    write(build(found), paths["forecast"], lang)
    return {"value": folder / "report.html"} | paths


def sheets(pdf: bytes) -> list[tuple[tuple[float, float], str]]:
    """Give size and text, without blanks, of each page."""
    document = pypdfium2.PdfDocument(pdf)
    found = []
    for sheet in document:
        text = sheet.get_textpage()
        found.append((sheet.get_size(), "".join(text.get_text_range().split())))
        text.close()
        sheet.close()
    document.close()
    return found


@pytest.mark.parametrize("name", ["value", "duplicates", "forecast"])
def test_a_report_prints_well(chromium: Chromium, written: dict[str, Path], name: str) -> None:
    page = chromium.browser.new_page(viewport={"width": _INSIDE, "height": 1000})
    try:
        page.goto(written[name].as_uri())
        assert page.locator("nav").is_visible()
        page.emulate_media(media="print")
        assert not page.locator("nav").is_visible()
        assert page.evaluate(_BEYOND) == []
        assert page.evaluate(_CUT) == []
        heads = page.evaluate(_HEADS)
        printed = sheets(page.pdf(prefer_css_page_size=True))
    finally:
        page.close()
    assert all(size == pytest.approx(_A4, abs=1) for size, _ in printed)
    texts = [text for _, text in printed]
    assert all(texts), "a page is empty"
    # a table that is longer than a page begins again with its head on the next
    assert name == "value" or heads
    for head in heads:
        assert sum("".join("".join(head).split()) in text for text in texts) > 1, head
