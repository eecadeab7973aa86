"""The languages of the pages: Chinese and English whole, others as packs of words (语言包).

A pack says how many of the words it has; a word that it lacks is shown in Chinese, marked as such,
so that a screen reader and a right-to-left page take it for what it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from django.utils.html import format_html

from .words import WORDS


@dataclass(frozen=True, slots=True)
class Language:
    """A language: ``tag`` of ours, ``html`` per BCP 47, the code that Django knows, direction.

    ``coverage`` is the share of our words that it has, in percent.
    """

    tag: str
    html: str
    django: str
    name: str
    direction: str = "ltr"
    coverage: int = 100


class Untranslated(str):
    """A word in Chinese on a page of another language."""

    __slots__ = ()

    def __html__(self) -> str:
        """Give the word, isolated and marked as Chinese."""
        return format_html('<bdi lang="zh-CN">{}</bdi>', str.__str__(self))


_WHOLE = {
    "zh": Language("zh", "zh-CN", "zh-hans", "中文"),
    "en": Language("en", "en", "en", "English"),
}


@cache
def languages() -> Mapping[str, Language]:
    """Give every language by its tag, Chinese first."""
    return _WHOLE


@cache
def words(tag: str) -> Mapping[str, str]:
    """Give every word of the pages in the language ``tag``."""
    return {name: words.of(tag) for name, words in WORDS.items()}
