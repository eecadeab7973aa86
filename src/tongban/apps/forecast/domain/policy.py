"""The policy-driven index 政策驱动指数: how much documents push a subject, quarter by quarter.

A sentence counts by the strengths of the terms in it; plans and reviews are kept apart, because
what was done is no push. A document weighs by its authority and per thousand characters; its
weight halves with age. Strengths and weights are assumptions and are printed as such. The audit
says how far the machine's marks agree with a person's.
"""

import math
import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Part = Literal["plan", "review", "other"]
PARTS: tuple[Part, ...] = ("plan", "review", "other")
_HEADING = re.compile(
    r"\s*(?:第?[一二三四五六七八九十]{1,3}[、章节部]|（[一二三四五六七八九十]+）|\d+[.、．]|#+)"
)
_SENTENCE = re.compile(r"[^。！？；\n]+[。！？；]?")
_LONGEST_HEADING = 40
_BETWEEN = 4  # characters between a negation and its term


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Terms with strengths, and how sections, authority and age count."""

    version: str
    terms: Mapping[str, int]
    negations: tuple[str, ...]
    plan: tuple[str, ...]
    review: tuple[str, ...]
    authority: Mapping[str, float]
    half_life: float


@dataclass(frozen=True, slots=True)
class Document:
    """A document: ``quarter`` is 4·year + quarter - 1, ``authority`` a key of the lexicon's."""

    name: str
    quarter: int
    authority: str
    text: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, its section, and the terms found in it (with repeats, without those negated)."""

    document: str
    part: Part
    text: str
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Push:
    """What one document pushes, by section: strength per thousand characters of it all."""

    document: Document
    by_part: Mapping[Part, float]
    characters: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """How machine and person agree on sentences: shares, and Cohen's kappa with its interval."""

    count: int
    agreed: float
    precision: float
    recall: float
    kappa: float
    low: float
    high: float


class AuditUnusable(ValueError):
    """Marks from which no agreement can be told."""


def sentences(document: Document, lexicon: Lexicon) -> list[Sentence]:
    """Split a document into sentences under plan, review or neither, with their terms."""
    part: Part = "other"
    found = []
    pattern = _pattern(lexicon)
    for line in document.text.splitlines():
        bare = line.strip()
        if len(bare) <= _LONGEST_HEADING and (_HEADING.match(line) or not bare.endswith("。")):
            part = _heading(bare, lexicon, part)
        for match in _SENTENCE.finditer(bare):
            text = match.group().strip()
            if text:
                found.append(Sentence(document.name, part, text, _terms(text, pattern, lexicon)))
    return found


def _heading(text: str, lexicon: Lexicon, part: Part) -> Part:
    # 「过去一年工作回顾和今年工作安排」 leads to neither alone
    plans, reviews = (any(w in text for w in words) for words in (lexicon.plan, lexicon.review))
    if plans and reviews:
        return "other"
    return "plan" if plans else "review" if reviews else part


def _pattern(lexicon: Lexicon) -> re.Pattern[str]:
    # the longest first: a term inside another does not count twice
    ordered = sorted(lexicon.terms, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, ordered)))


def _terms(text: str, pattern: re.Pattern[str], lexicon: Lexicon) -> tuple[str, ...]:
    return tuple(
        match.group()
        for match in pattern.finditer(text)
        if not _negated(text[: match.start()], lexicon)
    )


def _negated(before: str, lexicon: Lexicon) -> bool:
    # 「不再建设政务云」: a verb may stand between, a comma may not
    near = re.split(r"[，、：]", before)[-1]
    return any(word in near[-len(word) - _BETWEEN :] for word in lexicon.negations)


def push(document: Document, lexicon: Lexicon) -> Push:
    """Measure one document."""
    strength = dict.fromkeys(PARTS, 0.0)
    found = sentences(document, lexicon)
    characters = sum(len(one.text) for one in found)
    for one in found:
        strength[one.part] += sum(lexicon.terms[term] for term in one.terms)
    scale = 1000 / characters if characters else 0.0
    return Push(document, {part: total * scale for part, total in strength.items()}, characters)


def index(
    pushes: Iterable[Push], lexicon: Lexicon, quarters: Sequence[int], parts: Sequence[Part]
) -> dict[int, float]:
    """Add up what documents push in each quarter, from the quarter each appeared in.

    >>> lexicon = Lexicon("1", {"共享": 2}, (), (), (), {"city": 1.0}, 2)
    >>> one = push(Document("a", 8100, "city", "推进共享。" * 200), lexicon)
    >>> index([one], lexicon, [8099, 8100, 8102], ["other"])
    {8099: 0.0, 8100: 400.0, 8102: 200.0}
    """
    told = list(pushes)
    return {
        quarter: math.fsum(
            lexicon.authority[one.document.authority]
            * sum(one.by_part[part] for part in parts)
            * 0.5 ** ((quarter - one.document.quarter) / lexicon.half_life)
            for one in told
            if one.document.quarter <= quarter
        )
        for quarter in quarters
    }


def audit_sample(found: Sequence[Sentence], size: int, seed: int) -> list[Sentence]:
    """Draw sentences for a person to mark, half with terms and half without, mixed."""
    draw = random.Random(seed)  # noqa: S311 - a sample, not a secret
    marked = [one for one in found if one.terms]
    bare = [one for one in found if not one.terms]
    half = min(len(marked), max(size // 2, size - len(bare)))
    chosen = draw.sample(marked, half) + draw.sample(bare, min(len(bare), size - half))
    draw.shuffle(chosen)
    return chosen


def agreement(pairs: Sequence[tuple[bool, bool]]) -> Agreement:
    """Compare marks (machine, person). Raise AuditUnusable where all marks are the same.

    >>> agreement([(True, True)] * 20 + [(True, False)] * 5 + [(False, False)] * 25).kappa
    0.8
    """
    count = len(pairs)
    both = sum(machine and person for machine, person in pairs)
    machine = sum(machine for machine, _ in pairs)
    person = sum(person for _, person in pairs)
    if count == 0 or (machine in {0, count} and person in {0, count}):
        raise AuditUnusable(
            "AuditUnusable: the marks do not differ, so agreement by chance is certain; mark more"
            " sentences / 标注没有差别，无法计算一致性"
        )
    agreed = (both + (count - machine - person + both)) / count
    chance = (machine * person + (count - machine) * (count - person)) / count**2
    kappa = (agreed - chance) / (1 - chance)
    error = math.sqrt(agreed * (1 - agreed) / count) / (1 - chance)
    return Agreement(
        count,
        agreed,
        both / machine if machine else math.nan,
        both / person if person else math.nan,
        round(kappa, 12),
        max(-1.0, kappa - 1.96 * error),
        min(1.0, kappa + 1.96 * error),
    )
