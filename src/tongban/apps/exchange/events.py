"""What the exchange says on the trail. Names of facts, never their values."""

CALLED = "tongban.exchange.called.v1"
SUPPLIED = "tongban.exchange.supplied.v1"
CATALOGUE_PUBLISHED = "tongban.exchange.catalogue_published.v1"

#: The chain on which the catalogue's versions are told.
CATALOGUE = "exchange:catalogue"
