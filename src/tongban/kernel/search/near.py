"""Typing errors: how far two words are apart, and which known words lie near one (编辑距离)."""

from collections.abc import Iterable


def distance(one: str, two: str, most: int) -> int:
    """Count the fewest slips between two words, at most ``most`` + 1: beyond, it stops counting.

    A slip is a letter too much, missing, another one, or two neighbours changed about (optimal
    string alignment; Damerau 1964).

    >>> distance("insurence", "insurance", 2), distance("hukuo", "hukou", 2)
    (1, 1)
    >>> distance("seal", "tax", 2)
    3
    """
    if abs(len(one) - len(two)) > most:
        return most + 1
    before: list[int] = []
    last = list(range(len(two) + 1))
    for place, letter in enumerate(one, 1):
        row = [place]
        for other, second in enumerate(two, 1):
            cost = min(last[other] + 1, row[other - 1] + 1, last[other - 1] + (letter != second))
            crossed = (
                place > 1 and other > 1 and letter == two[other - 2] and one[place - 2] == second
            )
            row.append(min(cost, before[other - 2] + 1) if crossed else cost)
        if min(row) > most and (not before or min(last) > most):
            return most + 1
        before, last = last, row
    return min(last[-1], most + 1)


def allowance(word: str) -> int:
    """Say how many slips a word of this length may hold: none up to three letters.

    >>> [allowance(word) for word in ("tax", "seal", "insurance")]
    [0, 1, 2]
    """
    return 0 if len(word) < 4 else 1 if len(word) < 8 else 2


def near(word: str, known: Iterable[str]) -> list[str]:
    """Give the known words nearest to one, all those with the fewest slips, sorted.

    >>> near("certficate", ["certificate", "card", "certify"])
    ['certificate']
    """
    most = allowance(word)
    found: list[str] = []
    for other in known:
        apart = distance(word, other, most)
        if apart > most or allowance(other) == 0 < apart:
            continue
        if apart < most:
            most, found = apart, []
        found.append(other)
    return sorted(dict.fromkeys(found))
