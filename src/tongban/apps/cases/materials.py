"""A look at a document before it is handed in (材料预检): what is wrong is said at once.

Refuses what would not be taken anyway; of all else it says what a clerk would: too small, too dark,
blurred, another paper, another person's, no longer valid. Where the text was not read it says so.
A file is seen once, as it comes in; what is known of the people may grow, and is held against it
whenever somebody looks.
"""

import io
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date

from PIL import Image, ImageFilter, ImageStat

from .domain import papers
from .domain.papers import PaperRefused
from .domain.papers.reading import Finding, read_against
from .domain.papers.words import broken
from .domain.state import Json
from .plugins import TextReader

_MEASURED = 1600  # pixels of the longer side at which a picture is measured and read
_SHORT_SIDE = 480  # a page whose lines can be read needs about this many
_DARK = 60  # mean brightness of 255
_FLAT = 6  # spread of brightness: a sheet with nothing on it
_SHARP = 60  # variance of the Laplacian
_LAPLACE = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128)


@dataclass(frozen=True, slots=True)
class Seen:
    """What is in a file by itself: what its picture lacks, and its lines where they were read.

    It is what costs time, so it is kept with the file; ``lines`` is None where nobody read them.
    """

    media_type: str
    findings: tuple[Finding, ...]
    lines: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class People:
    """Whom a document may name: ``names`` as far as known.

    ``registered`` maps a name as it was typed to the one that a department has instead.
    """

    names: Collection[str] = ()
    registered: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a file found; ``text_read`` says whether its text was looked at too."""

    media_type: str
    findings: tuple[Finding, ...]
    text_read: bool

    @property
    def taken(self) -> bool:
        """Say whether the file would be taken."""
        return all(finding.weight != "refuse" for finding in self.findings)

    @property
    def well(self) -> bool:
        """Say whether nothing that was looked at is amiss."""
        return all(finding.weight == "note" for finding in self.findings)


def see(content: bytes, reader: TextReader | None) -> Seen:
    """Look at a file by itself: its kind, whether it can be read, and its text if anybody can."""
    try:
        media_type, kept = papers.clean(content)
        if media_type == "application/pdf":
            return Seen(media_type, _whole(kept))
        picture = _opened(kept)
    except PaperRefused as refused:
        return Seen("", (Finding("kind", "refuse", refused.zh, refused.en),))
    found = tuple(_legible(picture))
    # what nobody can read is not read wrongly
    lines = None if reader is None or found else tuple(reader.read(_as_png(picture)))
    return Seen(media_type, found, lines)


def compare(seen: Seen, *, title: str, people: People, today: date) -> Look:
    """Hold what was seen in a file against what is known; ``title`` is the document's name."""
    if seen.lines is None:
        unread = () if seen.findings else (_unread(),)
        return Look(seen.media_type, (*seen.findings, *unread), text_read=False)
    against = read_against(
        seen.lines, title=title, names=people.names, registered=people.registered, today=today
    )
    return Look(seen.media_type, (*seen.findings, *against), text_read=True)


def write(seen: Seen) -> Json:
    """Write what was seen as JSON."""
    return asdict(seen)


def read(written: Json) -> Seen:
    """Read what ``write`` wrote."""
    lines = written["lines"]
    return Seen(
        written["media_type"],
        tuple(Finding(**one) for one in written["findings"]),
        None if lines is None else tuple(lines),
    )


def _whole(content: bytes) -> tuple[Finding, ...]:
    if b"%%EOF" in content[-2048:]:
        return ()
    return (
        Finding(
            "whole",
            "warn",
            "PDF似乎不完整，请打开核对后重新上传",
            "the PDF seems to be cut short; open it, check it and upload it again",
        ),
    )


def _unread() -> Finding:
    return Finding(
        "unread",
        "note",
        "未识别材料中的文字，请自行核对姓名、日期和材料种类",
        "the text was not read; check the names, the dates and the kind of document yourself",
    )


def _opened(content: bytes) -> Image.Image:
    """Unpack a picture whose size was judged already, no larger than is needed to measure it."""
    try:
        picture: Image.Image = Image.open(io.BytesIO(content))
        picture.draft("RGB", (_MEASURED, _MEASURED))
        picture.load()
    except (OSError, ValueError, SyntaxError) as error:
        raise broken() from error
    return picture


def _as_png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    _scaled(picture.convert("RGB")).save(out, "PNG", compress_level=1)
    return out.getvalue()


def _scaled(picture: Image.Image) -> Image.Image:
    share = _MEASURED / max(picture.size)
    if share >= 1:
        return picture
    return picture.resize((round(picture.width * share), round(picture.height * share)))


def _legible(picture: Image.Image) -> list[Finding]:
    """Measure what a clerk sees at a glance: size, light, and whether the lines are sharp."""
    if min(picture.size) < _SHORT_SIDE:
        return [
            Finding(
                "small",
                "warn",
                f"图片仅{picture.width}×{picture.height}像素，文字可能看不清，请靠近些重新拍照",
                f"the picture has only {picture.width}×{picture.height} pixels; take it closer",
            )
        ]
    grey = _scaled(picture.convert("L"))
    light = ImageStat.Stat(grey)
    if light.mean[0] < _DARK:
        return [
            Finding(
                "dark",
                "warn",
                "图片太暗，请在明亮处重新拍照",
                "the picture is too dark; take it again in good light",
            )
        ]
    if light.stddev[0] < _FLAT:
        return [
            Finding(
                "blank",
                "warn",
                "图片几乎是空白，请确认拍到了材料正面且没有反光",
                "the picture is almost blank; show the front of the document, without glare",
            )
        ]
    # the edge of the filter's own result is no edge of the picture
    edges = grey.filter(_LAPLACE).crop((1, 1, grey.width - 1, grey.height - 1))
    if ImageStat.Stat(edges).var[0] < _SHARP:
        return [
            Finding(
                "blurred",
                "warn",
                "图片模糊，请拿稳手机、对准文字重新拍照",
                "the picture is blurred; hold the phone still, focus on the text, take it again",
            )
        ]
    return []
