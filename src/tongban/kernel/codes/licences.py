"""The identifier of an electronic licence (电子证照标识, GB/T 36904)."""

from dataclasses import dataclass
from functools import lru_cache
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
from tongban.kernel.codes.uscc import USCC

_ROOT: Final = "1.2.156.3005.2"
_LICENCE_NAME: Final = "licence identifier"
_LICENCE_ALPHABET: Final = DIGITS + UPPER
_LICENCE_SET: Final = frozenset(_LICENCE_ALPHABET)
# ISO 7064 MOD 37,36, one step: product and character give the next product
_STEPS: Final = tuple(
    {char: ((product + value) % 36 or 36) * 2 % 37 for value, char in enumerate(_LICENCE_ALPHABET)}
    for product in range(37)
)


@lru_cache(maxsize=4096)
def _organisation(text: str) -> None:
    """Raise unless `text` is a credit code; few authorities issue many licences."""
    USCC.parse(text)


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
        only(_LICENCE_NAME, body, _LICENCE_SET)
        product = 36
        for char in body:
            product = _STEPS[product][char]
        return _LICENCE_ALPHABET[(37 - product) % 36]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an identifier with its root and dots; raises a `CodeError`."""
        text = tidy(text)
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
        exactly(f"{_LICENCE_NAME}, licence type", kind, 21)
        try:
            _organisation(kind[:18])
            if len(issuer) != 6:
                _organisation(issuer)
        except CodeError as error:
            raise type(error)(f"{_LICENCE_NAME}: {error}") from None
        if len(issuer) == 6:
            only(f"{_LICENCE_NAME}, issuer", issuer, frozenset(DIGITS))
        only(f"{_LICENCE_NAME}, licence type", kind, _LICENCE_SET)
        if not serial:
            raise WrongPart(f"{_LICENCE_NAME}: the serial is empty; give the issuer's number")
        only(f"{_LICENCE_NAME}, serial", serial, _LICENCE_SET)
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
