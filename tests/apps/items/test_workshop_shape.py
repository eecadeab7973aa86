"""The form of a pack's file: whatever is in the file is in the form, and comes back from it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.apps.items.workshop import shape
from tongban.apps.items.workshop.domain import differences
from tongban.infra.packs import kind_of, read_document, shape_of, shipped_packs

KINDS = ("item", "life-event", "guide", "policy", "licence-kind")
FILES = [
    (path, kind_of(f"{path.parent.name}/{path.name}"))
    for path in sorted((shipped_packs() / "sample").glob("*/*.yaml"))
    if kind_of(f"{path.parent.name}/{path.name}") in KINDS
]


def form(kind: str, data: Any) -> shape.Section:
    return shape.laid_out(*shape_of(kind), data)


def texts(node: shape.Node) -> dict[str, str]:
    return {leaf.name: leaf.text for leaf in shape.leaves(node)}


@pytest.mark.parametrize(("path", "kind"), FILES, ids=lambda one: getattr(one, "stem", one))
def test_a_form_sent_back_untouched_changes_nothing(path: Any, kind: str) -> None:
    data = read_document(path, path.name).data
    laid = form(kind, data)
    assert shape.gathered(laid, data, texts(laid)) == (data, [])
    for leaf in shape.leaves(laid):
        if leaf.kind in {"text", "long", "choice"} and leaf.text:
            made, wrong = shape.gathered(laid, data, texts(laid) | {leaf.name: "Z"})
            found = list(differences(data, made))
            assert ([one.place for one in found], wrong) == ([leaf.place], [])
            assert found[0].now == "Z"


def test_what_is_answered_is_in_the_data_and_what_is_emptied_is_not() -> None:
    data = {"slug": "a", "version": 1, "name": {"zh": "甲", "en": "a"}, "form": [{"fact": "x.y"}]}
    laid = form("item", data)
    sent = texts(laid) | {
        "name/en": "b",
        "promised_days": "5",
        "form/0/help/zh": "帮助",
        "slug": "",
    }
    made, wrong = shape.gathered(laid, data, sent)
    assert wrong == []
    assert made == {
        "version": 1,
        "name": {"zh": "甲", "en": "b"},
        "promised_days": 5,
        "form": [{"fact": "x.y", "help": {"zh": "帮助"}}],
    }


def test_a_piece_of_yaml_that_cannot_be_read_is_told_at_its_field_and_the_old_stays() -> None:
    data = {"produces": {"a.b": "decide.c"}}
    laid = form("item", data)
    made, wrong = shape.gathered(laid, data, texts(laid) | {"produces": "a: [1"})
    assert made == data
    assert [one.name for one in wrong] == ["produces"]
    made, wrong = shape.gathered(laid, data, texts(laid) | {"produces": "a.b: {assign: x}"})
    assert (made, wrong) == ({"produces": {"a.b": {"assign": "x"}}}, [])


def test_a_number_that_is_none_is_kept_for_the_findings() -> None:
    laid = form("item", {})
    assert shape.gathered(laid, {}, {"version": "two"})[0] == {"version": "two"}


@pytest.mark.parametrize(
    ("act", "rows"),
    [
        ("add:form", [1, 2, 3, {}]),
        ("remove:form/1", [1, 3]),
        ("up:form/2", [1, 3, 2]),
        ("up:form/0", [1, 2, 3]),
        ("down:form/0", [2, 1, 3]),
        ("down:form/2", [1, 2, 3]),
        ("remove:form/9", [1, 2, 3]),
        ("remove:form", [1, 2, 3]),
        ("nonsense", [1, 2, 3]),
    ],
)
def test_acts_upon_a_list(act: str, rows: list[Any]) -> None:
    data = {"form": [1, 2, 3], "desk": {"reasons": [{"slug": "a"}, {"slug": "b"}]}}
    assert shape.acted(data, act)["form"] == rows


def test_an_act_upon_a_list_within() -> None:
    data = {"desk": {"reasons": [{"slug": "a"}, {"slug": "b"}]}}
    assert shape.acted(data, "up:desk/reasons/1") == {
        "desk": {"reasons": [{"slug": "b"}, {"slug": "a"}]}
    }
    assert shape.acted({}, "add:desk/reasons") == {"desk": {"reasons": [{}]}}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-99, 99) | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=3)
        ),
        max_leaves=6,
    )
)
def test_a_snippet_reads_back(value: Any) -> None:
    assert shape._read(shape.snippet(value)) == value
