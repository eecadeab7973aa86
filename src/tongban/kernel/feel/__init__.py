"""S-FEEL, the small expression language of DMN, judged with three values.

Conditions (gateways, form fields) and cells (decision tables) are read here and nowhere else.
A fact that is absent or ``None`` is unknown, never false. The module runs no code from the text:
no function but ``date`` and ``not``, no loops, no names outside the facts.

Source: OMG DMN 1.5, chapter 9 (S-FEEL); S. C. Kleene, strong three-valued logic.
"""

from dataclasses import dataclass

from tongban.kernel.feel.judging import compile_tree, missing_facts, truth
from tongban.kernel.feel.reading import Reader
from tongban.kernel.feel.tree import (
    EXACT,
    Arithmetic,
    Bound,
    Condition,
    Facts,
    FeelError,
    Known,
    Literal,
    Operator,
    Range,
    Test,
    UnaryTests,
    Value,
    is_number,
    kind_of,
    middle,
    passes,
)

__all__ = [
    "EXACT",
    "Bound",
    "Condition",
    "Facts",
    "FeelError",
    "Known",
    "Operator",
    "Range",
    "Test",
    "UnaryTests",
    "Value",
    "Verdict",
    "is_number",
    "judge",
    "kind_of",
    "middle",
    "parse_condition",
    "parse_literal",
    "parse_unary",
    "passes",
]


@dataclass(frozen=True, slots=True)
class Verdict:
    """True, false or unknown (``None``) with the facts that could settle it."""

    value: bool | None
    missing: frozenset[str] = frozenset()


def parse_condition(text: str) -> Condition:
    """Read a boolean expression: comparisons, ``and``, ``or``, ``not(…)``, ``in``, arithmetic.

    Raises FeelError with the column of the first thing that cannot be read.

    >>> parse_condition('child.age < 18 and child.sex in ("F", "M")').names == {
    ...     "child.age", "child.sex"}
    True
    """
    reader = Reader(text)
    tree = reader.disjunction()
    reader.end()
    if isinstance(tree, Arithmetic) or (
        isinstance(tree, Literal) and not isinstance(tree.value, bool)
    ):
        raise FeelError(text, 1, "a condition must be true or false: compare the value with one")
    return Condition(text, tree, frozenset(reader.names), compile_tree(tree, text))


def parse_unary(text: str) -> UnaryTests:
    """Read the cell of a decision table; an empty one is ``-``.

    >>> parse_unary('not("A")').negated, parse_unary(" - ").is_any
    (True, True)
    """
    reader = Reader(text)
    if reader.at_end() or reader.take("-", last=True):
        return UnaryTests(text.strip() or "-", ())
    if reader.take("not"):
        reader.need("(")
        tests = reader.unary_tests()
        reader.need(")")
        reader.end()
        return UnaryTests(text.strip(), tests, negated=True)
    tests = reader.unary_tests()
    reader.end()
    return UnaryTests(text.strip(), tests)


def parse_literal(text: str) -> Value:
    """Read one literal: number, "text", true, false, date("…"); empty, ``-`` and null give None."""
    reader = Reader(text)
    if reader.at_end() or reader.take("-", last=True) or reader.take("null", last=True):
        return None
    value = reader.literal()
    reader.end()
    return value


def judge(condition: Condition, facts: Facts) -> Verdict:
    """Judge a condition by strong Kleene logic; unknown names the facts that could settle it.

    Raises FeelError when two kinds are mixed (a text compared with a number), on division by
    zero, and when a fact is a float.

    >>> judge(parse_condition("a > 3 or b"), {"a": 5})
    Verdict(value=True, missing=frozenset())
    >>> judge(parse_condition("a > 3 and b"), {"a": 5})
    Verdict(value=None, missing=frozenset({'b'}))
    """
    value = condition.evaluate(facts)
    if value is None:
        return Verdict(None, frozenset(missing_facts(condition.tree, condition.text, facts)))
    return Verdict(truth(value, condition.text))
