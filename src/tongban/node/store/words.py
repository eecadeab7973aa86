"""What is committed to a node's log in one go, and why one entry of a group may be refused."""

import sqlite3
from dataclasses import dataclass

from tongban.kernel.wire.rows import RowDraft, RowInvalid


class NonceSeen(ValueError):
    """A request with this nonce by this key was taken before: it is a replay."""


class QuotaSpent(ValueError):
    """What a grant allows in a day is spent."""

    def __init__(self, grant: str) -> None:
        self.grant = grant
        super().__init__(f"QuotaSpent: {grant}")


class StoreGone(sqlite3.OperationalError):
    """The file of the log was removed or replaced while it was open; nothing is written beside it.

    Put the file back and start the node again; a log that begins anew is seen by its checkpoints.
    """


class CheckpointForked(FileExistsError):
    """Another root was signed for this size before: the log is not the one it was; ask why."""


class StoreInvalid(ValueError):
    """A file that is no store of this node; name another one, or mend it."""


@dataclass(frozen=True, slots=True)
class Nonce:
    """The nonce of a request; ``expires`` in Unix seconds, after which its signature is none."""

    keyid: str
    nonce: str
    expires: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What a call uses of a grant's quota of the day; a bound of 0 is none."""

    grant: str
    calls: int
    records: int
    most_calls: int
    most_records: int


@dataclass(frozen=True, slots=True)
class Write:
    """A statement of the node's own tables, run once for each of ``values``.

    It must not fail for what is in the values (``INSERT OR IGNORE``): others share its transaction.
    """

    sql: str
    values: tuple[tuple[str | int | bytes | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """Rows that stand or fall together with a nonce and what they use of quotas.

    ``bodies`` are kept beside the rows where the node keeps bodies: (place among ``rows``, body).
    ``writes`` change tables beside the log (`store.events`) in the same transaction.
    """

    rows: tuple[RowDraft, ...]
    nonce: Nonce | None = None
    usage: tuple[Usage, ...] = ()
    bodies: tuple[tuple[int, bytes], ...] = ()
    writes: tuple[Write, ...] = ()


@dataclass(frozen=True, slots=True)
class Committed:
    """Where the rows of an entry stand: their first and last number."""

    first: int
    last: int


#: What becomes of one entry of a group: it stands, or it alone is refused.
Told = Committed | NonceSeen | QuotaSpent | RowInvalid | StoreInvalid
