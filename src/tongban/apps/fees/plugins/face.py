"""The face of a payment plug-in (支付插件): what a bank is asked, and what it may answer."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from tongban.apps.fees.domain.words import RefundTold, Statement, Told


@dataclass(frozen=True, slots=True)
class Page:
    """Where a payer pays: the address of the bank's page, and how the payment stands."""

    address: str
    told: Told


class NoticeInvalid(ValueError):
    """A notice that this bank did not sign, or not now."""


class Provider(Protocol):
    """A bank. Every verb may be repeated: a number is taken once by the bank.

    All of them raise `BankSilent` where no answer came that counts (what the bank did is unknown),
    and `BankRefused` where it refuses for good.
    """

    def create(
        self, number: str, amount_fen: int, subject: str, back: str, expires: datetime
    ) -> Page:
        """Have a payment collected."""

    def query(self, number: str) -> Told:
        """Ask how a payment stands."""

    def end(self, number: str) -> Told:
        """Close a payment that is not paid; give how it stands then."""

    def refund(self, number: str, payment: str, amount_fen: int) -> RefundTold:
        """Give money of a payment back."""

    def query_refund(self, number: str) -> RefundTold:
        """Ask how a refund stands."""

    def statement(self, day: date) -> Statement:
        """Fetch the statement of a day that is over."""

    def read_notice(self, body: bytes) -> Told:
        """Read what the bank tells by itself; raise `NoticeInvalid`."""
