"""YAML that is written reads back the same, and what was not changed keeps its very text."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.infra.packs import PackInvalid, changed, document_of, shipped_packs, written

FILES = sorted((shipped_packs() / "sample").glob("*/*.yaml"))
_keys = st.from_regex(r"[a-z][a-z0-9_.]{0,12}", fullmatch=True)
_leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**15), 10**15),
    st.text(st.characters(codec="utf-8", exclude_characters="\t"), max_size=30),
    st.sampled_from(
        ["yes", "0123", "1_000", "12:30", "2026-11-26", "a: b", "- x", "~", "中 文", ""]
    ),
)
_data = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=3),
    max_leaves=8,
)
_wholes = st.dictionaries(_keys, _data, min_size=1, max_size=5)


def read(text: str) -> Any:
    return document_of(text.encode(), "x.yaml").data


@given(_wholes)
def test_what_is_written_reads_back_the_same(data: dict[str, Any]) -> None:
    assert read(written(data)) == data


@given(_wholes, _wholes)
def test_any_data_can_be_made_any_other(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert read(changed(written(before), after, "x.yaml")) == after


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_file_with_the_same_data_keeps_every_byte(path: Any) -> None:
    text = path.read_text("utf-8")
    assert changed(text, read(text), path.name) == text


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_change_of_one_key_leaves_all_other_lines(path: Any) -> None:
    text = path.read_text("utf-8")
    data, rows = read(text), text.splitlines()
    lines_of = document_of(text.encode(), "x.yaml").lines
    for key in data:
        made = changed(text, {**data, key: "另一个值: x"}, path.name)
        assert read(made) == {**data, key: "另一个值: x"}
        others = {line for place, line in lines_of.items() if place and place[0] != key}
        assert {rows[line - 1] for line in others} <= set(made.splitlines())


def test_an_entry_that_is_added_leaves_the_others_and_their_comments() -> None:
    text = "a: 1\n# why\nform:\n  # first\n  - {fact: x.y}\n  - fact: x.z  # second\n    when: a\n"
    data = read(text)
    data["form"].insert(1, {"fact": "x.new", "help": {"zh": "帮助", "en": "help"}})
    assert changed(text, data, "x.yaml") == (
        "a: 1\n# why\nform:\n  # first\n  - {fact: x.y}\n"
        "  - {fact: x.new, help: {zh: 帮助, en: help}}\n"
        "  - fact: x.z  # second\n    when: a\n"
    )


def test_text_that_is_no_pack_file_is_refused_by_its_line() -> None:
    with pytest.raises(PackInvalid, match=r"x\.yaml:2"):
        changed("a: 1\nb: yes\n", {"a": 1}, "x.yaml")
