"""File names as people gave them, made harmless: no paths, no control or direction signs."""

import unicodedata

_LONGEST = 80
_ENDINGS = {"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg"}
# NTFS and shells; a name is also a header field later
_UNFIT = frozenset('<>:"|?*\\/;`$&%')


def clean_name(name: str, media_type: str) -> str:
    """Give a name for the file of this kind: its own words, the ending of what it is.

    >>> clean_name("../../出生 证明.exe", "application/pdf")
    '出生 证明.pdf'
    >>> clean_name("invoice\\u202egpj.exe", "image/jpeg"), clean_name("...", "image/png")
    ('invoicegpj.jpg', 'file.png')
    """
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    stem = last.rpartition(".")[0] or last
    kept = "".join(
        sign for sign in stem if unicodedata.category(sign)[0] not in "CZ" or sign == " "
    )
    kept = "".join(sign for sign in kept if sign not in _UNFIT)
    kept = " ".join(kept.split())[:_LONGEST].strip(". -")
    return (kept or "file") + _ENDINGS[media_type]
