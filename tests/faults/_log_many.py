"""A process that puts calls on a node's log through the flusher, and may be killed at any instant.

Arguments: the log, a name for this process, what to do. ``load`` commits without end and signs
checkpoints meanwhile; ``steady`` commits eight at a time without end and says how each group went;
any other word is a list of nonces, by comma, each tried once. Says each acknowledged call by
one write of one line, after its commit returned and not before.
"""

import asyncio
import contextlib
import os
import sys
import time
from itertools import count
from pathlib import Path

from tongban.kernel.suites import suite
from tongban.kernel.wire.documents import key_id
from tongban.kernel.wire.rows import RowDraft
from tongban.node.flusher import Flusher, LogDown
from tongban.node.store import Entry, Nonce, NonceSeen, Store, write_checkpoint

STD = suite("std")
SIGNER = STD.signer(bytes(range(32)))
KEYID = key_id("11330100MB1A23019Q", STD, SIGNER.public)
LATER = 4_000_000_000


def say(*words: object) -> None:
    """Write one line at once: a pipe or a file keeps what a killed process wrote."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def entry(call: str, nonce: str) -> Entry:
    """Give the entry of one served call, about as large as a real one."""
    asked = RowDraft("provider", "request", call, code="文" * 300)
    answered = RowDraft("provider", "answer", call, status=200, code="x" * 800)
    return Entry((asked, answered), Nonce(KEYID, nonce, LATER))


async def load(flusher: Flusher, store: Store, name: str) -> None:
    """Let sixteen clients call without end, and sign checkpoints beside them."""
    numbers = count()

    async def client() -> None:
        for number in numbers:
            call = f"{name}-{number}"
            told = await flusher.commit(entry(call, call))
            say("kept", call, told.first, told.last)

    async def sign() -> None:
        while True:
            sealed = await asyncio.to_thread(store.checkpoint, "n1", KEYID, SIGNER)
            if sealed is not None:
                folder = store.path.parent / "outside"
                await asyncio.to_thread(write_checkpoint, folder, sealed)
            await asyncio.sleep(0.02)

    await asyncio.gather(sign(), *(client() for _ in range(16)))


async def steady(flusher: Flusher, name: str) -> None:
    """Commit eight calls at a time; say which stood, or how long the refusals took."""
    for number in count():
        calls = [f"{name}-{number}-{part}" for part in range(8)]
        began = time.monotonic()
        told = await asyncio.gather(
            *(flusher.commit(entry(call, call)) for call in calls), return_exceptions=True
        )
        for call, one in zip(calls, told, strict=True):
            if isinstance(one, LogDown):
                say("down", call, round(time.monotonic() - began, 3))
            elif isinstance(one, BaseException):
                raise one
            else:
                say("kept", call, one.first, one.last)
        await asyncio.sleep(0.005)


async def replay(flusher: Flusher, name: str, nonces: list[str]) -> None:
    """Try each nonce once, all at the same time."""

    async def one(nonce: str) -> None:
        try:
            await flusher.commit(entry(f"{name}-{nonce}", nonce))
        except NonceSeen:
            say("seen", nonce)
        else:
            say("kept", nonce)

    await asyncio.gather(*map(one, nonces))
    say("all")
    await asyncio.sleep(60)  # until it is killed


async def main() -> None:
    """Do what the arguments say."""
    path, name, what = sys.argv[1:]
    store = Store.open(Path(path), "std")
    flusher = Flusher(store)
    say("ready")
    with contextlib.suppress(BrokenPipeError):
        if what == "load":
            await load(flusher, store, name)
        elif what == "steady":
            await steady(flusher, name)
        else:
            await replay(flusher, name, what.split(","))


if __name__ == "__main__":
    asyncio.run(main())
