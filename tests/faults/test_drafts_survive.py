"""A process that sends drafts is killed at random instants: each draft becomes one case."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from testkit.office import Office
from tongban.apps.cases.events import SUBMITTED
from tongban.apps.cases.models import ApplicationDraft, Case, Prefill
from tongban.apps.exchange import consents
from tongban.infra.trail import queries as trail

KILLS = 15 if os.environ.get("CI") == "true" else 8
DRAFTS = 8
SCRIPT = Path(__file__).with_name("_send_drafts.py")
READER = Path(__file__).with_name("_read_and_send.py")
CALLED = "tongban.exchange.called.v1"


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


@pytest.mark.slow
def test_kill_nine_between_reading_and_sending_loses_nothing(office: Office) -> None:
    random.seed(20261127)
    read: dict[str, int] = {}
    told: dict[str, str] = {}
    for kill in range(KILLS + 1):
        with subprocess.Popen(
            [sys.executable, str(READER), str(DRAFTS)],
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
            what, _, rest = line.partition(" ")
            draft, _, found = rest.partition(" ")
            if what == "read":
                # what was read before a kill is there after it, or more of it
                assert int(found) >= read.get(draft, 0)
                read[draft] = int(found)
            elif what == "sent":
                assert told.setdefault(draft, found) == found
    assert out.endswith("all\n"), err
    assert len(told) == DRAFTS
    assert set(told.values()) == set(Case.objects.values_list("number", flat=True))
    assert not Prefill.objects.exists()
    for draft, number in told.items():
        history = list(trail.history(number))
        # one consent, kept under the number that the case was to have, and the calls on its chain
        assert consents.in_force(number)
        assert sum(event.type == SUBMITTED for event in history) == 1
        assert history[0].type == (CALLED if read[draft] else SUBMITTED)
    assert trail.verify() is None
