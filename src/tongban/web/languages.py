"""The languages of the pages: Chinese and English whole, others as packs of words (语言包).

A pack says how many of the words it has; a word that it lacks is shown in Chinese, marked as such,
so that a screen reader and a right-to-left page take it for what it is. Content (names of services,
guides) has translations of its own, signed by people.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.utils.html import format_html

from tongban.infra.packs import find_packs, read_packs

from . import atlas_words, catalogue_words, evidence_words, licence_words
from .words import WORDS


@dataclass(frozen=True, slots=True)
class Language:
    """A language: ``tag`` of ours, ``html`` per BCP 47, the code that Django knows, direction.

    ``coverage`` is the share of all words of all pages that it has, in percent; ``draft`` says that
    nobody whose language it is has signed them.
    """

    tag: str
    html: str
    django: str
    name: str
    direction: str = "ltr"
    coverage: int = 100
    draft: bool = False

    @property
    def pack(self) -> bool:
        """Whether it is one of a pack: content stays Chinese on its pages."""
        return self.tag not in _WHOLE


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
_OTHERS = (
    atlas_words.WORDS,
    catalogue_words.WORDS,
    evidence_words.WORDS,
    licence_words.WORDS,
)


@cache
def _packs() -> Mapping[str, tuple[Language, Mapping[str, str]]]:
    """Read the words of every pack; a later pack corrects single words of an earlier one."""
    found: dict[str, tuple[Language, Mapping[str, str]]] = {}
    every = len(WORDS) + sum(map(len, _OTHERS))
    for pack in read_packs(find_packs(settings.PACKS)):
        for document in pack.documents.get("language", ()):
            told = document.data
            tag = told["slug"]
            if tag in _WHOLE:
                continue
            held = found[tag][1] if tag in found else {}
            merged = {**held, **{n: w for n, w in told["words"].items() if n in WORDS}}
            language = Language(
                tag,
                told["html"],
                "zh-hans",  # dates and Django's own sentences stay Chinese
                told["name"],
                told.get("direction", "ltr"),
                100 * len(merged) // every,
                told.get("draft", False),
            )
            found[tag] = language, merged
    return found


@cache
def languages() -> Mapping[str, Language]:
    """Give every language by its tag: the whole ones first."""
    return {**_WHOLE, **{tag: language for tag, (language, _) in sorted(_packs().items())}}


@cache
def words(tag: str) -> Mapping[str, str]:
    """Give every word of the pages in the language ``tag``."""
    if tag in _WHOLE:
        return {name: words.of(tag) for name, words in WORDS.items()}
    known = _packs()[tag][1]
    return {name: known.get(name) or Untranslated(words.zh) for name, words in WORDS.items()}
