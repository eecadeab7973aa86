"""A process that sends drafts is killed at random instants: each draft becomes one case."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from testkit.office import Office
from tongban.apps.cases.models import ApplicationDraft, Case
from tongban.infra.trail import queries as trail

KILLS = 30 if os.environ.get("CI") == "true" else 8
DRAFTS = 8
SCRIPT = Path(__file__).with_name("_send_drafts.py")


@pytest.mark.slow
def test_kill_nine_while_a_draft_is_sent_makes_neither_none_nor_two_of_it(office: Office) -> None:
    random.seed(20261126)
    told: dict[str, str] = {}
    for kill in range(KILLS + 1):
        with subprocess.Popen(
            [sys.executable, str(SCRIPT), str(DRAFTS)],
            env=office.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout
            assert process.stdout.readline().strip() == "ready"
            if kill < KILLS:
                time.sleep(random.expovariate(1.5))
                process.kill()
            out, err = process.communicate(timeout=300)
        for line in out.splitlines():
            if " " in line:
                draft, case = line.split()
                assert told.setdefault(draft, case) == case
    assert out.endswith("all\n"), err
    assert len(told) == DRAFTS
    assert set(told.values()) == set(Case.objects.values_list("number", flat=True))
    assert {r.number: r.case for r in ApplicationDraft.objects.all()} == told
    assert not any(row.answers for row in ApplicationDraft.objects.all())
    assert trail.verify() is None
