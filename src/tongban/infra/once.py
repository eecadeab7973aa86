"""What is asked again and again while one page is made is asked of the database once.

Outside of such a look nothing is kept, and a look is never longer than one reading request or one
round of calls to sources: what a verb changes, the same verb sees.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar, cast

T = TypeVar("T")
_kept: ContextVar[dict[str, Any] | None] = ContextVar("tongban_once", default=None)


@contextmanager
def one_look() -> Iterator[None]:
    """Keep, until the block ends, what is asked through `once` in this thread."""
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def once(name: str, ask: Callable[[], T]) -> T:
    """Give what ``ask`` gives; within one look it is asked the first time only."""
    kept = _kept.get()
    if kept is None:
        return ask()
    if name not in kept:
        kept[name] = ask()
    return cast("T", kept[name])
