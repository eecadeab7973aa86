"""Fixtures of the pages."""

from testkit.licences import card

__all__ = ["card"]
