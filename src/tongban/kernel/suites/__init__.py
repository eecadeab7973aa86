"""Named suites of digest, signature and cipher: a record says by which mathematics it stands.

Keys are bytes that the caller holds; a suite never makes, keeps or looks for one. A suite is chosen
by key, never by what a message says of itself.
"""

from collections.abc import Mapping
from types import MappingProxyType

from tongban.kernel.suites.gm import National
from tongban.kernel.suites.std import Standard
from tongban.kernel.suites.words import (
    NONCE_BYTES,
    Cipher,
    KeyInvalid,
    SealBroken,
    Signer,
    Suite,
    SuiteUnknown,
    Verifier,
)

__all__ = [
    "NONCE_BYTES",
    "SUITES",
    "Cipher",
    "KeyInvalid",
    "SealBroken",
    "Signer",
    "Suite",
    "SuiteUnknown",
    "Verifier",
    "suite",
]

SUITES: Mapping[str, Suite] = MappingProxyType({"std": Standard(), "gm": National()})


def suite(name: str) -> Suite:
    """Give the suite of this name; raise SuiteUnknown.

    >>> suite("std").digest(b"").hex()[:8]
    'e3b0c442'
    """
    try:
        return SUITES[name]
    except KeyError:
        raise SuiteUnknown(
            f"SuiteUnknown: no suite {name!r}; known: {', '.join(sorted(SUITES))}"
        ) from None
