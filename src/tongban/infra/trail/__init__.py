"""The trail: one append-only table of events, from which all news travels."""
