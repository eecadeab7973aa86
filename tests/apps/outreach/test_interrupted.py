"""A run that is killed, or meets another run of its month, still pays each elder exactly once."""

import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connections

from testkit.office import Office
from testkit.servers import Fresh
from tongban.apps.cases.models import PaymentOrder
from tongban.apps.outreach import queries, services
from tongban.apps.outreach.models import Finding, Run
from tongban.config.setup import prepare
from tongban.infra.trail import queries as trail

POLICY = "old-age-allowance"
# small batches, so that a small city takes many transactions
SCRIPT = f"""
import django
django.setup()
from tongban.apps.outreach import services
services.run({POLICY!r}, batch=5)
"""


@pytest.fixture
def elders(office: Office) -> Office:
    """Give an office in whose city no elder receives the allowance yet."""
    with closing(sqlite3.connect(office.stores / "civil-affairs.sqlite")) as store, store:
        store.execute("UPDATE LNRXX SET SFLQGLJT = 0")
    # Django in another process reads the stores below its own TONGBAN_HOME
    assert office.stores == office.folder / "departments"
    return office


def start(environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", SCRIPT], env=environment)


def seen(path: Path, table: str) -> int:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=5)) as found:
        return int(found.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608


def kill_when(office: Office, table: str, rows: int) -> bool:
    """Start a run, kill it -9 when a table has that many rows; tell whether it was alive."""
    process = start(office.environment())
    try:
        until = time.monotonic() + 30
        path = office.folder / "office.sqlite3"
        while process.poll() is None and time.monotonic() < until and seen(path, table) < rows:
            time.sleep(0.003)
        alive = process.poll() is None
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    return alive


def orders() -> Counter[str]:
    return Counter(order.payee for order in PaymentOrder.objects.all())


def told() -> Counter[str]:
    """Count the payments by reference that all runs told on the trail."""
    found = Counter[str]()
    for run in Run.objects.values_list("number", flat=True):
        assert trail.verify(run) is None
        found.update(e.data["reference"] for e in trail.history(run) if "reference" in e.data)
    return found


@pytest.mark.slow
def test_a_run_killed_at_several_instants_and_run_again_pays_each_elder_exactly_once(
    elders: Office,
) -> None:
    killed = [kill_when(elders, "outreach_run", 1)]
    killed += [
        kill_when(elders, "outreach_finding", Finding.objects.count() + more) for more in (1, 40)
    ]
    assert sum(killed) >= 2, "the runs ended before they could be killed"
    assert Run.objects.filter(finished=None).count() == sum(killed)
    last = services.run(POLICY)
    found = queries.report(last)
    assert found.finished is not None
    assert set(orders().values()) == {1}
    references = set(PaymentOrder.objects.values_list("reference", flat=True))
    assert told() == Counter(dict.fromkeys(references, 1))
    assert found.people("granted", "ordered-before") == len(references)


def two_at_a_time(environment: dict[str, str]) -> None:
    """Run the month in two processes at once; each elder has one order, told once."""
    connections["default"].close()
    pair = [start(environment), start(environment)]
    assert [process.wait(60) for process in pair] == [0, 0]
    assert Run.objects.exclude(finished=None).count() == 2
    assert set(orders().values()) == {1}
    references = set(PaymentOrder.objects.values_list("reference", flat=True))
    assert told() == Counter(dict.fromkeys(references, 1))
    for run in Run.objects.all():
        found = queries.report(run.number)
        assert found.people("granted", "ordered-before") == len(references)


@pytest.mark.slow
def test_two_runs_of_one_month_at_a_time_pay_each_elder_once(elders: Office) -> None:
    two_at_a_time(elders.environment())


@pytest.mark.slow
@pytest.mark.postgres
def test_two_runs_at_a_time_pay_each_elder_once_on_postgresql(
    elders: Office, fresh_postgres: Fresh
) -> None:
    prepare()
    environment = fresh_postgres.environment(elders.folder)
    two_at_a_time(environment | {"TONGBAN_CLOCK": str(elders.clock.path)})
