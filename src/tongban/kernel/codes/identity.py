"""The number of a person (公民身份号码, GB 11643).

It keeps no list of divisions: the caller passes one in (`tongban.kernel.regions`).
"""

from dataclasses import dataclass
from datetime import date
from operator import mul
from typing import Final, Literal, Protocol, Self

from tongban.kernel.codes.errors import (
    DIGITS,
    CodeError,
    WrongCheck,
    WrongDate,
    WrongLength,
    WrongPart,
    WrongRegion,
    exactly,
    only,
    tidy,
)

Sex = Literal["male", "female"]


class DivisionTimes(Protocol):
    """What is asked of a set of divisions (行政区划): `tongban.kernel.regions.Regions` fits."""

    def last_year(self, code: str) -> int | None:
        """Give the last year in which the division stood (a large one if it still stands)."""


_ID_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECK: Final = "10X98765432"
# the sum below runs over ASCII codes; this takes the code of "0" out of it again
_ID_ZERO: Final = 48 * sum(_ID_WEIGHTS)
_ID_NAME: Final = "identity number"


@dataclass(frozen=True, slots=True, order=True)
class IdentityNumber:
    """A citizen's identity number (公民身份号码), GB 11643-1999: 18 characters.

    Six digits of the county at the time of issue, eight of the birth date, three of sequence
    (odd for men), one check character by ISO 7064 MOD 11-2.

    >>> number = IdentityNumber.parse("11010519491231002x")
    >>> number.text, number.birth_date.isoformat(), number.sex, number.region
    ('11010519491231002X', '1949-12-31', 'female', '110105')
    >>> IdentityNumber.parse("110105491231002").text
    '11010519491231002X'
    >>> IdentityNumber.parse("110105194912310021")
    Traceback (most recent call last):
    tongban.kernel.codes.errors.WrongCheck: identity number: the last character should be X; ...
    """

    text: str

    @staticmethod
    def check(body: str) -> str:
        """Give the check character of 17 digits (GB 11643, ISO 7064 MOD 11-2).

        >>> IdentityNumber.check("11010519491231002")
        'X'
        """
        if len(body) != 17 or not (body.isascii() and body.isdigit()):
            only(_ID_NAME, body, frozenset(DIGITS))
            exactly(f"{_ID_NAME} without its check character", body, 17)
        return _ID_CHECK[(sum(map(mul, _ID_WEIGHTS, body.encode())) - _ID_ZERO) % 11]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a number of 18 characters, or of 15 (GB 11643-1989) which becomes one of 18.

        The fifteen-digit form leaves the century out: 19, or 18 where the sequence is one of
        996–999, which were kept for people over a hundred. Raises a `CodeError`.
        """
        if len(text) != 18 or not text.isalnum() or text[17] == "x":
            text = tidy(text)
        if len(text) == 15:
            century = "18" if text[12:] in {"996", "997", "998", "999"} else "19"
            body = text[:6] + century + text[6:]
            text = body + cls.check(body)
        elif len(text) != 18:
            raise WrongLength(
                f"{_ID_NAME}: needs 18 characters (or 15 in its old form), has {len(text)};"
                " copy it in full"
            )
        expected = cls.check(text[:17])
        if text[17] != expected:
            raise WrongCheck(
                f"{_ID_NAME}: the last character should be {expected}; compare every digit with"
                " the card"
            )
        _birth_date(text)
        return cls(text)

    @classmethod
    def make(cls, region: str, birth_date: date, sequence: int) -> Self:
        """Compose a number; `sequence` 0–999 is odd for men.

        >>> IdentityNumber.make("110105", date(1949, 12, 31), 2).text
        '11010519491231002X'
        """
        if not 0 <= sequence <= 999:
            raise WrongPart(f"{_ID_NAME}: the sequence must be 0 to 999, not {sequence}")
        exactly(f"{_ID_NAME}, region", region, 6)
        body = f"{region}{birth_date:%Y%m%d}{sequence:03d}"
        return cls(body + cls.check(body))

    @classmethod
    def validate(
        cls, text: str, divisions: DivisionTimes | None = None, today: date | None = None
    ) -> CodeError | None:
        """Give what is wrong with `text`, or None.

        With `divisions` the region must have stood at some time not before the birth: it is the
        county at the time of issue, which is on or after the birth, so today's list proves
        nothing. With `today` the birth must not lie ahead.
        """
        try:
            number = cls.parse(text)
        except CodeError as error:
            return error
        if today is not None and number.birth_date > today:
            return WrongDate(
                f"{_ID_NAME}: born on {number.birth_date}, after {today}; correct the digits"
            )
        return number.region_error(divisions) if divisions is not None else None

    def region_error(self, divisions: DivisionTimes) -> WrongRegion | None:
        """Give why the region cannot be that of an issuing county, or None."""
        last = divisions.last_year(self.region)
        if last is None:
            return WrongRegion(
                f"{_ID_NAME}: {self.region} never was a division; compare the first six digits"
            )
        # a division that went during a year is listed for the year before
        if last + 1 < self.birth_year:
            return WrongRegion(
                f"{_ID_NAME}: {self.region} ended in {last}, before the birth in"
                f" {self.birth_year}; compare the first fourteen digits"
            )
        return None

    @property
    def region(self) -> str:
        """The division at the time of issue: six digits (GB/T 2260)."""
        return self.text[:6]

    @property
    def birth_year(self) -> int:
        """The year of birth, which is not the year of issue."""
        return int(self.text[6:10])

    @property
    def birth_date(self) -> date:
        """The day of birth."""
        return _birth_date(self.text)

    @property
    def sequence(self) -> int:
        """The sequence within county and day: 0–999, odd for men."""
        return int(self.text[14:17])

    @property
    def sex(self) -> Sex:
        """The sex written into the number (GB/T 2261.1 男, 女)."""
        return "male" if self.sequence % 2 else "female"

    def format(self, *, masked: bool = False) -> str:
        """Write it; masked for a screen that strangers see.

        >>> IdentityNumber.parse("11010519491231002X").format(masked=True)
        '110105********002X'
        """
        return f"{self.text[:6]}********{self.text[14:]}" if masked else self.text

    def __str__(self) -> str:
        return self.text


def _birth_date(text: str) -> date:
    try:
        return date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        raise WrongDate(
            f"{_ID_NAME}: {text[6:14]} is not a day; compare digits 7 to 14 with the card"
        ) from None
