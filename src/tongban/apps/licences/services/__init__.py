"""Verbs of licences: issue, sign for a wallet, supersede, suspend, restore, revoke, give numbers.

Issuing runs inside its caller's transaction and gives back what to say on the trail, so that a
licence, its decision and its event stand or fall together.
"""

from tongban.apps.licences.errors import LicenceNotValid, LicenceUnknown

from .issuing import bind, issue, issued_draft
from .numbers import assign
from .states import restore, revoke, settle, supersede, suspend

__all__ = [
    "LicenceNotValid",
    "LicenceUnknown",
    "assign",
    "bind",
    "issue",
    "issued_draft",
    "restore",
    "revoke",
    "settle",
    "supersede",
    "suspend",
]
