"""Tells a department, clause by clause, what its endpoint lacks (符合性检查).

Two kinds of endpoint: an HTTP interface that a provider is to read, and a node's outer listener.
Everything is tried on the real endpoint; what was not tried is said to be so, never to be met.
"""

from tongban.node.conform.interface import conform_interface
from tongban.node.conform.peer import Credentials, conform_peer
from tongban.node.conform.words import Clause, Finding, as_json, as_text

__all__ = [
    "Clause",
    "Credentials",
    "Finding",
    "as_json",
    "as_text",
    "conform_interface",
    "conform_peer",
]
