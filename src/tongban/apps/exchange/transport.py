"""The way from the control plane to its own node: questions out, granted records back.

Which way is a setting: the node inside this process, or a node of its own over its inner listener.
The verbs of the exchange know neither; nothing that a source answers is judged here again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from tongban.kernel.wire.words import Found, Identifier, Question

__all__ = ["Asked", "Heard", "NodeRefused", "SourceSilent", "Transport", "ask", "transport"]


class NodeRefused(PermissionError):
    """The network does not serve this call: no grant, no consent. ``code`` is of `words.STATUS`."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        self.code, self.zh, self.en = code, zh, en
        super().__init__(en)


class SourceSilent(ConnectionError):
    """The owner's node or system does not answer now, or not as described; ask again later."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to a service and why it is asked.

    ``call`` is the number of the call on every log, ``purposes`` codes of registered purposes,
    ``consent`` a token or empty, ``issue`` the case number, ``user`` who asks. ``patience`` are the
    seconds that the asker can wait for a node beside it; 0: as long as the node itself gives its
    source.
    """

    service: Identifier
    question: Question
    call: str
    purposes: tuple[str, ...]
    consent: str = ""
    issue: str = ""
    user: str = ""
    patience: float = 0.0


#: What came of a call: what was found, or why nothing was.
Heard = Found | NodeRefused | SourceSilent


class Transport(Protocol):
    """What the exchange needs of its node."""

    def ask_all(self, asked: Sequence[Asked]) -> Sequence[Heard]:
        """Make calls that wait for nothing of one another, each signed and logged.

        Gives for each, in order, what came of it; nothing is given before all of it is logged.
        """

    def hand_in(self) -> int:
        """Keep checkpoints and looks of a node in this process; give how many looks were new.

        A node beside this process hands them in by itself.
        """


def transport() -> Transport:
    """Give the way that this installation is set to (``EXCHANGE_TRANSPORT``): one a process.

    Threads that ask for it first at once would each make one, and open one log twice.
    """
    with _MAKING:
        return _made(settings.EXCHANGE_TRANSPORT)


def ask(asked: Asked) -> Found:
    """Make one call; raise `NodeRefused`, `SourceSilent`."""
    (heard,) = transport().ask_all([asked])
    if isinstance(heard, Found):
        return heard
    raise heard


_MAKING = Lock()


@cache
def _made(place: str) -> Transport:
    made: Transport = import_string(place)()
    return made
