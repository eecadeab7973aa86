"""How Chinese is read aloud and written: pinyin without tones, traditional to simplified.

Two libraries know it: pypinyin (MIT) and OpenCC (Apache-2.0). Their tables take half a second to
load, and of all commands and pages only a search needs them, so they are loaded at the first one.
"""

import importlib
from functools import cache, lru_cache
from typing import Any


@cache
def _pypinyin() -> Any:
    return importlib.import_module("pypinyin")


@cache
def _simplifier() -> Any:
    return importlib.import_module("opencc").OpenCC("t2s")


def simplified(text: str) -> str:
    """Write traditional characters as simplified ones; all else stays.

    >>> simplified("出生證明 birth")
    '出生证明 birth'
    """
    found: str = _simplifier().convert(text)
    return found


@lru_cache(maxsize=1 << 14)
def syllables(han: str) -> tuple[str, ...]:
    """Read a run of Chinese characters aloud: a syllable each, without tones.

    >>> syllables("银行")
    ('yin', 'hang')
    """
    library = _pypinyin()
    read = library.lazy_pinyin(han, style=library.Style.NORMAL, v_to_u=False, errors="ignore")
    return tuple(read)
