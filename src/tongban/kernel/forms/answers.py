"""Reads the answers of a form: each against its fact, all of them against the plan.

Collects every mistake before it speaks, so that a person corrects a form once. It never takes an
answer that was not asked for.
"""

from collections.abc import Mapping

from tongban.kernel.facts import FactInvalid, Value, parse_value
from tongban.kernel.feel import Verdict, judge
from tongban.kernel.forms.words import DataPlan, Field


def visible(field: Field, facts: Mapping[str, Value]) -> Verdict:
    """Say whether ``field`` is shown: yes, no, or unknown with the facts that would settle it."""
    if not field.when:
        return Verdict(True, frozenset())  # noqa: FBT003
    verdicts = [judge(condition, facts) for condition in field.when]
    if any(verdict.value for verdict in verdicts):
        return Verdict(True, frozenset())  # noqa: FBT003
    missing = frozenset().union(*(verdict.missing for verdict in verdicts))
    unknown = any(verdict.value is None for verdict in verdicts)
    return Verdict(None if unknown else False, missing if unknown else frozenset())


def read_answers(
    plan: DataPlan, answers: Mapping[str, object], known: Mapping[str, Value]
) -> tuple[dict[str, Value], tuple[FactInvalid, ...]]:
    """Read JSON ``answers`` by fact name; give the values and all mistakes.

    ``known`` are the facts from elsewhere, for the conditions of fields. A required field that is
    shown must be answered; a fallback field may be; anything else is refused.
    """
    fields = {field.fact.name: field for field in (*plan.fallback, *plan.ask)}
    mistakes = [
        FactInvalid(name, "本表单没有这一项", "the form does not ask this; leave it out")
        for name in sorted(answers.keys() - fields.keys())
    ]
    facts: dict[str, Value] = {}
    for name, field in fields.items():
        try:
            value = parse_value(field.fact, answers.get(name))
        except FactInvalid as mistake:
            mistakes.append(mistake)
        else:
            if value is not None:
                facts[name] = value
    wrong = {mistake.fact for mistake in mistakes}
    for field in plan.ask:
        name = field.fact.name
        if not field.required or name in facts or name in wrong:
            continue
        if visible(field, {**known, **facts}).value:
            title = field.fact.title
            mistakes.append(FactInvalid(name, f"请填写{title.zh}", f"give: {title.en}"))
    return facts, tuple(mistakes)
