"""The electronic receipt of a fee (财政电子票据): its number, its check digits, amounts in words.

The layout of code (8 digits) and number (10 digits) follows what treasuries publish; region, kind
and year stand in the code. It was not verified at source, and a city's own printer may differ.
"""

from collections.abc import Mapping
from typing import Any, Final

from tongban.kernel.events import canonical
from tongban.kernel.suites import Suite

_DIGITS: Final = "零壹贰叁肆伍陆柒捌玖"
_PLACES: Final = ("", "拾", "佰", "仟")
_GROUPS: Final = ("", "万", "亿")
_MOST: Final = 10**14
#: Kinds of receipt: one for what was paid, one for what was given back (冲红).
PAID, RED = "01", "02"


def code(region: str, kind: str, year: int) -> str:
    """Give the code (票据代码): two digits of the province, 06, the kind, two of the year.

    >>> code("330100", PAID, 2026)
    '33060126'
    """
    if len(region) < 2 or not region[:2].isdecimal() or kind not in {PAID, RED}:
        raise ValueError(f"no receipt code of region {region!r} and kind {kind!r}")
    return f"{region[:2]}06{kind}{year % 100:02d}"


def check_digits(content: Mapping[str, Any], by: Suite) -> str:
    """Give the six check characters (校验码) of a receipt, from the digest of what it says."""
    return by.digest(canonical(content)).hex()[:6]


def capitals(fen: int) -> str:
    """Write an amount in capitals as on Chinese receipts (金额大写).

    >>> capitals(24_000), capitals(1_000_405), capitals(5), capitals(10_000_000_00)
    ('贰佰肆拾元整', '壹万零肆元零伍分', '伍分', '壹仟万元整')
    """
    if not 0 < fen < _MOST:
        raise ValueError(f"write an amount above nought and below {_MOST} fen, not {fen}")
    yuan, jiao, rest = fen // 100, fen // 10 % 10, fen % 10
    told = f"{_whole(yuan)}元" if yuan else ""
    if not jiao and not rest:
        return f"{told}整"
    if jiao:
        told += f"{_DIGITS[jiao]}角"
    elif yuan:
        told += "零"
    return f"{told}{_DIGITS[rest]}分" if rest else f"{told}整"


def _whole(number: int) -> str:
    told, gap = "", False
    for place in range(len(_GROUPS) - 1, -1, -1):
        group = number // 10_000**place % 10_000
        if group:
            told += (
                ("零" if told and (gap or group < 1000) else "") + _group(group) + _GROUPS[place]
            )
        gap = not group
    return told


def _group(group: int) -> str:
    told, zero = "", False
    for place in range(3, -1, -1):
        digit = group // 10**place % 10
        if digit:
            told += ("零" if zero and told else "") + _DIGITS[digit] + _PLACES[place]
            zero = False
        else:
            zero = True
    return told
