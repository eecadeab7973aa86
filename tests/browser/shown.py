"""What a page of the list is: its address, who looks at it, and what brings it into its state."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol


class Acting(Protocol):
    """What an ``act`` may do: what a visitor does."""

    def open(self, path: str) -> "Acting":
        """Open another page."""

    def send(self, form: str = ..., *, checked: bool = ..., **fields: Any) -> "Acting":
        """Fill a form and send it, ``checked`` by the browser or not."""

    def attach(self, field: str, name: str, content: bytes) -> "Acting":
        """Choose a file for a field."""

    def outdated(self, **values: str) -> "Acting":
        """Have what the page carries along be of another day: hidden fields, values of buttons."""

    def unfold(self, folded: str = ...) -> "Acting":
        """Open what is folded away."""

    def look(self, picture: str) -> "Acting":
        """Look at a picture that is loaded late; fail where it is none."""

    def name_oneself(self, role: str) -> "Acting":
        """Give the name and password of somebody."""

    def add_app(self) -> "Acting":
        """Add an authenticator app to one's account, unless it has one that one may not remove."""


@dataclass(frozen=True)
class Shown:
    """One page to look at.

    ``path`` is filled in with the numbers of `testkit.states`; ``role`` is one of its people,
    nobody when empty; ``status`` is what the page answers; ``act`` brings it into the state that is
    looked at, such as the error state of a form, by what a visitor does.
    """

    name: str
    path: str
    role: str = ""
    status: int = 200
    act: Callable[[Acting], object] | None = None

    def __str__(self) -> str:
        """Give what tests call it."""
        return self.name


def sends(form: str = "main form[method=post]", **fields: str | bool) -> Callable[[Acting], object]:
    """Give the act of sending a form with these fields, unchecked by the browser."""

    def act(seen: Acting) -> object:
        return seen.send(form, checked=False, **fields)

    return act


#: The item of which something waits for the reviewer.
TASK = "maternity-reimbursement"
