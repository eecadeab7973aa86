"""Reads JSON that came from outside: no name twice, no NaN, bounded depth, decimals kept exact."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

DEEPEST = 32
_LONGEST_NUMBER = 64  # digits


class JsonRefused(ValueError):
    """The text is no JSON, or JSON that two readers could understand differently."""


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise JsonRefused("a name stands twice in one object")
    return made


def _constant(name: str) -> None:
    raise JsonRefused(f"{name} is no JSON")


def _decimal(text: str) -> Decimal:
    if len(text) > _LONGEST_NUMBER:
        raise JsonRefused("a number is too long")
    return Decimal(text)


def _integer(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise JsonRefused("a number is too long")
    return int(text)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_constant=_constant,
    parse_float=_decimal,
    parse_int=_integer,
)


def read_json(raw: bytes, deepest: int = DEEPEST) -> Any:
    """Read UTF-8 JSON; decimals come as Decimal; raise JsonRefused.

    >>> read_json(b'{"a": [0.10, null]}')
    {'a': [Decimal('0.10'), None]}
    >>> read_json(b'{"a": 1, "a": 2}')
    Traceback (most recent call last):
    tongban.node.providers.strict_json.JsonRefused: a name stands twice in one object
    """
    try:
        value = _DECODER.decode(raw.decode("utf-8"))
    except RecursionError:
        raise JsonRefused("it is nested too deep") from None
    except JsonRefused:
        raise
    except ValueError as wrong:  # of the decoder its place only, never what stands there
        raise JsonRefused(f"it is no JSON in UTF-8 ({type(wrong).__name__})") from None
    level, depth = [value], 0
    while level := [
        inner
        for outer in level
        if isinstance(outer, (dict, list))
        for inner in (outer.values() if isinstance(outer, dict) else outer)
    ]:
        depth += 1
        if depth > deepest:
            raise JsonRefused("it is nested too deep")
    return value
