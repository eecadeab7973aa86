"""The plug-in for the sample bank: signed questions and answers over HTTP.

The pattern for a city's own bank: whatever it speaks, an answer counts only if the bank signed it
for this very question, and silence is never taken for a no.
"""

import hashlib
import http.client
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar, get_args, get_type_hints
from urllib.parse import urlsplit

from django.conf import settings

from tongban.apps.fees.domain.words import Line, RefundTold, Statement, Told
from tongban.apps.fees.errors import BankRefused, BankSilent
from tongban.infra import clock
from tongban.infra.keys import OwnKey, own_key
from tongban.kernel.events import canonical
from tongban.kernel.suites import Verifier, suite
from tongban.kernel.wire.documents import (
    DocumentInvalid,
    VerifyingKey,
    key_id,
    open_document,
    seal_document,
)

from .face import NoticeInvalid, Page

KEY = "fees"  # the name of the key by which this installation signs what it asks
_PATIENCE = 10.0
_LARGEST = 64 * 1024 * 1024
_LARGEST_NOTICE = 16 * 1024
_SKEW: Final = timedelta(minutes=5)
_UNREADABLE: Final = (KeyError, ValueError, TypeError, AttributeError)
_Answer = TypeVar("_Answer")


def merchant_key() -> OwnKey:
    """Give the key by which this installation signs what it asks a bank."""
    return own_key(Path(settings.HOME), KEY, settings.SUITE)


@dataclass(frozen=True, slots=True)
class _Key:
    suite: str
    verifier: Verifier


class SampleBank:
    """A sample bank at ``address``, with its public ``key`` (suite:hex) and our name there.

    ``pages`` is the address that payers reach it under; left out, the same.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        """Read the entry of the file; raise KeyError, ValueError."""
        self._address = str(options["address"]).rstrip("/")
        self._pages = str(options.get("pages", self._address)).rstrip("/")
        self._merchant = str(options["merchant"])
        self._name = str(options["name"])
        named, _, public = str(options["key"]).partition(":")
        by = suite(named)
        raw = bytes.fromhex(public)
        self._keyid = key_id(self._name, by, raw)
        self._key = _Key(named, by.verifier(raw))

    # --- what it is asked -----------------------------------------------------------------------

    def create(
        self, number: str, amount_fen: int, subject: str, back: str, expires: datetime
    ) -> Page:
        """Have a payment collected."""
        return self._ask(
            self._page,
            "create",
            number=number,
            amount_fen=amount_fen,
            currency="CNY",
            subject=subject,
            back=back,
            expires=expires.isoformat(),
        )

    def _page(self, told: Any) -> Page:
        return Page(f"{self._pages}{told['page']}", _told(told))

    def query(self, number: str) -> Told:
        """Ask how a payment stands."""
        return self._ask(_told, "query", number=number)

    def end(self, number: str) -> Told:
        """Close a payment that is not paid."""
        return self._ask(_told, "end", number=number)

    def refund(self, number: str, payment: str, amount_fen: int) -> RefundTold:
        """Give money of a payment back."""
        return self._ask(
            _refund_told, "refund", number=number, payment=payment, amount_fen=amount_fen
        )

    def query_refund(self, number: str) -> RefundTold:
        """Ask how a refund stands."""
        return self._ask(_refund_told, "query-refund", number=number)

    def statement(self, day: date) -> Statement:
        """Fetch the statement of a day that is over; its digest must be that of its lines."""
        found = self._ask(_statement, "statement", day=day.isoformat())
        if found.day != day:
            raise BankSilent(f"the statement is of {found.day}")
        return found

    def read_notice(self, body: bytes) -> Told:
        """Read what the bank tells by itself; raise `NoticeInvalid`."""
        if len(body) > _LARGEST_NOTICE:
            raise NoticeInvalid("NoticeInvalid: too large")
        try:
            read = open_document(body, self._key_of)
            at = datetime.fromisoformat(read["at"])
            if abs(clock.now() - at) > _SKEW:
                raise NoticeInvalid("NoticeInvalid: it is not of now")
            return _told(read["notice"])
        except (DocumentInvalid, *_UNREADABLE) as wrong:
            raise NoticeInvalid(f"NoticeInvalid: {wrong}") from wrong

    # --- how it is asked ------------------------------------------------------------------------

    def _key_of(self, keyid: str) -> VerifyingKey | None:
        return self._key if keyid == self._keyid else None

    def _ask(self, read: Callable[[Any], _Answer], do: str, **what: Any) -> _Answer:
        own = merchant_key()
        asked = {**what, "do": do, "merchant": self._merchant, "at": clock.now().isoformat()}
        body = canonical(seal_document(asked, own.id(self._merchant), own.signer, own.suite))
        try:
            answer = open_document(self._post(body), self._key_of)
            if answer["answers"] != hashlib.sha256(body).hexdigest():
                raise BankSilent("the answer is to another question")
            if "told" in answer:
                return read(answer["told"])
            refused = BankRefused(str(answer["refused"]["code"]), str(answer["refused"]["why"]))
        except (OSError, http.client.HTTPException, DocumentInvalid, *_UNREADABLE) as wrong:
            raise BankSilent(f"{self._address}: {wrong!r}") from wrong
        raise refused

    def _post(self, body: bytes) -> bytes:
        place = urlsplit(self._address)
        kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
        link: http.client.HTTPConnection = kinds[place.scheme](
            place.hostname or "", place.port, timeout=_PATIENCE
        )
        try:
            link.request("POST", "/v1/ask", body, {"Content-Type": "application/json"})
            answer = link.getresponse()
            told: bytes = answer.read(_LARGEST)
            if answer.status != 200:
                raise BankSilent(f"it answers {answer.status}")
            return told
        finally:
            link.close()


def _told(raw: Any) -> Told:
    if raw["state"] not in get_args(get_type_hints(Told)["state"]):
        raise ValueError(f"a payment cannot be {raw['state']!r}")
    return Told(
        raw["number"],
        raw["state"],
        int(raw.get("amount_fen", 0)),
        str(raw.get("currency", "")),
        str(raw.get("reference", "")),
        _at(raw.get("at")),
    )


def _refund_told(raw: Any) -> RefundTold:
    if raw["state"] not in get_args(get_type_hints(RefundTold)["state"]):
        raise ValueError(f"a refund cannot be {raw['state']!r}")
    return RefundTold(
        raw["number"],
        raw["state"],
        int(raw.get("amount_fen", 0)),
        str(raw.get("reference", "")),
        _at(raw.get("at")),
    )


def _at(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _statement(raw: Any) -> Statement:
    digest = f"sha-256:{hashlib.sha256(canonical(raw['lines'])).hexdigest()}"
    if raw["digest"] != digest:
        raise ValueError("the statement is not what its digest says")
    lines = tuple(
        Line(
            *(one["kind"], one["number"], one["reference"], int(one["amount_fen"])),
            *(one["currency"], datetime.fromisoformat(one["at"])),
        )
        for one in raw["lines"]
    )
    return Statement(date.fromisoformat(raw["day"]), lines, digest)
