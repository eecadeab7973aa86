"""Tables of the exchange; none but the exchange's own services and queries touch them."""

from tongban.apps.exchange.models.catalogue import (
    CatalogueVersion,
    DataItem,
    Peer,
    Resource,
    ResourceVersion,
)
from tongban.apps.exchange.models.consents import Consent, Look, Revocation, Withdrawal
from tongban.apps.exchange.models.grants import (
    Counter,
    Grant,
    GrantRequest,
    Purpose,
    SubscriptionRequest,
)
from tongban.apps.exchange.models.network import (
    Checkpoint,
    Instance,
    Key,
    Node,
    ServiceHealth,
    Snapshot,
)

__all__ = [
    "CatalogueVersion",
    "Checkpoint",
    "Consent",
    "Counter",
    "DataItem",
    "Grant",
    "GrantRequest",
    "Instance",
    "Key",
    "Look",
    "Node",
    "Peer",
    "Purpose",
    "Resource",
    "ResourceVersion",
    "Revocation",
    "ServiceHealth",
    "Snapshot",
    "SubscriptionRequest",
    "Withdrawal",
]
