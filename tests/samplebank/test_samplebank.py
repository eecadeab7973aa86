"""The sample bank as a stranger meets it: what it refuses, what it shows, what it never does."""

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testkit.banks import NAME, RunningBank
from testkit.clock import Clock
from tongban.apps.fees.errors import BankRefused, BankSilent
from tongban.apps.fees.plugins import provider
from tongban.apps.fees.plugins.face import Provider
from tongban.infra import clock as port
from tongban.kernel.clocks import SHANGHAI
from tongban.kernel.events import canonical
from tongban.kernel.suites import suite
from tongban.kernel.wire.documents import seal_document
from tongban.samplebank.config import ConfigInvalid, make_bank, read_config
from tongban.samplebank.store import Refused, Store

NOW = datetime(2026, 11, 23, 9, tzinfo=SHANGHAI)


def create(bank: Provider, number: str = "n-1", fen: int = 500) -> str:
    expires = port.now() + timedelta(minutes=30)
    return bank.create(number, fen, "刻制<费>", "", expires).address


def test_a_number_is_taken_once_and_only_with_the_same_particulars(bank: RunningBank) -> None:
    asked = provider(NAME)
    assert create(asked) == create(asked)
    with pytest.raises(BankRefused, match="number_taken"):
        create(asked, fen=501)
    assert asked.query("n-2").state == "absent"
    assert asked.query_refund("n-2").state == "absent"


def test_the_page_names_what_is_paid_and_runs_no_script(bank: RunningBank) -> None:
    page = create(provider(NAME))
    status, text = bank.read(page)
    assert status == 200
    assert "刻制&lt;费&gt;" in text
    assert "¥5.00" in text
    assert "<script" not in text
    assert bank.post(page, b"choice=steal")[0] == 400
    assert bank.read(page[:-1] + "_")[0] == 404
    assert bank.choose(page)[0] == 200
    assert "已支付" in bank.read(page)[1]
    assert bank.post(page, b"choice=decline")[0] == 200
    assert provider(NAME).query("n-1").state == "paid"


def test_a_page_whose_time_is_over_cannot_be_paid(bank: RunningBank, clock: Clock) -> None:
    page = create(provider(NAME))
    clock.move(minutes=31)
    assert bank.post(page, b"choice=confirm")[0] == 200
    assert "已关闭" in bank.read(page)[1]
    assert provider(NAME).query("n-1").state == "closed"


def ask(bank: RunningBank, body: bytes) -> int:
    return bank.post(f"{bank.url}/v1/ask", body)[0]


def test_who_is_not_known_or_asks_an_old_question_gets_no_answer(
    bank: RunningBank, clock: Clock
) -> None:
    stranger = suite("std").signer(bytes(31) + b"\7")
    asked = {"do": "query", "number": "n-1", "merchant": "tongban", "at": port.now().isoformat()}
    body = canonical(seal_document(asked, "tongban/std/0123456789abcdef", stranger, "std"))
    assert ask(bank, body) == 401
    assert ask(bank, b"{}") == 401
    assert ask(bank, b"x" * 20_000) == 413
    clock.move(minutes=-6)
    make_old = provider(NAME)
    bank.environment["TONGBAN_CLOCK"] = str(clock.path.with_name("other"))
    Clock(clock.path.with_name("other")).freeze(NOW + timedelta(minutes=30))
    bank.kill()
    bank.start()
    with pytest.raises(BankSilent):
        make_old.query("n-1")


def test_the_statement_of_a_day_is_made_when_the_day_is_over(
    bank: RunningBank, clock: Clock
) -> None:
    bank.choose(create(provider(NAME)))
    with pytest.raises(BankRefused, match="too_early"):
        provider(NAME).statement(NOW.date())
    clock.move(days=1)
    (line,) = provider(NAME).statement(NOW.date()).lines
    assert (line.number, line.amount_fen, line.kind) == ("n-1", 500, "payment")


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 60)), max_size=12))
def test_more_is_never_given_back_than_was_paid(refunds: list[tuple[int, int]]) -> None:
    with TemporaryDirectory() as folder, closing(Store(Path(folder) / "bank")) as store:
        fields = {"currency": "CNY", "subject": "x", "back": "", "amount_fen": 100}
        expires = (NOW + timedelta(hours=1)).isoformat()
        made = store.create("m", {**fields, "number": "p", "expires": expires}, NOW)
        with pytest.raises(Refused):
            store.refund("m", {"number": "early", "payment": "p", "amount_fen": 1}, NOW)
        store.confirm(made["token"], NOW)
        given: dict[str, int] = {}
        for name, fen in refunds:
            number = f"r{name}"
            told = {"number": number, "payment": "p", "amount_fen": fen}
            fits = sum(given.values()) + fen <= 100 if number not in given else given[number] == fen
            if fits:
                store.refund("m", told, NOW)
                given[number] = fen
            else:
                with pytest.raises(Refused):
                    store.refund("m", told, NOW)
        listed = [one for one in store.statement("m", NOW.date()) if one["kind"] == "refund"]
        assert {one["number"]: one["amount_fen"] for one in listed} == given
        assert sum(given.values()) <= 100


def test_a_bank_is_made_once_and_keeps_its_key_to_itself(tmp_path: Path) -> None:
    made = make_bank(tmp_path / "bank", "b", "gm", "127.0.0.1:7401")
    with pytest.raises(ConfigInvalid, match="holds a bank already"):
        make_bank(tmp_path / "bank", "b", "gm", "127.0.0.1:7401")
    again = read_config(tmp_path / "bank" / "bank.toml")
    assert again.signer.public == made.signer.public
    (tmp_path / "bank" / "bank.key").chmod(0o644)
    with pytest.raises(ConfigInvalid, match="may be read by others"):
        read_config(tmp_path / "bank" / "bank.toml")


def test_what_the_bank_keeps_is_its_own(bank: RunningBank) -> None:
    create(provider(NAME))
    store = bank.folder / "bank.sqlite3"
    assert store.stat().st_mode & 0o077 == 0
    with closing(sqlite3.connect(store)) as opened:
        assert opened.execute("SELECT COUNT(*) FROM payment").fetchone() == (1,)
