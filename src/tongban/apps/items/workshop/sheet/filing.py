"""Take a decision table of a DMN file apart into a sheet, and write a sheet back into its file."""

import re
from collections.abc import Iterator, Sequence

from lxml import etree

from tongban.apps.items.workshop.sheet.model import UNWRITABLE, Column, Row, Sheet
from tongban.kernel.tables import TableError
from tongban.kernel.xml import XmlRefused, read_xml

# what stands before the root (no document type: such a file is refused), its first tag, the rest
_BESIDE = rb"(?:\s|<!--.*?-->|<\?.*?\?>)*"
_PROLOG = re.compile(rb"\A(?:\xef\xbb\xbf)?" + _BESIDE, re.DOTALL)
_TAG = re.compile(rb"""<(?:[^"'>]|"[^"]*"|'[^']*')*>""")
_EPILOG = re.compile(rb"</[^<>]+>(" + _BESIDE + rb")\Z", re.DOTALL)

# --- file → sheet --------------------------------------------------------------------------------


def read_sheets(data: bytes, source: str) -> tuple[Sheet, ...]:
    """Give every decision table of a file, whatever its cells say; raises `TableError`."""
    root = _root(data, source)
    return tuple(
        _sheet(decision, table)
        for decision in root.iterfind("{*}decision")
        if (table := decision.find("{*}decisionTable")) is not None
    )


def _root(data: bytes, source: str) -> etree._Element:
    """Read a file that is safe to read, with its comments, which are written back."""
    try:
        read_xml(data, source)
    except XmlRefused as error:
        raise TableError(error.message, source, error.line) from error
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    return etree.fromstring(data, parser)


def _sheet(decision: etree._Element, table: etree._Element) -> Sheet:
    return Sheet(
        decision.get("id") or decision.get("name") or "",
        decision.get("name") or "",
        table.get("hitPolicy") or "UNIQUE",
        table.get("aggregation") or "",
        tuple(_input(key, one) for key, one in _keyed(table, "input")),
        tuple(_output(key, one) for key, one in _keyed(table, "output")),
        tuple(one.get("name") or "" for one in table.iterfind("{*}annotation")),
        tuple(
            Row(
                key,
                _texts(one, "inputEntry"),
                _texts(one, "outputEntry"),
                _texts(one, "annotationEntry"),
            )
            for key, one in _keyed(table, "rule")
        ),
    )


def _keyed(parent: etree._Element, tag: str) -> list[tuple[str, etree._Element]]:
    """Give the children of a name, each by its id, or by its number where it has none."""
    return [
        (one.get("id") or f"#{number}", one)
        for number, one in enumerate(parent.iterfind(f"{{*}}{tag}"), 1)
    ]


def _input(key: str, one: etree._Element) -> Column:
    asked = one.find("{*}inputExpression")
    return Column(
        key,
        "" if asked is None else _text(asked),
        one.get("label") or "",
        "" if asked is None else asked.get("typeRef") or "",
        _text(one.find("{*}inputValues")),
    )


def _output(key: str, one: etree._Element) -> Column:
    return Column(
        key,
        one.get("name") or "",
        one.get("label") or "",
        one.get("typeRef") or "",
        _text(one.find("{*}outputValues")),
        _text(one.find("{*}defaultOutputEntry")),
    )


def _texts(row: etree._Element, tag: str) -> tuple[str, ...]:
    return tuple(_text(one) for one in row.iterfind(f"{{*}}{tag}"))


def _text(one: etree._Element | None) -> str:
    return "" if one is None else (one.findtext("{*}text") or "").strip()


# --- sheet → file --------------------------------------------------------------------------------


def write_sheet(data: bytes, sheet: Sheet, source: str) -> bytes:
    """Give the file with this decision as the sheet has it; an unchanged sheet changes no byte.

    Raises `TableError` for a sheet of no decision in the file, or of texts that XML cannot hold.
    """
    was = {one.decision: one for one in read_sheets(data, source)}
    if sheet.decision not in was:
        raise TableError(f"the file has no decision {sheet.decision!r}: go back", source, 1)
    if any(UNWRITABLE.search(text) for text in _every_text(sheet)):
        raise TableError("a cell holds control characters: type it again", source, 1)
    if was[sheet.decision] == sheet:
        return data
    root = _root(data, source)
    table = next(
        table
        for one in root.iterfind("{*}decision")
        if (one.get("id") or one.get("name") or "") == sheet.decision
        and (table := one.find("{*}decisionTable")) is not None
    )
    _write(table, was[sheet.decision], sheet, _Ids(root, sheet.decision))
    return _spliced(data, root)


def _spliced(data: bytes, root: etree._Element) -> bytes:
    """Give the file with this root; what stands around it, and its first tag, keep their bytes.

    A file that is not UTF-8 becomes so, whole.
    """
    docinfo = root.getroottree().docinfo
    if (docinfo.encoding or "UTF-8").upper() != "UTF-8":
        whole = etree.tostring(root, encoding="unicode").encode()
        return b'<?xml version="1.0" encoding="UTF-8"?>\n' + whole
    made = etree.tostring(root, encoding="unicode", with_tail=False).encode()
    first, then = _PROLOG.match(data), _EPILOG.search(data)
    tag, written = _TAG.match(data, first.end() if first else 0), _TAG.match(made)
    if first is None or then is None or tag is None or written is None:
        return made
    return first[0] + tag[0] + made[written.end() :] + then[1]


def _every_text(sheet: Sheet) -> Iterator[str]:
    yield from (sheet.policy, sheet.total, *sheet.notes)
    for one in (*sheet.inputs, *sheet.outputs):
        yield from (one.fact, one.label, one.type, one.allowed, one.default)
    for row in sheet.rows:
        yield from (*row.cells, *row.results, *row.notes)


class _Ids:
    """Gives ids that the file does not have yet."""

    def __init__(self, root: etree._Element, prefix: str) -> None:
        self._taken = {str(one.get("id")) for one in root.iter("*") if one.get("id")}
        self._prefix = prefix

    def give(self, kind: str) -> str:
        number = 1
        while (made := f"{self._prefix}-{kind}-{number}") in self._taken:
            number += 1
        self._taken.add(made)
        return made


def _write(table: etree._Element, was: Sheet, sheet: Sheet, ids: _Ids) -> None:
    _set(table, "hitPolicy", sheet.policy if sheet.policy != was.policy else None)
    _set(table, "aggregation", sheet.total if sheet.total != was.total else None)
    for tag, before, after in (
        ("input", was.inputs, sheet.inputs),
        ("output", was.outputs, sheet.outputs),
    ):
        old, known = dict(_keyed(table, tag)), {one.key: one for one in before}
        made = []
        for column in after:
            element = old.get(column.key)
            if element is None:
                element = etree.SubElement(table, _name(table, tag), id=ids.give(tag))
            if column != known.get(column.key):
                _column(element, tag, column)
            made.append(element)
        _arrange(table, list(old.values()), made, ("annotation", "rule", "output"))
    old = dict(_keyed(table, "rule"))
    moved = [
        _positions([one.key for one in before], [one.key for one in after])
        for before, after in ((was.inputs, sheet.inputs), (was.outputs, sheet.outputs))
    ]
    made = []
    for row in sheet.rows:
        element, added = old.get(row.key), False
        if element is None:
            element = etree.SubElement(table, _name(table, "rule"), id=ids.give("rule"))
            element.text = next((one.text for one in old.values()), None)
            added = True
        entries = (("inputEntry", row.cells, moved[0]), ("outputEntry", row.results, moved[1]))
        for tag, texts, places in entries:
            _entries(element, tag, texts, places)
        _entries(element, "annotationEntry", row.notes, range(len(row.notes)))
        if added and len(element):
            element[-1].tail = next((one[-1].tail for one in old.values() if len(one)), None)
        made.append(element)
    _arrange(table, list(old.values()), made, ())


def _positions(before: Sequence[str], after: Sequence[str]) -> list[int | None]:
    """Give for each column where it stood before."""
    return [before.index(key) if key in before else None for key in after]


def _entries(
    row: etree._Element, tag: str, texts: Sequence[str], places: Sequence[int | None]
) -> None:
    old = row.findall(f"{{*}}{tag}")
    made = []
    for text, place in zip(texts, places, strict=True):
        if place is not None and place < len(old):
            element = old[place]
        else:
            element = etree.SubElement(row, _name(row, tag))
        _write_text(element, text)
        made.append(element)
    order = ("inputEntry", "outputEntry", "annotationEntry")
    _arrange(row, old, made, order[order.index(tag) + 1 :])


def _arrange(
    parent: etree._Element,
    old: Sequence[etree._Element],
    made: Sequence[etree._Element],
    before: Sequence[str],
) -> None:
    """Put ``made`` in the place of ``old``, else before what must follow; keep the indentation."""
    if list(old) == list(made):
        return
    here = list(parent)
    others = [one for one in here if one not in old and one not in made]
    stood = [one for one in here if one in old or one in others]
    end = stood[-1].tail if stood else parent.text
    if old:
        at = len([one for one in here[: here.index(old[0])] if one in others])
    else:
        at = next((n for n, one in enumerate(others) if _local(one) in before), len(others))
    for one in here:
        parent.remove(one)
    for one in (*others[:at], *made, *others[at:]):
        parent.append(one)
        if not (one.tail or "").strip():
            one.tail = parent.text
    if len(parent):
        parent[-1].tail = end


def _column(element: etree._Element, tag: str, column: Column) -> None:
    _set(element, "label", column.label)
    if tag == "input":
        asked = _child(element, "inputExpression")
        _set(asked, "typeRef", column.type)
        _write_text(asked, column.fact)
        _optional(element, "inputValues", column.allowed)
        return
    _set(element, "name", column.fact)
    _set(element, "typeRef", column.type)
    _optional(element, "outputValues", column.allowed)
    _optional(element, "defaultOutputEntry", column.default)


def _optional(element: etree._Element, tag: str, text: str) -> None:
    found = element.find(f"{{*}}{tag}")
    if text:
        _write_text(_child(element, tag), text)
    elif found is not None:
        element.remove(found)


def _set(element: etree._Element, name: str, value: str | None) -> None:
    """Set an attribute, or take it away where it is empty; None leaves it."""
    if value:
        element.set(name, value)
    elif value is not None and name in element.attrib:
        del element.attrib[name]


def _write_text(element: etree._Element, text: str) -> None:
    if _text(element) != text.strip():
        _child(element, "text").text = text.strip()
    elif element.find("{*}text") is None:
        _child(element, "text")


def _child(parent: etree._Element, tag: str) -> etree._Element:
    found = parent.find(f"{{*}}{tag}")
    return etree.SubElement(parent, _name(parent, tag)) if found is None else found


def _name(beside: etree._Element, tag: str) -> str:
    return f"{{{etree.QName(beside).namespace}}}{tag}"


def _local(one: etree._Element) -> str:
    return str(one.tag).rpartition("}")[2]
