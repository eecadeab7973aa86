"""Real files as people upload them: pictures made by Pillow, PDFs made by pyHanko."""

import base64
import io
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name, pdf_string
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter

from tongban.apps.cases.plugins import text_reader


@pytest.fixture
def unread(settings: Any) -> Iterator[None]:
    """Install nobody who reads the text of pictures."""
    settings.MATERIAL_READER = ""
    text_reader.cache_clear()
    yield
    text_reader.cache_clear()


def picture(width: int = 900, height: int = 700, *, text: str = "TONGBAN 2026") -> Image.Image:
    """Give a sheet of paper with lines of text on it, as sharp as a scan."""
    sheet = Image.new("RGB", (width, height), (246, 244, 238))
    pen = ImageDraw.Draw(sheet)
    for row in range(8):
        pen.text((30, 40 + row * height // 9), f"{text} {row} " * 6, fill=(20, 20, 30))
    return sheet


def written(*lines: str) -> bytes:
    """Give a sharp page with these lines as PNG."""
    fonts = sorted(Path("/usr/share/fonts").rglob("*CJK-Regular*"))
    if not fonts:
        pytest.skip("no CJK font")
    page = Image.new("RGB", (1000, 600), "white")
    pen, font = ImageDraw.Draw(page), ImageFont.truetype(str(fonts[0]), 36)
    for row, line in enumerate(lines):
        pen.text((60, 60 + 90 * row), line, fill="black", font=font)
    return png(page)


def png(sheet: Image.Image | None = None, **more: Any) -> bytes:
    """Give a picture as PNG."""
    out = io.BytesIO()
    (sheet or picture(200, 160)).save(out, "PNG", **more)
    return out.getvalue()


def jpeg(sheet: Image.Image | None = None, **more: Any) -> bytes:
    """Give a picture as JPEG."""
    out = io.BytesIO()
    (sheet or picture(200, 160)).save(out, "JPEG", quality=90, **more)
    return out.getvalue()


def from_a_phone(way: int = 6) -> bytes:
    """Give a photograph that says where it was taken, by what, when, and which way up it is."""
    notes = Image.Exif()
    notes[0x010F], notes[0x0110], notes[0x0132] = "Maker", "Phone 9", "2026:11:20 10:00:00"
    notes[0x0112] = way
    notes.get_ifd(0x8825).update({1: "N", 2: (30.0, 15.0, 0.0), 3: "E", 4: (120.0, 9.0, 0.0)})
    return jpeg(picture(320, 200), exif=notes, comment=b"at home")


def pdf(
    action: dict[str, Any] | None = None, *, packed: bool = False, encrypted: bool = False
) -> bytes:
    """Give a PDF of one page, with an action that runs as it opens; objects ``packed`` or not."""
    writer = PdfFileWriter(stream_xrefs=packed)
    stream = generic.StreamObject(stream_data=b"BT /F1 12 Tf 72 720 Td (Tongban) Tj ET")
    writer.insert_page(
        PageObject(contents=writer.add_object(stream), media_box=generic.ArrayObject(
            [generic.NumberObject(n) for n in (0, 0, 595, 842)]
        ))
    )  # fmt: skip
    if action is not None:
        run = generic.DictionaryObject({
            pdf_name(k): pdf_name(v) if v.startswith("/") else pdf_string(v)
            for k, v in action.items()
        })  # fmt: skip
        pack = writer.prepare_object_stream() if packed else None
        writer.root[pdf_name("/OpenAction")] = writer.add_object(run, obj_stream=pack)
    if encrypted:
        writer.encrypt("owner", "user")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def blurred(sheet: Image.Image, radius: int) -> Image.Image:
    """Give the picture as a shaking hand takes it."""
    small = (max(1, sheet.width // radius), max(1, sheet.height // radius))
    return sheet.resize(small).resize(sheet.size, Image.Resampling.BICUBIC)


def darkened(sheet: Image.Image, share: float) -> Image.Image:
    """Give the picture as taken with so much of the light."""
    return sheet.point(lambda value: math.floor(value * share))


def base64_of(content: bytes) -> str:
    """Give a file as the API takes it."""
    return base64.b64encode(content).decode()


def bare_pdf(*objects: bytes) -> bytes:
    """Give a PDF of these objects, numbered from one, the first its catalogue."""
    out, places = b"%PDF-1.7\n", []
    for number, written in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, written)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return (
        out
        + b"xref\n0 %d\n0000000000 65535 f \n%b" % (size, table)
        + b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, len(out))
    )


def stream(content: bytes, more: bytes = b"") -> bytes:
    """Give the object of a stream."""
    return b"<<%b/Length %d>>\nstream\n%b\nendstream" % (more, len(content), content)


def one_page(
    drawn: bytes = b"0.1 0.2 0.7 rg 100 500 300 200 re f",
    *more: bytes,
    box: bytes = b"0 0 595 842",
    has: bytes = b"",
    filtered: bytes = b"",
) -> bytes:
    """Give a PDF of one page that draws this; ``more`` objects from number five, ``has`` them."""
    return bare_pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[%b]/Contents 4 0 R/Resources<<%b>>>>" % (box, has),
        stream(drawn, filtered),
        *more,
    )
