"""JPEG (ITU-T T.81) and PNG (ISO/IEC 15948) walked by their markers and chunks.

What is left out: Exif and XMP with place, time and camera, comments, thumbnails, further pictures
behind the end. What is kept: the picture, its colour profile, and which way up it is. A picture
that would take too much memory is refused by the size it states, before anybody unpacks it.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Final

from .words import PaperRefused, broken

MOST_PIXELS: Final = 40_000_000  # a phone's 40 MP; 120 MB unpacked
LARGEST_SIDE: Final = 16_384
_PNG_KEPT = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"pHYs"}
)
_MOST_CHUNKS = 100_000
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_SCAN, _END, _APP0, _EXIF, _ICC, _ADOBE = 0xDA, 0xD9, 0xE0, 0xE1, 0xE2, 0xEE
_ORIENTATION = 0x0112


def _judge_size(width: int, height: int) -> None:
    if not width or not height:
        raise broken()
    if width * height > MOST_PIXELS or max(width, height) > LARGEST_SIDE:
        raise PaperRefused(
            f"图片为{width}×{height}像素，过大；请以普通清晰度重新拍照或缩小后上传",
            f"the picture has {width}×{height} pixels, too many; take it at normal quality, "
            "or scale it down",
        )


def clean_png(content: bytes) -> bytes:
    """Give a PNG with its picture and nothing else; raises `PaperRefused`."""
    kept = [content[:8]]
    seen: set[bytes] = set()
    for name, chunk in _chunks(content):
        if name == b"IHDR":
            if seen or len(chunk) != 25:
                raise broken()
            _judge_size(*struct.unpack(">II", chunk[8:16]))
        elif b"IHDR" not in seen:
            raise broken()
        if name == b"acTL":
            raise PaperRefused("请上传静态图片", "send a still picture, not an animated one")
        seen.add(name)
        if name in _PNG_KEPT:
            kept.append(chunk)
    if not {b"IDAT", b"IEND"} <= seen:
        raise broken()
    return b"".join(kept)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Give the name and the whole of each chunk, up to IEND; each one's checksum must hold."""
    at = 8
    for _ in range(_MOST_CHUNKS):
        if at + 12 > len(content):
            raise broken()
        (size,) = struct.unpack_from(">I", content, at)
        end = at + 12 + size
        if end > len(content):
            raise broken()
        name = content[at + 4 : at + 8]
        (told,) = struct.unpack_from(">I", content, end - 4)
        if zlib.crc32(content[at + 4 : end - 4]) != told:
            raise broken()
        yield name, content[at:end]
        if name == b"IEND":
            return
        at = end
    raise broken()


def clean_jpeg(content: bytes) -> bytes:
    """Give a JPEG with its picture and which way up it is; raises `PaperRefused`."""
    kept: list[bytes] = []
    turned = b""
    framed = scanned = False
    at = 2
    while True:
        marker, start, end = _marker(content, at)
        if marker == _END:
            break
        body = content[start:end]
        if marker == _EXIF and body[2:8] == b"Exif\0\0":
            turned = turned or _upright(body[8:])
        if marker in _FRAMES:
            if len(body) < 8:
                raise broken()
            height, width = struct.unpack(">HH", body[3:7])
            _judge_size(width, height)
            framed = True
        if _kept(marker, body):
            kept.append(content[at:end])
        at = end
        if marker == _SCAN:
            if not framed:
                raise broken()
            scanned = True
            at = _scan_end(content, end)
            kept.append(content[end:at])
    if not scanned:
        raise broken()
    return b"".join([content[:2], turned, *kept, b"\xff\xd9"])


def _marker(content: bytes, at: int) -> tuple[int, int, int]:
    """Give the marker at ``at`` and where its segment, its length included, begins and ends."""
    if at + 2 > len(content) or content[at] != 0xFF:
        raise broken()
    start = at + 1
    while content[start : start + 1] == b"\xff":  # fill bytes
        start += 1
    marker = content[start] if start < len(content) else 0
    start += 1
    if marker == _END or 0xD0 <= marker <= 0xD8 or marker == 0x01:
        return marker, start, start
    if start + 2 > len(content):
        raise broken()
    (size,) = struct.unpack_from(">H", content, start)
    if size < 2 or start + size > len(content) or marker == 0:
        raise broken()
    return marker, start, start + size


def _kept(marker: int, body: bytes) -> bool:
    if marker == _ICC:
        return body[2:14] == b"ICC_PROFILE\0"
    if 0xE0 <= marker <= 0xEF:
        # JFIF without the thumbnail that may follow; Adobe tells how the colours are coded
        return (marker == _APP0 and len(body) <= 16) or marker == _ADOBE
    return marker != 0xFE


def _scan_end(content: bytes, at: int) -> int:
    """Give where the coded picture ends: at a marker that is neither a restart nor a stuffed FF."""
    while True:
        at = content.find(b"\xff", at)
        if at < 0 or at + 1 >= len(content):
            raise broken()
        after = content[at + 1]
        if after and not 0xD0 <= after <= 0xD7 and after != 0xFF:
            return at
        at += 1 if after == 0xFF else 2


def _upright(tiff: bytes) -> bytes:
    """Give a segment that says which way up the picture is, from its Exif; else nothing."""
    order = {b"MM": ">", b"II": "<"}.get(tiff[:2])
    if order is None or len(tiff) < 8:
        return b""
    (directory,) = struct.unpack_from(f"{order}I", tiff, 4)
    if directory + 2 > len(tiff):
        return b""
    (count,) = struct.unpack_from(f"{order}H", tiff, directory)
    for place in range(directory + 2, min(directory + 2 + 12 * count, len(tiff) - 11), 12):
        tag, kind, many = struct.unpack_from(f"{order}HHI", tiff, place)
        if (tag, kind, many) == (_ORIENTATION, 3, 1):
            (way,) = struct.unpack_from(f"{order}H", tiff, place + 8)
            if not 2 <= way <= 8:
                return b""
            own = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, _ORIENTATION, 3, 1, way, 0, 0)
            body = b"Exif\0\0" + own
            return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
    return b""
