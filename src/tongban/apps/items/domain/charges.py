"""The fee of an item in words (收费): how much, on which law, when, and who is spared or paid back.

A service is free only where its definition asks nothing; what a rule computes is told by the
amounts that its table can give.
"""

from collections.abc import Callable, Sequence

from tongban.apps.items.domain.words import Charge, Definition
from tongban.kernel.facts import Words
from tongban.kernel.feel import Condition

#: Tells a condition in words.
Tell = Callable[[Condition], Words]

FREE = Words("不收费。", "Free of charge.")
_WHEN = {
    "acceptance": Words("受理前缴纳", "to be paid before the application is accepted"),
    "delivery": Words("领取结果前缴纳", "to be paid before the result is given"),
}
_ENDS = {
    "withdrawn": Words("您撤回申请", "you take the application back"),
    "refused": Words("不予许可", "it is refused"),
}


def yuan(fen: int) -> Words:
    """Write whole fen in yuan.

    >>> yuan(24000), yuan(5)
    (Words(zh='240 元', en='240 yuan'), Words(zh='0.05 元', en='0.05 yuan'))
    """
    told = f"{fen // 100}" if fen % 100 == 0 else f"{fen // 100}.{fen % 100:02d}"
    return Words(f"{told} 元", f"{told} yuan")


def amounts(one: Definition, charge: Charge) -> tuple[int, ...]:
    """Give the amounts in fen that a charge may come to, the least first; empty where unknown."""
    if isinstance(charge.amount, int):
        return (charge.amount,)
    alias, _, output = charge.amount.partition(".")
    rule = one.rules.get(alias)
    if rule is None:
        return ()
    found: set[int] = set()
    for place, column in enumerate(rule.table.outputs):
        if column.name == output:
            values = (*(row.outputs[place] for row in rule.table.rules), column.default)
            found |= {value for value in values if type(value) is int}
    return tuple(sorted(found))


def fee_words(definitions: Sequence[Definition], tell: Tell) -> Words:
    """Tell the fees of these items, a line each; items that ask none are told of together."""
    several = len(definitions) > 1
    lines = [
        _line(one, one.charge, tell, several=several)
        for one in definitions
        if one.charge is not None and amounts(one, one.charge) != (0,)
    ]
    if not lines:
        return FREE
    if len(lines) < len(definitions):
        lines.append(Words("其他事项不收费。", "The other items are free of charge."))
    return Words("\n".join(one.zh for one in lines), "\n".join(one.en for one in lines))


def _line(one: Definition, charge: Charge, tell: Tell, *, several: bool) -> Words:
    much, law = _much(one, charge), charge.legal_basis
    zh = [
        f"{one.name.zh}：" if several else "",
        f"{charge.name.zh}，{much.zh}，{_WHEN[charge.when].zh}",
        f"（{charge.days} 日内）。依据：《{law.title}》{law.article}。",
    ]
    en = [
        f"{one.name.en}: " if several else "",
        f"{charge.name.en}, {much.en}, {_WHEN[charge.when].en}",
        f" (within {charge.days} days). Basis: {f'{law.title} {law.article}'.strip()}.",
    ]
    if charge.waived is not None:
        spared = tell(charge.waived)
        zh.append(f"{spared.zh}的，免收。")
        en.append(f" Waived if {spared.en}.")
    if charge.refund:
        ends = [_ENDS[name] for name in sorted(charge.refund)]
        zh.append(f"{'或者'.join(end.zh for end in ends)}的，退还已缴费用。")
        en.append(f" Paid back if {' or '.join(end.en for end in ends)}.")
    return Words("".join(zh), "".join(en))


def _much(one: Definition, charge: Charge) -> Words:
    found = amounts(one, charge)
    if not found:
        return Words("金额按公开的规则计算", "the amount by published rules")
    least, most = yuan(found[0]), yuan(found[-1])
    if len(found) == 1:
        return most
    return Words(
        f"按公开的规则为 {least.zh}至 {most.zh}", f"{least.en} to {most.en} by published rules"
    )
