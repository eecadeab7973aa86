"""Keys under faults: a change of key or a first sealing that is killed, while others work."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from textwrap import dedent

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from testkit.servers import Fresh, _Switch
from tongban.apps.cases import verbs
from tongban.apps.cases.models import Case, Document, Given, PaymentOrder
from tongban.apps.licences.models import Credential, Licence, Question
from tongban.apps.outreach.models import Month
from tongban.apps.parties import services as people
from tongban.apps.parties.models import Person
from tongban.infra import clock
from tongban.infra.secrecy import queries, services
from tongban.infra.secrecy.fields import holding, tables
from tongban.infra.secrecy.models import Key
from tongban.infra.trail import queries as trail
from tongban.infra.trail import services as telling
from tongban.kernel.codes import IdentityNumber
from tongban.kernel.events import Draft, Head, canonical, seal
from tongban.kernel.suites import SealBroken, suite

TONGBAN = [sys.executable, "-c", "from tongban.cli import main; main()"]
#: Registers people, each of them twice, tells about them and reads back what others registered.
WORKER = dedent(
    """
    import random, sys
    import django
    django.setup()
    from django.db import transaction
    from tongban.apps.parties import queries, services
    from tongban.apps.parties.models import Person
    from tongban.infra.trail import queries as trail
    from tongban.infra.trail import services as telling
    from tongban.kernel.events import Draft

    who, numbers = sys.argv[1], sys.argv[2].split(",")
    print("ready", flush=True)
    for place, number in enumerate(numbers):
        user = services.register_person(f"{who}-{place}", "王" + number[-4:], number)
        with transaction.atomic():
            telling.tell(
                Draft(
                    type="tongban.faults.registered.v1",
                    chain=f"chain:{who}",
                    actor=who,
                    data={"number": number},
                )
            )
        person = Person.objects.get(user=user)
        assert person.id_number == number, person
        assert trail.history(f"chain:{who}")[-1].data == {"number": number}
        print("done", number, flush=True)
    """
)


def numbers(count: int, first: int = 0) -> list[str]:
    """Give valid identity numbers of people who do not exist."""
    found = []
    for place in range(first, first + count):
        born = f"{1950 + place % 50}{1 + place // 50 % 12:02}{1 + place // 600:02}"
        body = f"330106{born}{place % 1000:03}"
        weights = [pow(2, 17 - at, 11) for at in range(17)]
        check = sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11
        found.append(str(IdentityNumber.parse(body + "10X98765432"[check])))
    return found


def left() -> int:
    """Count the rows that do not stand under the current key."""
    current = Key.objects.get(state="current").number
    return sum(m.objects.exclude(key=current, key__isnull=False).count() for m in tables().values())


def run_and_kill(words: list[str], environment: dict[str, str]) -> bool:
    """Start a command, kill it -9 once it has sealed some rows; tell whether rows were left."""
    with subprocess.Popen([*TONGBAN, *words], env=environment, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        with suppress(ProcessLookupError):
            # it tells of each batch; some of them later, at any instant of the next
            for _ in range(3):
                process.stderr.readline()
            time.sleep(random.random() * 0.05)  # noqa: S311 - no secret
            os.kill(process.pid, signal.SIGKILL)
    return left() > 0


def run(words: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(
        [*TONGBAN, *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_change_of_key_killed_again_and_again_while_two_processes_work_loses_nothing(
    fresh_database: Fresh, tmp_path: Path
) -> None:
    environment = fresh_database.environment(tmp_path) | {"TONGBAN_SUITE": "gm"}
    old = numbers(300)
    for place, number in enumerate(old):
        people.register_person(f"old-{place}", f"张{place}", number)
        with transaction.atomic():
            telling.tell(
                Draft(
                    type="tongban.faults.registered.v1",
                    chain=f"old:{place % 7}",
                    actor="test",
                    data={"number": number},
                )
            )
    told = {name: trail.history(name) for name in (f"old:{place}" for place in range(7))}
    # both workers register the same people, and each of them people of before the change
    shared = numbers(120, first=300)
    batches = {"a": [*shared, *old[:30]], "b": [*reversed(shared), *old[30:60]]}
    workers = {
        name: subprocess.Popen(
            [sys.executable, "-c", WORKER, name, ",".join(wanted)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for name, wanted in batches.items()
    }
    try:
        connection.close()
        killed = run_and_kill(["keys", "rotate", "--batch", "10"], environment)
        for _ in range(2):
            words = ["keys", "rotate", "--resume", "--batch", "10"]
            killed += run_and_kill(words, environment)
        assert killed, "no kill came in the middle"
        assert Key.objects.count() == 2
        said = run(["keys", "rotate", "--resume", "--grace", "6"], environment)
        for worker in workers.values():
            out, err = worker.communicate(timeout=240)
            assert worker.returncode == 0, err.decode()
            assert out.count(b"done") == 150
    finally:
        for worker in workers.values():
            worker.kill()
            worker.communicate()
    assert "ended: 1" in said
    found = queries.status()
    assert [(key.number, key.suite) for key in found.keys] == [(2, "gm")]
    assert not found.clear
    assert Person.objects.count() == len(old) + len(shared)
    for number in (*old, *shared):
        assert Person.objects.get(holding(Person, "id_number", number)).id_number == number
    assert trail.verify() is None
    assert {name: trail.history(name) for name in told} == told


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def of_before(
    request: pytest.FixtureRequest, tmp_path: Path, django_db_blocker: pytest.FixtureRequest
) -> Iterator[Fresh]:
    """Give a database as the version before sealing left it, without rows."""
    if request.param == "sqlite":
        fresh = Fresh(f"sqlite:///{tmp_path / 'before.sqlite3'}", "sqlite")
    else:
        server = request.getfixturevalue("postgres_url")
        name = f"before_{abs(hash(tmp_path))}"
        with psycopg.connect(server, autocommit=True) as opened:
            opened.execute(f"CREATE DATABASE {name}")
        fresh = Fresh(f"{server.rpartition('/')[0]}/{name}", "postgresql")
    with django_db_blocker.unblock(), _Switch(fresh.url):  # type: ignore[attr-defined]
        MigrationExecutor(connection).migrate(
            [
                ("trail", "0002_append_only"),
                ("parties", "0001_initial"),
                ("cases", "0003_partial_indexes"),
                ("outreach", "0002_append_only"),
                ("licences", "0002_credentials"),
            ]
        )
        yield fresh


PEOPLE = numbers(400)
SUBJECT = canonical({"newborn.birth_certificate": "A1"})


OF_BEFORE = {
    "cases_case",
    "cases_document",
    "cases_given",
    "cases_paymentorder",
    "licences_credential",
    "licences_licence",
    "licences_question",
    "outreach_month",
    "parties_person",
    "trail_payload",
}


def _as_before() -> dict[str, tuple[object, ...]]:
    """Write rows as the version before sealing wrote them; give the trail's events by chain."""
    now = clock.now()
    adapt = connection.ops.adapt_datetimefield_value
    dashes = connection.features.has_native_uuid_field
    told: dict[str, tuple[object, ...]] = {}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO parties_person (id_number, name) VALUES (%s, %s)",
            [(number, f"王\\{place}䶮") for place, number in enumerate(PEOPLE)],
        )
        cursor.execute(
            "INSERT INTO cases_case (number, life_event, version, applicant, submitted, state, "
            "sequence, ended) VALUES ('1', 'newborn', 1, '1', %s, %s, 1, %s)",
            [adapt(now), json.dumps({"name": '王"\\䶮', "fen": [1, None]}), False],
        )
        cursor.execute(
            "INSERT INTO cases_document (case_id, material, filename, media_type, sha256, content, "
            "received) VALUES ('1', 'm', '出生.pdf', 'application/pdf', '', %s, %s)",
            [b"%PDF-\\x00\x00\xff", adapt(now)],
        )
        cursor.execute(
            "INSERT INTO cases_paymentorder (reference, payee, account, amount_fen, department, "
            "ordered) VALUES ('1/pay', %s, '6222', 1, 'x', %s)",
            [PEOPLE[0], adapt(now)],
        )
        cursor.execute(
            "INSERT INTO cases_given (item, key, \"case\") VALUES ('birth', %s, '1')",
            [hashlib.sha256(SUBJECT).hexdigest()],
        )
        cursor.execute(
            "INSERT INTO outreach_month (policy, period, salt) VALUES ('p', '2026-11', %s)",
            [b"\x00\\salt" * 5],
        )
        cursor.execute(
            "INSERT INTO licences_licence (id, identifier, number, kind, kind_version, department, "
            'holder, keeper, "case", item, version, content, issued, state, state_reason, flagged) '
            "VALUES (1, 'i', 'n', 'birth-certificate', 1, 'health', %s, '', '1', 'birth', 1, %s, "
            "%s, 'valid', '', '')",
            [PEOPLE[0], json.dumps({"name": "王䶮"}), adapt(now)],
        )
        cursor.execute(
            "INSERT INTO licences_credential (serial, licence_id, holder_key, text, issued) "
            "VALUES (1, 1, 'k', 'a.b.c~', %s)",
            [adapt(now)],
        )
        cursor.execute(
            "INSERT INTO licences_question (state, secret, asker, nonce, query, answer, expires) "
            "VALUES ('s', 's', 'a', 'n', '{}', %s, %s)",
            [json.dumps({"name": "王䶮"}), adapt(now)],
        )
        for chain in ("a", "b"):
            head, events = None, []
            for number in range(150):
                event = seal(
                    Draft(type="tongban.x.y.v1", chain=chain, actor="1", data={"n": number}),
                    event_id=f"0199aaaa-0000-7000-8000-{ord(chain):04d}{number:08d}",
                    head=head,
                    recorded=now,
                    salt=os.urandom(32),
                    by=suite("std"),
                )
                head = Head(event.seq, event.hash, event.recorded)
                events.append(event)
                key = event.id if dashes else event.id.replace("-", "")
                columns = ", ".join(telling._COLUMNS)
                values = (key, adapt(now), adapt(now), 0, *telling._plain(event))
                cursor.execute(
                    f"INSERT INTO trail_event ({columns}) "  # noqa: S608 - our names
                    f"VALUES ({', '.join(['%s'] * len(values))})",
                    values,
                )
                cursor.execute(
                    "INSERT INTO trail_payload (event_id, salt, data) VALUES (%s, %s, %s)",
                    [key, event.salt, event.payload],
                )
            told[chain] = tuple(events)
    return told


def _reads_well(told: dict[str, tuple[object, ...]]) -> None:
    for place in (0, 1, 42, 399):
        found = Person.objects.get(holding(Person, "id_number", PEOPLE[place]))
        assert (found.id_number, found.name) == (PEOPLE[place], f"王\\{place}䶮")
    assert Case.objects.get().state == {"name": '王"\\䶮', "fen": [1, None]}
    document = Document.objects.get()
    assert (document.filename, document.content) == ("出生.pdf", b"%PDF-\\x00\x00\xff")
    paid = PaymentOrder.objects.get()
    assert (paid.payee, paid.account) == (PEOPLE[0], "6222")
    licence = Licence.objects.get(holding(Licence, "holder", PEOPLE[0]))
    assert (licence.holder, licence.content) == (PEOPLE[0], {"name": "王䶮"})
    assert Credential.objects.get().text == "a.b.c~"
    assert Question.objects.get().answer == {"name": "王䶮"}
    month = Month.objects.get()
    assert (month.salt, month.suite) == (b"\x00\\salt" * 5, "std")
    assert {chain: trail.history(chain) for chain in told} == told
    assert trail.verify() is None


@pytest.mark.slow
def test_an_older_database_is_read_at_once_and_sealed_by_a_command_that_may_be_killed(
    of_before: Fresh, tmp_path: Path
) -> None:
    told = _as_before()
    call_command("migrate", verbosity=0)
    _reads_well(told)
    assert set(queries.status().clear) == OF_BEFORE
    again = people.register_person("again", "王", PEOPLE[7])  # known before, now with an account
    assert Person.objects.get(user=again).id_number == PEOPLE[7]
    assert Person.objects.count() == len(PEOPLE)
    environment = of_before.environment(tmp_path / "home")
    connection.close()
    rows = [left()]
    for _ in range(3):
        assert run_and_kill(["keys", "seal", "--batch", "4"], environment), "it was done already"
        rows.append(left())
    assert rows == sorted(set(rows), reverse=True)  # each went on where the last one stopped
    _reads_well(told)
    assert "parties_person" in {*queries.status().whole, *queries.status().clear}
    run(["keys", "seal"], environment)
    found = queries.status()
    assert not found.clear
    assert found.whole == {*tables()}
    _reads_well(told)
    for (salt,) in _rows("SELECT salt FROM trail_payload"):
        assert not bytes(salt)
    everything = repr(_rows("SELECT * FROM parties_person"))
    assert "王" not in everything
    assert PEOPLE[3] not in everything
    with connection.cursor() as cursor:
        cursor.execute("UPDATE parties_person SET key_id = NULL, name = '李某' WHERE id = 3")
    with pytest.raises(SealBroken, match="in the clear"):
        _ = Person.objects.get(pk=3).name


def test_a_result_that_was_given_before_sealing_is_still_given_once(of_before: Fresh) -> None:
    _as_before()
    call_command("migrate", verbosity=0)
    services.seal_rows()

    class Once:
        definitions = {"birth": type("Definition", (), {"once": ("newborn.birth_certificate",)})}

    class Branch:
        item = "birth"

    seen = {"newborn.birth_certificate": "A1"}
    for _ in range(2):
        with transaction.atomic():
            second = type("Case", (), {"number": "2"})
            assert verbs._given_by(Once, second, Branch, seen) == "1"  # type: ignore[arg-type]
        row = Given.objects.get()
        assert row.digest is None  # once met, it is known by its blind index alone
        assert row.subject == SUBJECT.decode()


def _rows(statement: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return [tuple(row) for row in cursor.fetchall()]
