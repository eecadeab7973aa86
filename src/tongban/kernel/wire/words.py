"""The words of the exchange's protocol: who speaks, what is asked, what is sent, what is refused.

Addresses follow the X-Road REST message protocol r1; a member is named by its unified social credit
code (统一社会信用代码), an instance by the division code of its region.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tongban.kernel.codes import USCC

Operation = Literal["find", "among", "walk"]
#: JSON of one value on the wire: dates are ISO 8601 text.
Plain = str | int | bool | None
Record = Mapping[str, Plain]

_INSTANCE = re.compile(r"CN-[0-9]{6}", re.ASCII)
_CLASS = re.compile(r"[A-Z]{2,8}", re.ASCII)
_MEMBER = re.compile(r"[0-9A-Z]{18}", re.ASCII)
_SLUG = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", re.ASCII)
_LONGEST_SLUG = 60

#: The refusals a node gives, with their HTTP status.
STATUS: Mapping[str, int] = {
    "malformed": 400,
    "signature": 401,
    "replayed": 401,
    "not_granted": 403,
    "consent_missing": 403,
    "consent_unfit": 403,
    "consent_withdrawn": 403,
    "not_found": 404,
    "too_large": 413,
    "limited": 429,
    "internal": 500,
    "bad_answer": 502,
    "feed_old": 503,
    "log_down": 503,
    "snapshot_old": 503,
    "unavailable": 503,
}


class WireRefused(ValueError):
    """A message that a node does not serve, by one of the codes of ``STATUS``.

    ``zh`` and ``en`` say what to do and are safe to show to whoever asked; ``detail`` is for the
    node's own log and never leaves it.
    """

    def __init__(self, code: str, zh: str, en: str, detail: str = "") -> None:
        self.code = code
        self.status = STATUS[code]
        self.zh = zh
        self.en = en
        self.detail = detail
        super().__init__(f"{code}: {en}")


class IdentifierInvalid(ValueError):
    """The text names no subsystem or service of the exchange."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """A subsystem, or a service of it: instance, class, member, subsystem, service (标识).

    >>> text = "CN-330100/GOV/11330100MB1A23019Q/data/births"
    >>> str(Identifier.parse(text)) == text
    True
    >>> str(Identifier.parse(text).owner)
    'CN-330100/GOV/11330100MB1A23019Q/data'
    """

    instance: str
    member_class: str
    member: str
    subsystem: str
    service: str = ""

    def __post_init__(self) -> None:
        if not _INSTANCE.fullmatch(self.instance):
            raise IdentifierInvalid(
                f"IdentifierInvalid: instance {self.instance!r}; write CN- and six digits"
            )
        if not _CLASS.fullmatch(self.member_class):
            raise IdentifierInvalid(
                f"IdentifierInvalid: class {self.member_class!r}; write GOV, COM or ORG"
            )
        if wrong := USCC.validate(self.member):
            raise IdentifierInvalid(f"IdentifierInvalid: member: {wrong}")
        # a code that the eye repairs (small letters, spaces) would be a second name of one member
        if not _MEMBER.fullmatch(self.member):
            raise IdentifierInvalid(
                f"IdentifierInvalid: member {self.member!r}; write 18 digits and capital letters"
            )
        for name in (self.subsystem, self.service):
            if name and (len(name) > _LONGEST_SLUG or not _SLUG.fullmatch(name)):
                raise IdentifierInvalid(
                    f"IdentifierInvalid: {name!r}; write small letters, digits and single dashes"
                )
        if not self.subsystem:
            raise IdentifierInvalid("IdentifierInvalid: no subsystem; name one")

    @classmethod
    def parse(cls, text: str) -> "Identifier":
        """Read ``instance/class/member/subsystem[/service]``; raise IdentifierInvalid."""
        parts = text.split("/")
        if len(parts) not in {4, 5} or not all(parts):
            raise IdentifierInvalid(
                f"IdentifierInvalid: {text[:120]!r}; write instance/class/member/subsystem"
            )
        return cls(*parts)

    def __str__(self) -> str:
        """Give the text form."""
        parts = (self.instance, self.member_class, self.member, self.subsystem)
        return "/".join((*parts, self.service) if self.service else parts)

    @property
    def owner(self) -> "Identifier":
        """The subsystem that a service belongs to."""
        return Identifier(self.instance, self.member_class, self.member, self.subsystem)


Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it stands on the wire.

    ``path`` and ``query`` are raw (still percent-encoded, ``query`` without the mark); ``headers``
    are pairs in order with lower-case names and values stripped of white space round them.
    """

    method: str
    path: str
    query: str
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """An answer as it stands on the wire; headers as in `Request`."""

    status: int
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Question:
    """What a service is asked: these fields of the records with these keys, or of the next ones.

    ``keys`` holds one record key for ``find``, several for ``among``, none for ``walk``; ``after``
    is the cursor that the last walk gave (None: from the beginning) and ``limit`` at most how many.
    ``rows`` are the grants' row filters, any of which must hold whole (empty: every record), so
    that a source need not give what could not leave.
    """

    operation: Operation
    fields: tuple[str, ...]
    keys: tuple[Mapping[str, Plain], ...] = ()
    after: str | None = None
    limit: int = 2
    rows: tuple[Mapping[str, frozenset[Plain]], ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What a provider gives: records, and for a walk the cursor to go on from (None: the end)."""

    records: Sequence[Record]
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """What the headers of a request say of who asks, and why.

    ``client`` is the asking subsystem, ``call`` the number of the call on both logs, ``purposes``
    codes of registered purposes, ``consent`` the token as it came (empty: none), ``issue`` the case
    number, ``user`` the operator, ``represented`` on whose behalf.
    """

    client: Identifier
    call: str
    purposes: tuple[str, ...]
    consent: str = ""
    issue: str = ""
    user: str = ""
    represented: str = ""


def problem(refused: WireRefused, call: str = "") -> dict[str, Any]:
    """Give the body of a refusal (in the shape of RFC 9457)."""
    return {
        "type": f"tongban:{refused.code}",
        "status": refused.status,
        "zh": refused.zh,
        "en": refused.en,
        "call": call,
    }
