"""Ranks documents by BM25 over tokens with weights (Robertson and Zaragoza 2009; Lucene's form).

idf = ln(1 + (N - n + 0.5) / (n + 0.5)); a token with frequency f in a document of length l counts
idf * f / (f + k1 * (1 - b + b * l / mean l)). A document is a mapping of tokens to frequencies,
which need not be whole: a token of a heading may count twice.
"""

import math
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

#: Postings that one search walks whole, rarest tokens first: some milliseconds' work.
EFFORT = 20_000
#: Documents that the tokens beyond that are still weighed for.
KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Hit:
    """A document by its place in the sequence that was indexed, and its score."""

    document: int
    score: float


class Index:
    """An index that is built once and never changed; searching it writes nothing."""

    __slots__ = ("_postings", "_tokens", "size")

    def __init__(
        self, documents: Iterable[Mapping[str, float]], *, k1: float = 1.2, b: float = 0.75
    ) -> None:
        """Index the documents one after another; a frequency must be above nought."""
        found: dict[str, tuple[array[int], array[float]]] = {}
        lengths = array("d")
        for number, document in enumerate(documents):
            lengths.append(sum(document.values()))
            for token, frequency in document.items():
                known = found.get(token)
                if known is None:
                    known = found[token] = (array("l"), array("d"))
                known[0].append(number)
                known[1].append(frequency)
        self.size = len(lengths)
        mean = sum(lengths) / self.size if self.size else 0.0
        slack = array("d", (k1 * (1 - b + b * one / mean) if mean else k1 for one in lengths))
        for token, (places, parts) in found.items():
            scaled = [part / (part + slack[n]) for n, part in zip(places, parts, strict=True)]
            found[token] = (places, array("d", scaled))
        self._postings = found
        self._tokens = tuple(sorted(found))

    @property
    def tokens(self) -> tuple[str, ...]:
        """Every token that stands in a document, sorted."""
        return self._tokens

    def __contains__(self, token: str) -> bool:
        """Tell whether any document has this token."""
        return token in self._postings

    def documents(self, token: str) -> int:
        """Count the documents with this token."""
        return len(self._postings[token][0]) if token in self._postings else 0

    def idf(self, token: str) -> float:
        """Say how much a token tells: the rarer, the more; most where no document has it."""
        seen = self.documents(token)
        return math.log1p((self.size - seen + 0.5) / (seen + 0.5))

    def search(
        self,
        query: Mapping[str, float],
        most: int,
        allowed: Callable[[int], bool] | None = None,
        effort: int = EFFORT,
    ) -> list[Hit]:
        """Give the best documents, highest score first, then in their order.

        ``query`` gives each token its weight. ``allowed`` filters before anything is ranked. Where
        the tokens stand in more than ``effort`` places, those of the commonest are only weighed for
        the best `KEPT` documents of the others: every score given is whole, but a document that
        holds nothing but common tokens may be missed.

        >>> index = Index([{"出生": 1.0}, {"户口": 1.0}, {"出生": 1.0, "户口": 1.0}])
        >>> [hit.document for hit in index.search({"户口": 1.0}, 5)]
        [1, 2]
        """
        known = sorted(
            (token for token in query if token in self._postings and query[token] > 0),
            key=lambda token: (self.documents(token), token),
        )
        scores: dict[int, float] = {}
        walked = 0
        for place, token in enumerate(known):
            size = self.documents(token)
            if walked and walked + size > effort:
                scores = self._best(scores, allowed, KEPT)
                for common in known[place:]:
                    self._weigh(common, query[common], scores)
                break
            walked += size
            worth = self.idf(token) * query[token]
            for number, part in zip(*self._postings[token], strict=True):
                scores[number] = scores.get(number, 0.0) + worth * part
        best = self._best(scores, allowed, most)
        return [Hit(number, score) for number, score in best.items()]

    def _weigh(self, token: str, weight: float, scores: dict[int, float]) -> None:
        """Add what a token is worth to the documents that are left."""
        places, parts = self._postings[token]
        worth = self.idf(token) * weight
        for number in scores:
            at = bisect_left(places, number)
            if at < len(places) and places[at] == number:
                scores[number] += worth * parts[at]

    @staticmethod
    def _best(
        scores: Mapping[int, float], allowed: Callable[[int], bool] | None, most: int
    ) -> dict[int, float]:
        found = scores.items() if allowed is None else [s for s in scores.items() if allowed(s[0])]
        if len(found) > most:  # bare numbers sort far faster than pairs with a key
            least = sorted([score for _, score in found], reverse=True)[most - 1] if most else 0.0
            found = [one for one in found if one[1] >= least]
        return dict(sorted(found, key=lambda one: (-one[1], one[0]))[:most])
