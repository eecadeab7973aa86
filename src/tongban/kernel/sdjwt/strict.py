"""Text that can be read in one way only: base64url without padding, JSON without ambiguity.

Two readers that understand one token differently are a hole. So everything that RFC 4648 or
RFC 8259 leaves open is refused: padding, stray bits at the end, a name twice, numbers that are
none, half characters, and nesting beyond reason.
"""

import json
from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn

from .errors import TokenRefused

Json = Any
#: A licence has a few hundred claims at most; what is longer is an attack.
LONGEST = 256 * 1024
DEEPEST = 24


_TO_URL: Final = bytes.maketrans(b"+/", b"-_")
# the letters of plain base64 and padding turn into one that is none, so that they are refused
_FROM_URL: Final = bytes.maketrans(b"-_+/=", b"+/!!!")
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
# letters in the last, broken group → those whose unused bits are nought
_LAST: Final = {2: frozenset(_LETTERS[::16]), 3: frozenset(_LETTERS[::4])}
_PADDING: Final = {0: b"", 2: b"==", 3: b"="}


def encode(data: bytes) -> str:
    """Write bytes as base64url without padding (RFC 7515, section 2).

    >>> encode(b"\\xff\\xfe")
    '__4'
    """
    return b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Read base64url in its one writing; raise TokenRefused.

    >>> decode("__4")
    b'\\xff\\xfe'
    """
    broken = len(text) % 4
    if broken and (broken == 1 or text[-1] not in _LAST[broken]):
        raise TokenRefused("malformed", "a part is not base64url in its one writing")
    try:
        plain = text.encode("ascii").translate(_FROM_URL) + _PADDING[broken]
        return a2b_base64(plain, strict_mode=True) if plain else b""
    except ValueError:
        raise TokenRefused("malformed", "a part is not base64url") from None


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise TokenRefused("malformed", "an object names a member twice")
    return found


def _no_number(name: str) -> NoReturn:
    raise TokenRefused("malformed", f"{name} is no number of JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_number)


def read_json(data: bytes) -> Json:
    """Read JSON that has one meaning; raise TokenRefused."""
    try:
        text = data.decode().strip(" \t\r\n")
        read, end = _DECODER.raw_decode(text)
        if "\\u" in text:  # only an escape can write half a character
            json.dumps(read, ensure_ascii=False).encode()
    except TokenRefused:
        raise
    except RecursionError:
        raise TokenRefused("malformed", "JSON is nested too deeply") from None
    except ValueError:
        raise TokenRefused("malformed", "a part is not JSON in UTF-8") from None
    if end != len(text):
        raise TokenRefused("malformed", "JSON is followed by something")
    return read


def read_object(data: bytes) -> dict[str, Json]:
    """Read a JSON object; raise TokenRefused."""
    read = read_json(data)
    if not isinstance(read, dict):
        raise TokenRefused("malformed", "a part is JSON, and no object")
    return read


def write_json(value: Mapping[str, Json] | Sequence[Json]) -> bytes:
    """Write JSON without white space, in UTF-8; raise ValueError for what JSON cannot say."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
