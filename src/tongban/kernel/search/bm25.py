"""Ranks documents by BM25 over tokens with weights (Robertson and Zaragoza 2009; Lucene's form).

idf = ln(1 + (N - n + 0.5) / (n + 0.5)); a token with frequency f in a document of length l counts
idf * f / (f + k1 * (1 - b + b * l / mean l)). A document is a mapping of tokens to frequencies,
which need not be whole: a token of a heading may count twice.
"""

import heapq
import math
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hit:
    """A document by its place in the sequence that was indexed, and its score."""

    document: int
    score: float


class Index:
    """An index that is built once and never changed; searching it writes nothing."""

    __slots__ = ("_postings", "_tokens", "size")

    def __init__(
        self, documents: Sequence[Mapping[str, float]], *, k1: float = 1.2, b: float = 0.75
    ) -> None:
        """Index the documents; a frequency must be above nought."""
        self.size = len(documents)
        lengths = [sum(document.values()) for document in documents]
        mean = sum(lengths) / self.size if self.size else 0.0
        found: dict[str, tuple[array[int], array[float]]] = {}
        for number, document in enumerate(documents):
            slack = k1 * (1 - b + b * lengths[number] / mean) if mean else k1
            for token, frequency in document.items():
                places, parts = found.setdefault(token, (array("l"), array("d")))
                places.append(number)
                parts.append(frequency / (frequency + slack))
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
    ) -> list[Hit]:
        """Give the best documents, highest score first, then in their order.

        ``query`` gives each token its weight. ``allowed`` filters before anything is ranked.

        >>> index = Index([{"出生": 1.0}, {"户口": 1.0}, {"出生": 1.0, "户口": 1.0}])
        >>> [hit.document for hit in index.search({"户口": 1.0}, 5)]
        [1, 2]
        """
        scores: dict[int, float] = {}
        for token in sorted(query):
            posting = self._postings.get(token)
            if posting is None:
                continue
            worth = self.idf(token) * query[token]
            for number, part in zip(*posting, strict=True):
                scores[number] = scores.get(number, 0.0) + worth * part
        found = (
            Hit(number, score)
            for number, score in scores.items()
            if score > 0 and (allowed is None or allowed(number))
        )
        return heapq.nsmallest(most, found, key=lambda hit: (-hit.score, hit.document))
