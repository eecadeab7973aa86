"""The identifiers of people, organisations, service items and licences (标识编码).

Each kind reads itself from text, checks itself, and makes itself from its parts. This module
refuses to guess: it repairs writing (spaces, a lower-case letter, an old 15-digit number), never
content, and it keeps no list of divisions: the caller passes one in (`tongban.kernel.regions`).
"""

from dataclasses import dataclass
from datetime import date
from operator import mul
from typing import Final, Literal, Protocol, Self

Sex = Literal["male", "female"]

_DIGITS: Final = "0123456789"
_UPPER: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


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


class DivisionTimes(Protocol):
    """What is asked of a set of divisions (行政区划): `tongban.kernel.regions.Regions` fits."""

    def last_year(self, code: str) -> int | None:
        """Give the last year in which the division stood (a large one if it still stands)."""


def _tidy(text: str) -> str:
    """Take out spaces and raise letters: what people and spreadsheets add."""
    return "".join(text.split()).upper()


def _only(name: str, text: str, alphabet: frozenset[str]) -> None:
    if alphabet.issuperset(text):
        return
    for place, char in enumerate(text, start=1):
        if char not in alphabet:
            raise WrongCharacter(f"{name}: {char!r} at place {place} cannot stand there; retype it")


def _exactly(name: str, text: str, length: int) -> None:
    if len(text) != length:
        raise WrongLength(f"{name}: needs {length} characters, has {len(text)}; copy it in full")


# --- resident identity number -------------------------------------------------------------------

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
    tongban.kernel.codes.WrongCheck: identity number: the last character should be X; compare ...
    """

    text: str

    @staticmethod
    def check(body: str) -> str:
        """Give the check character of 17 digits (GB 11643, ISO 7064 MOD 11-2).

        >>> IdentityNumber.check("11010519491231002")
        'X'
        """
        if len(body) != 17 or not (body.isascii() and body.isdigit()):
            _only(_ID_NAME, body, frozenset(_DIGITS))
            _exactly(f"{_ID_NAME} without its check character", body, 17)
        return _ID_CHECK[(sum(map(mul, _ID_WEIGHTS, body.encode())) - _ID_ZERO) % 11]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a number of 18 characters, or of 15 (GB 11643-1989) which becomes one of 18.

        The fifteen-digit form leaves the century out: 19, or 18 where the sequence is one of
        996–999, which were kept for people over a hundred. Raises a `CodeError`.
        """
        if len(text) != 18 or not text.isalnum() or text[17] == "x":
            text = _tidy(text)
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
        _exactly(f"{_ID_NAME}, region", region, 6)
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


# --- unified social credit code -----------------------------------------------------------------

_USCC_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_SET: Final = frozenset(_USCC_ALPHABET)
_USCC_VALUE: Final = {char: value for value, char in enumerate(_USCC_ALPHABET)}
_USCC_WEIGHTS: Final = tuple(pow(3, place, 31) for place in range(17))
_USCC_NAME: Final = "social credit code"
_ORG_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_ORG_VALUE: Final = {char: value for value, char in enumerate(_DIGITS + _UPPER)}


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
    tongban.kernel.codes.WrongCheck: social credit code: the last character should be L; ...
    """

    text: str

    @staticmethod
    def check(body: str) -> str:
        """Give the check character of 17 characters (GB 32100, weights 3^i mod 31).

        >>> USCC.check("91110000600037341")
        'L'
        """
        _exactly(f"{_USCC_NAME} without its check character", body, 17)
        _only(_USCC_NAME, body, _USCC_SET)
        total = sum(map(mul, _USCC_WEIGHTS, map(_USCC_VALUE.__getitem__, body)))
        return _USCC_ALPHABET[-total % 31]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a code of 18 characters; raises a `CodeError`."""
        text = _tidy(text)
        _exactly(_USCC_NAME, text, 18)
        expected = cls.check(text[:17])
        _only(_USCC_NAME, text[17:], _USCC_SET)
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
        _exactly(f"{_USCC_NAME}, organisation", organisation, 8)
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
    _exactly("organisation code without its check character", body, 8)
    _only("organisation code", body, frozenset(_ORG_VALUE))
    remainder = -sum(map(mul, _ORG_WEIGHTS, map(_ORG_VALUE.__getitem__, body))) % 11
    return "X" if remainder == 10 else str(remainder)


# --- service item implementation code -----------------------------------------------------------

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
        text = _tidy(text)
        _exactly(_ITEM_NAME, text, 31)
        try:
            USCC.parse(text[:18])
        except CodeError as error:
            raise type(error)(f"{_ITEM_NAME}, its first 18 characters: {error}") from None
        if text[18] not in _LEVELS:
            raise WrongPart(f"{_ITEM_NAME}: place 19 is the level, 1 to 9, not {text[18]!r}")
        _only(f"{_ITEM_NAME}, its last 12 characters", text[19:], frozenset(_DIGITS + _UPPER))
        return cls(text)

    @classmethod
    def make(cls, authority: USCC, level: str, base: str) -> Self:
        """Compose a code from the authority, its level and the base code of 12 characters."""
        _exactly(f"{_ITEM_NAME}, base code", base, 12)
        _exactly(f"{_ITEM_NAME}, level", level, 1)
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


# --- electronic licence identifier --------------------------------------------------------------

_ROOT: Final = "1.2.156.3005.2"
_LICENCE_NAME: Final = "licence identifier"
_LICENCE_ALPHABET: Final = _DIGITS + _UPPER
_LICENCE_SET: Final = frozenset(_LICENCE_ALPHABET)
_LICENCE_VALUE: Final = {char: value for value, char in enumerate(_LICENCE_ALPHABET)}


@dataclass(frozen=True, slots=True, order=True)
class LicenceId:
    """An electronic licence's identifier (电子证照标识), GB/T 36904-2018.

    The root 1.2.156.3005.2, then with dots: licence type (the responsible authority's social
    credit code and 3 characters), issuer (a social credit code or a division of 6 digits), serial,
    version (3 digits) and one check character by ISO 7064 MOD 37,36 over all but root and dots.

    >>> text = "1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9"
    >>> licence = LicenceId.parse(text)
    >>> licence.authority.text, licence.issuer, licence.serial, licence.version
    ('11100000MB03271699', '340100', '000000016', 1)
    >>> licence.format() == text
    True
    >>> licence.superseded().format()
    '1.2.156.3005.2.11100000MB03271699022.340100.000000016.002.7'
    """

    kind: str
    issuer: str
    serial: str
    version: int

    @staticmethod
    def check(body: str) -> str:
        """Give the check character of the body without root and dots (ISO 7064 MOD 37,36).

        >>> LicenceId.check("11100000MB03271699022340100000000016001")
        '9'
        """
        _only(_LICENCE_NAME, body, _LICENCE_SET)
        product = 36
        for char in body:
            total = (product + _LICENCE_VALUE[char]) % 36 or 36
            product = total * 2 % 37
        return _LICENCE_ALPHABET[(37 - product) % 36]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an identifier with its root and dots; raises a `CodeError`."""
        text = _tidy(text)
        if not text.startswith(_ROOT + "."):
            raise WrongPart(f"{_LICENCE_NAME}: must begin with {_ROOT}; copy it in full")
        parts = text[len(_ROOT) + 1 :].split(".")
        if len(parts) != 5:
            raise WrongPart(
                f"{_LICENCE_NAME}: needs five parts after {_ROOT} (type, issuer, serial, version,"
                f" check), has {len(parts)}; copy it in full"
            )
        kind, issuer, serial, version, check = parts
        if len(version) != 3 or not (version.isascii() and version.isdigit()):
            raise WrongPart(f"{_LICENCE_NAME}: the version is three digits, not {version!r}")
        licence = cls.make(kind, issuer, serial, int(version))
        if check != licence.check_character:
            raise WrongCheck(
                f"{_LICENCE_NAME}: the last character should be {licence.check_character};"
                " compare with the licence"
            )
        return licence

    @classmethod
    def make(cls, kind: str, issuer: str, serial: str, version: int = 1) -> Self:
        """Compose an identifier; raises a `CodeError` that names the wrong part.

        `kind` has 21 characters, `issuer` 18 or 6, `version` is 0–999.
        """
        _exactly(f"{_LICENCE_NAME}, licence type", kind, 21)
        try:
            USCC.parse(kind[:18])
            if len(issuer) != 6:
                USCC.parse(issuer)
        except CodeError as error:
            raise type(error)(f"{_LICENCE_NAME}: {error}") from None
        if len(issuer) == 6:
            _only(f"{_LICENCE_NAME}, issuer", issuer, frozenset(_DIGITS))
        _only(f"{_LICENCE_NAME}, licence type", kind, _LICENCE_SET)
        if not serial:
            raise WrongPart(f"{_LICENCE_NAME}: the serial is empty; give the issuer's number")
        _only(f"{_LICENCE_NAME}, serial", serial, _LICENCE_SET)
        if not 0 <= version <= 999:
            raise WrongPart(f"{_LICENCE_NAME}: the version must be 0 to 999, not {version}")
        return cls(kind, issuer, serial, version)

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
        """The authority responsible for this type of licence."""
        return USCC(self.kind[:18])

    @property
    def check_character(self) -> str:
        """The check character that belongs to the parts."""
        return self.check(f"{self.kind}{self.issuer}{self.serial}{self.version:03d}")

    def superseded(self) -> Self:
        """Give the identifier of the next version of the same licence."""
        return self.make(self.kind, self.issuer, self.serial, self.version + 1)

    def format(self) -> str:
        """Write it with root and dots."""
        return (
            f"{_ROOT}.{self.kind}.{self.issuer}.{self.serial}.{self.version:03d}"
            f".{self.check_character}"
        )

    def __str__(self) -> str:
        return self.format()
