"""The audit names the first difference, whatever was changed behind the database's back."""

import re

import pytest
from click.testing import CliRunner
from django.db import connection

from testkit.servers import Fresh
from tongban.apps.evidence import auditing, cli, services

from .conftest import tell


def change(*statements: str) -> None:
    """Change rows as somebody who owns the database can."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'evidence%'"
            " OR type = 'trigger' AND tbl_name LIKE 'trail%'"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            cursor.execute(statement)


TILE = "UPDATE evidence_tile SET hashes ="
CHANGES = {
    "an envelope": ("UPDATE trail_event SET actor = 'b' WHERE position = 5", r"trail case-1:5"),
    "an envelope and its hash": (
        "UPDATE trail_event SET hash = replace(hash, '1', '2') WHERE position = 600",
        r"trail case-1:600",
    ),
    "a payload": ("UPDATE trail_payload SET data = '{}'", r"trail case-1:1 .*data was changed"),
    "a salt": ("UPDATE evidence_leaf SET salt = zeroblob(32) WHERE id = 300", r"tile 0/001: its"),
    "a leaf gone": ("DELETE FROM evidence_leaf WHERE id = 300", r"leaf 300: it is missing"),
    "the last leaf gone": ("DELETE FROM evidence_leaf WHERE id = 599", r"tile 0/002: .* 87 hashes"),
    "a leaf's hash": (
        f"{TILE} CAST(zeroblob(32) || substr(hashes, 33) AS BLOB) WHERE number = 1",
        r"tile 0/001: its hash 0 .* from leaf 256 on",
    ),
    "a tile above": (
        f"{TILE} CAST(substr(hashes, 1, 32) || zeroblob(32) AS BLOB) WHERE level = 1",
        r"tile 1/000: its hash 1 .* from leaf 256 on",
    ),
    "a tile gone": ("DELETE FROM evidence_tile WHERE level = 1", r"tile 1/000: it is missing"),
    "a tile too many": (
        "INSERT INTO evidence_tile (level, number, hashes) VALUES (0, 9, zeroblob(32))",
        r"tiles: there are 5, the tree has 4",
    ),
    "a tile too wide": (
        f"{TILE} CAST(hashes || zeroblob(32) AS BLOB) WHERE number = 2",
        r"tile 0/002: it is not 88 hashes wide",
    ),
    "a root": ("UPDATE evidence_checkpoint SET root = 'aa'", r"checkpoint 600: another tree"),
    "a note": (
        "UPDATE evidence_checkpoint SET note = replace(note, '600', '601')",
        r"checkpoint 600: NoteInvalid",
    ),
    "a checkpoint of more": (
        "UPDATE evidence_checkpoint SET id = 700",
        r"checkpoint 700: it was signed, and the log has 600",
    ),
}


@pytest.mark.parametrize("what", sorted(CHANGES))
def test_what_was_changed_is_named(fresh_sqlite: Fresh, what: str) -> None:
    tell(600)
    services.gather()
    services.checkpoint()
    assert auditing.audit().difference is None
    statement, want = CHANGES[what]
    change(statement)
    told = CliRunner().invoke(cli.audit, [])
    assert told.exit_code == 1
    assert re.search(want, told.output), told.output


def test_an_event_whose_leaf_was_taken_out_of_the_end_is_named(fresh_sqlite: Fresh) -> None:
    """Leaf, tiles and checkpoint were all rewritten to agree; the trail still tells."""
    tell(20)
    services.gather()
    change(
        "DELETE FROM evidence_leaf WHERE id = 19",
        "UPDATE evidence_tile SET hashes = substr(hashes, 1, 19 * 32)",
    )
    found = auditing.audit()
    assert found.difference is not None
    assert str(found.difference).endswith("case-1:20 has no leaf")


def test_an_audit_counts_what_it_walked(fresh_sqlite: Fresh) -> None:
    tell(600)
    services.gather()
    services.checkpoint()
    tell(5, start=600)
    progress: list[int] = []
    found = auditing.audit(progress.append)
    assert (found.events, found.leaves, found.tiles, found.waiting) == (605, 600, 2, 5)
    assert found.checkpoints == 1
    assert progress[-1] == 600
    told = CliRunner().invoke(cli.audit, [])
    assert told.exit_code == 0
    assert f"root {found.root}" in told.output
