"""The code of an administrative division (行政区划代码), as it is written."""

from typing import Final

from tongban.kernel.codes.errors import DIGITS, WrongPart, exactly, only, tidy

_NAME: Final = "division code"


def division_code(text: str) -> str:
    """Read a code of six digits (GB/T 2260); raises a `CodeError`.

    Whether such a division stands is another question, to a list (`tongban.kernel.regions`).

    >>> division_code(" 330106 ")
    '330106'
    """
    text = tidy(text)
    exactly(_NAME, text, 6)
    only(_NAME, text, frozenset(DIGITS))
    if text[0] == "0":
        raise WrongPart(f"{_NAME}: no division begins with 0; copy it again")
    return text
