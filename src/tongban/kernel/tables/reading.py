"""Read decision tables from DMN XML (1.2 to 1.5); refuse by name what is not a decision table.

The file is hostile until read: no entities, no network, no DOCTYPE, bounded size. Every refusal
names the file and the line and says how to mend it. Boxed expressions, functions, imports and
business knowledge models are refused; diagram and vendor elements are passed over.

Source: OMG DMN 1.2–1.5, XML schemas; a description in a rule is what DMN editors write for a
remark, and is kept as the annotation "description".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast, get_args

from lxml import etree

from tongban.kernel.feel import (
    FeelError,
    Known,
    UnaryTests,
    Value,
    kind_of,
    parse_literal,
    parse_unary,
)
from tongban.kernel.tables.model import (
    Aggregator,
    DecisionTable,
    HitPolicy,
    Input,
    Output,
    Rule,
    TableError,
    Type,
    fits,
)
from tongban.kernel.xml import XmlRefused, read_xml

_NAMESPACES = {
    "http://www.omg.org/spec/DMN/20180521/MODEL/": "1.2",
    "https://www.omg.org/spec/DMN/20191111/MODEL/": "1.3",
    "https://www.omg.org/spec/DMN/20211108/MODEL/": "1.4",
    "https://www.omg.org/spec/DMN/20230324/MODEL/": "1.5",
}
_TYPES: dict[str, Type] = {
    "number": "number",
    "decimal": "number",
    "integer": "integer",
    "int": "integer",
    "long": "integer",
    "string": "string",
    "boolean": "boolean",
    "date": "date",
    "any": "any",
    "": "any",
}
_UNSUPPORTED = {
    "date and time", "dateTime", "time", "days and time duration", "years and months duration",
    "dayTimeDuration", "yearMonthDuration", "context", "double", "float",
}  # fmt: skip
_EXPRESSIONS = {
    "literalExpression", "invocation", "context", "list", "relation", "functionDefinition",
    "conditional", "for", "every", "some", "filter",
}  # fmt: skip
_REFUSED = {"businessKnowledgeModel", "import", "decisionService"}


def read_dmn(xml: bytes, source: str) -> tuple[DecisionTable, ...]:
    """Read every decision of a DMN file; ``source`` is its name in messages.

    Raises TableError with file and line.
    """
    root = _root(xml, source)
    reader = _File(source, etree.QName(root).namespace or "", _items(root))
    tables = tuple(reader.decisions(root))
    if not tables:
        raise TableError("no decision table in this file: add a decision with one", source, 1)
    return tables


def _root(xml: bytes, source: str) -> etree._Element:
    try:
        root = read_xml(xml, source)
    except XmlRefused as error:
        raise TableError(error.message, source, error.line) from error
    name = etree.QName(root)
    if name.localname != "definitions" or name.namespace not in _NAMESPACES:
        known = ", ".join(_NAMESPACES.values())
        raise TableError(
            f"{name.localname} of {name.namespace or 'no namespace'} is not DMN {known}: "
            "save the model in one of these versions",
            source,
            _line(root),
        )
    return root


@dataclass(frozen=True, slots=True)
class _Item:
    """An itemDefinition: the type it stands for and its allowed values."""

    type: str
    allowed: str
    many: bool


def _items(root: etree._Element) -> dict[str, _Item]:
    found = {}
    for element in root.iterfind("{*}itemDefinition"):
        if element.find("{*}itemComponent") is None:
            found[element.get("name", "")] = _Item(
                (element.findtext("{*}typeRef") or "").strip(),
                (element.findtext("{*}allowedValues/{*}text") or "").strip(),
                element.get("isCollection") == "true",
            )
    return found


@dataclass(frozen=True, slots=True)
class _File:
    source: str
    namespace: str
    items: dict[str, _Item]

    def fault(self, message: str, at: etree._Element) -> TableError:
        return TableError(message, self.source, _line(at))

    def decisions(self, root: etree._Element) -> Iterator[DecisionTable]:
        for element in root.iterchildren("*"):
            name = etree.QName(element)
            if name.namespace != self.namespace:
                continue
            if name.localname in _REFUSED:
                raise self.fault(
                    f"{name.localname} {element.get('name')!r} is not supported: "
                    "only decision tables with S-FEEL cells are",
                    element,
                )
            if name.localname == "decision":
                yield self._decision(element)

    def _decision(self, element: etree._Element) -> DecisionTable:
        name = element.get("name", "")
        for child in element.iterchildren("*"):
            kind = etree.QName(child).localname
            if kind in _EXPRESSIONS or kind == "knowledgeRequirement":
                raise self.fault(
                    f"decision {name!r} is a {kind}: write it as a decision table", child
                )
        table = element.find("{*}decisionTable")
        if table is None:
            raise self.fault(f"decision {name!r} has no decision table: add one", element)
        language = table.get("expressionLanguage") or ""
        if language and "feel" not in language.lower():
            raise self.fault(f"expression language {language!r}: use S-FEEL", table)
        return self._table(element, table)

    def _table(self, decision: etree._Element, table: etree._Element) -> DecisionTable:
        policy = table.get("hitPolicy", "UNIQUE")
        if policy not in get_args(HitPolicy):
            raise self.fault(f"hit policy {policy!r} is unknown", table)
        aggregator = table.get("aggregation")
        if aggregator is not None and aggregator not in get_args(Aggregator):
            raise self.fault(f"aggregation {aggregator!r} is unknown", table)
        rows = table.findall("{*}rule")
        cells = [[self._cell(e) for e in row.iterfind("{*}inputEntry")] for row in rows]
        results = [[self._value(e) for e in row.iterfind("{*}outputEntry")] for row in rows]
        inputs = tuple(
            self._input(element, [values for row in cells for values in row[i : i + 1]])
            for i, element in enumerate(table.iterfind("{*}input"))
        )
        alone = self._variable(decision)
        outputs = tuple(
            self._output(element, alone, [value for row in results for value in row[i : i + 1]])
            for i, element in enumerate(table.iterfind("{*}output"))
        )
        columns = [e.get("name", "") for e in table.iterfind("{*}annotation")]
        rules = tuple(
            Rule(
                row.get("id") or str(number),
                tuple(cells[number - 1]),
                tuple(results[number - 1]),
                self._annotations(row, columns),
                _line(row),
            )
            for number, row in enumerate(rows, 1)
        )
        return DecisionTable(
            decision.get("id") or decision.get("name") or "",
            decision.get("name", ""),
            inputs,
            outputs,
            rules,
            cast("HitPolicy", policy),
            cast("Aggregator | None", aggregator),
            self.source,
            _line(table),
        )

    def _variable(self, decision: etree._Element) -> str:
        """The name of a single output without one: the variable of the decision."""
        variable = decision.find("{*}variable")
        own = variable.get("name") if variable is not None else None
        return own or decision.get("name") or ""

    def _input(self, element: etree._Element, cells: list[UnaryTests]) -> Input:
        expression = element.find("{*}inputExpression")
        if expression is None:
            raise self.fault("an input without expression: name the fact it asks for", element)
        declared, allowed = self._type(expression, expression.get("typeRef") or "")
        text = element.findtext("{*}inputValues/{*}text") or allowed
        tests = self._tests(text, element) if text.strip() else None
        literals = [
            value for cell in [*cells, *([tests] if tests else [])] for value in cell.values
        ]
        return Input(
            " ".join((expression.findtext("{*}text") or "").split()),
            _inferred(declared, literals),
            (element.get("label") or "").strip(),
            None if tests is None or tests.is_any else tests,
            _line(element),
        )

    def _output(self, element: etree._Element, alone: str, values: list[Value]) -> Output:
        declared, allowed = self._type(element, element.get("typeRef") or "")
        text = element.findtext("{*}outputValues/{*}text") or allowed
        default = element.find("{*}defaultOutputEntry")
        tests = self._tests(text, element) if text.strip() else None
        listed: tuple[Value, ...] = tests.values if tests else ()
        known = [v for v in (*values, *listed) if v is not None and not isinstance(v, datetime)]
        return Output(
            (element.get("name") or alone).strip(),
            _inferred(declared, known),
            (element.get("label") or "").strip(),
            listed,
            None if default is None else self._value(default),
            _line(element),
        )

    def _type(self, element: etree._Element, reference: str) -> tuple[Type, str]:
        """Follow typeRef to a basic type, with the allowed values found on the way."""
        allowed, seen = "", set[str]()
        name = reference.removeprefix("feel:").strip()
        while name in self.items and name not in seen:
            seen.add(name)
            item = self.items[name]
            if item.many:
                raise self.fault(f"type {name!r} is a list: ask for single facts", element)
            allowed, name = allowed or item.allowed, item.type.removeprefix("feel:").strip()
        if name in _UNSUPPORTED:
            raise self.fault(
                f"type {name!r} is not supported: use number, integer, string, boolean or date",
                element,
            )
        return _TYPES.get(name, _TYPES.get(name.lower(), "any")), allowed

    def _annotations(self, row: etree._Element, columns: list[str]) -> dict[str, str]:
        entries = [
            (element.findtext("{*}text") or "").strip()
            for element in row.iterfind("{*}annotationEntry")
        ]
        if len(entries) > len(columns):
            raise self.fault("more annotation entries than annotation columns", row)
        found = {name: text for name, text in zip(columns, entries, strict=False) if text}
        described = (row.findtext("{*}description") or "").strip()
        return {**found, "description": described} if described else found

    def _cell(self, entry: etree._Element) -> UnaryTests:
        return self._tests(entry.findtext("{*}text") or "", entry)

    def _tests(self, text: str, at: etree._Element) -> UnaryTests:
        try:
            return parse_unary(text)
        except FeelError as error:
            raise self.fault(str(error), at) from error

    def _value(self, entry: etree._Element) -> Value:
        try:
            return parse_literal(entry.findtext("{*}text") or "")
        except FeelError as error:
            raise self.fault(f"a result must be one value: {error}", entry) from error


def _line(element: Any) -> int:
    return int(element.sourceline or 1)


def _inferred(declared: Type, literals: list[Known]) -> Type:
    """Take the declared type, or the common kind of the literals."""
    kinds = {kind_of(value) for value in literals}
    if declared != "any" or len(kinds) != 1:
        return declared
    kind = cast("Type", kinds.pop())
    return kind if all(fits(kind, value) for value in literals) else declared
