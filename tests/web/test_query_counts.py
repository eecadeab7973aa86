"""How many queries each page makes: kept in ``query_counts.json``, and the same for any city.

A page that needs more fails; one that needs fewer asks to have its line lowered, so that it stays
so. ``make query-counts`` writes the file anew.
"""

import json
import os
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from browser.pages import PAGES, Shown
from testkit.browsers import signed_in
from testkit.office import Office
from testkit.states import States, furnish

KEPT = Path(__file__).with_name("query_counts.json")
LOOKED_AT = [shown for shown in PAGES if shown.act is None]
#: Pages that list what grows with the city: cases, licences, consents, requests, messages.
_GROWING = {
    "home",
    "my-cases",
    "desk",
    "consents",
    "looks",
    "licences",
    "messages",
    "calendar",
}
LISTS = [shown for shown in LOOKED_AT if shown.name in _GROWING]


def queries(shown: Shown, states: States) -> int:
    """Count the queries of a page that was opened before: caches are warm, the session is known.

    The fewer of two visits: the ring of keys is read anew every few seconds, on whichever page.
    """
    client = signed_in(states.people[shown.role]) if shown.role else Client()
    address = shown.path.format_map(states.numbers)
    assert client.get(address).status_code == shown.status, shown.name
    counted = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as seen:
            client.get(address)
        counted.append(len(seen))
    return min(counted)


@pytest.mark.slow
def test_no_page_makes_more_queries_than_before(office: Office) -> None:
    states = furnish(office)
    found = {shown.name: queries(shown, states) for shown in LOOKED_AT}
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


@pytest.mark.slow
def test_a_list_makes_no_more_queries_when_it_is_longer(office: Office) -> None:
    states = furnish(office)
    before = {shown.name: queries(shown, states) for shown in LISTS}
    for _ in range(3):
        office.next_birth()
        office.submit("newborn")
    assert {shown.name: queries(shown, states) for shown in LISTS} == before
