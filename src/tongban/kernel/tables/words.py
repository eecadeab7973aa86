"""A table, a row or a decision as sentences in Chinese or English.

The same tree that decides is what is printed, so the words cannot differ from the rule. A row may
bring its own words: an annotation column "zh" or "en" replaces the sentence of its row, a column
"依据" (legal basis) is added in brackets.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal, TypeAlias

from tongban.kernel.feel import Bound, Test, UnaryTests, Value
from tongban.kernel.tables.model import Decision, DecisionTable, Rule, TableError

Language: TypeAlias = Literal["zh", "en"]
Labels: TypeAlias = Mapping[str, str]

_BASIS = ("依据", "legal basis", "legal_basis")
_COMPARE: dict[Language, dict[str, str]] = {
    "zh": {"=": "为", "!=": "不为", "<": "小于", "<=": "不超过", ">": "大于", ">=": "不小于"},
    "en": {
        "=": "is", "!=": "is not", "<": "is less than", "<=": "is at most",
        ">": "is more than", ">=": "is at least",
    },
}  # fmt: skip
_COMPARE_DAYS: dict[Language, dict[str, str]] = {
    "zh": {"=": "为", "!=": "不为", "<": "早于", "<=": "不晚于", ">": "晚于", ">=": "不早于"},
    "en": {
        "=": "is", "!=": "is not", "<": "is before", "<=": "is on or before",
        ">": "is after", ">=": "is on or after",
    },
}  # fmt: skip
_POLICY: dict[str, tuple[str, str]] = {
    "UNIQUE": ("至多一行成立", "at most one row is true"),
    "ANY": ("成立的各行结果相同", "rows that are true agree"),
    "FIRST": ("取第一个成立的行", "the first row that is true"),
    "PRIORITY": ("取最优先的结果", "the most important result"),
    "COLLECT": ("取所有成立的行", "all rows that are true"),
    "RULE ORDER": ("取所有成立的行，按表中次序", "all rows that are true, in their order"),
    "OUTPUT ORDER": ("取所有成立的行，按结果次序", "all rows that are true, by importance"),
}
_TOTAL: dict[str, tuple[str, str]] = {
    "SUM": ("合计", "sum"), "MIN": ("最小值", "smallest"), "MAX": ("最大值", "largest"),
    "COUNT": ("行数", "number of rows"),
}  # fmt: skip


def render(table: DecisionTable, lang: Language = "zh", labels: Labels | None = None) -> str:
    """Print the whole table: a title with the hit policy, then a numbered sentence a row."""
    policy = _POLICY[table.hit_policy][lang == "en"]
    if table.aggregator:
        total = _TOTAL[table.aggregator][lang == "en"]
        policy = f"{policy}，{total}" if lang == "zh" else f"{policy}; {total}"
    head = (
        f"决策表“{table.name}”（{policy}）" if lang == "zh" else f"Table “{table.name}” ({policy})"
    )
    lines = [
        f"{number}. {_sentence(table, rule, lang, labels or {}, because=False)}"
        for number, rule in enumerate(table.rules, 1)
    ]
    if table.default is not None:
        lines.append(_default(table, lang, labels or {}))
    return "\n".join([head, *lines])


def render_rule(
    table: DecisionTable, rule_id: str, lang: Language = "zh", labels: Labels | None = None
) -> str:
    """Print one row as a sentence; raises TableError for an unknown row.

    >>> from tongban.kernel.feel import parse_unary
    >>> from tongban.kernel.tables.model import Input, Output
    >>> age, town = Input("age", "integer", "年龄"), Input("town", "string", "户籍地")
    >>> row = Rule("1", (parse_unary("[60..80)"), parse_unary('"东区","西区"')), (100,))
    >>> one = DecisionTable("t", "t", (age, town), (Output("pay", "number", "津贴"),), (row,))
    >>> render_rule(one, "1")
    '如果年龄不小于 60 且小于 80，并且户籍地为“东区”或“西区”，则津贴为 100。'
    >>> render_rule(one, "1", "en", {"age": "age", "town": "town", "pay": "allowance"})
    'If age is at least 60 and less than 80, and town is “东区” or “西区”, then allowance is 100.'
    """
    return _sentence(table, _rule(table, rule_id), lang, labels or {}, because=False)


def explain(
    table: DecisionTable, decision: Decision, lang: Language = "zh", labels: Labels | None = None
) -> tuple[str, ...]:
    """Say why a case was decided so, one sentence a row that fired; or what is missing or wrong."""
    return tuple(sentence for _, sentence in reasons(table, decision, lang, labels))


def reasons(
    table: DecisionTable, decision: Decision, lang: Language = "zh", labels: Labels | None = None
) -> tuple[tuple[str, str], ...]:
    """Give the sentences of `explain`, each with the id of its row; "" for one that has no row."""
    names, chinese = labels or {}, lang == "zh"
    if decision.status == "unknown":
        asked = [_label(table, name, names) for name in decision.missing]
        if chinese:
            return (("", f"还不能决定：需要先知道{_join(asked, '、', '和')}。"),)
        return (("", f"Not decided yet: {_join(asked, ', ', ' and ')} must be known first."),)
    if decision.status == "error":
        return (("", f"规则不能适用：{decision.message}" if chinese else decision.message),)
    lines = [
        (rule, _sentence(table, _rule(table, rule), lang, names, because=True))
        for rule in decision.rules
    ]
    if table.single and table.hit_policy != "ANY" and len(lines) > 1:
        either = (
            "以下各行中必有一行适用，结果相同："
            if chinese
            else "One of these rows applies, with one result:"
        )
        lines.insert(0, ("", either))
    if table.aggregator:
        total = _value(next(iter(decision.outputs[0].values())), lang)
        word = _TOTAL[table.aggregator][not chinese]
        lines.append(("", f"{word}：{total}。" if chinese else f"{word.capitalize()}: {total}."))
    elif not lines and decision.outputs:
        lines.append(("", _default(table, lang, names)))
    elif not lines:
        lines.append(("", "没有规则适用。" if chinese else "No row applies."))
    return tuple(lines)


def cell_words(label: str, tests: UnaryTests, lang: Language) -> str:
    """Say a cell in words, with the label of its fact in front."""
    join = _either(lang)
    equal = [t for t in tests.tests if isinstance(t, Bound) and t.operator == "="]
    if len(equal) == len(tests.tests):
        values = _join([_value(test.value, lang) for test in equal], *join)
        if not tests.negated:
            verb = "为" if lang == "zh" else " is "
        else:
            verb = "不是" if lang == "zh" else " is not "
        return f"{label}{verb}{_space(values, lang)}"
    phrases = _join([_phrase(test, lang) for test in tests.tests], *join)
    if tests.negated:
        return f"{label}不属于（{phrases}）" if lang == "zh" else f"{label} is none of ({phrases})"
    return f"{label}{phrases}" if lang == "zh" else f"{label} {phrases}"


def conditions(parts: Sequence[str], lang: Language) -> str:
    """Join conditions by "and"."""
    return "，并且".join(parts) if lang == "zh" else ", and ".join(parts)


def values_words(values: Mapping[str, Value], lang: Language) -> str:
    """Say facts or outputs with their values; ``values`` maps a label to a value."""
    if lang == "zh":
        return "，".join(f"{k}为{_space(_value(v, lang), lang)}" for k, v in values.items())
    return _join([f"{k} is {_value(v, lang)}" for k, v in values.items()], ", ", " and ")


# --- pieces ---------------------------------------------------------------------------------------


def _rule(table: DecisionTable, rule_id: str) -> Rule:
    for rule in table.rules:
        if rule.id == rule_id:
            return rule
    raise TableError(f"table {table.name!r} has no rule {rule_id!r}", table.source, table.line)


def _sentence(
    table: DecisionTable, rule: Rule, lang: Language, labels: Labels, *, because: bool
) -> str:
    basis = next((rule.annotations[name] for name in _BASIS if name in rule.annotations), "")
    own = rule.annotations.get(lang, "")
    text = own.rstrip("。.") if own else _automatic(table, rule, lang, labels, because=because)
    if lang == "zh":
        return f"{text}（依据：{basis}）。" if basis else f"{text}。"
    return f"{text} (legal basis: {basis})." if basis else f"{text}."


def _automatic(
    table: DecisionTable, rule: Rule, lang: Language, labels: Labels, *, because: bool
) -> str:
    parts = [
        cell_words(_label(table, column.name, labels), cell, lang)
        for column, cell in zip(table.inputs, rule.cells, strict=True)
        if not cell.is_any
    ]
    result = _outputs(table, rule.outputs, lang, labels)
    if not parts:
        last = table.hit_policy == "FIRST" and rule is not table.rules[0]
        if lang == "zh":
            return f"{'其他情况下' if last else '任何情况下'}，{result}"
        return f"{'Otherwise' if last else 'In any case'}, {result}"
    whole = conditions(parts, lang)
    if lang == "zh":
        return f"因为{whole}，所以{result}" if because else f"如果{whole}，则{result}"
    return f"Because {whole}, {result}" if because else f"If {whole}, then {result}"


def _default(table: DecisionTable, lang: Language, labels: Labels) -> str:
    result = _outputs(table, table.default or (), lang, labels)
    if lang == "zh":
        return f"没有一行成立时，{result}。"
    return f"Where no row is true, {result}."


def _outputs(table: DecisionTable, values: Sequence[Value], lang: Language, labels: Labels) -> str:
    named = {
        labels.get(output.name) or output.label or output.name: value
        for output, value in zip(table.outputs, values, strict=True)
        if value is not None
    }
    if not named:
        return "没有结果" if lang == "zh" else "there is no result"
    return values_words(named, lang)


def _label(table: DecisionTable, name: str, labels: Labels) -> str:
    own = next((column.label for column in table.inputs if column.name == name), "")
    return labels.get(name) or own or name


def _phrase(test: Test, lang: Language) -> str:
    if isinstance(test, Bound):
        return _bound(test.operator, test.value, lang)
    low = _bound(">=" if test.low_closed else ">", test.low, lang)
    high = _bound("<=" if test.high_closed else "<", test.high, lang)
    return f"{low} 且{high}" if lang == "zh" else f"{low} and {high.removeprefix('is ')}"


def _bound(operator: str, value: Value, lang: Language) -> str:
    words = (_COMPARE_DAYS if isinstance(value, date) else _COMPARE)[lang]
    text = _value(value, lang)
    return f"{words[operator]}{_space(text, lang)}" if lang == "zh" else f"{words[operator]} {text}"


def _value(value: Value, lang: Language) -> str:
    if value is None:
        return "无" if lang == "zh" else "nothing"
    if isinstance(value, bool):
        return {("zh", True): "“是”", ("zh", False): "“否”", ("en", True): "yes"}.get(
            (lang, value), "no"
        )
    if isinstance(value, str):
        return f"“{value}”"
    if isinstance(value, date) and lang == "zh":
        return f"{value.year}年{value.month}月{value.day}日"
    return str(value)


def _space(text: str, lang: Language) -> str:
    """Chinese sets a space between a word and a figure."""
    return f" {text}" if lang == "zh" and text[:1] in "-.0123456789" else text


def _either(lang: Language) -> tuple[str, str]:
    return ("、", "或") if lang == "zh" else (", ", " or ")


def _join(parts: Sequence[str], between: str, last: str) -> str:
    return last.join([between.join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)
