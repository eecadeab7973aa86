"""Draws the first page of a PDF: a program of its own, because the file may be hostile.

PDFium is C++ and reads what strangers sent. It runs here and nowhere else: within limits of memory
and processor time, without a file or a socket to open, in a process that ends after one page. The
PDF comes in on the standard input; a WebP goes out, or the one word that says why there is none.

    python -I first_page.py < paper.pdf > page.webp
"""

import codecs
import io
import resource
import sys

import pypdfium2
from PIL import Image
from PIL.WebPImagePlugin import WebPImageFile  # Pillow would load it while saving, from a file
from pypdfium2 import raw

MOST_BYTES = 200_000
MOST_PIXELS = 1600  # of the longer side
_MEMORY = 512 * 1024 * 1024  # address space, of which Python and its libraries take a third
_SECONDS = 4  # of the processor
_MOST_PAGES = 2000
_LARGEST = 14_400  # units a side (ISO 32000-1, annex C)
_SLIMMEST = 20  # times as long as wide: a strip on which nothing could be read
_SHARPEST = 3  # pixels a unit: a stamp-sized page is not blown up to a poster
_QUALITIES = (80, 60, 40)


class NoPicture(Exception):
    """There is no picture; the message is the word for why."""


def draw(content: bytes) -> bytes:
    """Draw page one as WebP of at most `MOST_BYTES`; raise NoPicture or what PDFium raises."""
    if b"%%EOF" not in content[-2048:]:
        raise NoPicture("broken")  # PDFium would mend it, and show half a page as if it were all
    try:
        paper = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        locked = getattr(error, "err_code", None) == raw.FPDF_ERR_PASSWORD
        raise NoPicture("locked" if locked else "broken") from error
    if not 0 < len(paper) <= _MOST_PAGES:
        raise NoPicture("long" if len(paper) else "broken")
    if paper.get_formtype() != raw.FORMTYPE_NONE:
        paper.init_forms()  # what was filled in is part of the page
    try:
        page = paper[0]
    except pypdfium2.PdfiumError as error:
        raise NoPicture("broken") from error
    longer, shorter = max(page.get_size()), min(page.get_size())
    if not (shorter > 0 and longer <= _LARGEST and longer / shorter <= _SLIMMEST):
        raise NoPicture("odd")
    if _lacks_fonts(page):
        raise NoPicture("fonts")
    drawn = page.render(scale=min(MOST_PIXELS / longer, _SHARPEST), rev_byteorder=True)
    picture = drawn.to_pil().convert("RGB")
    picture.thumbnail((MOST_PIXELS, MOST_PIXELS))  # sizes were rounded up
    return _written(picture)


def _lacks_fonts(page: pypdfium2.PdfPage) -> bool:
    """Say whether signs that only an absent font has would be left out.

    No font of the machine can be opened here, and a form without its Chinese would look empty.
    """
    words = page.get_textpage()
    for text in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT], textpage=words):
        own = raw.FPDFFont_GetIsEmbedded(raw.FPDFTextObj_GetFont(text.raw))
        if not own and any(map(_foreign, text.extract())):
            return True
    return False


def _foreign(sign: str) -> bool:
    """Say whether a sign is neither Latin nor punctuation, which PDFium has fonts of its own for.

    >>> [_foreign(sign) for sign in "é—通"]
    [False, False, True]
    """
    return "\u024f" < sign < "\u2000" or sign > "\u23ff"


def _written(picture: Image.Image) -> bytes:
    while True:
        for quality in _QUALITIES:
            out = io.BytesIO()
            picture.save(out, WebPImageFile.format, quality=quality, method=2)
            if out.tell() <= MOST_BYTES:
                return out.getvalue()
        picture = picture.reduce(2)


def _confine() -> None:
    """Give up what this program has no need of; nothing of the PDF was read before."""
    Image.preinit()
    codecs.lookup("utf-16-le")  # in which PDFium gives text; Python would load it from a file
    for limit, most in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, _SECONDS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 0),  # no file and no socket beyond the three that are open
    ):
        resource.setrlimit(limit, (most, most))


def main() -> int:
    """Read, draw, write; 0 where there is a picture."""
    _confine()
    try:
        out, failed = draw(sys.stdin.buffer.read()), 0
    except NoPicture as word:
        out, failed = str(word).encode(), 1
    sys.stdout.buffer.write(out)
    return failed


if __name__ == "__main__":
    sys.exit(main())
