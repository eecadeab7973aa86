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


def read_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def saved(out: str) -> set[str]:
    return {line for line in out.splitlines() if line[:4].isdigit()}


@pytest.mark.slow
def test_kill_nine_at_random_instants_loses_nothing_and_doubles_nothing(office: Office) -> None:
    random.seed(20261123)
    with start(office) as process:
        assert read_line(process) == "ready"
        acknowledged = {read_line(process)}  # the first warms what a serving process has warm
        began = time.monotonic()
        acknowledged.add(read_line(process))
        one_case = time.monotonic() - began
        process.kill()
    interrupted = 1
    for _ in range(KILLS - 1):
        office.clock.move(seconds=31)  # the dead worker's leases run out
        with start(office) as process:
            assert read_line(process) == "ready"
            # so that the kills are spread over rather more than half of the work
            instant = random.expovariate(KILLS / (0.6 * CASES * one_case))
            time.sleep(instant)
            process.kill()
            out, _ = process.communicate()
        if done := saved(out) - acknowledged:
            # the machine may have less to do now than when the first case was timed
            one_case = min(one_case, instant / len(done))
        acknowledged |= done
        interrupted += "all" not in out
    assert interrupted >= 0.8 * KILLS
    office.clock.move(seconds=31)
    with start(office) as process:
        out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    acknowledged |= saved(out)

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
