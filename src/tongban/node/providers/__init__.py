"""Where a node's answers come from (数源): a department's tables or its API, one adapter a kind."""

from tongban.node.providers.base import (
    KINDS,
    KindTwice,
    Provider,
    ProviderConfigInvalid,
    ProviderFailed,
    Registry,
    Setting,
    Wrong,
)
from tongban.node.providers.guard import Guarded, Guards, guarded

__all__ = [
    "KINDS",
    "Guarded",
    "Guards",
    "KindTwice",
    "Provider",
    "ProviderConfigInvalid",
    "ProviderFailed",
    "Registry",
    "Setting",
    "Wrong",
    "guarded",
]
