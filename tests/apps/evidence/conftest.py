"""What tests of evidence need: a trail with events, a log under its own home, a policy file."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import transaction

from testkit.witnesses import RunningWitness
from tongban.apps.evidence import services
from tongban.infra.trail import services as trail
from tongban.kernel.events import Draft, Event

Tell = Callable[..., tuple[Event, ...]]


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, settings: pytest.FixtureRequest) -> Path:
    """Give this test its own keys and policy."""
    settings.HOME = tmp_path / "home"
    settings.EVIDENCE_POLICY = tmp_path / "policy.txt"
    settings.EVIDENCE_ORIGIN = "tongban.example/log"
    settings.SUITE = "std"
    return tmp_path / "home"


def tell(count: int, chain: str = "case-1", start: int = 0) -> tuple[Event, ...]:
    """Tell so many events of a chain."""
    drafts = [
        Draft(type="tongban.tests.happened.v1", chain=chain, actor="a", data={"n": start + n})
        for n in range(count)
    ]
    with transaction.atomic():
        return trail.append(drafts)


def policy_of(path: Path, needed: int, *witnesses: RunningWitness) -> str:
    """Write a policy in which so many of these must sign; give its text."""
    lines = [f"log {services.key()}"]
    lines += [f"witness {one.name} {one.key} {one.url}" for one in witnesses]
    if witnesses:
        names = " ".join(one.name for one in witnesses)
        lines += [f"group all-of-them {needed} {names}", "quorum all-of-them"]
    else:
        lines.append("quorum none")
    path.write_text("\n".join([*lines, ""]))
    return path.read_text()
