"""Verbs of cases: submit, advance, answer, decide, correct, suspend, extend, urge, withdraw.

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
from .intake import MOST_BYTES, Submission, Upload, read_answers, submit
from .turns import (
    TAKE_UP,
    TRIES,
    advance,
    allowed,
    calendar,
    drafts_of,
    ground_for,
    ground_of,
    load,
    save,
    wake,
)

__all__ = [
    "MOST_BYTES",
    "POSTS",
    "TAKE_UP",
    "TRIES",
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
    "ground_of",
    "load",
    "read_answers",
    "resume",
    "save",
    "submit",
    "suspend",
    "urge",
    "wake",
    "withdraw",
]
