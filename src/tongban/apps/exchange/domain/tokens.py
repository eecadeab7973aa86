"""Cuts text into the tokens that the catalogue's search knows, and marks them where they occur.

Chinese is cut into single characters and pairs of neighbours (单字与双字), everything else into
lower-case words; so no dictionary decides what can be found. Both databases index these tokens.
"""

from collections.abc import Sequence

from tongban.kernel.search import fold, grams, runs

__all__ = ["fold", "index_tokens", "marked", "query_tokens", "relevance"]

_MOST = 24  # tokens of a query


def index_tokens(text: str) -> list[str]:
    """Give the tokens under which a text is found, each once.

    >>> index_tokens("出生医学 Birth birth")
    ['出', '出生', '生', '生医', '医', '医学', '学', 'birth']
    """
    return list(dict.fromkeys(grams(fold(text))))


def query_tokens(text: str) -> list[str]:
    """Give the tokens that a text asks for: pairs, a single character only where it stands alone.

    >>> query_tokens("出生医学 证 2026")
    ['出生', '生医', '医学', '证', '2026']
    """
    found: dict[str, None] = {}
    for run, word in runs(fold(text)):
        pairs = [run[place : place + 2] for place in range(len(run) - 1)] or [run]
        found |= dict.fromkeys(pair for pair in (*pairs, word) if pair)
    return list(found)[:_MOST]


def marked(text: str, tokens: Sequence[str]) -> list[tuple[str, bool]]:
    """Cut a text into stretches, each with whether a token of the query covers it.

    >>> marked("出生医学证明", ["出生", "生医"])
    [('出生医', True), ('学证明', False)]
    """
    low = text.lower()
    if len(low) != len(text) or not text:  # a letter that changes its length: mark nothing
        return [(text, False)]
    covered = bytearray(len(text))
    for token in tokens:
        start = low.find(token)
        while start >= 0:
            covered[start : start + len(token)] = b"\x01" * len(token)
            start = low.find(token, start + 1)
    pieces: list[tuple[str, bool]] = []
    begin = 0
    for place in range(1, len(text) + 1):
        if place == len(text) or covered[place] != covered[begin]:
            pieces.append((text[begin:place], bool(covered[begin])))
            begin = place
    return pieces


def relevance(name: str, text: str, tokens: Sequence[str]) -> tuple[int, bool, int]:
    """Say how well a name answers a text; less is better.

    First how many tokens the name lacks, then whether the whole text stands in it, then its length.

    >>> asked = "出生信息"
    >>> names = ["出生缺陷信息", "信息", "出生信息登记", "出生信息"]
    >>> sorted(names, key=lambda name: relevance(name, asked, query_tokens(asked)))
    ['出生信息', '出生信息登记', '出生缺陷信息', '信息']
    """
    low = fold(name)
    return sum(token not in low for token in tokens), fold(text).strip() not in low, len(name)
