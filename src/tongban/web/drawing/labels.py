"""Measure and break the names of a drawing, without a font at hand.

A full-width character is one em, as in every Chinese font; Latin letters are taken by class, a
little wider than they are, so that a name rather breaks too early than leaves its box.
"""

import unicodedata

_NARROW = frozenset("iljtfI.,:;'|!()[]{} -")
_BROAD = frozenset("mwMW@%")
_CLOSING = frozenset("，。、；：？！）】》」』”’,.;:?!)]}%")


def _em(sign: str) -> float:
    if unicodedata.east_asian_width(sign) in {"W", "F", "A"}:
        return 1.0
    if unicodedata.combining(sign) or unicodedata.category(sign) in {"Cf", "Mn"}:
        return 0.0
    if sign in _NARROW:
        return 0.36
    if sign in _BROAD:
        return 0.92
    return 0.72 if sign.isupper() else 0.6


def width(text: str) -> float:
    """Give the width of a text in em.

    >>> width("核发"), width("ab")
    (2.0, 1.2)
    """
    return sum(map(_em, text))


def wrap(text: str, most: float, lines: int) -> tuple[str, ...]:
    """Break a text into at most ``lines`` lines of at most ``most`` em; an ellipsis ends a cut one.

    It breaks at blanks and between full-width characters, within a word only if that alone is too
    long, and begins no line with a closing mark.

    >>> wrap("核发出生医学证明", 4, 3)
    ('核发出生', '医学证明')
    >>> wrap("record the result", 6, 2)
    ('record the', 'result')
    >>> wrap("核发出生医学证明", 3, 2)
    ('核发出', '生医…')
    """
    found: list[str] = []
    line = ""
    for piece in _pieces(text):
        if line and width(line + piece.rstrip()) > most:
            found.append(line.rstrip())
            line = ""
        rest = piece if line else piece.lstrip()
        while width(rest) > most and len(rest) > 1:
            head = _head(rest, most)
            found.append(head)
            rest = rest[len(head) :]
        line += rest
    if line.strip():
        found.append(line.rstrip())
    if len(found) <= lines:
        return tuple(found)
    last = found[lines - 1]
    while last and width(last + "…") > most:
        last = last[:-1]
    return (*found[: lines - 1], last + "…")


def _head(text: str, most: float) -> str:
    """Give the longest beginning that fits, one sign at least."""
    used = 0.0
    for at, sign in enumerate(text):
        used += _em(sign)
        if used > most:
            return text[: max(at, 1)]
    return text


def _pieces(text: str) -> list[str]:
    """Cut where a line may end: after blanks, around full-width characters."""
    pieces: list[str] = []
    for sign in " ".join(text.split()):
        wide = unicodedata.east_asian_width(sign) in {"W", "F"}
        last = pieces[-1] if pieces else ""
        joins = bool(last) and not last.endswith(" ")
        broad = bool(last) and unicodedata.east_asian_width(last[-1]) in {"W", "F"}
        if joins and (sign in _CLOSING or sign == " " or not (wide or broad)):
            pieces[-1] += sign
        else:
            pieces.append(sign)
    return pieces
