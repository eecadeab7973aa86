"""The node's store: a hash-chained log that every answer stands on before it leaves."""

from tongban.node.store.store import Store, read_only, write_checkpoint
from tongban.node.store.words import (
    Committed,
    Entry,
    Nonce,
    NonceSeen,
    QuotaSpent,
    StoreInvalid,
    Usage,
    Write,
)

__all__ = [
    "Committed",
    "Entry",
    "Nonce",
    "NonceSeen",
    "QuotaSpent",
    "Store",
    "StoreInvalid",
    "Usage",
    "Write",
    "read_only",
    "write_checkpoint",
]
