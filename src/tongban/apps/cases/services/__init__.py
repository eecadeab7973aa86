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
from .drafting import (
    NOTICE,
    Saved,
    attach,
    detach,
    drop_draft,
    end_drafts,
    own_draft,
    save_draft,
    submit_draft,
)
from .intake import Submission, askable, may_apply, read_answers, submit
from .papers import MOST_BYTES, Paper, Upload, read_paper
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
    "NOTICE",
    "POSTS",
    "TAKE_UP",
    "TRIES",
    "Paper",
    "Saved",
    "Submission",
    "Upload",
    "Verdict",
    "accept",
    "advance",
    "allowed",
    "answer",
    "ask_correction",
    "askable",
    "attach",
    "calendar",
    "consent_again",
    "decide",
    "detach",
    "drafts_of",
    "drop_draft",
    "end_drafts",
    "extend",
    "ground_for",
    "ground_of",
    "load",
    "may_apply",
    "own_draft",
    "read_answers",
    "read_paper",
    "resume",
    "save",
    "save_draft",
    "submit",
    "submit_draft",
    "suspend",
    "urge",
    "wake",
    "withdraw",
]
