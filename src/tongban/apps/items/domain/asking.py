"""The ask box (问一问): which paragraph of which guide answers a question, or "I do not know".

Paragraphs are ranked by BM25; then a gate judges whether the best one answers. It passes only where
enough of what was asked stands in that paragraph and its service, and no other service comes near:
a wrong answer costs a person a day, an honest "do not know" costs a click. The list of services is
searched by the names alone, read alike: who looks through a list looks for what is called so.
"""

import math
import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final, Literal, Self

from tongban.kernel.facts import Words
from tongban.kernel.search import Hit, Index, fold, grams, near, pairs, runs, split

Reason = Literal["", "unsure", "nothing", "elsewhere", "reading"]

#: What a question says around what it asks; it does not count as asked.
_SAID = (
    "请问|你好|您好|麻烦|想问|问一下|一下|怎么样|怎么办理|怎么办|怎么弄|怎么|怎样|如何|咋个|咋|什么时候|什么|"
    "啥子|啥|哪里|哪儿|哪能|哪个|哪家|哪些|哪|多少天|多少|多久|几天|多长时间|能不能|可不可以|可以|是不是|"
    "需要|办理|手续|应该|一共|还是|但是|如果|因为|我想|我要|我家|我们|我的|我|你们|你|他|她|它|们|吗|呢|吧|啊|"
    "伐|呀|嘛|了|的|在|去|要|有|是|给|和|跟|还|就|才|到|把|会|能|得|让|来|吃|也|都|很|些|个|这|那|里|上|下|为|"
    "办|从|被|与|及|或|对"
)
_SAID_IN_ENGLISH = (
    "a an the i my me we our you your he she it is are was be been do does did can could will "
    "would should how what where when which who why much many long for of in on at to from "
    "with and or not if get take need have has by as there that this about "
)
_ENGLISH = frozenset(_SAID_IN_ENGLISH.split())
_STRIP = re.compile(_SAID)

#: How much the parts of a service weigh in its passages.
_NAME, _HEADING, _TEXT, _SOUND = 1.5, 2.0, 1.0, 0.7
_QUERY_SOUND: Final = 0.5
#: How much of its score a hit loses that holds nothing of what is asked.
_IGNORED: Final = 0.6
#: How far what only sounds like the thing asked for shows it.
_HEARD: Final = 0.8
#: What is said around a question still tells its kind: whoever lost something asks alike.
_AROUND: Final = 0.3
#: Letters from which on a word may be one that is only begun.
_BEGUN: Final = 3


@dataclass(frozen=True, slots=True)
class Gate:
    """What a hit must reach to be an answer, each between nought and one.

    ``coverage`` is the share of what was asked that the hit holds, ``margin`` how far the next
    other service stays behind. A coverage that is ``sure`` needs no more than to come first.
    """

    coverage: float = 0.5
    margin: float = 0.45
    sure: float = 0.65


@dataclass(frozen=True, slots=True)
class Reading:
    """How Chinese is read: a run of characters to syllables, traditional to simplified."""

    syllables: Callable[[str], Sequence[str]]
    simplified: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Text:
    """One paragraph to be found, with the extra ``words`` by which people ask for it.

    What stands ``aside`` (the papers of another service) is found, but answers no question.
    """

    id: str
    heading: Words
    text: Words
    words: str = ""
    aside: bool = False


@dataclass(frozen=True, slots=True)
class Service:
    """A service to be found; ``family`` are the life events that hold it (of one, itself)."""

    slug: str
    names: tuple[str, ...]
    family: frozenset[str]
    texts: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A service that may answer, its best paragraph, and how surely."""

    service: int
    paragraph: str
    score: float
    coverage: float


@dataclass(frozen=True, slots=True)
class Answer:
    """The best services, best first; the first is an answer only where ``known``.

    ``margin`` is how far the next service of another family stays behind the first.
    """

    known: bool
    reason: Reason
    found: tuple[Found, ...]
    margin: float


@dataclass(frozen=True, slots=True)
class _Unit:
    """One thing asked for: the tokens that show it, those that sound like it, its weight."""

    shown: frozenset[str]
    heard: frozenset[str]
    weight: float


@dataclass(frozen=True, slots=True)
class _Read:
    """What somebody typed: each token with its weight in the ranking, and what is asked for."""

    query: Mapping[str, float]
    asked: Sequence[_Unit]


@dataclass(frozen=True, slots=True)
class _Shelf:
    """An index, the tokens that each service has in it, and how many services have each."""

    index: Index
    own: Sequence[frozenset[str]]
    seen: Mapping[str, int]
    words: Sequence[str]

    @classmethod
    def of(cls, index: Index, own: Sequence[frozenset[str]]) -> Self:
        words = tuple(t for t in index.tokens if t.isascii() and t.isalpha())
        return cls(index, own, Counter(token for one in own for token in one), words)

    def idf(self, token: str) -> float:
        """Say how much a token tells services apart."""
        seen, size = self.seen.get(token, 0), len(self.own)
        return math.log1p((size - seen + 0.5) / (seen + 0.5))

    def begun(self, word: str) -> Iterable[str]:
        """Give the words that begin so: a list is looked through while somebody types."""
        if len(word) < _BEGUN:
            return ()
        start = bisect_left(self.words, word)
        return takewhile(lambda one: one.startswith(word), self.words[start:])


class Box:
    """Everything that can be asked for, indexed once."""

    def __init__(self, services: Sequence[Service], reading: Reading) -> None:
        """Index the services; what is indexed is never changed."""
        self.services = tuple(services)
        self._reading = reading
        self._syllables: set[str] = set()
        self._places: list[tuple[int, str]] = []
        named = [self._named(service) for service in self.services]
        own: list[frozenset[str]] = []
        self._texts = _Shelf.of(Index(self._documents(named, own), b=0.5), own)
        # how many names a service has says nothing of how well one of them fits: b is nought
        self._names = _Shelf.of(Index(named, b=0.0), [frozenset(one) for one in named])

    def _documents(
        self, named: Sequence[Mapping[str, float]], all_own: list[frozenset[str]]
    ) -> Iterator[Mapping[str, float]]:
        """Give the tokens of each paragraph and its service's names; note what a service has."""
        for number, (service, shared) in enumerate(zip(self.services, named, strict=True)):
            own: set[str] = set(shared)
            for text in service.texts:
                document = dict(shared)
                for token, weight in self._written(text).items():
                    document[token] = document.get(token, 0.0) + weight
                if not text.aside:
                    own |= document.keys()
                self._places.append((number, text.id))
                yield document
            all_own.append(frozenset(own))

    def _named(self, service: Service) -> dict[str, float]:
        found: dict[str, float] = {}
        for name in service.names:
            folded = fold(self._reading.simplified(name))
            for token in grams(folded):
                found[token] = _NAME
            for token in (*self._sounds(folded), *self._initials(folded)):
                found[token] = _SOUND
            for han, _ in runs(folded):
                self._syllables.update(self._reading.syllables(han))
        return found

    def _written(self, text: Text) -> dict[str, float]:
        found: defaultdict[str, float] = defaultdict(float)
        for part, weight in ((text.heading, _HEADING), (text.text, _TEXT)):
            for one in (part.zh, part.en):
                for token in grams(fold(one)):
                    found[token] += weight
        for token in grams(fold(text.words)):
            found[token] += _HEADING
        for token in self._sounds(fold(f"{text.heading.zh} {text.words}")):
            found[token] = _SOUND
        return found

    def _sounds(self, folded: str) -> Iterable[str]:
        for han, _ in runs(folded):
            if len(han) > 1:
                yield from pairs(self._reading.syllables(han))

    def _initials(self, folded: str) -> Iterable[str]:
        """Give the first letters of each run of a name, in stretches of three and more."""
        for han, _ in runs(folded):
            first = "".join(s[0] for s in self._reading.syllables(han))
            for start in range(len(first)):
                for end in range(start + 3, len(first) + 1):
                    yield f"^{first[start:end]}"

    def ask(
        self,
        question: str,
        gate: Gate,
        allowed: Callable[[int], bool] | None = None,
        most: int = 5,
    ) -> Answer:
        """Rank the services for a question and judge whether the first one answers it."""
        read = self._read(question, self._texts)
        hits = self._texts.index.search(
            read.query, 8 * most, (lambda n: allowed(self._places[n][0])) if allowed else None
        )
        best: dict[int, Hit] = {}
        for hit in hits:
            best.setdefault(self._places[hit.document][0], hit)
        if not best:
            return Answer(known=False, reason="nothing", found=(), margin=0.0)
        ranked = [
            self._found(number, self._places[hit.document][1], hit, read, self._texts)
            for number, hit in best.items()
        ]
        found = tuple(sorted(ranked, key=_best_first)[:most])
        margin = self._margin(found)
        cover = found[0].coverage
        known = cover >= gate.coverage and margin >= gate.margin
        known = known or (cover >= gate.sure and margin > 0)
        return Answer(known, "" if known else "unsure", found, margin)

    def find(
        self, called: str, least: float, allowed: Callable[[int], bool] | None = None
    ) -> tuple[Found, ...]:
        """Give the services that are called so, best first.

        ``least`` is the share of what was asked that a service's names must hold, between nought
        and one. Where nothing is asked (an article, "how to apply"), nothing is found.
        """
        read = self._read(called, self._names)
        hits = self._names.index.search(read.query, len(self.services), allowed)
        ranked = (self._found(hit.document, "", hit, read, self._names) for hit in hits)
        return tuple(sorted((one for one in ranked if one.coverage >= least), key=_best_first))

    @staticmethod
    def _found(number: int, paragraph: str, hit: Hit, read: _Read, shelf: _Shelf) -> Found:
        cover = _coverage(read.asked, shelf.own[number])
        return Found(number, paragraph, hit.score * (1 - _IGNORED * (1 - cover)), cover)

    def _margin(self, found: Sequence[Found]) -> float:
        first = self.services[found[0].service]
        for one in found[1:]:
            other = self.services[one.service]
            if first.slug not in other.family and other.slug not in first.family:
                return 1 - one.score / found[0].score
        return 1.0

    def _read(self, question: str, shelf: _Shelf) -> _Read:
        """Read what somebody typed: the tokens to rank by, and what is asked for."""
        folded = fold(self._reading.simplified(question))
        stripped = _STRIP.sub(" ", folded)
        words = [word for _, word in runs(folded) if word]
        typed = {word: self._typed(word, shelf) for word in words}
        if apart := self._apart("".join(words), typed, shelf):
            typed = dict.fromkeys(words, ()) | {words[0]: apart}
        query = dict.fromkeys(grams(folded), _AROUND)
        query |= dict.fromkeys(grams(stripped), 1.0)
        for token in self._sounds(folded):
            query[token] = _QUERY_SOUND
        for alternatives in typed.values():
            for token in sorted(frozenset().union(*alternatives)):
                query.setdefault(token, 1.0)
        return _Read(query, self._asked(stripped, typed, shelf))

    def _typed(self, word: str, shelf: _Shelf) -> tuple[frozenset[str], ...]:
        """Give the things that a Latin word may stand for, each with the tokens that show it.

        A word is itself, pinyin (a pair of syllables is a thing), initials, or a word mistyped or
        only begun.
        """
        if word in _ENGLISH:
            return ()
        if not (word.isascii() and word.isalpha()) or word in shelf.index:
            return (frozenset({word}),)
        cut = split(word, self._syllables)
        if len(cut) > 1:
            return tuple(frozenset({pair}) for pair in pairs(cut))
        if f"^{word}" in shelf.index:
            return (frozenset({f"^{word}"}),)
        return (frozenset({word, *near(word, shelf.words), *shelf.begun(word)}),)

    def _apart(
        self, whole: str, typed: Mapping[str, Sequence[frozenset[str]]], shelf: _Shelf
    ) -> tuple[frozenset[str], ...]:
        """Give what words stand for together (gao ling jin tie), where none does alone."""
        alone = (token for things in typed.values() for thing in things for token in thing)
        if len(typed) < 2 or any(token in shelf.index for token in alone):
            return ()
        things = self._typed(whole, shelf)
        return things if any(token in shelf.index for t in things for token in t) else ()

    def _asked(
        self, stripped: str, typed: Mapping[str, Sequence[frozenset[str]]], shelf: _Shelf
    ) -> tuple[_Unit, ...]:
        """Give what the question asks for: a Chinese character or a word each.

        A character is shown by a pair that it stands in; one that sounds alike shows it in part.
        """
        units: list[_Unit] = []
        for han, word in runs(stripped):
            sounds = pairs(self._reading.syllables(han)) if len(han) > 1 else []
            for place in range(len(han)):
                around = [p for p in (place - 1, place) if 0 <= p < len(han) - 1]
                tokens = [han[p : p + 2] for p in around] or [han[place]]
                heard = frozenset(sounds[p] for p in around if p < len(sounds))
                units.append(_Unit(frozenset(tokens), heard, max(map(shelf.idf, tokens))))
            for shown in typed.get(word, ()):
                known = [shelf.idf(t) for t in shown if t in shelf.seen]
                weight = max(known, default=shelf.idf(""))
                units.append(_Unit(shown, frozenset(), weight))
        return tuple(units)


def _coverage(asked: Sequence[_Unit], own: frozenset[str]) -> float:
    total = sum(unit.weight for unit in asked)
    held = 0.0
    for unit in asked:
        if unit.shown & own:
            held += unit.weight
        elif unit.heard & own:
            held += _HEARD * unit.weight
    return held / total if total else 0.0


def _best_first(one: Found) -> tuple[float, int]:
    return -one.score, one.service
