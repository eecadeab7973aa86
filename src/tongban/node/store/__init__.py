"""The node's store: a hash-chained log that every answer stands on before it leaves."""

from tongban.node.store.files import read_only, write_checkpoint
from tongban.node.store.store import Store
from tongban.node.store.words import (
    CheckpointForked,
    Committed,
    Entry,
    Nonce,
    NonceSeen,
    QuotaSpent,
    StoreGone,
    StoreInvalid,
    Told,
    Usage,
    Write,
)

__all__ = [
    "CheckpointForked",
    "Committed",
    "Entry",
    "Nonce",
    "NonceSeen",
    "QuotaSpent",
    "Store",
    "StoreGone",
    "StoreInvalid",
    "Told",
    "Usage",
    "Write",
    "read_only",
    "write_checkpoint",
]
