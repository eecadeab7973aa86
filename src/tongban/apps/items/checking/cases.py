"""Test cases of decision tables (试例): facts, and what the table must say of them.

They lie beside the table they try, in rules/<name>.cases.yaml. A pack whose cases fail is not
published: so a change of a table cannot change an answer that somebody has written down.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from tongban.infra.packs import Document, Problem
from tongban.kernel.feel import Value
from tongban.kernel.tables import Compiled, Decision, Type


@dataclass(frozen=True, slots=True)
class Case:
    """One test case: with these facts the decision gives these results, or asks for these facts.

    Exactly one of ``gives`` (a mapping a result, empty for none) and ``unknown`` is set.
    """

    zh: str
    en: str
    decision: str
    facts: Mapping[str, Any]
    gives: tuple[Mapping[str, Any], ...] | None
    unknown: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Ran:
    """A test case with what the table says: ``why`` tells in both languages what differs."""

    case: Case
    decision: Decision | None
    zh: str = ""
    en: str = ""

    @property
    def passed(self) -> bool:
        """Whether the table says what the case wants."""
        return not self.en


def cases_of(data: Mapping[str, Any]) -> tuple[Case, ...]:
    """Give the cases of a file that fits its schema."""
    return tuple(
        Case(
            raw["name"]["zh"],
            raw["name"]["en"],
            raw["decision"],
            raw["facts"],
            tuple(raw["gives"]) if "gives" in raw else None,
            tuple(raw["unknown"]) if "unknown" in raw else None,
        )
        for raw in data["cases"]
    )


def value_of(type_: Type, raw: Any) -> Value:
    """Read a value of a pack as the type that a table declares; raises `ValueError`.

    >>> value_of("date", "2026-01-31"), value_of("number", "1.5"), value_of("boolean", True)
    (datetime.date(2026, 1, 31), Decimal('1.5'), True)
    """
    if raw is None:
        return None
    if type_ == "date" and isinstance(raw, str):
        return date.fromisoformat(raw)
    if type_ in {"number", "integer"} and not isinstance(raw, bool):
        try:
            number = Decimal(raw)
        except InvalidOperation as error:
            raise ValueError(raw) from error
        if number.is_finite() and (type_ == "number" or number == int(number)):
            return int(number) if number == int(number) else number
    elif (type_ == "boolean" and isinstance(raw, bool)) or (
        type_ in {"string", "any"} and isinstance(raw, str)
    ):
        return raw
    raise ValueError(raw)


def run(case: Case, table: Compiled) -> Ran:
    """Try a case on its table."""
    inputs = {column.name: column.type for column in table.table.inputs}
    outputs = {column.name: column.type for column in table.table.outputs}
    if odd := sorted(case.facts.keys() - inputs.keys()):
        told = "、".join(odd)
        return Ran(case, None, f"表中没有输入{told}", f"the table does not ask {', '.join(odd)}")
    try:
        facts = {name: value_of(inputs[name], raw) for name, raw in case.facts.items()}
        wanted = tuple(
            {name: value_of(outputs.get(name, "any"), raw) for name, raw in one.items()}
            for one in case.gives or ()
        )
    except ValueError as error:
        return Ran(case, None, f"值 {error} 与列的类型不符", f"{error} is not of its column's type")
    said = table.decide(facts)
    zh, en = _differs(case, wanted, said)
    return Ran(case, said, zh, en)


def _differs(case: Case, wanted: Sequence[Mapping[str, Value]], said: Decision) -> tuple[str, str]:
    if said.status == "error":
        return f"规则不能适用：{said.message}", said.message
    if said.status == "unknown":
        asked = "、".join(said.missing)
        if case.unknown is None:
            return (
                f"尚不能决定：还需要{asked}",
                f"not decided: {', '.join(said.missing)} is missing",
            )
        if set(case.unknown) == set(said.missing):
            return "", ""
        return f"要问的是{asked}", f"it asks for {', '.join(said.missing)}"
    given = [dict(one) for one in said.outputs]
    if case.gives is not None and given == [dict(one) for one in wanted]:
        return "", ""
    zh = "；".join(map(_written, given)) or "没有结果"
    return f"实际得到：{zh}", f"it gives {'; '.join(map(_written, given)) or 'nothing'}"


def _written(one: Mapping[str, Value]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in one.items())


def failing(document: Document, tables: Mapping[str, Compiled]) -> Iterator[Problem]:
    """Name the cases of a file that fail, each at its line."""
    for number, case in enumerate(cases_of(document.data)):
        table = tables.get(case.decision)
        if table is None:
            yield document.problem(
                ("cases", number, "decision"), "case-decision", name=case.decision
            )
        elif not (ran := run(case, table)).passed:
            part = "gives" if case.gives is not None else "unknown"
            yield document.problem(
                ("cases", number, part),
                "case-fails",
                zh_name=case.zh,
                en_name=case.en,
                zh=ran.zh,
                en=ran.en,
            )
