"""What an uploaded file (上传材料) is, by its bytes, and what of it is kept. Pure.

The kind is read from the content and never from the name. Pictures are walked piece by piece: what
is no picture (place, camera, previews, whatever hangs on behind) is left out, the picture itself is
kept bit by bit. A PDF that could act by itself is refused.
"""

from .names import clean_name
from .pdf import check_pdf
from .pictures import LARGEST_SIDE, MOST_PIXELS, clean_jpeg, clean_png
from .words import PaperRefused

__all__ = [
    "KINDS",
    "LARGEST_SIDE",
    "MOST_PIXELS",
    "PaperRefused",
    "clean",
    "clean_name",
    "sniff",
]

#: media type → what the content begins with
KINDS = {
    "application/pdf": b"%PDF-",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
}


def sniff(content: bytes) -> str:
    """Give the media type of a file by its content; raises `PaperRefused` for any other kind.

    >>> sniff(b"%PDF-1.7 ...")
    'application/pdf'
    """
    for media_type, begins in KINDS.items():
        if content.startswith(begins):
            return media_type
    raise PaperRefused(
        "请上传PDF、PNG或JPEG文件；其他格式请先另存或拍照",
        "send a PDF, PNG or JPEG file; save or photograph anything else as one of them",
    )


def clean(content: bytes) -> tuple[str, bytes]:
    """Give the media type of a file and what of it is kept; raises `PaperRefused`."""
    media_type = sniff(content)
    if media_type == "image/jpeg":
        return media_type, clean_jpeg(content)
    if media_type == "image/png":
        return media_type, clean_png(content)
    check_pdf(content)
    return media_type, content
