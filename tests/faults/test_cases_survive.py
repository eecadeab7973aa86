"""A process that handles cases is killed at random instants: nothing lost, nothing doubled."""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from testkit.office import Office
from tongban.apps.cases import queries, services
from tongban.apps.cases.domain.state import Stage, encode
from tongban.apps.cases.models import Case, PaymentOrder
from tongban.apps.licences.models import AssignedNumber, Licence
from tongban.infra.trail import queries as trail

KILLS = 50 if os.environ.get("CI") == "true" else 10
CASES = 20
SCRIPT = Path(__file__).with_name("_apply_many.py")


def start(office: Office) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), str(CASES)],
        env=office.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_kill_nine_at_random_instants_loses_nothing_and_doubles_nothing(office: Office) -> None:
    random.seed(20261123)
    acknowledged: set[str] = set()
    began = time.monotonic()
    first = start(office)
    assert first.stdout
    first.stdout.readline()
    until_first = time.monotonic() - began
    first.kill()
    first.wait()
    for _ in range(KILLS - 1):
        process = start(office)
        time.sleep(random.uniform(until_first * 0.7, until_first * 1.3))  # noqa: S311
        process.kill()
        out, _ = process.communicate()
        acknowledged |= {line for line in out.splitlines() if line[:4].isdigit()}
        office.clock.move(seconds=31)  # the dead worker's leases run out
    process = start(office)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    acknowledged |= {line for line in out.splitlines() if line[:4].isdigit()}

    cases = list(Case.objects.values_list("number", flat=True))
    assert len(cases) == CASES
    assert acknowledged <= set(cases)
    open_stages = {Stage.WAITING, Stage.GATHERING}
    for number in cases:
        case = services.load(number)
        assert not [b.item for b in case.branches.values() if b.stage in open_stages]
        assert encode(queries.replay(number)) == encode(case)
        licences = Counter(Licence.objects.filter(case=number).values_list("item", "kind"))
        granted = {b.item for b in case.branches.values() if b.licence}
        assert set(licences.values()) <= {1}
        assert {item for item, _ in licences} == granted
    assert trail.verify() is None
    assigned = Counter(AssignedNumber.objects.values_list("case", "item"))
    assert set(assigned.values()) <= {1}
    assert PaymentOrder.objects.count() == len(
        set(PaymentOrder.objects.values_list("reference", flat=True))
    )
