"""The first page of a PDF as a picture (首页预览): drawn by a child process with narrow limits.

What draws is the extra ``pictures``. This process never reads the PDF itself: it hands the bytes to
`first_page`, waits for a moment and believes nothing but a small WebP or one word.
"""

import subprocess
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from threading import Lock, Timer
from typing import Final

MEDIA_TYPE: Final = "image/webp"
MOST_BYTES: Final = 200_000
SECONDS: Final = 8.0  # on the wall; the processor time is limited by the child itself
HEAVY: Final = "heavy"
ABSENT: Final = "absent"
#: why there is no picture → the words for it, in Chinese and English
REASONS: Final = {
    ABSENT: (
        "本系统未安装PDF首页预览，请打开完整PDF查看",
        "no picture of PDFs can be made here; open the whole PDF",
    ),
    "broken": (
        "PDF不完整或已损坏，无法预览首页",
        "the PDF is damaged or cut short: no picture of its first page",
    ),
    "fonts": (
        "PDF未嵌入所用字体，预览会缺字，请打开完整PDF查看",
        "the PDF does not hold its fonts, so a picture would lack words; open the whole PDF",
    ),
    HEAVY: (
        "PDF首页过于复杂，无法预览，请打开完整PDF查看",
        "the first page takes too much to draw; open the whole PDF",
    ),
    "locked": ("PDF已加密，无法预览首页", "the PDF is locked: no picture of its first page"),
    "long": (
        "PDF页数过多，不作预览，请打开完整PDF查看",
        "the PDF has too many pages for a picture; open the whole PDF",
    ),
    "odd": (
        "PDF首页尺寸异常，无法预览，请打开完整PDF查看",
        "the first page has no usual size, so there is no picture; open the whole PDF",
    ),
}
_PROGRAM = Path(__file__).with_name("first_page.py")
_SAID = frozenset(REASONS) - {ABSENT, HEAVY}  # what the child may say
_ONE = Lock()  # one child a process: pages that ask for ten pictures wait, and memory is spent once


class PictureNotMade(RuntimeError):
    """There is no picture of this PDF; ``reason`` is a key of `REASONS`."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        self.zh, self.en = REASONS[reason]
        super().__init__(self.en)


def can_draw() -> bool:
    """Say whether the extra ``pictures`` is installed and this system can limit a process."""
    return find_spec("pypdfium2") is not None and find_spec("resource") is not None


def first_page(content: bytes, *, seconds: float = SECONDS) -> bytes:
    """Draw the first page of a PDF as WebP, 1,600 pixels and `MOST_BYTES` at most.

    ``seconds`` is the longest wait; raise PictureNotMade.
    """
    if not can_draw():
        raise PictureNotMade(ABSENT)
    with _ONE:
        failed, told = _child(content, seconds)
    if not failed and len(told) <= MOST_BYTES and told[:4] + told[8:12] == b"RIFFWEBP":
        return told
    word = told.decode("ascii", "replace")
    raise PictureNotMade(word if failed == 1 and word in _SAID else HEAVY)


def _child(content: bytes, seconds: float) -> tuple[int, bytes]:
    """Run the program on a PDF; give how it ended and at most one byte more than is believed."""
    with subprocess.Popen(  # noqa: S603 - our own program; the PDF is no argument of it
        [sys.executable, "-I", str(_PROGRAM)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={},
    ) as child:
        assert child.stdin is not None  # noqa: S101 - both are pipes, as asked for above
        assert child.stdout is not None  # noqa: S101
        watch = Timer(seconds, child.kill)
        watch.start()
        try:
            with suppress(BrokenPipeError):  # it was killed before it read all
                child.stdin.write(content)
                child.stdin.close()
            told = child.stdout.read(MOST_BYTES + 1)
            if len(told) > MOST_BYTES:
                child.kill()
            return child.wait(), told
        finally:
            child.kill()
            watch.cancel()
