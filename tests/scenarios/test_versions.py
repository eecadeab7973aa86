"""A new version is published while many cases are open: they stay on theirs, new ones take it."""

import os

import pytest

from testkit.office import Office
from testkit.packs import changed_packs
from tongban.apps.cases import queries, services
from tongban.apps.cases.domain.state import Stage, encode
from tongban.apps.cases.models import BranchRow
from tongban.apps.cases.models import Case as Row
from tongban.apps.items import services as publishing
from tongban.infra.packs import read_packs
from tongban.infra.trail import queries as trail

FAMILIES = 18  # of the city's newborns, those with nothing amiss
CASES = 1000 if os.environ.get("CI") == "true" else 200
ITEM = "maternity-reimbursement"


RAISED = ("version: 1\n", "version: 2\n")
CHANGE = {
    f"sample/items/{ITEM}.yaml": [RAISED, ("promised_days: 5\n", "promised_days: 2\n")],
    "sample/life-events/newborn.yaml": [RAISED],
    # who raises a definition looks at its guide again
    f"sample/guides/{ITEM}.yaml": [RAISED],
    "sample/guides/newborn.yaml": [RAISED],
}


def end_all(office: Office) -> None:
    """Let the worker finish everything that waits."""
    office.clock.move(minutes=11)
    while services.wake():
        pass


@pytest.mark.slow
def test_a_version_published_over_open_cases_leaves_them_on_theirs(office: Office) -> None:
    office.close("human-resources")
    old = []
    for n in range(CASES):
        if n % FAMILIES == 0:
            office.next_birth()
        old.append(office.submit(place=n % FAMILIES))
    waiting = BranchRow.objects.exclude(stage__in=[Stage.GRANTED, Stage.PROCESSING])
    assert waiting.count() == CASES
    assert set(waiting.values_list("item", flat=True)) == {ITEM}
    office.open("human-resources")
    published = publishing.publish(read_packs(changed_packs(office.folder, CHANGE)), actor="test")
    assert set(published.published) == {
        ("item", ITEM, 2),
        ("life-event", "newborn", 2),
        ("guide", ITEM, 2),
        ("guide", "newborn", 2),
    }
    office.next_birth()
    new = [office.submit(place=n) for n in range(3)]
    assert {(office.case(n).version, office.branch(n, ITEM).version) for n in new} == {(2, 2)}
    assert {queries.load(n).ground.definitions[ITEM].promised_days for n in new} == {2}
    assert set(Row.objects.filter(number__in=old).values_list("version", flat=True)) == {1}
    end_all(office)
    for number in old:
        case = office.case(number)
        assert {b.version for b in case.branches.values()} == {1}
        assert case.branches[ITEM].stage is Stage.PROCESSING
    assert not waiting.exists()
    verdict = services.Verdict({"outcome": "grant"}, "材料齐全")
    for number, due in ((old[0], "2026-11-30"), (new[0], "2026-11-25")):
        shown = {b["item"]: b for b in queries.track(number, "zh")["branches"]}
        assert shown[ITEM]["promised_date"] == due
        while tasks := office.tasks(number):
            official = office.official("medical-insurance", tasks[0].post)
            services.decide(official, number, ITEM, tasks[0].step, verdict)
        assert office.case(number).ended
    for number in (old[0], old[-1], new[0]):
        assert encode(queries.replay(number)) == encode(office.case(number))
        assert trail.verify(number) is None
        told = {e.item_version for e in trail.history(number) if e.item == ITEM and e.item_version}
        assert told == {str(office.branch(number, ITEM).version)}
