"""An official changes a licence's state: judged, with legal basis and reason."""

from typing import Final, Literal

from tongban.apps.licences import queries
from tongban.infra import clock
from tongban.infra.access.domain import Subject

from . import states
from .again import again

Act = Literal["revoke", "suspend", "restore", "settle"]
_VERBS: Final = {
    "revoke": states.revoke,
    "suspend": states.suspend,
    "restore": states.restore,
    "settle": states.settle,
}


def order(subject: Subject, identifier: str, act: Act, *, authority: str, reason: str) -> None:
    """Do one act on a licence in the name of an official.

    ``authority`` is the legal basis. Raises `LicenceUnknown`, `NotAllowed`, `LicenceNotValid`, and
    ValueError where basis or reason is missing.
    """
    queries.look(subject, identifier, f"licence.{act}")

    def do() -> None:
        _VERBS[act](
            identifier,
            actor=subject.user_id,
            authority=authority,
            reason=reason,
            now=clock.now(),
        )

    again(do)
