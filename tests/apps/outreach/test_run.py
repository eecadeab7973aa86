"""The whole run on a real sample city, against plain arithmetic on the departments' own stores."""

import itertools
import shutil
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from testkit.office import Office
from tongban.apps.cases.models import PaymentOrder
from tongban.apps.exchange import services as sources
from tongban.apps.exchange.domain import build
from tongban.apps.exchange.reading import merge
from tongban.apps.exchange.sample import write_stores
from tongban.apps.outreach import events, queries, services
from tongban.apps.outreach.models import Finding
from tongban.apps.parties.sample import generate
from tongban.infra.packs import find_packs, read_packs, shipped_packs
from tongban.infra.regions import load_regions
from tongban.infra.trail import queries as trail
from tongban.infra.trail.models import Payload

POLICY = "old-age-allowance"
CITY = {"330102", "330105", "330106", "330108", "330109", "330110", "330113", "330114"}
MONTH_END = date(2026, 11, 30)
_NEW_ELDER = "INSERT INTO LNRXX (GMSFHM, SFLQGLJT, SFBZDJ) VALUES (?, 0, 0)"
Row = tuple[Any, ...]


def sql(stores: Path, department: str, text: str, *values: object) -> list[Row]:
    """Work on a department's own store, behind the platform's back."""
    with closing(sqlite3.connect(stores / f"{department}.sqlite")) as store, store:
        return store.execute(text, values).fetchall()


def twice(stores: Path, department: str, table: str, number: str, **changed: object) -> None:
    """Give a person a second record in a register."""
    columns = [row[1] for row in sql(stores, department, f"PRAGMA table_info([{table}])")]
    select = f"SELECT * FROM [{table}] WHERE GMSFHM = ?"  # noqa: S608
    row = sql(stores, department, select, number)[0]
    values = [changed.get(column, value) for column, value in zip(columns, row, strict=True)]
    insert = f"INSERT INTO [{table}] VALUES ({', '.join('?' * len(values))})"  # noqa: S608
    sql(stores, department, insert, *values)


HOLES: list[tuple[str, str, str, object]] = [
    ("police", "RKJBXX", "CSRQ", None),
    ("police", "RKJBXX", "SFSW", None),
    ("police", "RKJBXX", "HJXZQH", None),
    ("police", "RKJBXX", "HJXZQH", "330402"),
    ("police", "RKJBXX", "HJZT", None),
    ("police", "RKJBXX", "HJZT", "moved_out"),
    ("police", "RKJBXX", "HJZT", "nonsense"),
    ("police", "RKJBXX", "CSRQ", "1926-11-30"),
    ("police", "RKJBXX", "CSRQ", "1936-12-01"),
    ("civil-affairs", "LNRXX", "SFLQGLJT", None),
    ("civil-affairs", "LNRXX", "SFBZDJ", None),
    ("civil-affairs", "LNRXX", "SFBZDJ", 1),
    ("human-resources", "SBKXX", "JRZH", None),
]


@pytest.fixture(scope="module")
def holed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a city of three thousand in which every register has every kind of hole."""
    stores = tmp_path_factory.mktemp("holed") / "departments"
    contracts = build(merge(read_packs(find_packs())), 0).contracts
    regions = load_regions(shipped_packs() / "base")
    write_stores(generate(3_000, 11, regions, date(2026, 11, 23)), stores, contracts)
    sql(stores, "civil-affairs", "UPDATE LNRXX SET SFLQGLJT = 0 WHERE rowid % 3")
    alive = "SELECT GMSFHM FROM RKJBXX WHERE CSRQ < '1946-12-01' AND SFSW = 0 ORDER BY GMSFHM"
    entitled = "SELECT GMSFHM FROM LNRXX WHERE SFLQGLJT = 0 AND SFBZDJ = 0"
    waiting = set(sql(stores, "civil-affairs", entitled))
    pick = iter([row[0] for row in sql(stores, "police", alive) if row in waiting])
    for department, table, column, value in HOLES:
        for number in itertools.islice(pick, 2):
            update = f"UPDATE [{table}] SET {column} = ? WHERE GMSFHM = ?"  # noqa: S608
            sql(stores, department, update, value, number)
    twice(stores, "civil-affairs", "LNRXX", next(pick))
    twice(stores, "civil-affairs", "LNRXX", next(pick), SFLQGLJT=None, SFBZDJ=None)
    twice(stores, "police", "RKJBXX", next(pick), HJXZQH="330402")
    twice(stores, "police", "RKJBXX", next(pick))
    sql(stores, "civil-affairs", "DELETE FROM LNRXX WHERE GMSFHM = ?", next(pick))
    sql(stores, "police", "DELETE FROM RKJBXX WHERE GMSFHM = ?", next(pick))
    for wrong in ("330106194001010000", None):
        sql(stores, "civil-affairs", _NEW_ELDER, wrong)
    return stores


@pytest.fixture
def town(office: Office, holed: Path) -> Office:
    """Give an office in the city with the holes."""
    shutil.rmtree(office.stores)
    shutil.copytree(holed, office.stores)
    return office


def told(rows: Sequence[Mapping[str, Any]], column: str) -> Any:
    """Give the one value that all records of a person agree on, or None."""
    values = {row[column] for row in rows}
    return values.pop() if len(values) == 1 else None


def age(born: str | None) -> int | None:
    if born is None:
        return None
    day = date.fromisoformat(born)
    before = (MONTH_END.month, MONTH_END.day) < (day.month, day.day)
    return MONTH_END.year - day.year - before


def decide(
    years: int, dead: bool, buried: bool, county: str, status: str, receives: bool
) -> tuple[str, int]:
    """Say in plain words what the city's policy says of somebody of whom all is known."""
    if years < 80 or dead:
        return "refuse", 0
    if buried:
        return "review", 0
    if county not in CITY or status != "normal" or receives:
        return "refuse", 0
    return "grant", 8000 if years < 90 else 15000 if years < 100 else 30000


def expect(office: Office) -> dict[str, tuple[str, int, str]]:
    """Compute status, amount and account of every elder from the raw stores, by possible worlds.

    What the stores leave open is tried with every value it may have: only if all worlds end alike
    is anything settled.
    """

    def register(department: str, table: str) -> dict[str, list[Mapping[str, Any]]]:
        with closing(sqlite3.connect(office.stores / f"{department}.sqlite")) as store:
            store.row_factory = sqlite3.Row
            found = defaultdict(list)
            for row in store.execute(f"SELECT * FROM [{table}]"):  # noqa: S608
                found[row["GMSFHM"]].append(row)
            return found

    elders = register("civil-affairs", "LNRXX")
    population, cards = register("police", "RKJBXX"), register("human-resources", "SBKXX")
    answers: dict[str, tuple[str, int, str]] = {}
    for number, marks in elders.items():
        if number in {None, "330106194001010000"}:
            continue
        known = population.get(number, [])
        status = told(known, "HJZT")
        unsure: list[tuple[Any, list[Any]]] = [
            (age(told(known, "CSRQ")), [79, 80, 90, 100]),
            (told(known, "SFSW"), [0, 1]),
            (told(marks, "SFBZDJ"), [0, 1]),
            (told(known, "HJXZQH"), ["330106", "330402"]),
            (None if status == "nonsense" else status, ["normal", "cancelled"]),
            (told(marks, "SFLQGLJT"), [0, 1]),
        ]
        worlds = itertools.product(*(o if value is None else [value] for value, o in unsure))
        ends = {decide(*world) for world in worlds}
        (outcome, amount), *others = ends
        account = told(cards.get(number, []), "JRZH") or ""
        if others or outcome == "review" or (outcome == "grant" and not account):
            answers[number] = ("unknown", 0, "")
        elif outcome == "refuse":
            answers[number] = ("excluded", 0, "")
        else:
            answers[number] = ("granted", amount, account)
    return answers


def paid() -> dict[str, tuple[int, str]]:
    """Give amount and account by payee; fails where somebody has two orders."""
    rows = list(PaymentOrder.objects.all())
    found = {row.payee: (row.amount_fen, row.account) for row in rows}
    assert len(found) == len(rows)
    return found


def owed(office: Office) -> dict[str, tuple[int, str]]:
    """Give amount and account by payee as plain arithmetic says."""
    return {n: (a, c) for n, (status, a, c) in expect(office).items() if status == "granted"}


def counts(number: str) -> Counter[str]:
    found = queries.report(number)
    return Counter({status: found.people(status) for status in queries.STATUSES})


def lookups(number: str) -> dict[str, dict[str, Any]]:
    """Give what a run of one batch asked of each register about a list of people."""
    told_ = [event.data for event in trail.history(number)]
    return {data["resource"]: data for data in told_ if {"people", "resource"} <= data.keys()}


def test_everybody_is_paid_excluded_or_asked_about_as_plain_arithmetic_says(town: Office) -> None:
    number = services.run(POLICY)
    expected = expect(town)
    assert paid() == owed(town)
    assert len(paid()) > 5
    assert {amount for amount, _ in paid().values()} == {8000, 15000, 30000}
    wanted = Counter(status for status, _, _ in expected.values())
    wanted["unknown"] += 2  # records without a usable number
    assert counts(number) == wanted
    found = queries.report(number)
    assert found.fen("granted") == sum(amount for amount, _ in paid().values())
    assert found.finished is not None
    assert not found.problem
    for group in found.of("unknown"):
        assert "？" in group.said.zh
        assert "?" in group.said.en
        assert group.departments
    causes = {group.cause for group in found.of("unknown")}
    assert causes >= {"no-value", "no-record", "disagree", "review", "no-number"}


def test_the_trail_tells_every_order_and_no_number_of_a_person(town: Office) -> None:
    number = services.run(POLICY)
    assert trail.verify(number) is None
    told_ = trail.history(number)
    assert (told_[0].type, told_[-1].type) == (events.STARTED, events.FINISHED)
    ordered = [event.data for event in told_ if event.type == events.PAYMENT_ORDERED]
    rows = PaymentOrder.objects.values_list("reference", "amount_fen")
    assert {(o["reference"], o["amount_fen"]) for o in ordered} == set(rows)
    assert len(ordered) == len(rows)
    told_of = Counter[str]()
    for event in told_:
        if event.type == events.BATCH_DECIDED:
            told_of.update(event.data["people"])
    assert told_of == Counter({k: n for k, n in counts(number).items() if n})
    written = " ".join(payload.data for payload in Payload.objects.all())
    findings = " ".join(
        f"{f.person} {f.shown} {f.said_zh} {f.said_en}" for f in Finding.objects.all()
    )
    for elder in expect(town):
        assert elder not in written
        assert elder not in findings
    for order in PaymentOrder.objects.all():
        assert order.payee not in order.reference


def test_running_again_pays_nobody_twice_and_looks_nobody_paid_up_again(town: Office) -> None:
    first = counts(services.run(POLICY))
    before = paid()
    again = services.run(POLICY)
    assert paid() == before == owed(town)
    assert counts(again) == Counter(
        {
            "ordered-before": first["granted"],
            "excluded": first["excluded"],
            "unknown": first["unknown"],
        }
    )
    left = sum(first.values()) - first["granted"] - 2
    asked = lookups(again)
    assert {asked["elders"]["people"], asked["population"]["people"]} == {left}


def test_next_month_everybody_entitled_is_paid_again_under_other_references(town: Office) -> None:
    services.run(POLICY)
    november = set(PaymentOrder.objects.values_list("reference", flat=True))
    town.clock.freeze("2026-12-01T09:00:00+08:00")
    services.run(POLICY)
    december = set(PaymentOrder.objects.values_list("reference", flat=True)) - november
    assert len(december) >= len(november)
    people_ = [{reference.split("/")[2] for reference in month} for month in (november, december)]
    assert not people_[0] & people_[1]


def test_an_answered_question_is_paid_by_the_next_run_and_nothing_else_changes(
    town: Office,
) -> None:
    services.run(POLICY)
    before = paid()
    sql(
        town.stores,
        "human-resources",
        "UPDATE SBKXX SET JRZH = '6222021234567890123' WHERE JRZH IS NULL",
    )
    services.run(POLICY)
    assert paid() == owed(town)
    assert len(paid()) > len(before)
    assert before.items() <= paid().items()


@pytest.mark.parametrize("department", ["police", "human-resources"])
def test_a_department_that_is_down_refuses_nobody_and_is_made_up_for_later(
    town: Office, department: str
) -> None:
    town.close(department)
    number = services.run(POLICY)
    assert paid() == {}
    found = queries.report(number)
    everybody = Counter(s for s, _, _ in expect_open(town, department).values())
    assert found.people("granted") == 0
    waiting = [g for g in found.of("unknown") if g.cause == "unavailable"]
    assert sum(group.people for group in waiting) >= everybody["granted"]
    if department == "police":
        assert found.people("excluded") == 0
    else:
        assert found.people("excluded") == everybody["excluded"]
        stake = sum(a for s, a, _ in expect_open(town, department).values() if s == "granted")
        assert sum(group.total_fen for group in waiting) >= stake
    town.open(department)
    services.run(POLICY)
    assert paid() == owed(town)


def expect_open(office: Office, department: str) -> dict[str, tuple[str, int, str]]:
    """Compute what would be, were the department there."""
    office.open(department)
    try:
        return expect(office)
    finally:
        office.close(department)


def test_without_the_register_itself_the_run_says_that_it_did_not_end(town: Office) -> None:
    town.close("civil-affairs")
    number = services.run(POLICY)
    found = queries.report(number)
    assert "civil-affairs" in found.problem
    assert found.people() == 0
    town.open("civil-affairs")
    services.run(POLICY)
    assert paid() == owed(town)


def test_a_register_that_fails_half_way_is_made_up_for(
    town: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = sources.supply

    def failing(*given: Any, **named: Any) -> Iterator[Any]:
        yield from itertools.islice(found(*given, **named), 2)
        raise sources.StoreUnavailable("civil-affairs: went away")

    with monkeypatch.context() as broken:
        broken.setattr(sources, "supply", failing)
        number = services.run(POLICY, batch=100)
    assert queries.report(number).people() == 200
    some = paid()
    assert some.items() < owed(town).items()
    services.run(POLICY)
    assert paid() == owed(town)


def test_the_size_of_a_batch_changes_nothing(town: Office) -> None:
    number = services.run(POLICY, batch=7)
    assert paid() == owed(town)
    assert queries.report(number).people() == len(expect(town)) + 2


def test_a_department_learns_whom_its_questions_are_about_and_the_trail_keeps_that(
    town: Office,
) -> None:
    number = services.run(POLICY)
    unknown = {n for n, (status, _, _) in expect(town).items() if status == "unknown"}
    asked = {
        department: {person.number for person in services.identify(number, department)}
        for department in ("police", "civil-affairs", "human-resources", "health")
    }
    assert set().union(*asked.values()) == unknown
    assert not asked["health"]
    looks = [e for e in trail.history(number) if e.type == events.IDENTIFIED]
    assert [e.data["people"] for e in looks] == [len(found) for found in asked.values()]
    assert trail.verify(number) is None
    with pytest.raises(services.NotAllowed):
        services.identify(number, "police", subject=town.official("police", "clerk"))


def test_a_grant_that_was_taken_back_stops_the_policy_before_it_reads_anything(
    town: Office,
) -> None:
    packs = read_packs(find_packs())
    data = merge(packs)
    data["grants"] = [
        grant
        for grant in data["grants"]
        if (grant["item"], grant["resource"]) != (POLICY, "population")
    ]
    with transaction.atomic():
        sources.publish_catalogue(packs, data, "test")
    with pytest.raises(services.PolicyIncomplete, match=r"elder\.hukou_region"):
        services.run(POLICY)
    assert paid() == {}
    assert not Finding.objects.exists()


def test_only_who_may_run_a_policy_runs_it(town: Office) -> None:
    with pytest.raises(services.NotAllowed):
        services.run(POLICY, subject=town.official("civil-affairs", "clerk"))
    with pytest.raises(services.NotAllowed):
        services.run(POLICY, subject=town.applicant("newborn"))
    assert paid() == {}


def test_a_run_never_reads_a_source_inside_a_transaction(town: Office) -> None:
    with transaction.atomic(), suppress(sources.InsideTransaction):
        services.run(POLICY)
        pytest.fail("it read a source inside a transaction")


def test_what_was_found_cannot_be_changed_afterwards(town: Office) -> None:
    services.run(POLICY)
    for statement in (
        "UPDATE outreach_finding SET status = 'granted'",
        "DELETE FROM outreach_finding",
    ):
        with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
            cursor.execute(statement)


def test_no_more_people_are_looked_up_at_a_source_than_needed(town: Office) -> None:
    number = services.run(POLICY)
    asked = lookups(number)
    found = queries.report(number)
    # the account is asked only of those whom the rule grants
    wanting = [g for g in found.of("unknown") if g.facts == ("elder.bank_account",)]
    granted = found.people("granted") + sum(group.people for group in wanting)
    assert asked["social-security-cards"]["people"] == granted
    assert asked["social-security-cards"]["facts"] == ["elder.id_number", "elder.bank_account"]
    assert asked["population"]["people"] == len(expect(town))


def test_stores_stay_as_they_were(town: Office) -> None:
    before = {path: path.read_bytes() for path in sorted(Path(town.stores).glob("*.sqlite"))}
    services.run(POLICY)
    assert {path: path.read_bytes() for path in before} == before
