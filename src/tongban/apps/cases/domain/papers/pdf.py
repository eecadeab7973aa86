"""A PDF that could act by itself is refused (ISO 32000-2, section 12.6): scripts, programs, forms.

The file is not interpreted: every name in it is read as a reader would read it, with its #xx
escapes, in the open and inside object streams, wherever the file says that streams begin. What
hides names from such a look (encryption, an object stream in a coding that is not read here) is
refused with them. A word of text that looks like such a name is refused too: rather one file
printed anew than one script opened. It is a look and no proof: show PDFs in a viewer without
scripts all the same.
"""

import re
import zlib
from collections.abc import Iterator

from .words import PaperRefused

_ACTIVE = frozenset(
    {"JavaScript", "Launch", "SubmitForm", "ImportData", "RichMedia", "Rendition", "XFA"}
)
# codings that this look does not undo
_UNREAD = frozenset(
    {"LZWDecode", "ASCIIHexDecode", "ASCII85Decode", "RunLengthDecode", "AHx", "A85", "LZW", "RL"}
)
_MOST_UNPACKED = 64 * 1024 * 1024  # bytes of all streams that are looked into
_NAME = re.compile(rb"/((?:[^\x00\t\n\x0c\r ()<>\[\]{}/%#]|#[0-9A-Fa-f]{2})+)")
_STREAM = re.compile(rb"stream(?:\r\n|\n|\r)")
_OBJECT = re.compile(rb"\d\s+\d+\s+obj\b")
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")


def check_pdf(content: bytes) -> None:
    """Raise `PaperRefused` for a PDF that acts by itself, is locked or hides what it holds."""
    names = {name for name, _ in _names(content)}
    if "Encrypt" in names:
        raise PaperRefused(
            "PDF已加密，请取消密码后重新上传",
            "the PDF is locked; remove its password and upload it",
        )
    packs = [at for name, at in _names(content) if name == "ObjStm"]
    if packs:
        if names & _UNREAD or not all(_readable(content, at) for at in packs):
            raise _unreadable()
        for plain in _streams(content):
            names.update(name for name, _ in _names(plain))
    if found := sorted(names & _ACTIVE):
        raise PaperRefused(
            f"PDF含可自动执行的内容（{'、'.join(found)}），请打印为普通PDF后上传",
            f"the PDF holds content that acts by itself ({', '.join(found)}); print it to a plain "
            "PDF and upload that",
        )


def _unreadable() -> PaperRefused:
    return PaperRefused(
        "PDF无法读取，请打印为普通PDF后上传",
        "the PDF cannot be read; print it to a plain PDF and upload that",
    )


def _names(text: bytes) -> Iterator[tuple[str, int]]:
    for found in _NAME.finditer(text):
        name = _ESCAPE.sub(lambda escaped: bytes([int(escaped[1], 16)]), found[1])
        yield name.decode("latin-1"), found.start()


def _readable(content: bytes, at: int) -> bool:
    """Say whether the object stream whose type stands at ``at`` is plainly deflated."""
    begins = max((o.start() for o in _OBJECT.finditer(content, max(0, at - 4096), at)), default=0)
    stream = _STREAM.search(content, at)
    if stream is None or "DecodeParms" in {n for n, _ in _names(content[begins : stream.start()])}:
        return False
    return _inflated(content, stream.end(), _MOST_UNPACKED) is not None


def _streams(content: bytes) -> Iterator[bytes]:
    """Give everything in the file that inflates, object stream or not."""
    left = _MOST_UNPACKED
    for found in _STREAM.finditer(content):
        plain = _inflated(content, found.end(), left)
        if plain is not None:
            left -= len(plain)
            yield plain


def _inflated(content: bytes, at: int, most: int) -> bytes | None:
    try:
        plain = zlib.decompressobj().decompress(content[at:], most + 1)
    except zlib.error:
        return None
    if len(plain) > most:
        raise PaperRefused(
            "PDF展开后过大，请压缩或拆分后上传",
            "the PDF unpacks to too much; make it smaller or split it",
        )
    return plain
