"""What can be wrong with an identifier, and the checks that all identifiers share."""

from typing import Final

DIGITS: Final = "0123456789"
UPPER: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class CodeError(ValueError):
    """An identifier that cannot be used; the message says what to correct."""


class WrongLength(CodeError):
    """Too short or too long."""


class WrongCharacter(CodeError):
    """A character that this identifier never holds."""


class WrongCheck(CodeError):
    """The check character does not fit the rest: something was mistyped."""


class WrongDate(CodeError):
    """The birth date inside the number is not a day of the calendar, or lies ahead."""


class WrongRegion(CodeError):
    """The division inside the number never existed, or had ended before the birth."""


class WrongPart(CodeError):
    """A part of a composed identifier is not what stands there by the standard."""


def tidy(text: str) -> str:
    """Take out spaces and raise letters: what people and spreadsheets add."""
    return "".join(text.split()).upper()


def only(name: str, text: str, alphabet: frozenset[str]) -> None:
    """Raise `WrongCharacter` at the first character outside `alphabet`."""
    if alphabet.issuperset(text):
        return
    for place, char in enumerate(text, start=1):
        if char not in alphabet:
            raise WrongCharacter(f"{name}: {char!r} at place {place} cannot stand there; retype it")


def exactly(name: str, text: str, length: int) -> None:
    """Raise `WrongLength` unless `text` has `length` characters."""
    if len(text) != length:
        raise WrongLength(f"{name}: needs {length} characters, has {len(text)}; copy it in full")
