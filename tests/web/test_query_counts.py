"""How many queries each page makes: kept in ``query_counts.json``, and the same for any city.

A page that needs more fails; one that needs fewer asks to have its line lowered, so that it stays
so. ``make query-counts`` writes the file anew.
"""

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from browser.pages import LONG, PAGES, Shown
from testkit import crowd
from testkit.browsers import signed_in
from testkit.office import Office
from testkit.packs import many_items
from testkit.states import States, furnish
from tongban.apps.items.queries import services
from tongban.apps.items.services import publish
from tongban.infra.packs import read_packs

KEPT = Path(__file__).with_name("query_counts.json")
LOOKED_AT = [shown for shown in PAGES if shown.act is None]
#: A draft of the designer is one thing, whose checks take their time: it lists nothing that grows.
LISTS = [shown for shown in LOOKED_AT if not shown.path.startswith("/design/")]
FEW, MANY = 100, 1_000  # cases of a crowd: less than one page of most lists, and several
ITEMS = 170
QUICK = 0.2  # seconds of server time
TRIES = 5  # the quickest of so many
#: Pages that show what can be applied for, or choose from it.
_OF_ITEMS = {
    *("home", "home-of-a-stranger", "services", "services-of-a-department", "services-named"),
    *("guide", "guide-of-an-item", "ask", "desk", "desk-batch", "desk-translations", "design"),
    *("catalogue", "new-request-form", "licences", "my-cases"),
}


def source(states: States) -> crowd.Source:
    """Give what a crowd is copied from."""
    named = (states.numbers[name] for name in ("case", "paid", "request"))
    return crowd.Source(*named, states.people["citizen"], states.people["reviewer"])


def opened(shown: Shown, states: States) -> tuple[Client, str]:
    """Give a browser of somebody who sees this page, and its address."""
    client = signed_in(states.people[shown.role]) if shown.role else Client()
    return client, shown.path.format_map(states.numbers)


def queries(shown: Shown, states: States) -> int:
    """Count the queries of a page that was opened before: caches are warm, the session is known.

    The fewer of two visits: the ring of keys is read anew every few seconds, on whichever page.
    """
    client, address = opened(shown, states)
    assert client.get(address).status_code == shown.status, shown.name
    counted = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as seen:
            client.get(address)
        counted.append(len(seen))
    return min(counted)


def quickest(shown: Shown, states: States) -> float:
    """Give the seconds that a page takes the server: the quickest of some visits.

    Processor time, the database's with it (SQLite works in this thread): a machine that does other
    things meanwhile counts them nowhere.
    """
    client, address = opened(shown, states)
    assert client.get(address).status_code == shown.status, shown.name  # and now caches are warm
    found = float("inf")
    for _ in range(TRIES):
        began = time.thread_time()
        client.get(address)
        found = min(found, time.thread_time() - began)
        if found < QUICK / 2:
            break
    return found


def in_a_crowd(states: States, count: int, pages: Sequence[Shown]) -> dict[str, int]:
    """Count the queries of pages beside a crowd, which is gone afterwards."""
    with transaction.atomic():
        crowd.gather(source(states), count)
        found = {shown.name: queries(shown, states) for shown in pages}
        transaction.set_rollback(True)
    return found


@pytest.mark.slow
def test_no_page_makes_more_queries_than_before_nor_where_there_is_more_to_list(
    office: Office,
) -> None:
    states = furnish(office)
    found = in_a_crowd(states, FEW, LOOKED_AT)
    if os.environ.get("TONGBAN_QUERY_COUNTS") == "write":
        KEPT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        return
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    changed = [
        f"{name}: {count} queries, {kept.get(name, 'none')} are kept"
        for name, count in found.items()
        if count != kept.get(name)
    ]
    gone = [f"{name}: no such page any more" for name in kept if name not in found]
    assert not changed + gone, "\n".join(
        [
            *changed,
            *gone,
            "more: find the loop that asks row by row; fewer, or a new page: make query-counts",
        ]
    )
    for _ in range(3):  # the citizen's own lists grow by what the citizen does
        office.next_birth()
        office.submit("newborn")
    more = in_a_crowd(states, MANY, LISTS)
    assert more == {name: found[name] for name in more}


@pytest.mark.slow
def test_a_catalogue_of_170_items_costs_no_query_more(office: Office, tmp_path: Path) -> None:
    states = furnish(office)
    shown = [one for one in LOOKED_AT if one.name in _OF_ITEMS]
    before = {one.name: queries(one, states) for one in shown}
    there = services(of="item").total
    publish(
        read_packs(many_items(tmp_path, "maternity-reimbursement", ITEMS - there)), actor="test"
    )
    assert services(of="item").total == ITEMS
    assert {one.name: queries(one, states) for one in shown} == before
    took = {one.name: quickest(one, states) for one in shown}
    assert not {name: seconds for name, seconds in took.items() if seconds >= QUICK}


@pytest.mark.full
@pytest.mark.slow
def test_every_list_answers_at_once_beside_100_000_cases(office: Office) -> None:
    made = furnish(office)
    states = States({**made.numbers, **crowd.gather(source(made))}, made.people)
    took = {one.name: quickest(one, states) for one in (*LISTS, *LONG)}
    assert not {name: seconds for name, seconds in took.items() if seconds >= QUICK}
