"""Refusals: every no to somebody who asked is told on the trail, with what was asked and how.

A denial outlives the transaction that it ends: inside one it waits until the request is over. More
than a minute's measure of one user is told as one event, so that nobody fills the trail by asking.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Final

from django.db import connection, transaction

from tongban.infra.trail.services import ChainMoved, tell
from tongban.kernel.events import Draft

from . import limits
from .domain import Ruling, Subject

_waiting: ContextVar[tuple[Draft, ...]] = ContextVar("denials", default=())
_TRIES: Final = 5


class StepUpNeeded(PermissionError):
    """The subject may do this once it is known more surely (RFC 9470); ``level`` says how."""

    def __init__(self, ruling: Ruling) -> None:
        super().__init__(ruling.en)
        self.zh, self.en, self.level = ruling.zh, ruling.en, ruling.needs


def refuse(
    subject: Subject,
    action: str,
    resource: Mapping[str, str],
    ruling: Ruling,
    *,
    step_up: bool = True,
) -> None:
    """Tell the trail of this no; raise `StepUpNeeded` where signing in again would help.

    Returns otherwise: the caller raises its own refusal.
    """
    context, behalf = subject.context, subject.behalf
    data = {
        "action": action,
        "purpose": context.purpose,
        "level": context.level,
        "needs": ruling.needs,
        "device": {
            "kind": context.device.kind,
            "network": context.device.network,
            "known": context.device.known,
            "secure": context.device.secure,
        },
        "resource": dict(resource),
        "delegation": behalf.delegation if behalf is not None else "",
    }
    _note(
        Draft(
            type="tongban.access.denied.v1",
            chain=f"user:{subject.user_id}",
            actor=subject.user_id,
            on_behalf_of=behalf.principal if behalf is not None else "",
            reason=ruling.en,
            data=data,
        )
    )
    if ruling.needs and step_up:
        raise StepUpNeeded(ruling)


def _note(draft: Draft) -> None:
    if connection.in_atomic_block:
        _waiting.set((*_waiting.get(), draft))
    else:
        flush()
        _write(draft)


def flush() -> None:
    """Write down the denials that waited for their transaction to end."""
    waiting = _waiting.get()
    if not waiting or connection.in_atomic_block:
        return
    _waiting.set(())
    for draft in waiting:
        _write(draft)


def _write(draft: Draft) -> None:
    told = limits.count(limits.DENIALS, draft.chain)
    if told > limits.DENIALS.most + 1:
        return
    if told == limits.DENIALS.most + 1:
        more = "more denials within this minute are not told one by one"
        draft = Draft(type=draft.type, chain=draft.chain, actor=draft.actor, reason=more, data={})
    for attempt in range(_TRIES):
        try:
            with transaction.atomic():
                tell(draft)
        except ChainMoved:
            if attempt == _TRIES - 1:
                raise
        else:
            return
