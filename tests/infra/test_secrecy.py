"""Secrecy at rest on both databases: sealed columns, their blind index, keys and their change."""

import sqlite3
import stat
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.core.exceptions import FieldError
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import ProtectedError

from testkit.servers import Fresh
from tongban.apps.cases.models import Case, Document, PaymentOrder
from tongban.apps.parties import queries as parties
from tongban.apps.parties import services as people
from tongban.apps.parties.models import Person
from tongban.infra import clock
from tongban.infra.keys import KeyUnsafe
from tongban.infra.secrecy import masters, queries, ring, services
from tongban.infra.secrecy.cli import keys
from tongban.infra.secrecy.fields import Unopened, holding, sealed
from tongban.infra.secrecy.masters import MasterMissing
from tongban.infra.secrecy.models import Key
from tongban.infra.trail import queries as trail
from tongban.infra.trail import services as telling
from tongban.infra.trail.models import Payload
from tongban.kernel.events import Draft
from tongban.kernel.suites import SealBroken

MOTHER = "330106199003070022"
FATHER = "330106198811120011"
NOW = timedelta(0)


def order(reference: str = "1/pay", payee: str = MOTHER) -> PaymentOrder:
    return PaymentOrder(
        reference=reference,
        payee=payee,
        account="6222020200112233445",
        amount_fen=1,
        department="civil-affairs",
        ordered=clock.now(),
    )


def tell(chain: str = "case:1", **data: Any) -> str:
    with transaction.atomic():
        told = telling.tell(
            Draft(type="tongban.cases.submitted.v1", chain=chain, actor="1", data=data)
        )
    return told.id


def raw(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [tuple(row) for row in cursor.fetchall()] if cursor.description else []


def test_the_table_shows_nothing_and_the_row_everything(fresh_database: Fresh) -> None:
    people.register_person("m", "王䶮", MOTHER)
    order().save()
    tell(name="王䶮", number=MOTHER)
    (row,) = raw("SELECT id_number, name, id_number_mark, key_id FROM parties_person")
    assert row[0].startswith("std.1.")
    assert row[1].startswith("std.1.")
    assert row[3] == 1
    (paid,) = raw("SELECT payee, account FROM cases_paymentorder")
    told = raw("SELECT salt, data FROM trail_payload")
    assert [bytes(salt) for salt, _ in told] == [b""]
    everything = repr((row, paid, told))
    for secret in (MOTHER, MOTHER[:6], "王䶮", "6222", "name"):
        assert secret not in everything
    person = Person.objects.get()
    assert (person.id_number, person.name) == (MOTHER, "王䶮")
    assert PaymentOrder.objects.get().payee == MOTHER
    assert trail.history("case:1")[0].data == {"name": "王䶮", "number": MOTHER}


def test_equal_values_look_different_and_are_found_by_equality_only(
    fresh_database: Fresh,
) -> None:
    for login, number in (("m", MOTHER), ("f", FATHER)):
        people.register_person(login, "王某", number)
    names = [name for (name,) in raw("SELECT name FROM parties_person")]
    assert len(set(names)) == 2
    assert Person.objects.get(holding(Person, "id_number", FATHER)).user.username == "f"
    assert not Person.objects.filter(holding(Person, "id_number", MOTHER[:17] + "3")).exists()
    for lookup in ("id_number", "id_number__startswith", "id_number__in", "name__icontains"):
        with pytest.raises(FieldError, match="holding"):
            Person.objects.filter(**{lookup: MOTHER}).exists()
    with pytest.raises(FieldError, match="save the row"):
        Person.objects.update(name="李某")
    (unopened, *_) = Person.objects.values_list("name", flat=True)
    assert repr(unopened) == "<sealed>"
    assert isinstance(unopened, Unopened)


def test_a_person_is_kept_once(fresh_database: Fresh) -> None:
    people.register_person("m", "王某", MOTHER)
    with pytest.raises(IntegrityError):
        Person(id_number=MOTHER, name="another").save()


def test_an_update_of_one_column_seals_them_all_under_one_key(fresh_database: Fresh) -> None:
    people.register_person("m", "王某", MOTHER)
    services.begin_rotation("t")
    person = Person.objects.get()
    person.name = "王某某"
    person.save(update_fields=["name"])
    (row,) = raw("SELECT id_number, name, key_id FROM parties_person")
    assert [text[:6] for text in row[:2]] == ["std.2.", "std.2."]
    assert row[2] == 2
    with pytest.raises(TypeError, match="together"):
        sealed(PaymentOrder, "1", payee=MOTHER)


def test_files_are_sealed_as_bytes_and_numbered_before_they_are(fresh_database: Fresh) -> None:
    Case.objects.create(
        number="1", life_event="x", version=1, applicant="1", submitted=clock.now(),
        state={"a": "王某"}, sequence=1,
    )  # fmt: skip
    files = [
        Document(
            case_id="1", material="m", filename=f"{n}.pdf", media_type="application/pdf",
            digest="", content=b"%PDF-" + bytes(range(256)) * n, received=clock.now(),
        )
        for n in range(3)
    ]  # fmt: skip
    Document.objects.bulk_create(files[:2])
    files[2].save()
    found = list(Document.objects.order_by("pk"))
    assert [(f.filename, f.content) for f in found] == [(f.filename, f.content) for f in files]
    assert [f.pk for f in found] == [f.pk for f in files]
    for (content,) in raw("SELECT content FROM cases_document"):
        assert bytes(content).startswith(b"std.1.")
        assert b"%PDF" not in bytes(content)
    assert Case.objects.get().state == {"a": "王某"}


@pytest.mark.parametrize(
    "attack",
    [
        (
            "UPDATE parties_person SET name = "
            "(SELECT name FROM parties_person p WHERE p.id = 1) WHERE id = 2"
        ),
        "UPDATE parties_person SET name = id_number",
        "UPDATE parties_person SET name = '李某'",
        "UPDATE parties_person SET name = 'std.1.AAAA'",
        "UPDATE parties_person SET name = 'std.9.AAAA'",
        "UPDATE parties_person SET name = '李某', key_id = NULL",
    ],
)
def test_a_value_that_was_put_there_by_hand_is_refused(fresh_database: Fresh, attack: str) -> None:
    for login, number in (("m", MOTHER), ("f", FATHER)):
        people.register_person(login, f"王{login}", number)
    services.seal_rows()  # as `tongban setup` does: from now on nothing clear is believed
    first, second = Person.objects.order_by("pk").values_list("pk", flat=True)
    raw(attack.replace("p.id = 1", f"p.id = {first}").replace("id = 2", f"id = {second}"))
    with pytest.raises(SealBroken):
        _ = Person.objects.get(pk=second).name


def test_a_change_of_key_seals_everything_anew_and_ends_the_old_key(
    fresh_database: Fresh, settings: Any
) -> None:
    for login, number in (("m", MOTHER), ("f", FATHER)):
        people.register_person(login, "王某", number)
    order().save()
    for number in range(7):
        tell(f"case:{number % 2}", number=number)
    before = trail.history("case:0")
    marks = {mark for (mark,) in raw("SELECT id_number_mark FROM parties_person")}
    settings.SUITE = "gm"
    assert services.begin_rotation("operator") == 2
    people.register_person("x", "李某", "330106198811120038")
    seen: list[services.Progress] = []
    assert services.finish("operator", batch=2, grace=NOW, told=seen.append) == (1,)
    found = queries.status()
    assert [(k.number, k.suite, k.state) for k in found.keys] == [(2, "gm", "current")]
    assert not found.clear
    assert found.keys[0].rows["parties_person"] == 3
    assert found.keys[0].rows["trail_payload"] == 9  # seven, and what told of the change
    assert seen[-1].left == 0
    assert trail.history("case:0") == before
    assert trail.verify() is None
    assert Person.objects.get(holding(Person, "id_number", MOTHER)).name == "王某"
    assert not marks & {mark for (mark,) in raw("SELECT id_number_mark FROM parties_person")}
    told = [event.type for event in trail.history(services.KEYS)]
    assert told == ["tongban.secrecy.key_made.v1", "tongban.secrecy.keys_retired.v1"]


def test_during_a_change_everybody_is_found_under_either_key(fresh_database: Fresh) -> None:
    people.register_person("m", "王某", MOTHER)
    services.begin_rotation("operator")
    people.register_person("f", "王某", FATHER)
    for number in (MOTHER, FATHER):
        assert Person.objects.filter(holding(Person, "id_number", number)).count() == 1
        again = people.register_person("again", "王某", number)
        assert again.username != "again"
    with pytest.raises(services.RotationUnderWay, match="--resume"):
        services.begin_rotation("operator")


def test_the_database_lets_no_key_go_while_a_value_is_left(fresh_database: Fresh) -> None:
    people.register_person("m", "王某", MOTHER)
    services.begin_rotation("operator")
    with pytest.raises(ProtectedError):
        Key.objects.get(number=1).delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        raw("DELETE FROM secrecy_key WHERE number = 1")
    assert parties.id_number(str(Person.objects.get().pk)) == MOTHER


def test_a_row_that_does_not_open_keeps_its_key_and_is_named(fresh_database: Fresh) -> None:
    order("1/a").save()
    order("2/b").save()
    raw("UPDATE cases_paymentorder SET payee = account WHERE reference = '1/a'")
    services.begin_rotation("operator")
    with pytest.raises(services.KeyInUse, match="cases_paymentorder 1/a"):
        services.finish("operator", grace=NOW)
    assert PaymentOrder.objects.get(reference="2/b").key_id == 2
    assert Key.objects.count() == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE trail_payload SET data = 'std.2.AAAA'",
        "UPDATE trail_payload SET data = '{}', key_id = NULL",
        "UPDATE trail_payload SET key_id = 2 WHERE key_id = 2",
        "UPDATE trail_payload SET key_id = 1 WHERE key_id = 2",
    ],
)
def test_a_payload_is_rewritten_only_from_an_old_key_to_the_one_in_force(
    fresh_database: Fresh, statement: str
) -> None:
    tell(number=1)
    services.begin_rotation("operator")
    tell(number=1)
    with pytest.raises(DatabaseError, match="UPDATE refused"), transaction.atomic():
        raw(statement)
    assert trail.verify() is None
    event = tell(number=2)
    row = Payload.objects.get(event_id=event)
    assert row.key_id == 2


def test_a_forged_payload_under_the_key_in_force_is_named_by_the_chain(
    fresh_database: Fresh,
) -> None:
    """The guard lets a row go from the old key to the new one; what it says then is judged."""
    tell(number=1)
    services.begin_rotation("operator")
    raw("UPDATE trail_payload SET data = 'std.2.AAAA', key_id = 2 WHERE key_id = 1")
    broken = trail.verify("case:1")
    assert broken is not None
    assert "data was changed" in broken.why
    with pytest.raises(SealBroken):
        trail.history("case:1")


@pytest.mark.postgres
def test_a_change_of_key_waits_for_whoever_registers_a_person(fresh_postgres: Fresh) -> None:
    changed = threading.Event()

    def change() -> None:
        services.begin_rotation("operator")
        changed.set()
        connection.close()

    thread = threading.Thread(target=change)
    with transaction.atomic():
        people.register_person("m", "王某", MOTHER)
        thread.start()
        assert not changed.wait(0.5)
    thread.join(10)
    assert changed.is_set()
    assert people.register_person("again", "王某", MOTHER).username == "m"
    with pytest.raises(ring.NotInTransaction):
        ring.held()


def _at_once(*works: Callable[[], object]) -> list[object]:
    out: list[object] = []

    def run(work: Callable[[], object]) -> None:
        try:
            out.append(work())
        except Exception as error:  # noqa: BLE001 - it is what came of it
            out.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return out


def test_one_person_registered_many_times_at_once_is_one_person(fresh_database: Fresh) -> None:
    def register(login: str) -> Callable[[], object]:
        return lambda: people.register_person(login, "王某", MOTHER)

    change = (lambda: services.begin_rotation("operator"),)
    came = _at_once(register("a"), register("b"), *change, register("c"), register("d"))
    assert not [error for error in came if isinstance(error, Exception)]
    assert people.register_person("e", "王某", MOTHER).username in {"a", "b", "c", "d"}
    assert Person.objects.count() == 1


def test_the_first_key_is_made_once_however_many_make_it(fresh_database: Fresh) -> None:
    raw("DELETE FROM secrecy_key")
    with pytest.raises(ring.NoKey, match="tongban setup"):
        ring.ring(fresh=True)
    with pytest.raises(ring.NoKey), transaction.atomic():
        ring.held()
    assert sum(map(bool, _at_once(*[services.ensure_key] * 4))) == 1
    assert Key.objects.get().state == "current"


def test_a_master_key_in_a_file_is_its_owners_alone(fresh_sqlite: Fresh, tmp_path: Path) -> None:
    files = masters.Files(tmp_path)
    name = files.newest("gm")
    path = tmp_path / "keys" / name
    assert (name, stat.S_IMODE(path.stat().st_mode)) == ("master-1.gm", 0o600)
    assert files.newest("std") == name  # what is there is used until it is changed
    wrapped = files.wrap(name, b"secret", b"1")
    assert files.unwrap(name, wrapped, b"1") == b"secret"
    with pytest.raises(SealBroken):
        files.unwrap(name, wrapped, b"2")
    assert files.next("std") == "master-2.std"
    path.chmod(0o640)
    with pytest.raises(KeyUnsafe, match="chmod 600"):
        files.unwrap(name, wrapped, b"1")
    path.unlink()
    with pytest.raises(MasterMissing, match="copy of the keys"):
        files.unwrap(name, wrapped, b"1")
    with pytest.raises(MasterMissing):
        files.unwrap("../control.std", wrapped, b"1")


def test_a_new_master_key_wraps_every_data_key_and_touches_no_value(
    fresh_database: Fresh, settings: Any, tmp_path: Path
) -> None:
    people.register_person("m", "王某", MOTHER)
    services.begin_rotation("operator")
    before = raw("SELECT name, id_number FROM parties_person")
    assert services.rotate_master("operator") == "file:master-2.std"
    assert {key.master for key in Key.objects.all()} == {"file:master-2.std"}
    (Path(settings.HOME) / "keys" / "master-1.std").rename(tmp_path / "kept")
    try:
        ring._unwrap.cache_clear()
        assert len(ring.ring(fresh=True).keys) == 2
        assert raw("SELECT name, id_number FROM parties_person") == before
        assert Person.objects.get().name == "王某"
    finally:
        (tmp_path / "kept").rename(Path(settings.HOME) / "keys" / "master-1.std")
        (Path(settings.HOME) / "keys" / "master-2.std").unlink()


def test_a_program_may_hold_the_master_key(
    fresh_sqlite: Fresh, settings: Any, tmp_path: Path
) -> None:
    program = tmp_path / "vault"
    program.write_text(
        f"#!{sys.executable}\nimport sys\n"
        'print({"newest": "vault-7.gm", "vault-7.gm": "5a" * 32}[sys.argv[1]])\n'
    )
    program.chmod(0o700)
    settings.MASTER = f"command:{program}"
    services.rotate_master("operator")
    assert Key.objects.get().master == "command:vault-7.gm"
    people.register_person("m", "王某", MOTHER)
    ring._unwrap.cache_clear()
    ring.ring(fresh=True)
    assert Person.objects.get().name == "王某"
    program.write_text("#!/bin/sh\nexit 1\n")
    ring._unwrap.cache_clear()
    with pytest.raises(MasterMissing, match=r"vault vault-7\.gm failed"):
        ring.ring(fresh=True)


class Service:
    """A key service: wraps by itself; the key never leaves it."""

    def newest(self, suite_name: str) -> str:
        return "hsm-1"

    next = newest

    def wrap(self, name: str, plain: bytes, context: bytes) -> bytes:
        return masters._wrap("gm", b"\x07" * 32, plain, name.encode() + context)

    def unwrap(self, name: str, wrapped: bytes, context: bytes) -> bytes:
        return masters._unwrap("gm", b"\x07" * 32, wrapped, name.encode() + context)


def test_a_key_service_may_wrap_by_itself(fresh_sqlite: Fresh, settings: Any) -> None:
    settings.MASTER = f"plugin:{__name__}:Service"
    assert services.rotate_master("operator") == "plugin:hsm-1"
    ring._unwrap.cache_clear()
    people.register_person("m", "王某", MOTHER)
    assert Person.objects.get().name == "王某"
    settings.MASTER = ""
    ring._unwrap.cache_clear()
    with pytest.raises(MasterMissing, match="TONGBAN_MASTER_BEFORE"):
        ring.ring(fresh=True)
    settings.MASTER_BEFORE = f"plugin:{__name__}:Service"
    assert ring.ring(fresh=True).current.number == 1
    for wrong in ("vault", "plugin:nothing", "command:"):
        settings.MASTER = wrong
        with pytest.raises(MasterMissing, match="TONGBAN_MASTER"):
            masters.newest()


def test_the_commands_show_seal_and_change(fresh_sqlite: Fresh) -> None:
    people.register_person("m", "王某", MOTHER)
    shown = CliRunner().invoke(keys, ["status"])
    assert shown.exit_code == 0
    assert "parties_person" in shown.output
    assert MOTHER not in shown.output
    changed = CliRunner().invoke(keys, ["rotate", "--grace", "0"])
    assert changed.exit_code == 0, changed.output
    assert "key 2" in changed.output
    assert "ended: 1" in changed.output
    assert "left 0" in changed.stderr
    assert CliRunner().invoke(keys, ["seal"]).output.strip().endswith("sealed / 已加密")
    raw("UPDATE parties_person SET key_id = NULL")
    wrong = CliRunner().invoke(keys, ["status"])
    assert wrong.exit_code == 1
    assert "in the clear  parties_person  1" in wrong.output


def test_a_file_of_the_database_gives_nothing_away(fresh_sqlite: Fresh) -> None:
    people.register_person("m", "欧阳测试", MOTHER)
    order().save()
    tell(name="欧阳测试", number=MOTHER, account="6222020200112233445")
    path = fresh_sqlite.url.removeprefix("sqlite:///")
    connection.close()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    held = Path(path).read_bytes()
    for secret in (MOTHER, "6222020200112233445"):
        assert secret.encode() not in held
    # the account's own name is the account's: docs/operate/secrecy.md says so
    assert held.count("欧阳测试".encode()) == 1
