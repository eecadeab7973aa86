"""What the exchange says on the trail. Names of facts, never their values."""

CALLED = "tongban.exchange.called.v1"
SUPPLIED = "tongban.exchange.supplied.v1"
CATALOGUE_PUBLISHED = "tongban.exchange.catalogue_published.v1"

#: The chain on which the catalogue's versions are told.
CATALOGUE = "exchange:catalogue"

# how sharing is governed
PURPOSES_SYNCED = "tongban.exchange.purposes_synced.v1"
REQUEST_MOVED = "tongban.exchange.request_moved.v1"
REQUEST_OVERDUE = "tongban.exchange.request_overdue.v1"
GRANTED = "tongban.exchange.granted.v1"
GRANT_ENDED = "tongban.exchange.grant_ended.v1"
CONSENTED = "tongban.exchange.consented.v1"
CONSENT_WITHDRAWN = "tongban.exchange.consent_withdrawn.v1"
DISAGREED = "tongban.exchange.disagreed.v1"
FILE_OPENED = "tongban.exchange.file_opened.v1"

# the network
NODE_ADDED = "tongban.exchange.node_added.v1"
NODE_ENDED = "tongban.exchange.node_ended.v1"
KEY_ENDED = "tongban.exchange.key_ended.v1"
SNAPSHOT_PUBLISHED = "tongban.exchange.snapshot_published.v1"
CHECKPOINT = "tongban.exchange.checkpoint_taken.v1"
ALARM = "tongban.exchange.alarm.v1"
CARD_TAKEN = "tongban.exchange.card_taken.v1"

#: The chains of the network and of all grants.
NETWORK = "exchange:network"
GRANTS = "exchange:grants"


def request_chain(number: str) -> str:
    """Give the chain of one request for data."""
    return f"exchange:request:{number}"


def consent_chain(number: str) -> str:
    """Give the chain of one consent."""
    return f"exchange:consent:{number}"


def file_chain(mark: str) -> str:
    """Give the chain of the looks into one person's or company's file."""
    return f"exchange:file:{mark}"


RESOURCE_REGISTERED = "tongban.exchange.resource_registered.v1"
RESOURCE_CHANGED = "tongban.exchange.resource_changed.v1"
RESOURCE_PUBLISHED = "tongban.exchange.resource_published.v1"
RESOURCE_WITHDRAWN = "tongban.exchange.resource_withdrawn.v1"
HARVESTED = "tongban.exchange.catalogue_harvested.v1"


def resource_chain(slug: str) -> str:
    """Give the chain on which the life of one resource of the catalogue is told."""
    return f"exchange:resource:{slug}"


def harvest_chain(peer: str) -> str:
    """Give the chain on which the harvests of one other catalogue are told."""
    return f"exchange:harvest:{peer}"
