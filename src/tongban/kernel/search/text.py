"""Folds text and cuts it into grams: single characters and pairs of Chinese, words of all else.

Full-width and compatibility forms are resolved and case is folded (Unicode NFKC, casefold).
Traditional characters are another script, which the caller turns into simplified ones first.
"""

import re
import unicodedata
from collections.abc import Iterator

#: Ideographs, as the inside of a character class.
HAN = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(rf"([{HAN}]+)|([^\W_{HAN}]+)")
_LONGEST = 40  # characters of a word; what is longer is cut


def fold(text: str) -> str:
    """Write text as it is compared: compatibility forms resolved, lower case (NFKC).

    >>> fold("ＡＢＣ 出生")
    'abc 出生'
    """
    return unicodedata.normalize("NFKC", text).casefold()


def runs(text: str) -> Iterator[tuple[str, str]]:
    """Give the runs of folded text: Chinese characters first of the pair, or a word as the second.

    >>> list(runs("出生 birth2"))
    [('出生', ''), ('', 'birth2')]
    """
    for han, word in _RUN.findall(text):
        yield han, word[:_LONGEST]


def grams(text: str) -> Iterator[str]:
    """Give the grams of folded text in its order, as often as they stand in it.

    >>> list(grams("出生证 card"))
    ['出', '出生', '生', '生证', '证', 'card']
    """
    for han, word in runs(text):
        for place in range(len(han)):
            yield han[place]
            if place + 1 < len(han):
                yield han[place : place + 2]
        if word:
            yield word
