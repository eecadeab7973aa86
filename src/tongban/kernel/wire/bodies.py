"""Bodies of calls: a question out of JSON, records into JSON, and back at the asking node.

One shape for each operation and no other member: there is no filter, no sort, no expression to ask
for. Refuses doubled names, numbers that not every reader keeps, and whatever has no place here.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from tongban.kernel.events import canonical
from tongban.kernel.wire.judging import MOST_KEYS, MOST_WALKED
from tongban.kernel.wire.words import (
    Found,
    Operation,
    Plain,
    Question,
    WireRefused,
    problem,
)

JSON = "application/json"
PROBLEM = "application/problem+json"
_EXACT = 2**53 - 1
_HALF = re.compile("[\ud800-\udfff]")
_LONGEST_CURSOR = 2048
_MOST_FIELDS = 500
_MEMBERS: Mapping[Operation, tuple[frozenset[str], frozenset[str]]] = {
    "find": (frozenset({"fields", "key"}), frozenset({"fields", "key"})),
    "among": (frozenset({"fields", "keys"}), frozenset({"fields", "keys"})),
    "walk": (frozenset({"fields"}), frozenset({"fields", "after", "limit"})),
}


class _Unfit(ValueError):
    """A body that is not of the protocol; the text says what to send instead."""


def read_question(operation: Operation, body: bytes) -> Question:
    """Read what a POST asks; raise `WireRefused` (malformed).

    >>> read_question("find", b'{"fields":["name"],"key":{"id_number":"1"}}').keys
    ({'id_number': '1'},)
    """
    try:
        told = _object(body)
        must, may = _MEMBERS[operation]
        if not must <= told.keys() <= may:
            _unfit(f"it has exactly the members {', '.join(sorted(may))}, and nothing else selects")
        fields = _fields(told["fields"])
        if operation == "find":
            return Question("find", fields, (_key(told["key"]),))
        if operation == "among":
            keys = told["keys"]
            if not isinstance(keys, list) or not 0 < len(keys) <= MOST_KEYS:
                _unfit(f"keys is a list of 1 to {MOST_KEYS} record keys")
            return Question("among", fields, tuple(map(_key, keys)), limit=len(keys))
        return Question("walk", fields, (), _cursor(told), _limit(told))
    except (_Unfit, ValueError, RecursionError) as wrong:
        why = str(wrong) if isinstance(wrong, _Unfit) else "it is no JSON object of the protocol"
        raise WireRefused(
            "malformed", f"请求正文有误：{why}", f"the body of the request: {why}"
        ) from None


def _unfit(why: str) -> NoReturn:
    raise _Unfit(why)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        _unfit("a name stands twice in one object")
    return made


def _never(text: str) -> NoReturn:
    _unfit(f"{text[:20]} is no whole number")


_decode = json.JSONDecoder(
    object_pairs_hook=_once, parse_float=_never, parse_constant=_never
).decode


def _object(body: bytes) -> dict[str, Any]:
    told = _decode(body.decode())
    if not isinstance(told, dict):
        _unfit("it is no object")
    return told


def _fields(told: Any) -> tuple[str, ...]:
    if not isinstance(told, list) or not 0 < len(told) <= _MOST_FIELDS:
        _unfit(f"fields is a list of 1 to {_MOST_FIELDS} names")
    for name in told:
        if type(name) is not str:
            _unfit("fields holds names alone")
    if len(set(told)) != len(told):
        _unfit("each field is named once")
    return tuple(told)


def _key(told: Any) -> dict[str, Plain]:
    if not isinstance(told, dict) or not 0 < len(told) <= 16:
        _unfit("a record key is an object of attributes and values")
    for name, value in told.items():
        if len(name) > 60 or not name.isascii() or not _plain(value):
            _unfit("a value of a record key is text, whole number, true or false")
    return told


def _plain(value: Any) -> bool:
    kind = type(value)
    if kind is str:
        # half a character (a lone surrogate) cannot be written again
        return len(value) <= 1024 and "\x00" not in value and not _HALF.search(value)
    return kind is bool or (kind is int and abs(value) <= _EXACT)


def _cursor(told: Mapping[str, Any]) -> str | None:
    after = told.get("after")
    if after is not None and (type(after) is not str or not 0 < len(after) <= _LONGEST_CURSOR):
        _unfit("after is the text that the last answer gave as next, or null")
    return after


def _limit(told: Mapping[str, Any]) -> int:
    limit = told.get("limit", MOST_WALKED)
    if type(limit) is not int or not 0 < limit <= MOST_WALKED:
        _unfit(f"limit is a whole number from 1 to {MOST_WALKED}")
    return limit


def write_question(question: Question) -> bytes:
    """Write what `read_question` reads."""
    made: dict[str, Any] = {"fields": list(question.fields)}
    if question.operation == "find":
        made["key"] = question.keys[0]
    elif question.operation == "among":
        made["keys"] = list(question.keys)
    else:
        made |= {"after": question.after, "limit": question.limit}
    return canonical(made)


def write_found(operation: Operation, found: Found) -> bytes:
    """Write the body of an answer; raise EventInvalid for values that JSON does not keep."""
    made: dict[str, Any] = {"records": list(found.records)}
    if operation == "walk":
        made["next"] = found.after
    return canonical(made)


def read_found(question: Question, body: bytes) -> Found:
    """Read the answer to a question; raise `WireRefused` (bad_answer).

    What was not asked for is no answer, whoever signed it.
    """
    try:
        told = _object(body)
        wanted = {"records", "next"} if question.operation == "walk" else {"records"}
        records, after = told.get("records"), told.get("next")
        if told.keys() != wanted or not isinstance(records, list):
            _unfit("it has not the members of an answer")
        if not (after is None or type(after) is str):
            _unfit("next is no cursor")
        if question.operation != "among" and len(records) > question.limit:
            _unfit("more records than asked for")
        asked = set(question.fields)
        for record in records:
            _check_record(record, asked)
        return Found(records, after)
    except (ValueError, RecursionError) as wrong:
        raise WireRefused(
            "bad_answer",
            "对方节点的答复不符合约定，已弃用；请联系该节点的运维人员",
            "the answer of the other node is not of the protocol; tell its operators",
            str(wrong) if isinstance(wrong, _Unfit) else "no JSON",
        ) from None


def _check_record(record: Any, asked: set[str]) -> None:
    if not isinstance(record, dict) or not record.keys() <= asked:
        _unfit("a record holds what was not asked for")
    for value in record.values():
        if value is not None and type(value) not in {str, int, bool}:
            _unfit("a value is no plain value")


def write_problem(refused: WireRefused, call: str) -> bytes:
    """Write the body of a refusal."""
    return canonical(problem(refused, call))


def read_problem(body: bytes) -> str:
    """Give the code of a refusal that another node signed; empty: it names none."""
    try:
        told = _object(body)
    except (ValueError, RecursionError):
        return ""
    name = told.get("type")
    return name.removeprefix("tongban:")[:40] if isinstance(name, str) else ""


def typed(value: Plain, kind: str) -> Plain:
    """Give a key value of a GET, which is text there, the type that the service declares.

    What does not read stays text and so finds nothing: a refusal would tell that the field exists.

    >>> typed("12", "number"), typed("true", "boolean"), typed("12", "string"), typed("x", "number")
    (12, True, '12', 'x')
    """
    if not isinstance(value, str):
        return value
    if kind == "boolean" and value in {"true", "false"}:
        return value == "true"
    if kind in {"number", "integer"} and value.removeprefix("-").isdecimal() and value.isascii():
        number = int(value) if len(value) <= 17 else None
        if number is not None and str(number) == value and abs(number) <= _EXACT:
            return number
    return value
