"""Search: folding, grams, BM25 beside an independent library, typing errors, pinyin."""

import math

import bm25s
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.kernel.search import Index, blur, distance, fold, grams, near, pairs, runs, split

HANZI = st.text(st.sampled_from("出生证明户口医保老人津贴公司"), max_size=12)
WORDS = st.text(st.sampled_from("abcde"), max_size=8)
TEXTS = st.text(st.sampled_from("出生证 abⅢＡ，。-'x1龘"), max_size=20)
DOCUMENTS = st.lists(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=8), max_size=12)


@given(TEXTS)
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(HANZI)
def test_a_run_of_chinese_has_all_its_characters_and_neighbours(text: str) -> None:
    found = list(grams(text))
    assert len(found) == max(0, 2 * len(text) - 1)
    assert "".join(found[::2]) == text
    assert found[1::2] == [text[i : i + 2] for i in range(len(text) - 1)]


@given(TEXTS)
def test_every_gram_stands_in_the_text(text: str) -> None:
    folded = fold(text)
    assert all(gram in folded for gram in grams(folded))
    assert all(bool(han) != bool(word) for han, word in runs(folded))


@given(DOCUMENTS, st.lists(st.sampled_from("abcdefg"), max_size=6, unique=True))
def test_scores_are_those_of_an_independent_library(
    documents: list[list[str]], query: list[str]
) -> None:
    index = Index([{t: float(d.count(t)) for t in d} for d in documents], k1=1.5, b=0.75)
    found = {h.document: h.score for h in index.search(dict.fromkeys(query, 1.0), 99)}
    known = [token for token in query if token in index]
    if not documents or not known:
        assert found == {}
        return
    oracle = bm25s.BM25(method="lucene", k1=1.5, b=0.75)
    oracle.index(documents, show_progress=False)
    scores = oracle.get_scores(known)
    for number, score in enumerate(scores):
        assert math.isclose(found.get(number, 0.0), float(score), rel_tol=1e-4, abs_tol=1e-5)
    assert np.count_nonzero(scores) == len(found)


@given(DOCUMENTS, st.dictionaries(st.sampled_from("abcdefg"), st.floats(0.1, 3), max_size=5))
def test_the_best_come_first_and_a_filter_takes_away_and_moves_nothing(
    documents: list[list[str]], query: dict[str, float]
) -> None:
    index = Index([{t: float(d.count(t)) for t in d} for d in documents])
    every = index.search(query, 99)
    assert every == sorted(every, key=lambda h: (-h.score, h.document))
    assert index.search(query, 2) == every[:2]
    even = index.search(query, 99, lambda number: number % 2 == 0)
    assert even == [hit for hit in every if hit.document % 2 == 0]
    assert index.search(dict(reversed(list(query.items()))), 99) == every


@given(DOCUMENTS, st.lists(st.sampled_from("abcdefg"), max_size=6, unique=True), st.integers(1, 9))
def test_with_little_effort_every_score_given_is_whole(
    documents: list[list[str]], query: list[str], effort: int
) -> None:
    index = Index([{t: float(d.count(t)) for t in d} for d in documents])
    asked = dict.fromkeys(query, 1.0)
    whole = {hit.document: hit.score for hit in index.search(asked, 99)}
    some = index.search(asked, 99, effort=effort)
    assert bool(some) == bool(whole)
    assert all(math.isclose(whole[hit.document], hit.score) for hit in some)
    rarest = min((index.documents(t), t) for t in query if t in index)[1] if whole else ""
    assert {h.document for h in some} >= {n for n, d in enumerate(documents) if rarest in d}


@given(DOCUMENTS)
def test_a_rarer_token_tells_more(documents: list[list[str]]) -> None:
    index = Index([dict.fromkeys(d, 1.0) for d in documents])
    ordered = sorted(index.tokens, key=index.documents)
    worth = [index.idf(token) for token in ordered]
    assert worth == sorted(worth, reverse=True)
    assert all(index.idf("nowhere") >= one > 0 for one in worth)


@given(WORDS, WORDS)
def test_a_distance_is_the_same_from_both_ends(one: str, other: str) -> None:
    apart = distance(one, other, 20)
    assert apart == distance(other, one, 20) == _reckoned(one, other)
    assert (apart == 0) == (one == other)
    assert distance(one, other, 2) == min(apart, 3)


def _reckoned(one: str, other: str) -> int:
    """Reckon the distance by its recursive definition, without a table."""
    if not one or not other:
        return len(one) + len(other)
    best = min(
        _known(one[:-1], other) + 1,
        _known(one, other[:-1]) + 1,
        _known(one[:-1], other[:-1]) + (one[-1] != other[-1]),
    )
    if len(one) > 1 < len(other) and one[-1] == other[-2] and one[-2] == other[-1]:
        best = min(best, _known(one[:-2], other[:-2]) + 1)
    return best


_held: dict[tuple[str, str], int] = {}


def _known(one: str, other: str) -> int:
    if (one, other) not in _held:
        _held[one, other] = _reckoned(one, other)
    return _held[one, other]


@given(WORDS, st.lists(WORDS, max_size=8))
def test_what_is_near_is_known_and_no_other_is_nearer(word: str, known: list[str]) -> None:
    found = near(word, known)
    assert set(found) <= set(known)
    if word in known:
        assert found == [word]
    if found:
        nearest = distance(word, found[0], 9)
        assert all(distance(word, one, 9) == nearest for one in found)


@given(st.lists(st.sampled_from(["chu", "sheng", "zheng", "hu", "kou", "an", "xian"]), max_size=6))
def test_syllables_that_were_run_together_are_cut_again(syllables: list[str]) -> None:
    word = "".join(syllables)
    cut = split(word, set(syllables))
    assert "".join(cut) == word
    assert len(cut) <= len(syllables)


@pytest.mark.parametrize(
    ("one", "other"), [("zhang", "zan"), ("lan", "nan"), ("hui", "fui"), ("shen", "seng")]
)
def test_what_dialects_confuse_sounds_alike(one: str, other: str) -> None:
    assert blur(one) == blur(other)


@given(st.lists(st.sampled_from(["chu", "sheng", "zheng"]), max_size=5))
def test_pairs_are_blurred_alike_once_and_twice(syllables: list[str]) -> None:
    blurred = [blur(s) for s in syllables]
    assert pairs(syllables) == pairs(blurred)
    assert len(pairs(syllables)) == max(0, len(syllables) - 1)
