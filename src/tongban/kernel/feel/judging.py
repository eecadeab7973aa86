"""Judge a condition by strong Kleene logic, with closures built once when it is read."""

from collections.abc import Callable
from decimal import Context, Decimal

from tongban.kernel.feel.tree import (
    COMPARE,
    Arithmetic,
    Both,
    Compare,
    Either,
    Facts,
    FeelError,
    Literal,
    Name,
    Not,
    Operator,
    Tree,
    Value,
    is_number,
    kind_of,
)

_ARITHMETIC = Context(prec=34)  # decimal128, as DMN asks


def compile_tree(tree: Tree, text: str) -> Callable[[Facts], Value]:  # noqa: PLR0911 - one a node
    """Turn a tree into one closure from facts to a value; None is unknown."""
    match tree:
        case Literal(value):
            return lambda _: value
        case Name(name):
            return lambda facts: facts.get(name)
        case Not(part):
            inner = compile_tree(part, text)
            return lambda facts: _negate(inner(facts), text)
        case Both(parts):
            return _connect([compile_tree(part, text) for part in parts], text, stop=False)
        case Either(parts):
            return _connect([compile_tree(part, text) for part in parts], text, stop=True)
        case Compare(operator, left, right, column):
            return _comparison(
                operator, compile_tree(left, text), compile_tree(right, text), (text, column)
            )
        case Arithmetic(operator, left, right, column):
            return _calculation(
                operator, compile_tree(left, text), compile_tree(right, text), (text, column)
            )


def truth(value: Value, text: str) -> bool:
    """Give the truth of a known value, or raise FeelError when it is not a boolean."""
    if isinstance(value, bool):
        return value
    raise FeelError(text, 1, f"{value!r} is a {kind_of(value)}, not true or false")


def _negate(value: Value, text: str) -> bool | None:
    return None if value is None else not truth(value, text)


def _connect(
    parts: list[Callable[[Facts], Value]], text: str, *, stop: bool
) -> Callable[[Facts], bool | None]:
    def connect(facts: Facts) -> bool | None:
        result: bool | None = not stop
        for part in parts:
            value = part(facts)
            if value is None:
                result = None
            elif truth(value, text) is stop:
                return stop
        return result

    return connect


def _comparison(
    operator: Operator,
    left: Callable[[Facts], Value],
    right: Callable[[Facts], Value],
    where: tuple[str, int],
) -> Callable[[Facts], bool | None]:
    compare = COMPARE[operator]

    def comparison(facts: Facts) -> bool | None:
        a, b = left(facts), right(facts)
        if a is None or b is None:
            return None
        kind = kind_of(a)
        if kind != kind_of(b):
            raise FeelError(*where, f"{a!r} ({kind}) cannot be compared with {b!r} ({kind_of(b)})")
        if kind not in _COMPARABLE or (kind == "boolean" and operator not in {"=", "!="}):
            raise FeelError(*where, f"a {kind} cannot be compared by {operator}")
        try:
            return compare(a, b)
        except TypeError as error:  # an instant with a time zone against one without
            raise FeelError(*where, str(error)) from error

    return comparison


_COMPARABLE = frozenset({"boolean", "number", "string", "date", "datetime"})


def _calculation(
    operator: str,
    left: Callable[[Facts], Value],
    right: Callable[[Facts], Value],
    where: tuple[str, int],
) -> Callable[[Facts], int | Decimal | None]:
    def calculation(facts: Facts) -> int | Decimal | None:
        a, b = left(facts), right(facts)
        if a is None or b is None:
            return None
        if not is_number(a) or not is_number(b):
            raise FeelError(*where, f"{operator} needs two numbers, not {a!r} and {b!r}")
        return _calculate(operator, a, b, where)

    return calculation


def _calculate(
    operator: str, a: int | Decimal, b: int | Decimal, where: tuple[str, int]
) -> int | Decimal:
    if operator == "/":
        if b == 0:
            raise FeelError(*where, "division by zero: test the divisor first")
        return _ARITHMETIC.divide(Decimal(a), Decimal(b))
    if isinstance(a, int) and isinstance(b, int):
        return a + b if operator == "+" else a - b if operator == "-" else a * b
    left, right = Decimal(a), Decimal(b)
    if operator == "+":
        return _ARITHMETIC.add(left, right)
    if operator == "-":
        return _ARITHMETIC.subtract(left, right)
    return _ARITHMETIC.multiply(left, right)


def missing_facts(tree: Tree, text: str, facts: Facts) -> set[str]:
    """Walk only the parts that are themselves unknown: the others cannot change the verdict."""
    if compile_tree(tree, text)(facts) is not None:
        return set()
    match tree:
        case Name(name):
            return {name}
        case Literal():
            return set()
        case Not(part):
            return missing_facts(part, text, facts)
        case Both(parts) | Either(parts):
            return {name for part in parts for name in missing_facts(part, text, facts)}
        case Compare(left=left, right=right) | Arithmetic(left=left, right=right):
            return missing_facts(left, text, facts) | missing_facts(right, text, facts)
