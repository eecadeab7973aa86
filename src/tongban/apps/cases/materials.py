"""A look at a document before it is handed in (材料预检): what is wrong is said at once.

Refuses what would not be taken anyway; of all else it says what a clerk would: too small, too dark,
blurred, another paper, another person's, no longer valid. Where the text was not read it says so.
"""

import io
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from PIL import Image, ImageFilter, ImageStat

from .domain import papers
from .domain.papers import PaperRefused
from .domain.papers.reading import Finding, read_against
from .domain.papers.words import broken
from .plugins import TextReader

_MEASURED = 1600  # pixels of the longer side at which a picture is measured and read
_SHORT_SIDE = 480  # a page whose lines can be read needs about this many
_DARK = 60  # mean brightness of 255
_FLAT = 6  # spread of brightness: a sheet with nothing on it
_SHARP = 60  # variance of the Laplacian
_LAPLACE = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128)


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


def precheck(
    content: bytes,
    *,
    title: str = "",
    names: Collection[str] = (),
    today: date,
    reader: TextReader | None = None,
) -> Look:
    """Look at a file: its kind, whether it can be read, and what it says against what is known.

    ``title`` is the document's name, ``names`` those of the people concerned.
    """
    try:
        media_type, kept = papers.clean(content)
        if media_type == "application/pdf":
            return Look(media_type, (*_whole(kept), _unread()), text_read=False)
        picture = _opened(kept)
    except PaperRefused as refused:
        return Look("", (Finding("kind", "refuse", refused.zh, refused.en),), text_read=False)
    found = _legible(picture)
    if reader is None:
        return Look(media_type, (*found, _unread()), text_read=False)
    lines = reader.read(_as_png(picture))
    against = read_against(lines, title=title, names=names, today=today)
    return Look(media_type, (*found, *against), text_read=True)


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
