"""Find gaps, overlaps and dead rows of a table before it is published, each with an example.

Everything is exact over the elementary cells of ``atoms`` and respects the allowed values. Only
faults are reported: a gap where the policy owes one result and there is no default; rows of
UNIQUE that can be true together, or of ANY with different results; rows that can never fire.
A table too wide to check is refused by name, never passed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from tongban.kernel.feel import Bound, Known, Range, Test, UnaryTests, Value
from tongban.kernel.tables.atoms import Axis, axes
from tongban.kernel.tables.model import DecisionTable, TableError
from tongban.kernel.tables.words import Labels, Language, cell_words, conditions, values_words

_NODES = 300_000
_MOST = 20  # findings of one kind; mend these, then check again


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault of a table: the rule ids it touches, one case that shows it, and sentences.

    ``grave`` faults leave a case without its one answer; a dead row is only a warning.
    """

    kind: Literal["gap", "overlap", "unreachable"]
    rules: tuple[str, ...]
    example: Mapping[str, Value]
    zh: str
    en: str
    grave: bool = True


def check(table: DecisionTable, labels: Labels | None = None) -> tuple[Finding, ...]:
    """Check a table; an empty answer means complete and free of conflicts.

    Raises TableError when the table is too wide to be checked.

    >>> from tongban.kernel.feel import parse_unary
    >>> from tongban.kernel.tables.model import Input, Output, Rule
    >>> age = Input("age", "integer", "年龄")
    >>> rules = (Rule("1", (parse_unary("<60"),), (0,)), Rule("2", (parse_unary(">=65"),), (9,)))
    >>> table = DecisionTable("t", "津贴", (age,), (Output("pay", "number"),), rules)
    >>> print(check(table)[0].zh.partition("。")[0])
    决策表“津贴”没有一行适用于：年龄不小于 60 且小于 65（例如年龄为 60）
    """
    names = {column.name: column.label or column.name for column in table.inputs}
    names.update(labels or {})
    parts = axes(table, table.order())
    search = _Search(table, parts, names)
    found = [*search.gaps(), *search.overlaps(), *search.unreachable()]
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Search:
    table: DecisionTable
    axes: tuple[Axis, ...]
    names: Mapping[str, str]

    # -- gaps

    def gaps(self) -> list[Finding]:
        if not self.table.single or self.table.default is not None:
            return []
        rows = (1 << len(self.table.rules)) - 1
        return [self._gap(path) for path in self._uncovered(rows, None, _MOST)]

    def _gap(self, path: tuple[tuple[int, ...], ...]) -> Finding:
        chosen = dict(zip(self.axes, path, strict=False))
        example = {
            axis.name: axis.samples[chosen[axis][0] if axis in chosen else _some(axis)]
            for axis in self.axes
        }

        def where(lang: Language) -> str:
            said = [
                cell_words(self.names[axis.name], tests, lang)
                for axis, atoms in chosen.items()
                if not (tests := _tests(axis, atoms)).is_any
            ]
            return conditions(said, lang) or ("任何情况" if lang == "zh" else "anything")

        name = self.table.name
        return Finding(
            "gap",
            (),
            example,
            f"决策表“{name}”没有一行适用于：{where('zh')}（例如{self._facts(example, 'zh')}）。"
            "请补一行，或写明默认结果。",
            f"No row of table “{name}” applies where {where('en')} (for example "
            f"{self._facts(example, 'en')}); add a row or a default result.",
        )

    def _uncovered(
        self, rows: int, within: int | None, limit: int
    ) -> Iterator[tuple[tuple[int, ...], ...]]:
        """Walk the products of atoms where none of ``rows`` is true, inside one row if given.

        A part where some row is true whatever the facts still to come is left at once; parts
        with the same rows are walked once.
        """
        levels = []
        for axis in self.axes:
            choices: dict[int, list[int]] = {}
            for atom, mask in enumerate(axis.masks):
                if mask and (within is None or mask >> within & 1):
                    choices.setdefault(mask & rows, []).append(atom)
            levels.append(choices)
        settled = [-1] * (len(levels) + 1)
        for level in range(len(levels) - 1, -1, -1):
            settled[level] = settled[level + 1]
            for mask in levels[level]:
                settled[level] &= mask
        covered: set[tuple[int, int]] = set()
        stack: list[tuple[int, tuple[tuple[int, ...], ...]]] = [(rows, ())]
        count = 0
        while stack and limit:
            left, path = stack.pop()
            level = len(path)
            if not left:
                limit -= 1
                yield path
                continue
            if left & settled[level] or (level, left) in covered:
                continue
            count += 1
            if count > _NODES:
                raise TableError(
                    f"table {self.table.name!r} is too wide to be checked: split it, or list the "
                    "allowed values of its inputs",
                    self.table.source,
                    self.table.line,
                )
            covered.add((level, left))
            for mask, atoms in reversed(levels[level].items()):
                stack.append((left & mask, (*path, tuple(atoms))))

    # -- overlaps

    def overlaps(self) -> list[Finding]:
        if self.table.hit_policy not in {"UNIQUE", "ANY"}:
            return []
        found: list[Finding] = []
        for first, rule in enumerate(self.table.rules):
            both = -1
            for axis in self.axes:
                both &= _union(mask for mask in axis.masks if mask >> first & 1)
            for second in range(first + 1, len(self.table.rules)):
                other = self.table.rules[second]
                differ = self.table.hit_policy == "UNIQUE" or rule.outputs != other.outputs
                if both >> second & 1 and differ:
                    found.append(self._overlap(first, second))
                    if len(found) == _MOST:
                        return found
        return found

    def _overlap(self, first: int, second: int) -> Finding:
        wanted = 1 << first | 1 << second
        example = {
            axis.name: next(
                sample
                for sample, mask in zip(axis.samples, axis.masks, strict=True)
                if mask & wanted == wanted
            )
            for axis in self.axes
        }
        a, b = first + 1, second + 1
        return Finding(
            "overlap",
            (self.table.rules[first].id, self.table.rules[second].id),
            example,
            f"决策表“{self.table.name}”第 {a} 行与第 {b} 行可同时成立"
            f"（例如{self._facts(example, 'zh') or '任何情况'}）。请收窄其中一行。",
            f"Rows {a} and {b} of table “{self.table.name}” can be true together (for example "
            f"{self._facts(example, 'en') or 'always'}); make one of them narrower.",
        )

    # -- dead rows

    def unreachable(self) -> list[Finding]:
        found: list[Finding] = []
        order = self.table.order()
        for bit, position in enumerate(order):
            if any(not any(mask >> bit & 1 for mask in axis.masks) for axis in self.axes):
                found.append(self._dead(position, ()))
            elif self.table.hit_policy in {"FIRST", "PRIORITY"}:
                before = (1 << bit) - 1
                if not any(True for _ in self._uncovered(before, bit, 1)):
                    rows = [order[b] for b in range(bit) if self._meet(b, bit)]
                    found.append(self._dead(position, tuple(sorted(rows))))
        return found[:_MOST]

    def _meet(self, a: int, b: int) -> bool:
        wanted = 1 << a | 1 << b
        return all(any(mask & wanted == wanted for mask in axis.masks) for axis in self.axes)

    def _dead(self, position: int, by: tuple[int, ...]) -> Finding:
        number, rules = position + 1, self.table.rules
        if by:
            rows = "、".join(str(p + 1) for p in by)
            zh, en = f"已被第 {rows} 行覆盖", f"rows {rows.replace('、', ', ')} come before it"
        else:
            zh, en = "没有允许的值能使它成立", "no allowed value makes it true"
        return Finding(
            "unreachable",
            (rules[position].id, *(rules[p].id for p in by)),
            {},
            f"决策表“{self.table.name}”第 {number} 行永远不会命中：{zh}。请删去或修改。",
            f"Row {number} of table “{self.table.name}” can never fire: {en}; remove or change it.",
            grave=False,
        )

    def _facts(self, example: Mapping[str, Value], lang: Language) -> str:
        return values_words({self.names[name]: v for name, v in example.items()}, lang)


def _some(axis: Axis) -> int:
    return next(atom for atom, mask in enumerate(axis.masks) if mask)


def _union(masks: Iterator[int]) -> int:
    result = 0
    for mask in masks:
        result |= mask
    return result


def _tests(axis: Axis, atoms: tuple[int, ...]) -> UnaryTests:
    """Write a set of atoms back as a cell; all that is allowed becomes a dash."""
    if all(atom in atoms for atom, mask in enumerate(axis.masks) if mask):
        return UnaryTests("-", ())
    if axis.type in {"string", "boolean"}:
        if len(axis.points) in atoms:
            rest = [Bound("=", p) for i, p in enumerate(axis.points) if i not in atoms]
            return UnaryTests("", tuple(rest), negated=True)
        return UnaryTests("", tuple(Bound("=", axis.points[atom]) for atom in atoms))
    runs: list[list[int]] = []
    for atom in atoms:
        if runs and all(axis.samples[i] is None for i in range(runs[-1][1] + 1, atom)):
            runs[-1][1] = atom
        else:
            runs.append([atom, atom])
    return UnaryTests("", tuple(_run(axis, first, last) for first, last in runs))


def _run(axis: Axis, first: int, last: int) -> Test:
    """An interval from atom to atom; even atoms are open intervals, odd ones are points."""
    low: Known | None = axis.points[(first - 1) // 2] if first else None
    high: Known | None = axis.points[last // 2] if last < len(axis.masks) - 1 else None
    if first == last and first % 2:
        return Bound("=", axis.points[first // 2])
    low_closed, high_closed = first % 2 == 1, last % 2 == 1
    if low is None and high is not None:
        return Bound("<=" if high_closed else "<", high)
    if high is None and low is not None:
        return Bound(">=" if low_closed else ">", low)
    return Range(low, high, low_closed, high_closed)  # type: ignore[arg-type]
