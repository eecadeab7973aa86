"""Leaves: salted commitments to the events of the trail, so that a leaf tells nothing by itself.

An entry of the log is digest(salt ‖ canonical JSON) of a statement that names the event's hash; the
event's hash commits to its envelope, and through another salt to its data. Without the salts,
nobody learns from the tree what was decided about whom.
"""

from tongban.kernel.suites import Suite

FORMAT = "tongban.leaf.v1"
SALT_BYTES = 32


def statement(event_hash: str, event_suite: str) -> bytes:
    """Give what is committed to: the event's hash (hex) and the suite it was sealed by.

    Canonical JSON, written out: of letters and digits there is one writing.

    >>> statement("00ff", "std").decode()
    '{"format":"tongban.leaf.v1","hash":"00ff","suite":"std"}'
    """
    words = event_hash + event_suite
    if not words.isalnum() or not words.isascii():
        raise ValueError(f"{words[:100]!r} is no hash and suite of an event")
    return f'{{"format":"{FORMAT}","hash":"{event_hash}","suite":"{event_suite}"}}'.encode()


def commitment(salt: bytes, stated: bytes, by: Suite) -> bytes:
    """Give the entry of the log, 32 bytes; ``salt`` is 32 bytes that nobody can guess."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes, not {len(salt)}")
    return by.digest(salt + stated)
