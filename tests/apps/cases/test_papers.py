"""What becomes of a file that somebody uploads: its kind, what is left out, what is refused."""

import io
import struct
import zlib
from contextlib import suppress

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops
from PIL.PngImagePlugin import PngInfo

from testkit.papers import from_a_phone, jpeg, pdf, picture, png
from tongban.apps.cases.domain import papers
from tongban.apps.cases.domain.papers import PaperRefused


def opened(content: bytes) -> Image.Image:
    found = Image.open(io.BytesIO(content))
    found.load()
    return found


def same(one: Image.Image, other: Image.Image) -> bool:
    return ImageChops.difference(one.convert("RGB"), other.convert("RGB")).getbbox() is None


def test_a_photograph_loses_place_and_camera_and_keeps_every_pixel() -> None:
    taken = from_a_phone()
    assert b"Phone 9" in taken
    assert opened(taken).getexif().get_ifd(0x8825)
    media_type, kept = papers.clean(taken)
    assert media_type == "image/jpeg"
    assert same(opened(taken), opened(kept))
    assert dict(opened(kept).getexif()) == {0x0112: 6}
    for secret in (b"Phone 9", b"Maker", b"2026:11:20", b"at home"):
        assert secret not in kept


@pytest.mark.parametrize("way", range(1, 9))
def test_a_photograph_still_stands_the_right_way_up(way: int) -> None:
    kept = opened(papers.clean(from_a_phone(way))[1])
    assert kept.getexif().get(0x0112, 1) == way


def test_a_second_picture_behind_the_first_goes() -> None:
    hidden = from_a_phone()
    kept = papers.clean(jpeg() + hidden)[1]
    assert kept == papers.clean(jpeg())[1]


def test_a_progressive_and_a_grey_jpeg_are_taken_as_they_are() -> None:
    for sheet, more in ((picture(300, 300), {"progressive": True}), (picture().convert("L"), {})):
        taken = jpeg(sheet, **more)
        assert same(opened(papers.clean(taken)[1]), opened(taken))


def test_a_png_loses_its_notes_and_keeps_every_pixel() -> None:
    notes = PngInfo()
    notes.add_text("Author", "secret author")
    notes.add_itxt("Place", "secret place", zip=False)
    exif = Image.Exif()
    exif[0x010F] = "secret maker"
    taken = png(picture(), pnginfo=notes, exif=exif)
    assert taken.count(b"secret") == 3
    media_type, kept = papers.clean(taken + b"secret trailer")
    assert media_type == "image/png"
    assert b"secret" not in kept
    assert same(opened(taken), opened(kept))


def bomb(width: int, height: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    row = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", row) + chunk(b"IEND", b"")


def test_a_picture_that_would_fill_the_memory_is_refused_by_the_size_it_states() -> None:
    for width, height in ((50_000, 50_000), (20_000, 2), (2**31, 2**31)):
        with pytest.raises(PaperRefused, match="too many"):
            papers.clean(bomb(width, height))
    wide = jpeg()
    at = wide.index(b"\xff\xc0")
    with pytest.raises(PaperRefused, match="too many"):
        papers.clean(wide[: at + 5] + struct.pack(">HH", 60_000, 60_000) + wide[at + 9 :])


@pytest.mark.parametrize("whole", [jpeg(), png()], ids=["jpeg", "png"])
def test_a_picture_cut_short_anywhere_is_refused(whole: bytes) -> None:
    for end in range(12, len(whole) - 1, 97):
        with pytest.raises(PaperRefused):
            papers.clean(whole[:end])


def test_a_png_with_one_flipped_bit_is_refused() -> None:
    whole = png()
    for at in range(16, len(whole) - 12, 61):
        with pytest.raises(PaperRefused):
            papers.clean(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])


@given(st.binary(max_size=400), st.sampled_from(sorted(papers.KINDS.values())))
def test_no_bytes_make_it_fall_over(noise: bytes, begins: bytes) -> None:
    with suppress(PaperRefused):
        media_type, kept = papers.clean(begins + noise)
        assert kept.startswith(papers.KINDS[media_type])


def test_the_name_of_a_file_does_not_say_what_it_is() -> None:
    assert papers.sniff(png()) == "image/png"
    for content in (b"MZ\x90\0", b"<svg onload=alert(1)>", b"GIF89a", b"", b"PK\x03\x04"):
        with pytest.raises(PaperRefused, match="send a PDF, PNG or JPEG"):
            papers.sniff(content)


@given(st.text(max_size=200), st.sampled_from(sorted(papers.KINDS)))
def test_no_name_leads_out_of_its_folder(name: str, media_type: str) -> None:
    cleaned = papers.clean_name(name, media_type)
    assert not set(cleaned) & set('/\\\0\n\r"<>|:')
    assert not cleaned.startswith(".")
    assert 0 < len(cleaned) <= 84
    assert cleaned == papers.clean_name(cleaned, media_type)


def test_a_plain_pdf_is_taken_whole() -> None:
    for packed in (False, True):
        plain = pdf(packed=packed)
        assert papers.clean(plain) == ("application/pdf", plain)
        assert len(pypdfium2.PdfDocument(plain)) == 1


SCRIPT = {"/S": "/JavaScript", "/JS": "app.alert('x')"}
LAUNCH = {"/S": "/Launch", "/F": "calc.exe"}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("action", [SCRIPT, LAUNCH], ids=["script", "launch"])
def test_a_pdf_that_acts_by_itself_is_refused(action: dict[str, str], packed: bool) -> None:
    acting = pdf(action, packed=packed)
    assert packed is (b"/ObjStm" in acting)
    assert packed is not (action["/S"].encode() in acting)
    with pytest.raises(PaperRefused, match="acts by itself"):
        papers.clean(acting)


def test_a_script_whose_name_is_written_otherwise_is_refused() -> None:
    hidden = pdf(SCRIPT).replace(b"/JavaScript", b"/J#61va#53cript")
    assert b"JavaScript" not in hidden
    with pytest.raises(PaperRefused, match="JavaScript"):
        papers.clean(hidden)


def test_a_script_behind_a_feigned_stream_is_refused() -> None:
    acting = pdf(SCRIPT)
    feigned = acting.replace(b"%PDF-1.7", b"%PDF-1.7\n%stream\n", 1)
    assert feigned != acting
    with pytest.raises(PaperRefused, match="acts by itself"):
        papers.clean(feigned)


def test_a_locked_pdf_is_refused() -> None:
    with pytest.raises(PaperRefused, match="locked"):
        papers.clean(pdf(encrypted=True))


def test_an_object_stream_that_cannot_be_read_is_refused() -> None:
    acting = pdf(SCRIPT, packed=True)
    with pytest.raises(PaperRefused, match="cannot be read"):
        papers.clean(acting.replace(b"/FlateDecode", b"/ASCIIHexDecode", 1))
