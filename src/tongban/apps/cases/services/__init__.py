"""Verbs of cases: submit, advance, answer, decide, correct, suspend, urge, withdraw, sign.

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
    resume,
    suspend,
    urge,
    withdraw,
)
from .consenting import consent_again
from .doubting import Doubted, doubt, withdraw_doubt
from .drafting import (
    NOTICE,
    Saved,
    attach,
    detach,
    drop_draft,
    end_drafts,
    save_draft,
    submit_draft,
)
from .handling import (
    CHECKS,
    MOST_AT_ONCE,
    Check,
    Outcome,
    Present,
    ask_extension,
    at_counter,
    claim,
    decide_many,
    release,
    settle_extension,
    settle_transfer,
    transfer,
    warn,
)
from .holding import presented
from .intake import Submission, company_of, may_apply, submit
from .looking import look, looks
from .owned import own_draft
from .papers import MOST_BYTES, Paper, Upload, read_paper
from .prefilling import asks_consent, doubt_ahead, read_ahead, withdraw_doubt_ahead
from .reading import askable, read_answers, read_typed
from .signing import Asked, sign, to_sign
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
    "CHECKS",
    "MOST_AT_ONCE",
    "MOST_BYTES",
    "NOTICE",
    "POSTS",
    "TAKE_UP",
    "TRIES",
    "Asked",
    "Check",
    "Doubted",
    "Outcome",
    "Paper",
    "Present",
    "Saved",
    "Submission",
    "Upload",
    "Verdict",
    "accept",
    "advance",
    "allowed",
    "answer",
    "ask_correction",
    "ask_extension",
    "askable",
    "asks_consent",
    "at_counter",
    "attach",
    "calendar",
    "claim",
    "company_of",
    "consent_again",
    "decide",
    "decide_many",
    "detach",
    "doubt",
    "doubt_ahead",
    "drafts_of",
    "drop_draft",
    "end_drafts",
    "ground_for",
    "ground_of",
    "load",
    "look",
    "looks",
    "may_apply",
    "own_draft",
    "presented",
    "read_ahead",
    "read_answers",
    "read_paper",
    "read_typed",
    "release",
    "resume",
    "save",
    "save_draft",
    "settle_extension",
    "settle_transfer",
    "sign",
    "submit",
    "submit_draft",
    "suspend",
    "to_sign",
    "transfer",
    "urge",
    "wake",
    "warn",
    "withdraw",
    "withdraw_doubt",
    "withdraw_doubt_ahead",
]
