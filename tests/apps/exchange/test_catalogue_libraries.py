"""The eight base libraries: who owns them, how fresh they are, what nobody supplies."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from testkit.registry import entry, town
from tongban.apps.exchange.catalogue import libraries as reading
from tongban.apps.exchange.catalogue import services
from tongban.apps.exchange.commands_catalogue import catalogue
from tongban.apps.exchange.domain.libraries import ALLOWED, views
from tongban.apps.exchange.domain.records import CYCLES, LIBRARIES
from tongban.kernel.facts import Attribute, Derive, Vocabulary, Words

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
WORD = Words("词", "word")
VOCABULARY = Vocabulary(
    {
        "person": {
            "id_number": Attribute("string", WORD),
            "name": Attribute("string", WORD),
            "birth_date": Attribute("date", WORD),
            "age": Attribute("number", WORD, derive=Derive("years_since", "birth_date")),
        },
        "dog": {"chip": Attribute("string", WORD)},
    },
    {},
)
HOMES = {"person": "population"}


def test_there_are_exactly_eight_in_the_order_of_the_guide() -> None:
    found = views([], set(), VOCABULARY, {}, {}, NOW)
    assert [view.slug for view in found] == list(LIBRARIES)
    assert len(LIBRARIES) == 8
    assert set(ALLOWED) | {"irregular"} == set(CYCLES)


def test_a_gap_is_a_fact_that_nobody_supplies() -> None:
    supplied = {("person", "id_number"), ("person", "name"), ("dog", "name")}
    population = views([], supplied, VOCABULARY, HOMES, {}, NOW)[0]
    # an age is counted from the birth date, and dogs have no library to answer for them
    assert population.gaps == ("person.birth_date",)


def test_a_resource_is_overdue_past_its_cycle_and_unknown_where_nobody_tells() -> None:
    daily = [
        entry(slug=slug, base_library="credit", update_cycle="daily") for slug in ("a", "b", "c")
    ]
    whenever = entry(slug="d", base_library="credit", update_cycle="irregular")
    changed = {
        "a": NOW - ALLOWED["daily"],
        "b": NOW - ALLOWED["daily"] - timedelta(seconds=1),
        "d": NOW,
    }
    found = {v.slug: v for v in views([*daily, whenever], set(), VOCABULARY, {}, changed, NOW)}
    credit = found["credit"]
    assert (credit.resources, credit.items, credit.fresh, credit.unknown) == (4, 12, 1, 2)
    assert [late.slug for late in credit.overdue] == ["b"]
    assert [owner.key for owner in credit.owners] == ["police"]


def test_the_registry_is_read_as_it_stands(
    tmp_path: Path, settings: Any, clock: Any, db: None
) -> None:
    settings.HOME = tmp_path / "home"
    town(tmp_path / "packs")
    services.register_all([entry()], actor="test", publish=True)
    services.register_all([entry(slug="draft")], actor="test")
    found = {view.slug: view for view in reading.views()}
    assert found["public-safety"].resources == 1
    assert found["public-safety"].unknown == 1
    assert found["population"].resources == 0


def test_the_sample_city_fills_six_and_names_the_empty_ones(office: Any) -> None:
    told = CliRunner().invoke(catalogue, ["libraries", "--json"])
    found = {view["slug"]: view for view in json.loads(told.output)}
    assert {slug for slug, view in found.items() if not view["resources"]} == {
        "macro-economy",
        "public-safety",
    }
    assert sum(view["resources"] for view in found.values()) == 17
    assert "person.id_number" not in found["population"]["gaps"]
    shown = CliRunner().invoke(catalogue, ["libraries", "--lang", "en"])
    assert shown.exit_code == 0
    assert "population:" in shown.output
