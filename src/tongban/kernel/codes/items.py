"""The code of a service item as one authority carries it out (事项实施编码)."""

from dataclasses import dataclass
from typing import Final, Self

from tongban.kernel.codes.errors import DIGITS, UPPER, CodeError, WrongPart, exactly, only, tidy
from tongban.kernel.codes.uscc import USCC

_ITEM_NAME: Final = "implementation code"
_LEVELS: Final = frozenset("123456789")


@dataclass(frozen=True, slots=True, order=True)
class ItemCode:
    """A service item's implementation code (事项实施编码): 31 characters.

    The authority's social credit code (18), the level that exercises the item (1) and the base
    code (12). Provinces split the base code differently, so it stays whole here.

    >>> code = ItemCode.make(USCC.parse("11330106002507614K"), "4", "330106017001")
    >>> code.text
    '11330106002507614K4330106017001'
    >>> ItemCode.parse(code.text) == code, code.level, code.base
    (True, '4', '330106017001')
    """

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a code of 31 characters; raises a `CodeError`, also for a wrong authority."""
        text = tidy(text)
        exactly(_ITEM_NAME, text, 31)
        try:
            USCC.parse(text[:18])
        except CodeError as error:
            raise type(error)(f"{_ITEM_NAME}, its first 18 characters: {error}") from None
        if text[18] not in _LEVELS:
            raise WrongPart(f"{_ITEM_NAME}: place 19 is the level, 1 to 9, not {text[18]!r}")
        only(f"{_ITEM_NAME}, its last 12 characters", text[19:], frozenset(DIGITS + UPPER))
        return cls(text)

    @classmethod
    def make(cls, authority: USCC, level: str, base: str) -> Self:
        """Compose a code from the authority, its level and the base code of 12 characters."""
        exactly(f"{_ITEM_NAME}, base code", base, 12)
        exactly(f"{_ITEM_NAME}, level", level, 1)
        return cls.parse(f"{authority}{level}{base}")

    @classmethod
    def validate(cls, text: str) -> CodeError | None:
        """Give what is wrong with `text`, or None."""
        try:
            cls.parse(text)
        except CodeError as error:
            return error
        return None

    @property
    def authority(self) -> USCC:
        """The authority that carries the item out."""
        return USCC(self.text[:18])

    @property
    def level(self) -> str:
        """The level of exercise (行使层级): 1 nation, 2 province, 3 city, 4 county …"""
        return self.text[18]

    @property
    def base(self) -> str:
        """The base code of the item (基本编码)."""
        return self.text[19:]

    def format(self) -> str:
        """Write it."""
        return self.text

    def __str__(self) -> str:
        return self.text
