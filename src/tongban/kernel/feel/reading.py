"""Read S-FEEL by recursive descent; every refusal names the column and the mend."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tongban.kernel.feel.tree import (
    COMPARE,
    Arithmetic,
    Both,
    Bound,
    Compare,
    Either,
    FeelError,
    Known,
    Literal,
    Name,
    Not,
    Operator,
    Range,
    Test,
    Tree,
    kind_of,
)

_LONGEST = 4_000
_DEEPEST = 60
_DIGITS = 34  # decimal128, as DMN asks
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)
    | (?P<string>"(?:[^"\\]|\\.)*")
    | (?P<name>[^\W\d]\w*(?:\.[^\W\d]\w*)*)
    | (?P<sign>\.\.|<=|>=|!=|[-=<>()\[\],+*/@])
    )""",
    re.VERBOSE,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "'": "'"}
_KEYWORDS = frozenset({"and", "or", "not", "in", "between", "true", "false", "null", "date"})
_COMPARISONS: dict[str, Operator] = {
    "=": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">=",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    column: int


class Reader:
    """Recursive descent over the tokens of one text."""

    def __init__(self, text: str) -> None:
        if len(text) > _LONGEST:
            raise FeelError(text[:40] + "…", 1, f"longer than {_LONGEST} characters: split it")
        self.text = text
        self.names: set[str] = set()
        self._tokens = _tokens(text)
        self._at = 0
        self._depth = 0

    # -- moving

    @property
    def _now(self) -> _Token:
        return self._tokens[self._at]

    def at_end(self) -> bool:
        return self._now.kind == "end"

    def take(self, text: str, *, last: bool = False) -> bool:
        """Step over this sign or keyword; with ``last`` only where nothing follows it."""
        fits = self._now.kind in {"sign", "name"} and self._now.text == text
        if not fits or (last and self._tokens[self._at + 1].kind != "end"):
            return False
        self._at += 1
        return True

    def need(self, text: str) -> None:
        if not self.take(text):
            raise self.refused(f"{text!r} expected, {self._now.text or 'the end'!r} found")

    def end(self) -> None:
        if not self.at_end():
            raise self.refused(f"{self._now.text!r} was not expected here")

    def refused(self, message: str) -> FeelError:
        return FeelError(self.text, self._now.column, message)

    def _deeper(self) -> None:
        self._depth += 1
        self._shallow(self._depth)

    def _shallow(self, depth: int) -> None:
        if depth > _DEEPEST:
            raise self.refused(f"nested deeper than {_DEEPEST}: split the expression")

    def _quantity(self, tree: Tree, column: int) -> Tree:
        """Give what is counted or tested; a truth here is a slip, and would multiply the tree."""
        if isinstance(tree, Compare | Both | Either | Not):
            raise FeelError(self.text, column, "a value expected, true or false found")
        return tree

    # -- conditions

    def disjunction(self) -> Tree:
        self._deeper()
        parts = [self._conjunction()]
        while self.take("or"):
            parts.append(self._conjunction())
        self._depth -= 1
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _conjunction(self) -> Tree:
        parts = [self._comparison()]
        while self.take("and"):
            parts.append(self._comparison())
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _comparison(self) -> Tree:
        left = self._sum()
        column = self._now.column
        operator = _COMPARISONS.get(self._now.text) if self._now.kind == "sign" else None
        if operator:
            self._at += 1
            return self._compared(operator, left, self._sum(), column)
        if self.take("between"):
            self._quantity(left, column)
            low = self._sum()
            self.need("and")
            return _between(left, low, self._sum(), (">=", "<="), column)
        if self.take("in"):
            return self._membership(self._quantity(left, column))
        return left

    def _compared(self, operator: Operator, left: Tree, right: Tree, column: int) -> Compare:
        truths = any(
            isinstance(side, Literal) and isinstance(side.value, bool) for side in (left, right)
        )
        if operator not in {"=", "!="} and truths:
            raise FeelError(self.text, column, "true and false have no order: use = or !=")
        return Compare(operator, left, right, column)

    def _membership(self, left: Tree) -> Tree:
        """``in [a..b]``, ``in "a"`` or ``in ("a", <5, [1..3])``: each test is a comparison."""
        if self._now.text == "(" and not self._opens_range():
            self._at += 1
            parts = [self._member(left)]
            while self.take(","):
                parts.append(self._member(left))
            self.need(")")
            return parts[0] if len(parts) == 1 else Either(tuple(parts))
        return self._member(left)

    def _member(self, left: Tree) -> Tree:
        column = self._now.column
        if self._opens_range():
            first: Operator = ">=" if self._now.text == "[" else ">"
            self._at += 1
            low = self._sum()
            self.need("..")
            high = self._sum()
            return _between(left, low, high, (first, self._close_range()), column)
        operator = _COMPARISONS.get(self._now.text) if self._now.kind == "sign" else None
        if operator:
            self._at += 1
        return self._compared(operator or "=", left, self._sum(), column)

    def _opens_range(self) -> bool:
        """A bracket opens a range when ``..`` comes at its own depth; ``(`` may also group."""
        if self._now.kind != "sign" or self._now.text not in {"[", "]", "("}:
            return False
        if self._now.text != "(":
            return True
        depth = 0
        for token in self._tokens[self._at :]:
            if token.kind == "sign":
                depth += {"(": 1, ")": -1}.get(token.text, 0)
                if token.text == ".." and depth == 1:
                    return True
                if depth == 0 or (token.text in {",", "["} and depth == 1):
                    return False
        return False

    def _close_range(self) -> Operator:
        if self.take("]"):
            return "<="
        if self.take(")") or self.take("["):
            return "<"
        raise self.refused("a range ends with ] (closed) or ) (open)")

    def _sum(self) -> Tree:
        left = self._product()
        chain = self._depth
        while self._now.kind == "sign" and self._now.text in {"+", "-"}:
            chain += 1
            self._shallow(chain)
            column, operator = self._now.column, self._now.text
            self._at += 1
            right = self._quantity(self._product(), column)
            left = Arithmetic(
                "+" if operator == "+" else "-", self._quantity(left, column), right, column
            )
        return left

    def _product(self) -> Tree:
        left = self._operand()
        chain = self._depth
        while self._now.kind == "sign" and self._now.text in {"*", "/"}:
            chain += 1
            self._shallow(chain)
            column, operator = self._now.column, self._now.text
            self._at += 1
            right = self._quantity(self._operand(), column)
            left = Arithmetic(
                "*" if operator == "*" else "/", self._quantity(left, column), right, column
            )
        return left

    def _operand(self) -> Tree:
        self._deeper()
        try:
            if self.take("("):
                inner = self.disjunction()
                self.need(")")
                return inner
            if self.take("not"):
                self.need("(")
                inner = self.disjunction()
                self.need(")")
                return Not(inner)
            token = self._now
            if token.text == "-" and self._tokens[self._at + 1].kind != "number":
                self._at += 1
                inner = self._quantity(self._operand(), token.column)
                return Arithmetic("-", Literal(0), inner, token.column)
            if token.kind == "name" and token.text not in _KEYWORDS:
                return self._name()
            return Literal(self.literal())
        finally:
            self._depth -= 1

    def _name(self) -> Name:
        name = self._now.text
        self._at += 1
        if self._now.kind == "sign" and self._now.text == "(":
            self._at -= 1
            raise self.refused(f"function {name!r} is not part of S-FEEL: make it a derived fact")
        self.names.add(name)
        return Name(name)

    # -- cells

    def unary_tests(self) -> tuple[Test, ...]:
        tests = [self._unary_test()]
        while self.take(","):
            tests.append(self._unary_test())
        return tuple(tests)

    def _unary_test(self) -> Test:
        if self._now.kind == "sign" and self._now.text in {"[", "]", "("}:
            low_closed = self._now.text == "["
            self._at += 1
            column = self._now.column
            low = self.literal()
            self.need("..")
            high = self.literal()
            return self._range(low, high, column, low_closed=low_closed)
        operator = _COMPARISONS.get(self._now.text) if self._now.kind == "sign" else None
        if operator:
            self._at += 1
        column = self._now.column
        value = self.literal()
        if isinstance(value, bool) and operator not in {None, "=", "!="}:
            raise FeelError(self.text, column, "true and false have no order: use = or !=")
        return Bound(operator or "=", value)

    def _range(
        self,
        low: Known,
        high: Known,
        column: int,
        *,
        low_closed: bool,
    ) -> Range:
        high_closed = self._close_range() == "<="
        if isinstance(low, bool) or isinstance(high, bool) or kind_of(low) != kind_of(high):
            raise FeelError(self.text, column, "a range needs two numbers or two dates")
        empty = COMPARE[">"](low, high) or (low == high and not (low_closed and high_closed))
        if empty:
            raise FeelError(self.text, column, "this range is empty: exchange or close its ends")
        return Range(low, high, low_closed, high_closed)

    def literal(self) -> Known:
        """Read one literal; a minus sign may stand before a number."""
        minus = self._now.text == "-" and self._tokens[self._at + 1].kind == "number"
        if minus:
            self._at += 1
        token = self._now
        if token.kind == "number":
            if len(token.text.replace(".", "")) > _DIGITS:
                raise self.refused(f"a number has at most {_DIGITS} digits")
            self._at += 1
            written = f"-{token.text}" if minus else token.text
            return int(written) if token.text.isdigit() else Decimal(written)
        if token.kind == "string":
            self._at += 1
            return self._unescape(token)
        if self.take("true"):
            return True
        if self.take("false"):
            return False
        if self.take("@"):
            return self._date()
        if self.take("date"):
            self.need("(")
            day = self._date()
            self.need(")")
            return day
        if token.text == "null":
            raise self.refused(
                "null is not used: a missing fact is unknown, never equal to anything"
            )
        if token.kind == "name":
            raise self.refused(
                f"a value expected, the name {token.text!r} found: write texts in double quotes"
            )
        raise self.refused(f"a value expected, {token.text or 'the end'!r} found")

    def _date(self) -> date:
        token = self._now
        if token.kind != "string" or not re.fullmatch(r'"\d{4}-\d{2}-\d{2}"', token.text):
            raise self.refused('a date is written date("2026-01-31")')
        try:
            day = date.fromisoformat(token.text[1:-1])
        except ValueError as error:
            raise FeelError(self.text, token.column, f"no such day: {error}") from error
        self._at += 1
        return day

    def _unescape(self, token: _Token) -> str:
        def replace(found: re.Match[str]) -> str:
            if found[1]:
                return chr(int(found[1], 16))
            if found[2] not in _ESCAPES:
                raise FeelError(self.text, token.column, f"unknown escape \\{found[2]}")
            return _ESCAPES[found[2]]

        return re.sub(r"\\(?:u([0-9a-fA-F]{4})|(.))", replace, token.text[1:-1], flags=re.DOTALL)


def _between(
    left: Tree, low: Tree, high: Tree, operators: tuple[Operator, Operator], column: int
) -> Tree:
    return Both(
        (Compare(operators[0], left, low, column), Compare(operators[1], left, high, column))
    )


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if not found:
            column = at + len(text[at:]) - len(text[at:].lstrip()) + 1
            odd = text[column - 1]
            hint = ' (use straight quotes ")' if odd in "“”‘’'「」" else ""
            hint = ' (close the text with ")' if odd == '"' else hint
            raise FeelError(text, column, f"{odd!r} cannot be read{hint}")
        kind = str(found.lastgroup)
        tokens.append(_Token(kind, found[kind], found.start(kind) + 1))
        at = found.end()
    tokens.append(_Token("end", "", len(text) + 1))
    tokens.append(_Token("end", "", len(text) + 1))
    return tokens
