"""The pages about identifiers and working days tell what the code does."""

import doctest
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[2] / "docs" / "standards"


@pytest.mark.parametrize("page", ["identifiers.md", "working-days.md"])
def test_every_example_on_the_page_is_true(page: str) -> None:
    failed, tried = doctest.testfile(
        str(PAGES / page), module_relative=False, optionflags=doctest.ELLIPSIS, encoding="utf-8"
    )
    assert failed == 0
    assert tried > 5
