"""The identifiers of people, organisations, service items and licences (标识编码).

Each kind reads itself from text, checks itself, and makes itself from its parts. This package
refuses to guess: it repairs writing (spaces, a lower-case letter, an old 15-digit number), never
content, and it keeps no list of divisions: the caller passes one in (`tongban.kernel.regions`).
"""

from tongban.kernel.codes.divisions import division_code
from tongban.kernel.codes.errors import (
    CodeError,
    WrongCharacter,
    WrongCheck,
    WrongDate,
    WrongLength,
    WrongPart,
    WrongRegion,
)
from tongban.kernel.codes.identity import DivisionTimes, IdentityNumber, Sex
from tongban.kernel.codes.items import ItemCode
from tongban.kernel.codes.licences import LicenceId
from tongban.kernel.codes.uscc import USCC, organisation_check

__all__ = [
    "USCC",
    "CodeError",
    "DivisionTimes",
    "IdentityNumber",
    "ItemCode",
    "LicenceId",
    "Sex",
    "WrongCharacter",
    "WrongCheck",
    "WrongDate",
    "WrongLength",
    "WrongPart",
    "WrongRegion",
    "division_code",
    "organisation_check",
]
