"""The tables beside the log: subscriptions, keys, changes, lanes, events on their way, tasks."""

TABLES = (
    """CREATE TABLE IF NOT EXISTS event_subscription (
        side TEXT, id TEXT, client TEXT NOT NULL, service TEXT NOT NULL, terms TEXT NOT NULL,
        since TEXT NOT NULL, ended TEXT NOT NULL DEFAULT '', catch_up TEXT,
        PRIMARY KEY (side, id)) WITHOUT ROWID""",
    """CREATE INDEX IF NOT EXISTS event_subscription_service
        ON event_subscription (side, service, ended)""",
    """CREATE TABLE IF NOT EXISTS event_key (
        subscription TEXT, subject TEXT, PRIMARY KEY (subscription, subject)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS event_change (
        id INTEGER PRIMARY KEY AUTOINCREMENT, service TEXT NOT NULL, event TEXT NOT NULL,
        batch TEXT NOT NULL, subject TEXT NOT NULL, at TEXT NOT NULL, sealed BLOB,
        UNIQUE (service, event))""",
    "CREATE INDEX IF NOT EXISTS event_change_subject ON event_change (service, subject, id)",
    """CREATE TABLE IF NOT EXISTS event_lane (
        id INTEGER PRIMARY KEY, side TEXT NOT NULL, subscription TEXT NOT NULL,
        subject TEXT NOT NULL, known INTEGER NOT NULL DEFAULT 0,
        UNIQUE (side, subscription, subject))""",
    """CREATE TABLE IF NOT EXISTS event_item (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, side TEXT NOT NULL, subscription TEXT NOT NULL,
        lane INTEGER NOT NULL, change INTEGER, sealed BLOB, head INTEGER NOT NULL,
        dead INTEGER NOT NULL DEFAULT 0, tries INTEGER NOT NULL DEFAULT 0,
        fault TEXT NOT NULL DEFAULT '')""",
    "CREATE INDEX IF NOT EXISTS event_item_lane ON event_item (lane, seq)",
    "CREATE INDEX IF NOT EXISTS event_item_change ON event_item (change)",
    "CREATE INDEX IF NOT EXISTS event_item_of ON event_item (side, subscription, seq)",
    """CREATE INDEX IF NOT EXISTS event_item_head ON event_item (side, seq)
        WHERE head = 1 AND dead = 0""",
    """CREATE TABLE IF NOT EXISTS event_seen (
        subscription TEXT, event TEXT, at TEXT NOT NULL, PRIMARY KEY (subscription, event)
        ) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS event_seen_at ON event_seen (at)",
    "CREATE TABLE IF NOT EXISTS event_place (service TEXT PRIMARY KEY, place TEXT) WITHOUT ROWID",
    """CREATE TABLE IF NOT EXISTS task (
        id TEXT PRIMARY KEY, client TEXT NOT NULL, call TEXT NOT NULL, state TEXT NOT NULL,
        asked INTEGER NOT NULL DEFAULT 0, until TEXT NOT NULL, request BLOB, answer BLOB
        ) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS task_state ON task (state, id)",
)
