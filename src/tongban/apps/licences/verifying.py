"""Verify a licence that somebody shows: signature, time, holder, state; and say what was proved.

One strict verifier serves shops, counters, other offices and the command line. What it refuses it
refuses with a reason; it never says "valid" for what it could not check.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tongban.kernel import sdjwt
from tongban.kernel.sdjwt import Binding, KeyOf, Status, TokenRefused

from .statuses import Lists


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found: ``reason`` is empty for a valid licence, else why it is not.

    Reasons are those of `tongban.kernel.sdjwt.Reason`, and ``revoked`` and ``suspended``.
    ``holder_proved`` tells whether whoever showed it proved to be its holder; ``claims`` are those
    shown, and empty where nothing was proved.
    """

    reason: str
    why: str
    kind: str = ""
    issuer: str = ""
    issued: int | None = None
    expires: int | None = None
    holder_proved: bool = False
    claims: Mapping[str, Any] = field(default_factory=dict)

    @property
    def valid(self) -> bool:
        """Whether everything that was asked holds."""
        return not self.reason


_ENDED = {
    Status.INVALID: ("revoked", "the licence was revoked or replaced"),
    Status.SUSPENDED: ("suspended", "the licence is suspended for the time being"),
}


def verdict(
    presented: str, key_of: KeyOf, lists: Lists, *, now: int, binding: Binding | None
) -> Verdict:
    """Verify what was presented; without ``binding`` only that it is good, not whose it is."""
    try:
        found = sdjwt.verify_credential(presented.strip(), key_of, now=now, binding=binding)
        state = lists.state(found.status, found.issuer, now)
    except TokenRefused as refused:
        return Verdict(refused.reason, str(refused))
    reason, why = _ENDED.get(state, ("", ""))
    return Verdict(
        reason,
        why,
        found.kind,
        found.issuer,
        found.issued,
        found.expires,
        found.holder is not None,
        found.claims,
    )
