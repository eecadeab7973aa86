"""Every fact has an owner, a ground and a source; whatever is not a value says why."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction

from testkit.clock import Clock
from testkit.packs import MOTHER, Stores, edited, write_packs
from testkit.servers import Fresh
from tongban.apps.exchange import consents, queries, reading, services
from tongban.apps.exchange.models import CatalogueVersion
from tongban.apps.exchange.services import Fetched, Planned, Purpose, fetch, fetch_all, supply
from tongban.apps.exchange.transport import transport
from tongban.config.embedded import Embedded
from tongban.infra import clock as port
from tongban.infra.access.domain import Subject
from tongban.infra.packs import read_packs
from tongban.infra.trail import queries as trail
from tongban.infra.trail import services as telling
from tongban.kernel.forms import Call, DataPlan, Ground, LegalBasis, Use
from tongban.kernel.wire.rows import read_row

pytestmark = pytest.mark.usefixtures("fresh_sqlite")
LAW = LegalBasis("母婴保健法", "第二十三条")
BORN = ("child.birth_date", "child.live_birth", "child.sex", "child.weight_g")


def publish(tmp_path: Path, changes: dict[str, str | None] | None = None) -> int:
    packs = read_packs(write_packs(tmp_path / "packs", changes))
    with transaction.atomic():
        return services.publish_catalogue(packs, reading.merge(packs), "installer")


def call(
    resource: str,
    department: str,
    facts: Sequence[str],
    *,
    item: str = "certificate",
    basis: Ground = "statutory",
) -> Call:
    role = facts[0].partition(".")[0]
    key = "child.mother_id_number" if resource == "births" else f"{role}.id_number"
    return Call(resource, department, role, (key,), (Use(item, tuple(facts), basis, LAW),))


BIRTHS = call("births", "health", BORN)
NAME = call("population", "police", ["mother.name"], basis="consent")


def agree(planned: Call) -> str:
    """Let the person agree to this call; give the number of the consent."""
    person = Subject("7", "安", "citizen", "p7", ())
    plan = DataPlan(((planned,),), (), (), (), (), (), {})
    with transaction.atomic():
        return consents.give_consent("case-1", "newborn", person, plan).number


def ask(planned: Call, *, consent: bool = False, number: str = MOTHER) -> Fetched:
    return fetch(to_ask(planned, consent=consent, number=number), case="case-1", actor="system")


def to_ask(planned: Call, *, consent: bool = False, number: str = MOTHER) -> Planned:
    about = dict.fromkeys(planned.keys, number)
    return Planned(planned.facts, about, Purpose("newborn", planned, consent))


def test_a_value_comes_with_its_source(tmp_path: Path, stores: Stores, clock: Clock) -> None:
    publish(tmp_path)
    fetched = ask(BIRTHS)
    assert {name: answer.value for name, answer in fetched.answers.items()} == {
        "child.birth_date": date(2026, 11, 20),
        "child.live_birth": True,
        "child.sex": "female",
        "child.weight_g": 3200,
    }
    source = fetched.answers["child.sex"].source
    assert source is not None
    assert (source.department, source.resource) == ("health", "births")
    assert source.as_of == port.now()
    assert source.call == fetched.calls[0].data["call"]


def test_a_call_is_told_without_any_value(tmp_path: Path, stores: Stores) -> None:
    publish(tmp_path)
    (draft,) = ask(BIRTHS).calls
    assert draft.type == queries.CALLED
    assert draft.data["items"] == ["certificate"]
    assert draft.data["facts"] == dict.fromkeys(BORN, "value")
    assert draft.authority == "母婴保健法 第二十三条"
    assert not {MOTHER, "female", "3200"} & set(str(draft.data).replace("'", " ").split())
    with transaction.atomic():
        telling.append([draft])
    assert trail.history("case-1")[0].data["outcome"] == "value"


def test_no_record_and_an_empty_column_are_absent(tmp_path: Path, stores: Stores) -> None:
    publish(tmp_path)
    nobody = ask(BIRTHS, number="330106199002022007")
    assert {(a.status, a.reason) for a in nobody.answers.values()} == {("absent", "no such record")}
    stores.run("health", "UPDATE CSXX SET TZ = NULL")
    answers = ask(BIRTHS).answers
    assert answers["child.weight_g"].status == "absent"
    assert answers["child.weight_g"].value is None
    assert answers["child.sex"].status == "value"


def test_two_records_are_refused_and_not_guessed(tmp_path: Path, stores: Stores) -> None:
    publish(tmp_path)
    stores.insert("health", MOTHER, "2026-11-20", "male", 1, 2900)
    assert {a.status for a in ask(BIRTHS).answers.values()} == {"refused"}


def test_consent_is_needed_where_the_grant_says_so(tmp_path: Path, stores: Stores) -> None:
    publish(tmp_path)
    refused = ask(NAME)
    assert refused.answers["mother.name"].reason == "the person has not consented"
    assert refused.calls[0].data["outcome"] == "refused"
    unheard = ask(NAME, consent=True).answers["mother.name"]
    assert (unheard.status, unheard.value) == ("refused", None)
    agree(NAME)
    assert ask(NAME, consent=True).answers["mother.name"].value == "王䶮"


def test_a_withdrawn_consent_stops_the_next_call(tmp_path: Path, stores: Stores) -> None:
    publish(tmp_path)
    number = agree(NAME)
    assert ask(NAME, consent=True).answers["mother.name"].status == "value"
    consents.withdraw(number, Subject("7", "安", "citizen", "p7", ()))
    assert ask(NAME, consent=True).answers["mother.name"].status == "refused"


def test_a_round_of_calls_keeps_its_order_and_one_that_fails_stops_no_other(
    tmp_path: Path, stores: Stores
) -> None:
    publish(tmp_path)
    nobody = to_ask(BIRTHS, number="330106198502283004")
    secret = to_ask(NAME)  # nobody consented: it is not even asked
    planned = [nobody, secret, to_ask(BIRTHS), to_ask(NAME, consent=True)]
    agree(NAME)
    (stores.folder / "police.sqlite").unlink()
    node: Embedded = transport()  # type: ignore[assignment]
    before = node.store.size()
    came = fetch_all(planned, case="case-1", actor="system")
    assert [{a.status for a in one.answers.values()} for one in came] == [
        {"absent"}, {"refused"}, {"value"}, {"unavailable"}
    ]  # fmt: skip
    assert [set(one.answers) for one in came] == [set(one.facts) for one in planned]
    numbers = [one.calls[0].data["call"] for one in came]
    assert len(set(numbers)) == len(planned)
    rows = node.store.rows(before + 1, 99)
    logged = [read_row(row.text, node.store.suite).draft.call for row in rows]
    asked = [n for n, one in zip(numbers, planned, strict=True) if one is not secret]
    assert list(dict.fromkeys(logged)) == asked
    assert fetch_all([], case="case-1", actor="system") == []


def test_nothing_is_read_without_a_grant_that_is_in_force_now(
    tmp_path: Path, stores: Stores
) -> None:
    publish(tmp_path)
    snooping = call("population", "police", ["mother.birth_date"])
    answer = ask(snooping).answers["mother.birth_date"]
    assert answer.status == "refused"
    assert "no grant in force lets certificate read it from population" in answer.reason
    publish(
        tmp_path, edited("town/grants.yaml", "sex, live_birth, weight_g", "live_birth, weight_g")
    )
    answers = ask(BIRTHS).answers
    assert answers["child.sex"].status == "refused"
    assert answers["child.live_birth"].value is True


@pytest.mark.parametrize("fault", ["missing", "corrupt", "column", "table", "locked"])
def test_a_department_that_is_down_is_unavailable_and_comes_back(
    tmp_path: Path, stores: Stores, fault: str
) -> None:
    publish(tmp_path)
    path = stores.folder / "health.sqlite"
    sound = path.read_bytes()
    assert ask(BIRTHS).answers["child.sex"].status == "value"
    lock = None
    if fault == "missing":
        path.unlink()
    elif fault == "corrupt":
        fresh = path.with_suffix(".new")
        fresh.write_bytes(b"not a database" * 100)
        fresh.replace(path)
    elif fault == "column":
        stores.run("health", "ALTER TABLE CSXX RENAME COLUMN TZ TO WEIGHT")
    elif fault == "table":
        stores.run("health", "ALTER TABLE CSXX RENAME TO OLD")
    else:
        lock = stores.lock("health")
    answers = ask(BIRTHS).answers
    assert {a.status for a in answers.values()} == {"unavailable"}
    assert all(a.value is None and a.reason.startswith("health: ") for a in answers.values())
    agree(NAME)
    assert ask(NAME, consent=True).answers["mother.name"].status == "value"
    if lock:
        lock.close()
    else:
        fresh = path.with_suffix(".back")
        fresh.write_bytes(sound)
        fresh.replace(path)
    assert ask(BIRTHS).answers["child.sex"].status == "value"


@pytest.mark.parametrize("bad", ["maybe", 2, "1.5x"])
def test_a_value_that_the_fact_does_not_allow_is_never_used(
    tmp_path: Path, stores: Stores, bad: object
) -> None:
    publish(tmp_path)
    stores.run("health", "UPDATE CSXX SET SFHC = ?, TZ = 'x'", bad)
    answers = ask(BIRTHS).answers
    assert answers["child.live_birth"].status == "unavailable"
    assert "unusable at the source" in answers["child.weight_g"].reason


def test_a_key_is_a_value_and_never_a_command(tmp_path: Path, stores: Stores) -> None:
    publish(tmp_path)
    assert ask(BIRTHS, number="' OR 1=1 --").answers["child.sex"].status == "absent"
    assert ask(BIRTHS).answers["child.sex"].status == "value"


def test_a_source_is_never_called_inside_a_transaction(tmp_path: Path, stores: Stores) -> None:
    publish(tmp_path)
    with transaction.atomic(), pytest.raises(services.InsideTransaction):
        ask(BIRTHS)


def test_nothing_can_be_fetched_before_a_catalogue_is_published(stores: Stores) -> None:
    with pytest.raises(queries.NoCatalogue):
        ask(BIRTHS)


def test_the_same_catalogue_is_published_once_and_none_is_changed(tmp_path: Path) -> None:
    first = publish(tmp_path)
    assert publish(tmp_path) == first
    second = publish(tmp_path, edited("town/grants.yaml", ", weight_g]", "]"))
    assert second > first
    assert queries.catalogue(first).permits != queries.catalogue(second).permits
    assert queries.catalogue().version == second


def test_the_database_refuses_to_change_a_published_catalogue(
    fresh_database: Fresh, tmp_path: Path
) -> None:
    publish(tmp_path)
    with pytest.raises(DatabaseError, match="append-only"):
        CatalogueVersion.objects.update(digest="x")
    with pytest.raises(DatabaseError, match="append-only"):
        CatalogueVersion.objects.all().delete()
    last = {
        "sqlite": "REPLACE INTO exchange_catalogueversion SELECT * FROM exchange_catalogueversion",
        "postgresql": "TRUNCATE exchange_catalogueversion",
    }
    with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
        cursor.execute(last[fresh_database.vendor])


def test_a_register_is_walked_in_batches_each_told_once(tmp_path: Path, stores: Stores) -> None:
    publish(tmp_path)
    for number in range(5):
        stores.insert("civil-affairs", MOTHER, f"194{number}-05-01", f"62{number}")
    stores.insert("civil-affairs", "3301", "soon", None)
    batches = list(
        supply(
            "elders",
            ["id_number", "birth_date", "bank_account"],
            role="elder",
            item="allowance",
            case="outreach-1",
            actor="system",
            batch=4,
        )
    )
    assert [len(batch.records) for batch in batches] == [4, 2]
    assert batches[0].records[0] == {
        "elder.id_number": MOTHER,
        "elder.birth_date": date(1940, 5, 1),
        "elder.bank_account": "620",
    }
    assert batches[1].faults == 2
    assert set(batches[1].records[1].values()) == {None}
    assert batches[1].call.data["records"] == 2


def test_a_register_is_walked_only_under_a_statutory_grant(tmp_path: Path, stores: Stores) -> None:
    publish(tmp_path)
    for item, resource, attribute in [
        ("allowance", "population", "name"),
        ("certificate", "population", "name"),
        ("allowance", "nowhere", "name"),
    ]:
        with pytest.raises(services.NotGranted, match="may not walk"):
            next(
                supply(resource, [attribute], role="elder", item=item, case="outreach-1", actor="x")
            )
