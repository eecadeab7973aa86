"""Fixtures of licences."""

from testkit.licences import any_card, card

__all__ = ["any_card", "card"]
