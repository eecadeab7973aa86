"""The tables of a node's store, and the triggers by which the database itself keeps the log.

`body`, `record_key` and `nonce` may lose rows: bodies by an erasure that the log tells of, nonces
once their message has expired. The log and its checkpoints may not.
"""

from collections.abc import Sequence

VERSION = 1

TABLES: Sequence[str] = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    # text is exactly what was hashed; call and kind are copies to search by
    """CREATE TABLE log (
        seq INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, call TEXT NOT NULL,
        hash TEXT NOT NULL, text TEXT NOT NULL)""",
    "CREATE INDEX log_call ON log (call)",
    "CREATE TABLE look (mark TEXT, seq INTEGER, PRIMARY KEY (mark, seq)) WITHOUT ROWID",
    "CREATE INDEX look_seq ON look (seq)",
    """CREATE TABLE nonce (
        keyid TEXT, nonce TEXT, expires INTEGER NOT NULL, PRIMARY KEY (keyid, nonce)
        ) WITHOUT ROWID""",
    "CREATE INDEX nonce_expires ON nonce (expires)",
    """CREATE TABLE usage (
        grant_id TEXT, day TEXT, calls INTEGER NOT NULL, records INTEGER NOT NULL,
        PRIMARY KEY (grant_id, day)) WITHOUT ROWID""",
    "CREATE TABLE body (seq INTEGER PRIMARY KEY, nonce BLOB NOT NULL, sealed BLOB NOT NULL)",
    "CREATE TABLE record_key (seq INTEGER PRIMARY KEY, nonce BLOB NOT NULL, wrapped BLOB NOT NULL)",
    """CREATE TABLE checkpoint (
        size INTEGER PRIMARY KEY, document TEXT NOT NULL, handed INTEGER NOT NULL DEFAULT 0)""",
    "CREATE TABLE frontier (size INTEGER PRIMARY KEY, peaks TEXT NOT NULL)",
)
TRIGGERS: Sequence[str] = (
    """CREATE TRIGGER log_no_update BEFORE UPDATE ON log
        BEGIN SELECT RAISE(ABORT, 'log is append-only: UPDATE refused'); END""",
    """CREATE TRIGGER log_no_delete BEFORE DELETE ON log
        BEGIN SELECT RAISE(ABORT, 'log is append-only: DELETE refused'); END""",
    # REPLACE removes the old row without asking a DELETE trigger; a gap would never be filled
    """CREATE TRIGGER log_no_replace BEFORE INSERT ON log
        WHEN NEW.seq IS NOT (SELECT COALESCE(MAX(seq), 0) + 1 FROM log)
        BEGIN SELECT RAISE(ABORT, 'log is append-only: a row out of its turn refused'); END""",
    """CREATE TRIGGER checkpoint_no_update BEFORE UPDATE OF size, document ON checkpoint
        BEGIN SELECT RAISE(ABORT, 'checkpoint is append-only: UPDATE refused'); END""",
    """CREATE TRIGGER checkpoint_no_delete BEFORE DELETE ON checkpoint
        BEGIN SELECT RAISE(ABORT, 'checkpoint is append-only: DELETE refused'); END""",
    """CREATE TRIGGER checkpoint_no_replace BEFORE INSERT ON checkpoint
        WHEN EXISTS (SELECT 1 FROM checkpoint WHERE size = NEW.size)
        BEGIN SELECT RAISE(ABORT, 'checkpoint is append-only: REPLACE refused'); END""",
    """CREATE TRIGGER record_key_by_erasure BEFORE DELETE ON record_key
        WHEN NOT EXISTS (
            SELECT 1 FROM log WHERE call = 'erasure-' || OLD.seq AND kind = 'erasure')
        BEGIN SELECT RAISE(ABORT, 'record_key goes by an erasure that the log tells of'); END""",
)
