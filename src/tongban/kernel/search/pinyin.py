"""Pinyin without tones: cutting what somebody typed into syllables, and hearing alike what sounds
alike in many dialects (模糊音: zh/z, ch/c, sh/s, n/l, f/h, -ng/-n).

Which syllable a character has is not known here; see who calls.
"""

from collections.abc import Collection, Iterable
from functools import lru_cache
from itertools import pairwise

_BEGIN = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"), ("hu", "fu"))
_END = (("ang", "an"), ("eng", "en"), ("ing", "in"))


@lru_cache(maxsize=4096)  # there are some four hundred
def blur(syllable: str) -> str:
    """Give one spelling for syllables that many speakers do not tell apart.

    >>> blur("zheng"), blur("zen"), blur("niang")
    ('zen', 'zen', 'lian')
    """
    for one, other in _BEGIN:
        if syllable.startswith(one):
            syllable = other + syllable[len(one) :]
            break
    for one, other in _END:
        if syllable.endswith(one):
            return syllable[: -len(one)] + other
    return syllable


def split(word: str, syllables: Collection[str]) -> tuple[str, ...]:
    """Cut a word into the fewest syllables, the first ones the longest; nothing if it cannot be.

    >>> split("chushengzheng", {"chu", "sheng", "zheng", "she"})
    ('chu', 'sheng', 'zheng')
    >>> split("tax", {"ta"})
    ()
    """
    best: dict[int, tuple[str, ...]] = {len(word): ()}
    for place in range(len(word) - 1, -1, -1):
        for length in range(1, min(6, len(word) - place) + 1):
            piece, rest = word[place : place + length], best.get(place + length)
            if rest is None or piece not in syllables:
                continue
            if place not in best or len(rest) + 1 <= len(best[place]):
                best[place] = (piece, *rest)
    return best.get(0, ())


def pairs(syllables: Iterable[str]) -> list[str]:
    """Give the pairs of neighbouring syllables, blurred, as tokens that no text can hold.

    >>> pairs(["chu", "sheng", "zheng"])
    ["~cu'sen", "~sen'zen"]
    """
    return [f"~{one}'{two}" for one, two in pairwise(map(blur, syllables))]
