"""A worker that tells people is killed at random instants: told once each, sent under one key."""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings as django

from testkit.gateways import Gateway
from testkit.office import Office
from tongban.infra import clock
from tongban.infra.messages.models import Channel, Delivery, Message
from tongban.infra.messages.templates import fitting
from tongban.infra.trail import queries as trail

KILLS = 15 if os.environ.get("CI") == "true" else 8
CASES = 6
SCRIPT = Path(__file__).with_name("_tell_people.py")


def work(office: Office, gateway: Gateway, patience: float | None) -> str:
    more = {
        "TONGBAN_SMS_URL": gateway.url,
        "TONGBAN_SMS_SECRET": str(django.SMS_SECRET),
        "TONGBAN_SMS_NETWORKS": "127.0.0.0/8",
    }
    with subprocess.Popen(
        [sys.executable, str(SCRIPT)],
        env=office.environment() | more,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline().strip() == "ready"
        if patience is not None:
            time.sleep(patience)
            process.kill()
        out, err = process.communicate(timeout=300)
    assert patience is not None or "idle" in out, err
    return out


@pytest.mark.slow
def test_kill_nine_while_people_are_told_tells_each_thing_once(
    office: Office, gateway: Gateway
) -> None:
    random.seed(20261126)
    numbers = []
    for place in range(CASES):
        person = office.applicant("newborn", place).person_id
        Channel.objects.create(
            person=person, kind="sms", wish="all", lang="zh", address=f"1380013800{place}",
            confirmed=clock.now(),
        )  # fmt: skip
        numbers.append(office.submit(place=place))
    for _ in range(KILLS):
        work(office, gateway, random.expovariate(2))
        office.clock.move(seconds=61)
    for _ in range(6):  # what a dead worker left is tried again, with patience
        office.clock.move(hours=2)
        work(office, gateway, None)

    wanted: Counter[UUID] = Counter(
        UUID(event.id)
        for number in numbers
        for event in trail.history(number)
        if fitting(event) is not None
    )
    assert Counter(Message.objects.values_list("event", flat=True)) == wanted
    states: Any = Counter(Delivery.objects.values_list("state", flat=True))
    assert states == {"sent": len(wanted)}
    batches = {row.batch for row in Delivery.objects.all()}
    assert set(gateway.keys) == batches
    told = {(one["id"], one["to"], one["text"]) for one in gateway.told}
    assert len(told) == len(batches)
    assert trail.verify() is None
