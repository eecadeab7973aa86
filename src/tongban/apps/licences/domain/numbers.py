"""How numbers and identifiers are composed: pure arithmetic over codes.

The blocks below are agreed with the department that owns the numbers, so that what is given out
here never meets what the department gives out itself.
"""

from dataclasses import dataclass
from datetime import date, datetime

from tongban.kernel.codes import USCC, IdentityNumber, LicenceId

# Sequences that the police leave to numbers assigned with a life event (顺序码预留段):
# 100 to 999, so 450 a county, day and sex; the sample city's own newborns stay below.
FIRST_SEQUENCE = 100
SEQUENCES = 450

_ORGANISATION = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100: no I, O, S, V, Z


class NumbersExhausted(RuntimeError):
    """The block of numbers reserved for this county and day, or this registry, is used up."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A licence as it was issued (电子证照); ``digest`` is of its first credential, in hex."""

    identifier: str
    number: str
    kind: str
    holder: str
    issued: datetime
    valid_until: date | None
    digest: str


def identity_number(region: str, birth_date: date, sex: str, ordinal: int) -> str:
    """Give the ``ordinal``-th (from 0) identity number of a county, day and sex.

    ``sex`` is ``male`` or ``female`` (GB 11643: odd sequences are men's).

    >>> identity_number("330106", date(2026, 11, 1), "female", 0)
    '330106202611011004'
    """
    if sex not in {"male", "female"}:
        raise ValueError(f"sex is male or female, not {sex!r}")
    if ordinal >= SEQUENCES:
        raise NumbersExhausted(
            f"{region} has used all {SEQUENCES} numbers for {sex} births of {birth_date}; "
            "ask the police for another block"
        )
    sequence = FIRST_SEQUENCE + 2 * ordinal + (1 if sex == "male" else 0)
    return str(IdentityNumber.make(region, birth_date, sequence))


def company_code(region: str, ordinal: int) -> str:
    """Give the ``ordinal``-th (from 0) social credit code of a company registered here.

    >>> company_code("330106", 0), company_code("330106", 31)
    ('91330106MT0000006N', '91330106MT00001020')
    """
    base = len(_ORGANISATION)
    if ordinal >= base**6:
        raise NumbersExhausted(f"{region} has used its block MT; ask the registry for another")
    body = ""
    for _ in range(6):
        ordinal, digit = divmod(ordinal, base)
        body = _ORGANISATION[digit] + body
    return str(USCC.make("9", "1", region, f"MT{body}"))


def licence_identifier(authority: str, type_code: str, serial: str, version: int) -> str:
    """Give the identifier of a licence (GB/T 36904-2018) that its own authority issues."""
    return str(LicenceId.make(authority + type_code, authority, serial, version))


def valid_until(issued: date, years: int | None) -> date | None:
    """Give the last day on which a licence is valid; None for one without end.

    The day before the same day ``years`` later; 29 February counts as 28.

    >>> valid_until(date(2026, 11, 24), 20), valid_until(date(2024, 2, 29), 1)
    (datetime.date(2046, 11, 23), datetime.date(2025, 2, 27))
    """
    if years is None:
        return None
    day = min(issued.day, 28) if issued.month == 2 else issued.day
    end = issued.replace(year=issued.year + years, day=day)
    return date.fromordinal(end.toordinal() - 1)
