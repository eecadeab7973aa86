"""Conditions in words: everything that can be written is told, and nothing of it is left out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.kernel.feel import parse_condition
from tongban.kernel.feel.telling import tell_condition

LABELS = {"a.age": "年龄", "a.local": "本市户籍", "a.kind": "种类"}
ENGLISH = {"a.age": "age", "a.local": "resident", "a.kind": "kind"}
ATOMS = st.one_of(
    st.builds(
        lambda op, n: f"a.age {op} {n}",
        st.sampled_from(["=", "!=", "<", "<=", ">", ">="]),
        st.integers(0, 99),
    ),
    st.builds(lambda truth: f"a.local = {truth}", st.sampled_from(["true", "false"])),
    st.builds(lambda kind: f'a.kind = "{kind}"', st.sampled_from(["x", "y"])),
)
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds(lambda one, other: f"({one}) and ({other})", inner, inner),
        st.builds(lambda one, other: f"({one}) or ({other})", inner, inner),
        st.builds(lambda one: f"not({one})", inner),
    ),
    max_leaves=6,
)


@given(CONDITIONS)
def test_every_fact_of_a_condition_is_named_and_no_code_is_shown(text: str) -> None:
    condition = parse_condition(text)
    for lang, labels in (("zh", LABELS), ("en", ENGLISH)):
        told = tell_condition(condition, lang, labels)  # type: ignore[arg-type]
        assert all(labels[name] in told for name in condition.names)
        assert "a." not in told
        assert not set(told) & set("<>=\"'")


@given(CONDITIONS)
def test_what_is_told_twice_is_the_same(text: str) -> None:
    condition = parse_condition(text)
    assert tell_condition(condition, "zh", LABELS) == tell_condition(condition, "zh", LABELS)


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("a.age >= 80", "年龄不小于80", "age is at least 80"),
        ("not(a.age >= 80)", "年龄小于80", "age is less than 80"),
        ("a.local = true", "本市户籍为是", "resident is yes"),
        (
            'a.age < 3 or (a.kind = "x" and a.local = false)',
            "年龄小于3，或（种类为某某，且本市户籍为否）",
            "age is less than 3 or (kind is such and resident is no)",
        ),
        (
            "not(a.age < 3 or a.local = true)",
            "并非（年龄小于3，或本市户籍为是）",
            "not (age is less than 3 or resident is yes)",
        ),
    ],
)
def test_a_condition_reads_like_a_sentence(text: str, zh: str, en: str) -> None:
    condition = parse_condition(text)
    show = {"zh": "某某", "en": "such"}
    for lang, labels, expected in (("zh", LABELS, zh), ("en", ENGLISH, en)):
        told = tell_condition(
            condition,
            lang,  # type: ignore[arg-type]
            labels,
            lambda name, value, lang=lang: show[lang] if name == "a.kind" else str(value),
        )
        assert told == expected
