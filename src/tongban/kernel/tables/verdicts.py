"""The SQL that judges one kind of row: its masks become a status, a rule and the missing facts.

The same steps as ``deciding``, written once for each hit policy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlglot import exp

from tongban.kernel.tables import nodes as n
from tongban.kernel.tables.atoms import Axis
from tongban.kernel.tables.deciding import outcome_groups
from tongban.kernel.tables.model import DecisionTable


@dataclass(frozen=True, slots=True)
class Plan:
    """What every part of the query needs: the axes, the bits and the key of a kind of row."""

    table: DecisionTable
    axes: tuple[Axis, ...]
    order: tuple[int, ...]
    exact: bool

    @property
    def words(self) -> range:
        return range(len(self.order) // n.WORD + 1)

    @property
    def direct(self) -> bool:
        """One word: the mask itself is the key. More: the number of the choice of each fact."""
        return len(self.words) == 1

    @property
    def key(self) -> list[str]:
        return ["m0", "nulls"] if self.direct else [f"a{i}" for i in range(len(self.axes))]

    @property
    def masks(self) -> list[str]:
        return [f"m{w}" for w in self.words]

    def bit(self, bit: int) -> tuple[int, int]:
        """The word and the mask in it of one bit."""
        return bit // n.WORD, 1 << bit % n.WORD

    @property
    def rows(self) -> int:
        return (1 << len(self.order)) - 1


def judged(plan: Plan) -> dict[str, n.Node]:
    policy = plan.table.hit_policy
    if policy in {"FIRST", "PRIORITY", "ANY"}:
        return _judged_single(plan)
    certain = [n.column(f"c{w}") for w in plan.words]
    open_rules = n.any_of(
        exp.NEQ(this=n.column(f"c{w}"), expression=n.column(f"p{w}")) for w in plan.words
    )
    whens = [(_invalid(plan), n.text("error"))]
    if policy == "UNIQUE":
        whens.append((n.several(certain), n.text("error")))
    whens.append((open_rules, n.text("unknown")))
    whens.append((n.nonzero(certain), n.text("decided")))
    rest = "none" if plan.table.default is None else "decided"
    status = n.case(whens, n.text("decided" if plan.table.aggregator == "COUNT" else rest))
    first = exp.select(exp.Star(), n.named(status, "status")).from_(n.table("tb_bounds"))
    relevant = [n.minus(n.column(f"p{w}"), n.column(f"c{w}")) for w in plan.words]
    answers: list[n.Node] = [n.column("status"), n.named(_missing(plan, relevant), "missing")]
    if policy == "UNIQUE":
        answers.append(n.named(_if_decided(_lowest(plan, certain)), "rule"))
    else:
        answers.append(n.named(_if_decided(_numbers(plan, certain)), "rules"))
    if plan.table.aggregator:
        answers.append(n.named(_if_decided(_total(plan, certain)), "value"))
    last = exp.select(*(n.column(k) for k in plan.key), *answers).from_(n.table("tb_status"))
    return {"tb_status": first, "tb_judged": last}


def _judged_single(plan: Plan) -> dict[str, n.Node]:
    """FIRST, PRIORITY, ANY: one result where all that is still possible agrees."""
    groups = outcome_groups(plan.table)
    certain = [n.column(f"c{w}") for w in plan.words]
    possible = [n.column(f"p{w}") for w in plan.words]
    if plan.table.hit_policy == "ANY":
        reach, relevant = possible, _relevant_any(plan, groups)
        conflict: n.Node = exp.GT(this=_hits(plan, certain, groups), expression=n.number(1))
    else:
        reach = _up_to_lowest(plan, certain, possible)
        relevant = [n.minus(r, n.both(r, c)) for r, c in zip(reach, certain, strict=True)]
        conflict = exp.false()
    if plan.exact:
        steps, source = _completions(plan), "tb_agreed"
        left = [n.column(f"s{w}") for w in plan.words]
        outcome = _outcome(plan, left, groups)
        fired = exp.func("NULLIF", _lowest(plan, left), n.number(0))
        own = [*plan.key, *(n for n in (*plan.masks, "nulls") if n not in plan.key)]
        own += [f"{p}{w}" for p in "cp" for w in plan.words]
        last_step = list(steps)[-1]
        agreed = exp.select(
            *(n.column(k) for k in own),
            n.named(exp.Min(this=outcome), "low"),
            n.named(exp.Max(this=outcome), "high"),
            n.named(exp.Min(this=fired), "fired"),
        )
        steps["tb_agreed"] = agreed.from_(n.table(last_step)).group_by(*(n.column(k) for k in own))
        same = exp.and_(n.column("low").eq(n.column("high")), n.column("low").neq(-2))
        none = n.column("high").eq(-1)
        rule: n.Node = exp.func("COALESCE", n.column("fired"), n.number(0))
    else:
        steps, source = dict[str, n.Node](), "tb_bounds"
        nothing = exp.Not(this=n.nonzero(certain))
        same = _hits(plan, reach, groups, nothing).eq(1)
        none = exp.and_(nothing, exp.Not(this=n.nonzero(reach)))
        if plan.table.default is not None:
            none = exp.false()
        rule = _lowest(plan, reach)
    if plan.table.hit_policy == "ANY":
        rule = n.case([(n.nonzero(certain), _lowest(plan, certain))], _lowest(plan, possible))
    status = n.case(
        [
            (exp.or_(_invalid(plan), conflict), n.text("error")),
            (exp.Not(this=exp.paren(same)), n.text("unknown")),
            (none, n.text("none")),
        ],
        n.text("decided"),
    )
    first = exp.select(exp.Star(), n.named(status, "status")).from_(n.table(source))
    last = exp.select(
        *(n.column(k) for k in plan.key),
        n.column("status"),
        n.named(_missing(plan, relevant), "missing"),
        n.named(_if_decided(rule), "rule"),
    ).from_(n.table("tb_status"))
    return {**steps, "tb_status": first, "tb_judged": last}


def _completions(plan: Plan) -> dict[str, n.Node]:
    """For each kind every mask that its missing facts can leave, one fact after the other."""
    own = [*plan.key, *(n for n in (*plan.masks, "nulls") if n not in plan.key)]
    own += [f"{p}{w}" for p in "cp" for w in plan.words]
    start = [
        n.named(n.both(n.column(f"m{w}"), n.number(n.word(plan.rows, w))), f"s{w}")
        for w in plan.words
    ]
    steps = {"tb_left": exp.select(*(n.column(k) for k in own), *start).from_(n.table("tb_bounds"))}
    before = "tb_left"
    for i, axis in enumerate(plan.axes):
        rows = [(0, -1), *((1, mask) for mask in axis.choices)]
        steps[f"tb_fill{i}"] = n.relation(
            [(absent, *(n.word(mask, w) for w in plan.words)) for absent, mask in rows],
            ["absent", *(f"f{w}" for w in plan.words)],
        )
        absent = n.case([(n.has(n.column("nulls", "t"), 1 << i), n.number(1))], n.number(0))
        steps[f"tb_left{i}"] = (
            exp.select(
                *(n.column(k, "t") for k in own),
                *(
                    n.named(n.both(n.column(f"s{w}", "t"), n.column(f"f{w}", "f")), f"s{w}")
                    for w in plan.words
                ),
            )
            .from_(n.table(before, "t"))
            .join(n.table(f"tb_fill{i}", "f"), on=n.column("absent", "f").eq(absent))
            .distinct()
        )
        before = f"tb_left{i}"
    return steps


def _outcome(plan: Plan, left: list[n.Node], groups: Sequence[int]) -> n.Node:
    """The outcome of one completion by number; -1 none, -2 two results of ANY."""
    nothing = next((i for i, g in enumerate(groups) if g >> len(plan.order) & 1), -1)
    if plan.table.hit_policy != "ANY":
        outcome = {bit: i for i, g in enumerate(groups) for bit in n.bits(g & plan.rows)}
        return n.case(
            [(_has_bit(plan, left, bit), n.number(outcome[bit])) for bit in range(len(plan.order))],
            n.number(nothing),
        )
    several = exp.GT(this=_hits(plan, left, groups), expression=n.number(1))
    return n.case(
        [(several, n.number(-2))]
        + [(_meets(plan, left, g & plan.rows), n.number(i)) for i, g in enumerate(groups)],
        n.number(nothing),
    )


def _hits(
    plan: Plan, words: list[n.Node], groups: Sequence[int], nothing: n.Node | None = None
) -> n.Node:
    """Count the outcomes among these rules; ``nothing`` tells that no rule may be true."""
    counts: list[n.Node] = []
    for group in groups:
        met = _meets(plan, words, group & plan.rows)
        if nothing is not None and group >> len(plan.order) & 1:
            met = exp.or_(met, nothing)
        counts.append(n.case([(met, n.number(1))], n.number(0)))
    if nothing is not None and plan.table.default is None:
        counts.append(n.case([(nothing, n.number(1))], n.number(0)))
    return exp.paren(n.total(counts))


def _relevant_any(plan: Plan, groups: Sequence[int]) -> list[n.Node]:
    """Open rules that could differ from the result that is certain already."""
    certain = [n.column(f"c{w}") for w in plan.words]
    found = []
    for w in plan.words:
        rest = n.minus(n.column(f"p{w}"), n.column(f"c{w}"))
        whens = [
            (_meets(plan, certain, g & plan.rows), n.both(rest, n.number(n.word(~g, w))))
            for g in groups
        ]
        found.append(n.case(whens, rest))
    return found


def _up_to_lowest(plan: Plan, certain: list[n.Node], possible: list[n.Node]) -> list[n.Node]:
    """The possible rules up to the first certain one: later ones can no longer fire."""
    found = []
    for w in plan.words:
        c = certain[w]
        low = exp.paren(exp.BitwiseAnd(this=c, expression=exp.Neg(this=c)))
        cut = n.minus(exp.Mul(this=low, expression=n.number(2)), n.number(1))
        whens = [(exp.NEQ(this=c, expression=n.number(0)), n.both(possible[w], cut))]
        if w:
            whens.insert(0, (n.nonzero(certain[:w]), n.number(0)))
        found.append(n.case(whens, possible[w]))
    return found


def _missing(plan: Plan, relevant: list[n.Node]) -> n.Node:
    parts: list[n.Node] = []
    for i, axis in enumerate(plan.axes):
        unsure = n.any_of(
            exp.NEQ(
                this=n.both(relevant[w], n.number(n.word(~axis.certain, w))), expression=n.number(0)
            )
            for w in plan.words
        )
        asked = exp.and_(n.has(n.column("nulls"), 1 << i), unsure)
        parts.append(n.case([(asked, n.text("," + axis.name))], n.text("")))
    unknown = n.column("status").eq("unknown")
    return n.case([(unknown, n.tail(parts))] if parts else [], n.text(""))


def _numbers(plan: Plan, words: list[n.Node]) -> n.Node:
    """The numbers of the true rules in the order of the policy, with commas."""
    parts = [
        n.case([(_has_bit(plan, words, bit), n.text(f",{position + 1}"))], n.text(""))
        for bit, position in enumerate(plan.order)
    ]
    default = "" if plan.table.default is None else "0"
    return n.case([(n.nonzero(words), n.tail(parts))], n.text(default))


def _total(plan: Plan, words: list[n.Node]) -> n.Node:
    """SUM, MIN, MAX or COUNT over the true rules; MIN and MAX are the first in sorted order."""
    values = [(bit, plan.table.rules[p].outputs[0]) for bit, p in enumerate(plan.order)]
    if plan.table.aggregator in {"MIN", "MAX"}:
        numbers = [(bit, v) for bit, v in values if isinstance(v, int | Decimal)]
        numbers.sort(key=lambda pair: pair[1], reverse=plan.table.aggregator == "MAX")
        return n.case(
            [(_has_bit(plan, words, bit), n.exactly(v)) for bit, v in numbers], exp.null()
        )
    count = plan.table.aggregator == "COUNT"
    terms = [
        n.case(
            [(_has_bit(plan, words, bit), n.number(1) if count else n.exactly(v))],
            n.number(0) if count else n.exactly(0),
        )
        for bit, v in values
    ]
    total = exp.paren(n.total(terms))
    return total if count else n.case([(n.nonzero(words), total)], exp.null())


def _lowest(plan: Plan, words: list[n.Node]) -> n.Node:
    """The number of the first true rule in the order of the table; 0 when none is true."""
    bits = sorted(range(len(plan.order)), key=plan.order.__getitem__)
    if plan.table.hit_policy == "PRIORITY":
        bits = list(range(len(plan.order)))
    return n.case(
        [(_has_bit(plan, words, bit), n.number(plan.order[bit] + 1)) for bit in bits], n.number(0)
    )


def _has_bit(plan: Plan, words: list[n.Node], bit: int) -> n.Node:
    word, mask = plan.bit(bit)
    return n.has(words[word], mask)


def _meets(plan: Plan, words: list[n.Node], mask: int) -> n.Node:
    return n.any_of(n.has(words[w], n.word(mask, w)) for w in plan.words if n.word(mask, w))


def _invalid(plan: Plan) -> n.Node:
    word, mask = plan.bit(len(plan.order))
    return exp.EQ(this=n.both(n.column(f"m{word}"), n.number(mask)), expression=n.number(0))


def _if_decided(node: n.Node) -> n.Node:
    whens = [
        (exp.In(this=n.column("status"), expressions=[n.text("decided"), n.text("none")]), node)
    ]
    return exp.Case(ifs=[exp.If(this=a, true=b) for a, b in whens])
