"""The log before real witnesses: k of n, one that is away, a backup put back, two stories told."""

import io
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.db import connection, connections

from testkit.servers import Fresh
from testkit.witnesses import StartWitness
from tongban.apps.evidence import auditing, bundles, cli, queries, services, verify
from tongban.apps.evidence.models import Checkpoint, WitnessState
from tongban.infra.trail import queries as trail
from tongban.kernel.tlog import notes
from tongban.kernel.tlog.policy import NotWitnessed, PolicyInvalid, accept, read_policy

from .conftest import policy_of, tell


def grow(count: int = 10) -> services.Witnessing:
    tell(count, start=trail.count())
    services.gather()
    return services.witness()


def alarms() -> list[tuple[str, str]]:
    return [
        (event.type.split(".")[2], event.data["witness"])
        for event in trail.history("evidence:witnesses")
    ]


def test_two_of_three_witnesses_publish_a_checkpoint(
    fresh_sqlite: Fresh, start_witness: StartWitness, tmp_path: Path, settings
) -> None:
    three = [start_witness(name, str(services.key())) for name in ("court", "notary", "audit")]
    text = policy_of(settings.EVIDENCE_POLICY, 2, *three)
    done = grow(10)
    assert (done.size, done.signed, done.enough) == (10, ("audit", "court", "notary"), True)
    three[0].kill()
    done = grow(500)
    assert done.signed == ("audit", "notary")
    assert done.enough
    assert "does not answer" in done.faults["court"]
    found = queries.published()
    assert found is not None
    assert set(found.witnessed) == {"audit", "notary"}
    assert set(accept(found.note, read_policy(text)).times) == {"audit", "notary"}
    three[1].kill()
    done = grow(10)
    assert not done.enough
    # what too few signed is not published
    assert queries.published() == found
    assert accept(found.note, read_policy(text)).checkpoint.size == found.size
    newest = queries.note_of(done.size)
    assert newest is not None
    with pytest.raises(NotWitnessed, match="signed by audit; the policy wants 2 of court"):
        accept(str(newest).encode(), read_policy(text))
    # told once each, and told again when they are back
    grow(1)
    assert alarms() == [("alarm", "court"), ("alarm", "notary")]
    for one in three[:2]:
        one.start()
    done = grow(1)
    assert done.signed == ("audit", "court", "notary")
    assert alarms()[2:] == [("alarm_ended", "court"), ("alarm_ended", "notary")]
    assert auditing.audit().difference is None
    assert auditing.audit().cosignatures >= 3 + 2 + 1 + 3


def test_what_was_witnessed_long_ago_stays_published_through_a_long_outage(
    fresh_database: Fresh, start_witness: StartWitness, settings
) -> None:
    court, notary = (start_witness(name, str(services.key())) for name in ("court", "notary"))
    policy_of(settings.EVIDENCE_POLICY, 2, court, notary)
    assert grow(3).enough
    notary.kill()
    for _ in range(20):
        assert not grow(1).enough
    found = queries.published()
    assert found is not None
    assert found.size == 3
    # a witness that the policy does not name any more counts for nothing
    policy_of(settings.EVIDENCE_POLICY, 1, notary)
    assert queries.published() == replace(
        found,
        witnessed={"notary": found.witnessed["notary"]},
        note=found.note.replace(_line(found.note, "court"), b""),
    )


def _line(note: bytes, name: str) -> bytes:
    (found,) = [x for x in note.splitlines(keepends=True) if f" {name}.".encode() in x]
    return found


def test_a_national_log_is_witnessed_packed_and_checked(
    fresh_sqlite: Fresh, start_witness: StartWitness, settings
) -> None:
    settings.SUITE = "gm"
    key = str(services.key())
    two = [start_witness(name, key, suite="gm") for name in ("court", "notary")]
    text = policy_of(settings.EVIDENCE_POLICY, 2, *two)
    assert grow(5).enough
    packed = bundles.pack("case-1", trail.history("case-1"), {})
    report = verify.check(verify.read_packed(io.BytesIO(packed)), text)
    assert {*report.witnesses} == {"court", "notary"}
    assert report.log.name.endswith("/gm")
    said = bundles.check(packed).not_proved  # our own policy was used: whose keys is known here
    assert not any("公钥归属" in line for line in said)
    with pytest.raises(verify.Broken):
        bundles.check(packed[:300] + bytes([packed[300] ^ 1]) + packed[301:])


def test_yesterdays_backup_written_on_is_refused_and_told(
    fresh_sqlite: Fresh, start_witness: StartWitness, tmp_path: Path, settings
) -> None:
    court = start_witness("court", str(services.key()))
    policy_of(settings.EVIDENCE_POLICY, 1, court)
    grow(300)
    path = Path(fresh_sqlite.url.removeprefix("sqlite:///"))
    yesterday = tmp_path / "yesterday"
    with closing(sqlite3.connect(path)) as db, closing(sqlite3.connect(yesterday)) as copy:
        db.backup(copy)
    assert grow(50).signed == ("court",)
    connections["default"].close()
    for part in ("", "-wal", "-shm"):
        path.with_name(path.name + part).unlink(missing_ok=True)
    shutil.copyfile(yesterday, path)
    # a shorter tree: the witness knows a longer one
    done = grow(20)
    assert done.signed == ()
    assert not done.enough
    assert "has cosigned 350 leaves and we have 320" in done.faults["court"]
    # a longer one: it is not the one that the witness knows
    done = grow(100)
    assert done.signed == ()
    assert "refuses our tree" in done.faults["court"]
    published = queries.published()
    assert published is not None
    assert published.size == 300
    assert {one["kind"] for one in court.json("/alarms")} == {"rollback", "unproved"}
    assert {kind for kind, _ in alarms()} == {"alarm"}
    shown = CliRunner().invoke(cli.status, [])
    assert shown.exit_code == 1
    assert "refuses our tree" in shown.output


def test_a_log_that_is_shorter_than_what_it_signed_stops(fresh_sqlite: Fresh) -> None:
    tell(30)
    services.gather()
    services.checkpoint()
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER evidence_leaf_no_delete")
        cursor.execute("DELETE FROM evidence_leaf WHERE id > 20")
    with pytest.raises(services.LogWentBack, match="30 leaves were signed and 21 are there"):
        services.witness()
    told = CliRunner().invoke(cli.checkpoint, [])
    assert told.exit_code == 1
    assert "LogWentBack" in told.output


def test_two_trees_shown_to_two_people_are_exposed_by_one_witness(
    fresh_sqlite: Fresh, start_witness: StartWitness, tmp_path: Path, settings
) -> None:
    """The keeper of the log keeps two databases, and the key of the log signs for both."""
    court = start_witness("court", str(services.key()))
    text = policy_of(settings.EVIDENCE_POLICY, 1, court)
    tell(10)
    services.gather()
    services.checkpoint()
    path = Path(fresh_sqlite.url.removeprefix("sqlite:///"))
    other = tmp_path / "other"
    with closing(sqlite3.connect(path)) as db, closing(sqlite3.connect(other)) as copy:
        db.backup(copy)
    tell(7, "what-one-person-is-shown")
    services.gather()
    assert services.witness().signed == ("court",)
    to_one = queries.note_of(17)
    connections["default"].close()
    for part in ("", "-wal", "-shm"):
        path.with_name(path.name + part).unlink(missing_ok=True)
    shutil.copyfile(other, path)
    tell(7, "what-another-person-is-shown")
    services.gather()
    done = services.witness()
    assert done.signed == ()
    to_another = queries.note_of(17)
    assert to_one is not None
    assert to_another is not None
    accept(str(to_one).encode(), read_policy(text))
    with pytest.raises(NotWitnessed, match="signed by nobody"):
        accept(str(to_another).encode(), read_policy(text))
    (alarm,) = court.json("/alarms")
    assert alarm["kind"] == "fork"
    held, sent = (notes.read_note(alarm[name].encode()) for name in ("held", "sent"))
    assert {held.text, sent.text} == {to_one.text, to_another.text}
    assert all(notes.verify(note, [services.key()]) for note in (held, sent))


def test_a_witness_that_lost_count_and_one_that_is_another_are_told(
    fresh_sqlite: Fresh, start_witness: StartWitness, settings
) -> None:
    court = start_witness("court", str(services.key()))
    policy_of(settings.EVIDENCE_POLICY, 1, court)
    grow(10)
    # we forgot what the witness knows: it says so, and gets its proof
    WitnessState.objects.all().delete()
    assert grow(10).signed == ("court",)
    impostor = start_witness("notary", str(services.key()))
    text = settings.EVIDENCE_POLICY.read_text().replace(court.url, impostor.url)
    settings.EVIDENCE_POLICY.write_text(text)
    done = grow(10)
    assert done.signed == ()
    assert "another key than the policy's" in done.faults["court"]


def test_a_policy_that_does_not_name_this_log_is_refused(fresh_sqlite: Fresh, settings) -> None:
    settings.EVIDENCE_POLICY.write_text("quorum none\n")
    with pytest.raises(PolicyInvalid, match="does not name this log; write: log tongban"):
        services.witness()
    settings.EVIDENCE_POLICY.write_text("trust nobody\n")
    told = CliRunner().invoke(cli.status, [])
    assert told.exit_code == 1
    assert "line 1" in told.output


def test_without_a_policy_it_says_that_nobody_witnesses(fresh_sqlite: Fresh, settings) -> None:
    assert CliRunner().invoke(cli.checkpoint, []).exit_code == 1
    tell(3)
    told = CliRunner().invoke(cli.checkpoint, [])
    assert (told.exit_code, told.output) == (0, "3 leaves, witnessed by nobody / 未经见证\n")
    assert "NOT WITNESSED" in CliRunner().invoke(cli.status, []).output
    assert CliRunner().invoke(cli.key, []).output.strip() == str(services.key())
    assert Checkpoint.objects.count() == 1
