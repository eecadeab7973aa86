"""The table shown in docs/standards/dmn.md is real: it is read and says what the page says."""

import re
from pathlib import Path

from tongban.kernel.tables import read_dmn, render_rule

_PAGE = Path(__file__).resolve().parents[2] / "docs" / "standards" / "dmn.md"


def test_the_table_of_the_page_prints_the_sentence_of_the_page():
    page = _PAGE.read_text(encoding="utf-8")
    xml = re.search(r"```xml\n(.*?)```", page, re.DOTALL)[1]
    (table,) = read_dmn(xml.encode(), "dmn.md")
    assert f"It prints itself: {render_rule(table, 'band-80')}\n" in page
