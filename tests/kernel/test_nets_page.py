"""The page about flows shows a file that ships, and what it says of it is true."""

import doctest
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "standards" / "bpmn.md"


def test_every_example_on_the_page_is_true(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    failed, tried = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert failed == 0
    assert tried > 10


def test_the_flow_on_the_page_is_the_file() -> None:
    shown = PAGE.read_text(encoding="utf-8").split("```xml\n")[1].split("```")[0]
    assert shown in (ROOT / "tests/kernel/flows/review.bpmn").read_text(encoding="utf-8")
