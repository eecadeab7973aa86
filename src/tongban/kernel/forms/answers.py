"""Reads the answers of a form, each against its fact.

Collects every mistake before it speaks, so that a person corrects a form once. It never takes an
answer that was not asked for, and demands none: what is missing is asked for by correction (补正).
"""

from collections.abc import Iterable, Mapping

from tongban.kernel.facts import Fact, FactInvalid, Value, parse_value
from tongban.kernel.regions import Places


def read_answers(
    asked: Iterable[Fact], answers: Mapping[str, object], places: Places
) -> tuple[dict[str, Value], tuple[FactInvalid, ...]]:
    """Read JSON ``answers`` by fact name; give the values and all mistakes.

    A division must be one of ``places``. An answer of null or the empty text is none. One to
    anything but the facts ``asked`` is a mistake.
    """
    facts = {fact.name: fact for fact in asked}
    values: dict[str, Value] = {}
    mistakes: list[FactInvalid] = []
    for name, raw in answers.items():
        if name not in facts:
            said = FactInvalid(name, "此项无需填写", "this is not asked; leave it out")
            mistakes.append(said)
            continue
        try:
            value = parse_value(facts[name], raw)
            _hold(facts[name], value, places)
        except FactInvalid as mistake:
            mistakes.append(mistake)
        else:
            if value is not None:
                values[name] = value
    return values, tuple(mistakes)


def _hold(fact: Fact, value: Value, places: Places) -> None:
    """Hold the code of a division against those that stand; raises `FactInvalid`.

    For what people answer: what a register wrote down may be the code of its year.
    """
    if fact.placed and isinstance(value, str):
        fault = places.fault(value, lowest=fact.code == "county")
        if fault is not None:
            raise FactInvalid(fact.name, *fault)
