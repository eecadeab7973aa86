"""Verbs of licences: issue, supersede, suspend, restore, revoke; show, offer, ask, verify; numbers.

Issuing runs inside its caller's transaction and gives back what to say on the trail, so that a
licence, its decision and its event stand or fall together.
"""

from tongban.apps.licences.errors import LicenceNotValid, LicenceUnknown

from .asking import answered, ask
from .counter import face, verify
from .issuing import bind, issue, issued_draft
from .numbers import assign
from .orders import Act, order
from .showing import present, show, shown
from .states import restore, revoke, settle, supersede, suspend
from .wallets import offer

__all__ = [
    "Act",
    "LicenceNotValid",
    "LicenceUnknown",
    "answered",
    "ask",
    "assign",
    "bind",
    "face",
    "issue",
    "issued_draft",
    "offer",
    "order",
    "present",
    "restore",
    "revoke",
    "settle",
    "show",
    "shown",
    "supersede",
    "suspend",
    "verify",
]
