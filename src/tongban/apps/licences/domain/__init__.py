"""What a licence is made of: numbers, metadata, places in the status list, one-time challenges."""

from .challenges import ChallengeInvalid, make_challenge, read_challenge
from .faces import face_code, face_code_holds, rows, written, written_day
from .metadata import AGES, clear_claims, hidden_claims, kind_of, kind_uri, read_day
from .numbers import (
    FIRST_SEQUENCE,
    SEQUENCES,
    Issued,
    NumbersExhausted,
    company_code,
    identity_number,
    licence_identifier,
    valid_until,
)
from .places import LIST_BITS, Place, entry, place_of
from .words import METADATA, PRINTED, REASONS, Told, label, told

__all__ = [
    "AGES",
    "FIRST_SEQUENCE",
    "LIST_BITS",
    "METADATA",
    "PRINTED",
    "REASONS",
    "SEQUENCES",
    "ChallengeInvalid",
    "Issued",
    "NumbersExhausted",
    "Place",
    "Told",
    "clear_claims",
    "company_code",
    "entry",
    "face_code",
    "face_code_holds",
    "hidden_claims",
    "identity_number",
    "kind_of",
    "kind_uri",
    "label",
    "licence_identifier",
    "make_challenge",
    "place_of",
    "read_challenge",
    "read_day",
    "rows",
    "told",
    "valid_until",
    "written",
    "written_day",
]
