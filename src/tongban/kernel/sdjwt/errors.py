"""How a token is refused: one error, and one word for the reason that a program can act on."""

from typing import Literal

Reason = Literal[
    "malformed",  # not the one writing of an SD-JWT, a disclosure, a key or a list
    "algorithm",  # none, another one than the key's, or a hash we do not trust
    "critical",  # the header names a rule that must be understood and is not
    "type",  # another kind of token than was asked for
    "issuer",  # nobody we know signs under this name and key
    "signature",
    "disclosure",  # forged, unreferenced, repeated, or one that would overwrite a claim
    "expired",
    "early",  # not valid yet, or made in the future
    "claims",  # a claim that must stand in the clear is absent or not of its type
    "binding",  # the holder did not prove possession, or proved it for something else
    "audience",
    "nonce",
    "status",  # the list says nothing about this token
]


class TokenRefused(ValueError):
    """A token that does not hold; ``reason`` is one of `Reason`, the message a sentence."""

    def __init__(self, reason: Reason, told: str) -> None:
        super().__init__(f"TokenRefused ({reason}): {told}")
        self.reason = reason
