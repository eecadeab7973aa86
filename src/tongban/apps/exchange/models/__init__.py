"""Tables of the exchange; none but the exchange's own services and queries touch them."""

from tongban.apps.exchange.models.catalogue import (
    CatalogueVersion,
    DataItem,
    Peer,
    Resource,
    ResourceVersion,
)

__all__ = [
    "CatalogueVersion",
    "DataItem",
    "Peer",
    "Resource",
    "ResourceVersion",
]
