"""The first page as a picture: what is drawn, and what hostile files get instead, within a time."""

import io
import os
import socket
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from testkit.papers import bare_pdf, one_page, pdf, stream
from tongban.infra.papers import first_page as program
from tongban.infra.papers import pictures
from tongban.infra.papers.pictures import PictureNotMade, first_page

CHINESE = "一次申请".encode("utf-16-be").hex().encode()


def opened(made: bytes) -> Image.Image:
    return Image.open(io.BytesIO(made)).convert("RGB")


def many(pages: int) -> bytes:
    kids = b" ".join(b"%d 0 R" % n for n in range(3, pages + 3))
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>"
    return bare_pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%b]/Count %d>>" % (kids, pages),
        *[page] * pages,
    )


def without_its_font() -> bytes:
    font = b"<</Type/Font/Subtype/%b/BaseFont/SimSun%b>>"
    return one_page(
        b"BT /F1 40 Tf 50 400 Td <%b> Tj ET" % CHINESE,
        font % (b"Type0", b"/Encoding/UniGB-UCS2-H/DescendantFonts[6 0 R]"),
        font
        % (
            b"CIDFontType0",
            b"/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 2>>/FontDescriptor 7 0 R",
        ),
        b"<</Type/FontDescriptor/FontName/SimSun/Flags 6/FontBBox[-25 -254 1000 880]"
        b"/ItalicAngle 0/Ascent 880/Descent -120/CapHeight 880/StemV 93>>",
        has=b"/Font<</F1 5 0 R>>",
    )


def bomb() -> bytes:
    """A page of some kB that unpacks to a gigabyte, by two filters."""
    squeeze = zlib.compressobj(1)
    once = b"".join(squeeze.compress(bytes(1 << 20)) for _ in range(1024)) + squeeze.flush()
    return one_page(zlib.compress(once, 9), filtered=b"/Filter[/FlateDecode/FlateDecode]")


def maze() -> bytes:
    """Twelve forms, each of which draws the next one a hundred times."""
    forms = [
        stream(
            b"/X Do " * 100 if n < 16 else b"0 0 9 9 re f",
            b"/Type/XObject/Subtype/Form/BBox[0 0 999 999]"
            b"/Resources<</XObject<</X %d 0 R>>>>" % (n + 1),
        )
        for n in range(5, 17)
    ]
    return one_page(b"/X Do", *forms, has=b"/XObject<</X 5 0 R>>")


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "ten thousand pages": (lambda: many(10_000), "long"),
    "no page at all": (lambda: many(0), "broken"),
    "a huge page": (lambda: one_page(box=b"0 0 1000000 1000000"), "odd"),
    "a page like a thread": (lambda: one_page(box=b"0 0 10000 1"), "odd"),
    "locked": (lambda: pdf(encrypted=True), "locked"),
    "cut short": (lambda: one_page()[:-60], "broken"),
    "nothing of a PDF": (lambda: b"%PDF-1.7\n%%EOF", "broken"),
    "a bomb of streams": (bomb, "heavy"),
    "forms in forms": (maze, "heavy"),
    "without its font": (without_its_font, "fonts"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_gives_a_word_and_no_picture_quickly(name: str) -> None:
    make, reason = HOSTILE[name]
    content = make()
    begun = time.monotonic()
    with pytest.raises(PictureNotMade) as refused:
        first_page(content)
    assert refused.value.reason == reason
    assert (refused.value.zh, refused.value.en) == pictures.REASONS[reason]
    assert time.monotonic() - begun < pictures.SECONDS + 2


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_a_spoilt_file_gives_a_picture_or_a_word_and_nothing_else(data: st.DataObject) -> None:
    content = bytearray(without_its_font())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=9)):
        content[place] = data.draw(st.integers(0, 255))
    with suppress(PictureNotMade):
        made = first_page(bytes(content))
        assert len(made) <= pictures.MOST_BYTES
        assert max(opened(made).size) <= program.MOST_PIXELS


def test_the_first_page_is_drawn_as_pdfium_draws_it() -> None:
    paper = one_page()
    made = opened(first_page(paper))
    assert max(made.size) == 1600
    oracle = pypdfium2.PdfDocument(paper)[0].render(scale=made.height / 842).to_pil()
    differ = ImageChops.difference(made, oracle.convert("RGB").resize(made.size)).convert("L")
    assert sum(differ.point(lambda level: level > 40).tobytes()) < made.width * made.height / 200
    red, _, blue = made.getpixel((made.width * 2 // 5, made.height // 3))  # type: ignore[misc]
    assert blue > red + 80  # the colours are not swapped


def test_what_was_filled_in_is_drawn() -> None:
    look = stream(b"0 g 0 0 200 50 re f", b"/Type/XObject/Subtype/Form/BBox[0 0 200 50]")
    paper = bare_pdf(
        b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]>>>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 400]/Annots[4 0 R]>>",
        b"<</Type/Annot/Subtype/Widget/FT/Tx/T(name)/V(x)/F 4/Rect[100 200 300 250]/AP<</N 5 0 R>>"
        b"/P 3 0 R>>",
        look,
    )
    made = opened(first_page(paper))
    at = (made.width // 2, round(made.height * (1 - 225 / 400)))
    assert max(made.getpixel(at)) < 60  # type: ignore[type-var, arg-type]


def test_a_page_of_noise_still_fits() -> None:
    noise = os.urandom(700 * 900 * 3)
    image = b"/Type/XObject/Subtype/Image/Width 700/Height 900/ColorSpace/DeviceRGB"
    paper = one_page(
        b"595 0 0 842 0 0 cm /I Do",
        stream(noise, image + b"/BitsPerComponent 8"),
        has=b"/XObject<</I 5 0 R>>",
    )
    made = first_page(paper)
    assert len(made) <= pictures.MOST_BYTES == program.MOST_BYTES
    assert min(opened(made).size) > 300


def test_latin_in_a_font_that_is_not_there_is_drawn() -> None:
    paper = one_page(
        b"BT /F1 60 Tf 50 400 Td (Tongban) Tj ET",
        b"<</Type/Font/Subtype/TrueType/BaseFont/Arial/Encoding/WinAnsiEncoding>>",
        has=b"/Font<</F1 5 0 R>>",
    )
    assert opened(first_page(paper)).convert("L").getextrema()[0] < 60  # type: ignore[operator]


def test_the_program_can_open_neither_file_nor_socket(tmp_path: Path) -> None:
    trial = (
        "import sys, socket; sys.path.insert(0, sys.argv[1]); import first_page\n"
        "first_page._confine()\n"
        "for act in (socket.socket, lambda: open(sys.argv[2])):\n"
        "    try:\n        act()\n    except OSError as error: print(error.errno)\n"
        "try:\n    bytearray(600 << 20)\nexcept MemoryError: print('no memory')\n"
    )
    kept = tmp_path / "kept"
    kept.write_text("secret")
    assert socket.socket is not None
    told = subprocess.run(
        [sys.executable, "-I", "-c", trial, str(Path(program.__file__).parent), str(kept)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    assert told[:3] == ["24", "24", "no memory"]


def test_who_takes_too_long_is_ended() -> None:
    begun = time.monotonic()
    with pytest.raises(PictureNotMade) as refused:
        first_page(one_page(), seconds=0.01)
    assert refused.value.reason == pictures.HEAVY
    assert time.monotonic() - begun < 2


def test_nothing_but_a_small_webp_or_a_known_word_is_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    liar = tmp_path / "liar.py"
    monkeypatch.setattr(pictures, "_PROGRAM", liar)
    for says in (
        "sys.stdout.write('<svg onload=alert(1)>')",
        "sys.stdout.buffer.write(b'RIFF....WEBP' + bytes(300_000))",
        "sys.stdout.write('absent'); sys.exit(1)",
        "sys.exit(1)",
        "os.abort()",
    ):
        liar.write_text(f"import os, sys\n{says}\n")
        with pytest.raises(PictureNotMade) as refused:
            first_page(one_page())
        assert refused.value.reason == pictures.HEAVY


def test_without_the_extra_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "find_spec", lambda name: None)
    with pytest.raises(PictureNotMade) as refused:
        first_page(one_page())
    assert refused.value.reason == pictures.ABSENT
