"""What becomes of a file that somebody uploads: its kind, what is left out, what is refused."""

import io
import json
import struct
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path
from types import MappingProxyType

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from testkit.papers import blurred, darkened, from_a_phone, jpeg, pdf, picture, png
from tongban.apps.cases import materials
from tongban.apps.cases.domain import papers
from tongban.apps.cases.domain.papers import PaperRefused
from tongban.apps.cases.domain.papers.reading import likeness
from tongban.apps.cases.materials import Look, People
from tongban.apps.cases.plugins import TextReader, text_reader


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


class Reads:
    """A reader whose text the test knows."""

    def __init__(self, *lines: str) -> None:
        self.lines = lines

    def read(self, picture: bytes) -> tuple[str, ...]:
        assert picture.startswith(b"\x89PNG")
        return self.lines


DAY = date(2026, 11, 26)


def looked(
    content: bytes,
    reader: TextReader | None = None,
    title: str = "结婚证",
    people: People = People(("安一诺",)),  # noqa: B008 - frozen
) -> Look:
    """Look at a file as it is kept: what was seen goes through the row of the database."""
    seen = materials.see(content, reader)
    kept = json.loads(json.dumps(materials.write(seen)))
    assert materials.read(kept) == seen
    return materials.compare(materials.read(kept), title=title, people=people, today=DAY)


def codes(
    content: bytes,
    *lines: str,
    names: tuple[str, ...] = ("安一诺",),
    registered: Mapping[str, str] = MappingProxyType({}),
) -> list[str]:
    found = looked(content, Reads(*lines), people=People(names, registered))
    assert all(finding.zh and finding.en for finding in found.findings)
    return [finding.code for finding in found.findings]


def test_a_good_photograph_of_the_right_paper_is_only_taken() -> None:
    lines = ("中华人民共和国", "结婚证", "持证人：安一诺", "登记日期2020年5月20日")
    for content in (jpeg(picture()), png(picture())):
        assert codes(content, *lines) == []


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (lambda: picture(300, 200), "small"),
        (lambda: darkened(picture(), 0.15), "dark"),
        (lambda: blurred(picture(), 9), "blurred"),
        (lambda: Image.new("RGB", (900, 700), "white"), "blank"),
    ],
)
def test_a_photograph_that_cannot_be_read_is_told_so_at_once(
    made: Callable[[], Image.Image], code: str
) -> None:
    assert codes(jpeg(made()), "结婚证安一诺") == [code]


def test_another_paper_another_person_and_an_old_paper_are_told() -> None:
    photo = png(picture())
    assert codes(photo, "营业执照", "安一诺") == ["kind"]
    assert codes(photo, "结婚证", "持证人：王五") == ["name"]
    assert codes(photo, "结婚证 安一诺", "有效期至2020-01-01") == ["expired"]
    assert codes(photo, "结婚证 安一诺", "2010.01.01-2020.01.01") == ["expired"]
    assert codes(photo, "结婚证 安一诺", "2010.01.01-2030.01.01") == []
    assert codes(photo, "结婚证 安一诺", "2027年1月1日") == ["future"]
    assert codes(photo, names=()) == ["text"]
    assert codes(photo, "结娘证", "安一诺") == []  # one sign read wrongly


def test_a_name_is_held_against_what_the_department_says() -> None:
    photo, differs = png(picture()), {"王五六": "李四七"}
    assert codes(photo, "结婚证", "持证人：王五六", registered=differs) == ["registered"]
    assert codes(photo, "结婚证", "持证人：李四七", registered=differs) == []
    assert codes(photo, "结婚证", "持证人：赵八九", registered=differs) == ["name"]
    # one sign apart: what stands on the paper is the nearer one
    assert codes(photo, "结婚证", "安一诺", registered={"安一若": "安一诺"}) == []
    found = looked(photo, Reads("结婚证", "王五六"), people=People((), differs))
    assert "“王五六”与部门登记的“李四七”不一致" in found.findings[0].zh
    assert "the department has “李四七”" in found.findings[0].en


def test_a_photograph_that_cannot_be_made_out_is_not_read() -> None:
    found = looked(jpeg(darkened(picture(), 0.15)), Reads("营业执照"))
    assert (found.text_read, found.well) == (False, False)


def test_without_a_reader_it_says_that_the_text_was_not_read() -> None:
    found = looked(jpeg(picture()))
    assert (found.taken, found.text_read) == (True, False)
    assert [finding.code for finding in found.findings] == ["unread"]
    assert "未识别" in found.findings[0].zh


def test_a_file_that_would_not_be_taken_is_refused_by_the_look_too() -> None:
    for content in (b"MZ", bomb(50_000, 50_000), pdf(SCRIPT), jpeg()[:400]):
        found = looked(content)
        assert not found.taken
    assert looked(pdf()).taken
    cut = looked(pdf()[:-40])
    assert "whole" in [finding.code for finding in cut.findings]


@given(st.text(max_size=60), st.text(min_size=1, max_size=12))
def test_what_stands_in_the_text_is_found_in_it(around: str, wanted: str) -> None:
    share = likeness(wanted, "".join((around + wanted + around).split()))
    assert share == (1.0 if wanted.split() else 0.0)


@pytest.mark.slow
def test_the_reader_that_is_shipped_reads_a_chinese_page() -> None:
    pytest.importorskip("rapidocr", reason="the extra [ocr] is not installed")
    fonts = sorted(Path("/usr/share/fonts").rglob("*CJK-Regular*"))
    if not fonts:
        pytest.skip("no CJK font")
    sheet = Image.new("RGB", (1000, 600), "white")
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.truetype(str(fonts[0]), 36)
    pen.text((60, 60), "结婚证", fill="black", font=font)
    pen.text((60, 160), "持证人 安一诺 2020年05月20日", fill="black", font=font)
    text_reader.cache_clear()
    reader = text_reader()
    assert reader is not None
    look = looked(png(sheet), reader)
    assert look.text_read
    assert look.findings == ()
    other = looked(png(sheet), reader, "居民户口簿", People(("王五六",)))
    assert [finding.code for finding in other.findings] == ["kind", "name"]
