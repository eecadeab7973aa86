"""Licences that tell no more than their holder wants: SD-JWT (RFC 9901), SD-JWT VC, status lists.

Pure: keys, salts, nonces and times are arguments. The verifier is our own, and strict: the package
``sd-jwt`` takes forged disclosures and presentations whose key binding was stripped.
"""

from .credentials import CLEAR, Credential, Reference, credential_claims, verify_credential
from .disclosures import Disclosure, Hide, hide, read_disclosure, reveal
from .errors import Reason, TokenRefused
from .keys import GM_ALGORITHM, PublicKey, SecretKey, key_of_suite, p256_key, read_key
from .status import MEDIA_TYPE, Published, Status, StatusList, open_list, read_list, seal_list
from .tokens import (
    CREDENTIAL,
    Binding,
    Held,
    Issued,
    KeyOf,
    Verified,
    bind,
    hold,
    issue,
    verify,
)

__all__ = [
    "CLEAR",
    "CREDENTIAL",
    "GM_ALGORITHM",
    "MEDIA_TYPE",
    "Binding",
    "Credential",
    "Disclosure",
    "Held",
    "Hide",
    "Issued",
    "KeyOf",
    "PublicKey",
    "Published",
    "Reason",
    "Reference",
    "SecretKey",
    "Status",
    "StatusList",
    "TokenRefused",
    "Verified",
    "bind",
    "credential_claims",
    "hide",
    "hold",
    "issue",
    "key_of_suite",
    "open_list",
    "p256_key",
    "read_disclosure",
    "read_key",
    "read_list",
    "reveal",
    "seal_list",
    "verify",
    "verify_credential",
]
