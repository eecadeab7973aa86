"""Fixtures of licences."""

from testkit.licences import card

__all__ = ["card"]
