"""The code of an organisation (统一社会信用代码, GB 32100)."""

from dataclasses import dataclass
from operator import mul
from typing import Final, Self

from tongban.kernel.codes.errors import (
    DIGITS,
    UPPER,
    CodeError,
    WrongCheck,
    WrongPart,
    exactly,
    only,
    tidy,
)

_USCC_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_SET: Final = frozenset(_USCC_ALPHABET)
_USCC_VALUE: Final = {char: value for value, char in enumerate(_USCC_ALPHABET)}
_USCC_WEIGHTS: Final = tuple(pow(3, place, 31) for place in range(17))
_USCC_NAME: Final = "social credit code"
_ORG_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_ORG_VALUE: Final = {char: value for value, char in enumerate(DIGITS + UPPER)}


@dataclass(frozen=True, slots=True, order=True)
class USCC:
    """A unified social credit code (统一社会信用代码), GB 32100-2015: 18 characters.

    Registering authority (1), category (1), division (6), organisation code (9, GB 11714) and a
    check character over an alphabet of 31 that leaves out I, O, S, V and Z.

    >>> code = USCC.parse("91110000600037341l")
    >>> code.text, code.authority, code.region, code.organisation
    ('91110000600037341L', '9', '110000', '600037341')
    >>> USCC.parse("911100006000373410")
    Traceback (most recent call last):
    tongban.kernel.codes.errors.WrongCheck: social credit code: the last character should be L; ...
    """

    text: str

    @staticmethod
    def check(body: str) -> str:
        """Give the check character of 17 characters (GB 32100, weights 3^i mod 31).

        >>> USCC.check("91110000600037341")
        'L'
        """
        exactly(f"{_USCC_NAME} without its check character", body, 17)
        only(_USCC_NAME, body, _USCC_SET)
        total = sum(map(mul, _USCC_WEIGHTS, map(_USCC_VALUE.__getitem__, body)))
        return _USCC_ALPHABET[-total % 31]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a code of 18 characters; raises a `CodeError`."""
        text = tidy(text)
        exactly(_USCC_NAME, text, 18)
        expected = cls.check(text[:17])
        only(_USCC_NAME, text[17:], _USCC_SET)
        if not text[2:8].isdigit():
            raise WrongPart(f"{_USCC_NAME}: places 3 to 8 are a division, six digits; retype them")
        if text[17] != expected:
            raise WrongCheck(
                f"{_USCC_NAME}: the last character should be {expected}; compare with the licence"
            )
        return cls(text)

    @classmethod
    def make(cls, authority: str, category: str, region: str, organisation: str) -> Self:
        """Compose a code; `organisation` has 8 characters, its own check (GB 11714) is added.

        >>> USCC.make("9", "1", "110000", "60003734").text
        '91110000600037341L'
        """
        exactly(f"{_USCC_NAME}, organisation", organisation, 8)
        body = authority + category + region + organisation + organisation_check(organisation)
        return cls.parse(body + cls.check(body))

    @classmethod
    def validate(cls, text: str) -> CodeError | None:
        """Give what is wrong with `text`, or None."""
        try:
            cls.parse(text)
        except CodeError as error:
            return error
        return None

    @property
    def authority(self) -> str:
        """The registering department (登记管理部门): 1 编制, 5 民政, 9 市场监管 …"""
        return self.text[0]

    @property
    def category(self) -> str:
        """The kind of body within that department (机构类别)."""
        return self.text[1]

    @property
    def region(self) -> str:
        """The division of the registering department, at the time of registration."""
        return self.text[2:8]

    @property
    def organisation(self) -> str:
        """The organisation code (组织机构代码, GB 11714): 9 characters."""
        return self.text[8:17]

    def format(self) -> str:
        """Write it."""
        return self.text

    def __str__(self) -> str:
        return self.text


def organisation_check(body: str) -> str:
    """Give the check character of an organisation code's 8 characters (GB 11714-1997).

    Kept apart from `USCC.parse`: codes in use break it, so a break proves no mistyping.

    >>> organisation_check("60003734")
    '1'
    """
    exactly("organisation code without its check character", body, 8)
    only("organisation code", body, frozenset(_ORG_VALUE))
    remainder = -sum(map(mul, _ORG_WEIGHTS, map(_ORG_VALUE.__getitem__, body))) % 11
    return "X" if remainder == 10 else str(remainder)
