"""What was typed outlives the session in which it was typed (留存填写内容).

A form that comes after its session ended, or whose session is too weak for it, does nothing. What
was typed into it is sealed and kept for a day, and only the same user in the same browser sees it
again: the row names the user, and the session of the browser names the row. Nothing is ever sent
again by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpRequest

from tongban.infra import clock

from .models import KeptForm, User
from .sessions import Whose

LONGEST = 256 * 1024  # bytes: the longest text that a page takes fits
LASTS = timedelta(days=1)
_KEPT = "kept"
Typed = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Kept:
    """A form as it was sent: from which page to which address, for whom, with which values."""

    page: str
    action: str
    behalf: str
    typed: Typed


@dataclass(frozen=True, slots=True)
class Told:
    """What became of the last form of this browser's ended session."""

    whole: bool
    files: bool


def keep(request: HttpRequest, whose: Whose, page: str, typed: Typed, *, files: bool) -> None:
    """Keep what a form of an ended session holds, in place of what was kept before.

    What is too long is not kept, and files never are; `told` says so.
    """
    let_go(request)
    user, behalf = whose
    size = sum(len(text.encode()) for name in typed for text in (name, *typed[name]))
    row = None
    if size <= LONGEST:
        sent: Any = {"page": page, "action": request.path, "behalf": behalf, "typed": dict(typed)}
        row = KeptForm.objects.create(user_id=user, sent=sent, at=clock.now()).pk
    request.session[_KEPT] = [row, files]


def told(request: HttpRequest) -> Told | None:
    """Say whether something was kept, and whether files were left out; None: no form came late."""
    found = request.session.get(_KEPT)
    return Told(found[0] is not None, found[1]) if found else None


def kept(request: HttpRequest) -> Kept | None:
    """Give what the signed-in user typed in this browser; another's is let go instead."""
    found = request.session.get(_KEPT)
    if not found or not isinstance(request.user, User):
        return None
    row = KeptForm.objects.filter(pk=found[0], at__gt=clock.now() - LASTS).first()
    if row is None or row.user_id != request.user.pk:
        let_go(request)
        return None
    return Kept(**row.sent)


def let_go(request: HttpRequest) -> None:
    """Forget what was kept for this browser."""
    if found := request.session.pop(_KEPT, None):
        KeptForm.objects.filter(pk=found[0]).delete()


def sweep() -> None:
    """Delete what nobody came back for."""
    KeptForm.objects.filter(at__lte=clock.now() - LASTS).delete()
