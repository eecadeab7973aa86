"""Verbs of cases: submit, advance, answer, decide, correct, suspend, extend, urge, withdraw, sign.

Every verb loads the case, decides by the pure engine, and saves state and trail in one
transaction.
"""

from .acts import (
    POSTS,
    Verdict,
    accept,
    answer,
    ask_correction,
    decide,
    extend,
    resume,
    suspend,
    urge,
    withdraw,
)
from .consenting import consent_again
from .intake import MOST_BYTES, Submission, Upload, submit
from .signing import Asked, sign, to_sign
from .turns import (
    TAKE_UP,
    TRIES,
    advance,
    allowed,
    calendar,
    drafts_of,
    ground_for,
    load,
    save,
    wake,
)

__all__ = [
    "MOST_BYTES",
    "POSTS",
    "TAKE_UP",
    "TRIES",
    "Asked",
    "Submission",
    "Upload",
    "Verdict",
    "accept",
    "advance",
    "allowed",
    "answer",
    "ask_correction",
    "calendar",
    "consent_again",
    "decide",
    "drafts_of",
    "extend",
    "ground_for",
    "load",
    "resume",
    "save",
    "sign",
    "submit",
    "suspend",
    "to_sign",
    "urge",
    "wake",
    "withdraw",
]
