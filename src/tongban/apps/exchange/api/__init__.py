"""The exchange's addresses: what nodes and other instances ask, and what people and systems ask."""
