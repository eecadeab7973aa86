"""The languages of the pages: Chinese and English whole, others as packs of words (语言包).

A pack says how many of the words it has; a word that it lacks is shown in Chinese, which `marking`
marks as such, so that a screen reader and a right-to-left page take it for what it is. Content
(names of services, guides) has translations of its own, signed by people.
"""

import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from django.conf import settings

from tongban.infra.packs import Pack, Problem, find_packs, read_packs
from tongban.kernel.facts import Words

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


_WHOLE = {
    "zh": Language("zh", "zh-CN", "zh-hans", WORDS["chinese"].zh),
    "en": Language("en", "en", "en", "English"),
}
#: Every word list of the pages by its room; what several rooms say is in none.
ROOMS: Mapping[str, Mapping[str, Words]] = {
    "": WORDS,
    "atlas": atlas_words.WORDS,
    "catalogue": catalogue_words.WORDS,
    "evidence": evidence_words.WORDS,
    "licences": licence_words.WORDS,
}


def named(room: str, key: str) -> str:
    """Give the name that a pack gives a word: ``key``, in a room ``room.key``."""
    return f"{room}.{key}" if room else key


#: Every word of all pages by the name that a pack gives it.
NAMED: Mapping[str, Words] = {
    named(room, key): words for room, found in ROOMS.items() for key, words in found.items()
}


def _places(text: str) -> frozenset[str] | None:
    """Name the places of a text for values; nothing where its braces mean none."""
    try:
        return frozenset(name for _, name, *_ in string.Formatter().parse(text) if name is not None)
    except ValueError:
        return None


def _fits(name: str, text: str) -> bool:
    """Tell whether a page can say ``text`` for a word: it takes the values that the page has."""
    return name in NAMED and _places(text) == _places(NAMED[name].zh)


def misnamed(packs: Sequence[Pack]) -> Iterator[Problem]:
    """Find the words of packs that no page says, and those with other places for values."""
    for pack in packs:
        for document in pack.documents.get("language", ()):
            for name, text in document.data["words"].items():
                place = ("words", name)
                if name not in NAMED:
                    near = ", ".join(get_close_matches(name, NAMED, cutoff=0))
                    yield document.problem(place, "word-unknown", name=name, near=near)
                elif not _fits(name, text):
                    wanted = " ".join(f"{{{one}}}" for one in _places(NAMED[name].zh) or ()) or "–"
                    yield document.problem(place, "word-places", name=name, wanted=wanted)


@cache
def _packs() -> Mapping[str, tuple[Language, Mapping[str, str]]]:
    """Read the words of every pack; a later pack corrects single words of an earlier one."""
    found: dict[str, tuple[Language, Mapping[str, str]]] = {}
    for pack in read_packs(find_packs(settings.PACKS)):
        for document in pack.documents.get("language", ()):
            told = document.data
            tag = told["slug"]
            if tag in _WHOLE:
                continue
            held = found[tag][1] if tag in found else {}
            merged = {**held, **{n: w for n, w in told["words"].items() if _fits(n, w)}}
            language = Language(
                tag,
                told["html"],
                "zh-hans",  # dates and Django's own sentences stay Chinese
                told["name"],
                told.get("direction", "ltr"),
                100 * len(merged) // len(NAMED),
                told.get("draft", False),
            )
            found[tag] = language, merged
    return found


@cache
def languages() -> Mapping[str, Language]:
    """Give every language by its tag: the whole ones first."""
    return {**_WHOLE, **{tag: language for tag, (language, _) in sorted(_packs().items())}}


@cache
def words(tag: str, room: str = "") -> Mapping[str, str]:
    """Give every word of a room, or of what all rooms share, in the language ``tag``."""
    if tag in _WHOLE:
        return {key: words.of(tag) for key, words in ROOMS[room].items()}
    known = _packs()[tag][1]
    return {key: known.get(named(room, key), words.zh) for key, words in ROOMS[room].items()}
