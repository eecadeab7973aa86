"""Writes a condition as words in Chinese or English, for people who read no expressions.

The same tree that is judged is what is told. It says nothing about whether the condition holds.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Literal as Choice

from tongban.kernel.feel.tree import (
    Arithmetic,
    Both,
    Compare,
    Condition,
    Either,
    Literal,
    Name,
    Not,
    Tree,
    Value,
)

Language = Choice["zh", "en"]
#: Gives the word for a value of a fact; the fact is empty where the value stands by itself.
Shown = Callable[[str, Value], str]

_COMPARE: Mapping[Language, Mapping[str, str]] = {
    "zh": {"=": "为", "!=": "不为", "<": "小于", "<=": "不超过", ">": "大于", ">=": "不小于"},
    "en": {"=": " is ", "!=": " is not ", "<": " is less than ", "<=": " is at most ",
           ">": " is more than ", ">=": " is at least "},
}  # fmt: skip
_NOT = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_TRUTH = {"zh": {True: "是", False: "否"}, "en": {True: "yes", False: "no"}}


def plain(_fact: str, value: Value) -> str:
    """Show a value as it is."""
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def tell_condition(
    condition: Condition, lang: Language, labels: Mapping[str, str], shown: Shown = plain
) -> str:
    """Tell a condition; ``labels`` are the words for facts, ``shown`` those for their values.

    >>> from tongban.kernel.feel import parse_condition
    >>> read = parse_condition('child.household_with = "father" and mother.age >= 20')
    >>> tell_condition(read, "zh", {"child.household_with": "随谁落户", "mother.age": "母亲年龄"})
    '随谁落户为father，且母亲年龄不小于20'
    """
    return _told(condition.tree, lang, labels, shown)


def _told(tree: Tree, lang: Language, labels: Mapping[str, str], shown: Shown) -> str:
    match tree:
        case Both(parts) | Either(parts):
            joint = _joint(lang, both=isinstance(tree, Both))
            return joint.join(_inner(part, lang, labels, shown) for part in parts)
        case Not(Compare(operator, left, right, column)):
            turned = Compare(_NOT[operator], left, right, column)  # type: ignore[arg-type]
            return _told(turned, lang, labels, shown)
        case Not(part):
            said = _inner(part, lang, labels, shown)
            return f"并非{said}" if lang == "zh" else f"not {said}"
        case Compare(operator, left, right, _):
            return (
                _side(left, right, lang, labels, shown)
                + _COMPARE[lang][operator]
                + _side(right, left, lang, labels, shown)
            )
        case _:
            return _side(tree, tree, lang, labels, shown)


def _joint(lang: Language, *, both: bool) -> str:
    if lang == "zh":
        return "，且" if both else "，或"
    return " and " if both else " or "


def _inner(part: Tree, lang: Language, labels: Mapping[str, str], shown: Shown) -> str:
    said = _told(part, lang, labels, shown)
    if not isinstance(part, Both | Either):
        return said
    return f"（{said}）" if lang == "zh" else f"({said})"


def _side(tree: Tree, other: Tree, lang: Language, labels: Mapping[str, str], shown: Shown) -> str:
    match tree:
        case Name(name):
            return labels.get(name, name)
        case Literal(bool() as value):
            return _TRUTH[lang][value]
        case Literal(value):
            return shown(other.name if isinstance(other, Name) else "", value)
        case Arithmetic(operator, left, right, _):
            one = _side(left, tree, lang, labels, shown)
            two = _side(right, tree, lang, labels, shown)
            return f"{one} {operator} {two}"
        case _:
            return f"({_told(tree, lang, labels, shown)})"
