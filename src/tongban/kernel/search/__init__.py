"""Search in Chinese and Latin text: folding, character grams, BM25, pinyin, typing errors (检索).

No dictionary decides what can be found: Chinese is indexed as single characters and pairs. Pure and
deterministic; what reads Chinese aloud (pinyin) is handed in as a function. It ranks and nothing
more: whether the best hit answers a question is for the caller to judge.
"""

from tongban.kernel.search.bm25 import Hit, Index
from tongban.kernel.search.near import distance, near
from tongban.kernel.search.pinyin import blur, pairs, split
from tongban.kernel.search.text import HAN, fold, grams, runs

__all__ = [
    "HAN",
    "Hit",
    "Index",
    "blur",
    "distance",
    "fold",
    "grams",
    "near",
    "pairs",
    "runs",
    "split",
]
