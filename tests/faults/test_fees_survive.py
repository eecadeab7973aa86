"""A process is killed between the bank's answer and our note of it: paid once, given back once."""

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from testkit.banks import NAME, RunningBank
from testkit.fees import AMOUNT, ask, books, payer, told
from testkit.office import Office
from tongban.apps.fees import services
from tongban.apps.fees.models import Attempt, Order, Receipt, Refund

SCRIPT = Path(__file__).with_name("_pay_and_die.py")


def die(office: Office, instant: str, number: str) -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), instant, number],
        env=office.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


def at_bank(bank: RunningBank, table: str) -> list[tuple[str, int]]:
    with closing(sqlite3.connect(bank.folder / "bank.sqlite3")) as store:
        return store.execute(f"SELECT number, amount_fen FROM {table}").fetchall()  # noqa: S608 - our names


@pytest.mark.slow
def test_killed_after_the_bank_has_made_a_payment_the_same_one_is_paid(
    office: Office, bank: RunningBank
) -> None:
    number = ask(office)
    die(office, "create", number)
    assert Attempt.objects.get().state == "unknown"
    bank.choose(services.pay(payer(office), number))
    services.ask_bank(number)
    assert at_bank(bank, "payment") == [(f"{number}-1", AMOUNT)]
    assert told(number) == ["ordered", "attempted", "paid", "receipted"]


@pytest.mark.slow
def test_killed_before_the_payment_is_committed_it_is_heard_again(
    office: Office, bank: RunningBank
) -> None:
    number = ask(office)
    bank.choose(services.pay(payer(office), number))
    die(office, "hear", number)
    assert Order.objects.get().state == "open"
    assert not Receipt.objects.exists()
    office.clock.move(seconds=20)
    services.chase()
    assert books(number) == {"bank": AMOUNT, "due": -AMOUNT}
    assert [r.number for r in Receipt.objects.all()] == ["330601260000000001"]  # and no gap


@pytest.mark.slow
def test_killed_after_the_bank_has_given_back_it_is_given_back_once(
    office: Office, bank: RunningBank
) -> None:
    number = ask(office)
    bank.choose(services.pay(payer(office), number))
    services.ask_bank(number)
    clerk = office.official("police", "clerk")
    refund = services.ask_refund(clerk, number, 9_000, "mistake", "")
    die(office, "refund", refund)
    assert Refund.objects.get().state == "approved"
    services.chase()
    services.chase()
    assert at_bank(bank, "refund") == [(refund, 9_000)]
    assert books(number) == {"bank": AMOUNT - 9_000, "due": 9_000 - AMOUNT}
    office.clock.move(days=1)
    assert services.reconcile(NAME, date(2026, 11, 23)).findings == ()


@pytest.mark.slow
def test_two_who_pay_at_once_get_one_page_and_one_payment(
    any_office: Office, bank: RunningBank
) -> None:
    office = any_office
    number, me = ask(office), payer(office)
    pages = office.at_once(lambda: services.pay(me, number), lambda: services.pay(me, number))
    assert len(set(pages)) == 1, pages
    assert len(at_bank(bank, "payment")) == 1
    bank.choose(str(pages[0]))
    heard = office.at_once(lambda: services.ask_bank(number), lambda: services.ask_bank(number))
    assert heard == [None, None]
    assert told(number) == ["ordered", "attempted", "paid", "receipted"]
