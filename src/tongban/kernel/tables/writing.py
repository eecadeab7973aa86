"""Write a decision table back as DMN 1.3, the way ``read_dmn`` reads it.

For designers and exchange with other tools. Diagram positions are not kept.
"""

import re
from datetime import date
from typing import Any

from lxml import etree

from tongban.kernel.feel import Value
from tongban.kernel.tables.model import DecisionTable, Input, Output, Rule

_DMN = "https://www.omg.org/spec/DMN/20191111/MODEL/"
_PREFIX: Any = {None: _DMN}


def write_dmn(table: DecisionTable) -> bytes:
    """Give the table as a DMN file of one decision, in UTF-8."""
    root = etree.Element(f"{{{_DMN}}}definitions", nsmap=_PREFIX)
    root.set("name", table.name)
    root.set("namespace", "urn:tongban:rules")
    decision = _child(root, "decision", id=table.id, name=table.name)
    _child(decision, "variable", name=table.name)
    body = _child(decision, "decisionTable", hitPolicy=table.hit_policy)
    if table.aggregator:
        body.set("aggregation", table.aggregator)
    for column in table.inputs:
        _input(body, column)
    for output in table.outputs:
        _output(body, output)
    names = list(dict.fromkeys(n for r in table.rules for n in r.annotations if n != "description"))
    for name in names:
        _child(body, "annotation", name=name)
    for rule in table.rules:
        _rule(body, rule, names)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def literal_text(value: Value) -> str:
    """Write a value as an S-FEEL literal; None is empty.

    >>> literal_text(True), literal_text('say "hi"'), literal_text(date(2026, 1, 31))
    ('true', '"say \\\\"hi\\\\""', 'date("2026-01-31")')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return f'date("{value.isoformat()}")'
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return '"' + re.sub(r"[\x00-\x1f\ufffe\uffff]", _escape, escaped) + '"'
    return format(value, "f") if not isinstance(value, int) else str(value)


def _escape(found: re.Match[str]) -> str:
    """XML has no place for control characters; S-FEEL writes them by number."""
    return f"\\u{ord(found[0]):04x}"


def _input(parent: etree._Element, column: Input) -> None:
    element = _child(parent, "input")
    if column.label:
        element.set("label", column.label)
    expression = _child(element, "inputExpression")
    if column.type != "any":
        expression.set("typeRef", column.type)
    _child(expression, "text").text = column.name
    if column.allowed:
        _child(_child(element, "inputValues"), "text").text = column.allowed.text


def _output(parent: etree._Element, output: Output) -> None:
    element = _child(parent, "output", name=output.name)
    if output.label:
        element.set("label", output.label)
    if output.type != "any":
        element.set("typeRef", output.type)
    if output.allowed:
        text = ", ".join(literal_text(value) for value in output.allowed)
        _child(_child(element, "outputValues"), "text").text = text
    if output.default is not None:
        text = literal_text(output.default)
        _child(_child(element, "defaultOutputEntry"), "text").text = text


def _rule(parent: etree._Element, rule: Rule, names: list[str]) -> None:
    element = _child(parent, "rule", id=rule.id)
    if "description" in rule.annotations:
        _child(element, "description").text = rule.annotations["description"]
    for cell in rule.cells:
        _child(_child(element, "inputEntry"), "text").text = cell.text
    for value in rule.outputs:
        _child(_child(element, "outputEntry"), "text").text = literal_text(value)
    for name in names:
        _child(_child(element, "annotationEntry"), "text").text = rule.annotations.get(name, "")


def _child(parent: etree._Element, tag: str, /, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{_DMN}}}{tag}", attributes)
