"""The node's core (节点核心): every decision of a call, without input or output."""

from tongban.node.core.node import (
    Node,
    bare,
    limited,
    no_network,
    replayed,
    unavailable,
    unreachable,
)
from tongban.node.core.words import Accepted, Asked, Heard, Identity, Outcome, Prepared, View

__all__ = [
    "Accepted",
    "Asked",
    "Heard",
    "Identity",
    "Node",
    "Outcome",
    "Prepared",
    "View",
    "bare",
    "limited",
    "no_network",
    "replayed",
    "unavailable",
    "unreachable",
]
