"""The policy's table as SQL says of a whole population what it says of each person."""

from datetime import date
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testkit.office import Office
from tongban.apps.items import queries as items
from tongban.apps.items.domain import Policy
from tongban.apps.outreach import services
from tongban.apps.outreach.domain import Entitlement, Person
from tongban.infra.packs import shipped_packs
from tongban.kernel.facts import derive
from tongban.kernel.tables import Compiled, compile_table, read_dmn, to_sql

POLICY = "old-age-allowance"
TYPES = {"number": "INTEGER", "string": "VARCHAR", "boolean": "BOOLEAN"}


def table() -> Compiled:
    path = shipped_packs() / "sample" / "rules" / f"{POLICY}.dmn"
    return compile_table(read_dmn(path.read_bytes(), path.name)[0])


RULE = table()
KINDS: dict[str, str] = {column.name: column.type for column in RULE.table.inputs}
COLUMNS = {name: f"c{place}" for place, name in enumerate(KINDS)}


def in_sql(people: list[dict[str, Any]]) -> list[tuple[str, frozenset[str], frozenset[str]]]:
    """Judge all these people by the table's SQL on DuckDB: status, fired rules, missing facts."""
    with duckdb.connect() as store:
        columns = ", ".join(f"{COLUMNS[name]} {TYPES[kind]}" for name, kind in KINDS.items())
        store.execute(f"CREATE TABLE people (place INTEGER, {columns})")
        store.executemany(
            f"INSERT INTO people VALUES ({', '.join('?' * (len(COLUMNS) + 1))})",  # noqa: S608
            [[n, *(person.get(name) for name in KINDS)] for n, person in enumerate(people)],
        )
        query = to_sql(RULE.table, "duckdb", "people", COLUMNS, keep=["place"])
        found = store.execute(query).fetchall()
    rules = RULE.table.rules
    return [
        (
            status,
            frozenset({rules[rule - 1].id} if rule else set()),
            frozenset(missing.split(",") if missing else []),
        )
        for _, status, rule, missing in sorted(found)
    ]


def same(people: list[dict[str, Any]]) -> None:
    for person, (status, rules, missing) in zip(people, in_sql(people), strict=True):
        decision = RULE.decide(person)
        assert status == decision.status, person
        assert missing == set(decision.missing), person
        if status == "decided":
            # where several rows lead to one end, SQL names one of them
            assert rules <= set(decision.rules), person


PEOPLE = st.lists(
    st.fixed_dictionaries(
        {
            "elder.age": st.sampled_from([None, 59, 79, 80, 89, 90, 99, 100, 120]),
            "elder.deceased": st.sampled_from([None, True, False]),
            "elder.death_reported": st.sampled_from([None, True, False]),
            "elder.hukou_region": st.sampled_from([None, "330106", "330114", "330402", ""]),
            "elder.hukou_status": st.sampled_from([None, "normal", "moved_out", "cancelled"]),
            "elder.receives_old_age_allowance": st.sampled_from([None, True, False]),
        }
    ),
    min_size=20,
    max_size=80,
)


@pytest.mark.slow
@given(PEOPLE)
@settings(max_examples=15)
def test_random_people_with_unknown_facts_get_one_answer_in_python_and_sql(
    people: list[dict[str, Any]],
) -> None:
    same(people)


def test_every_elder_of_the_sample_city_gets_one_answer_in_python_and_sql(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    met: list[dict[str, Any]] = []
    judge = Entitlement.judge

    def noting(self: Entitlement, person: Person, day: date) -> Any:
        facts = derive(self.counted, person.facts, day)
        met.append({name: facts.get(name) for name in KINDS})
        return judge(self, person, day)

    monkeypatch.setattr(Entitlement, "judge", noting)
    policy: Policy = items.policy(POLICY)
    assert policy.rule.table.rules == RULE.table.rules
    services.run(POLICY)
    assert len(met) > 50
    same(met)
