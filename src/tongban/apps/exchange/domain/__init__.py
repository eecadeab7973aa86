"""The truths of the exchange: what a catalogue is, and what an answer."""

from tongban.apps.exchange.domain.catalogue import attribute, build, law, words
from tongban.apps.exchange.domain.words import (
    Answer,
    Catalogue,
    Contract,
    Department,
    Fetched,
    Post,
    Purpose,
    Source,
    Status,
    Supplied,
)

__all__ = [
    "Answer",
    "Catalogue",
    "Contract",
    "Department",
    "Fetched",
    "Post",
    "Purpose",
    "Source",
    "Status",
    "Supplied",
    "attribute",
    "build",
    "law",
    "words",
]
