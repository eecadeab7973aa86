"""Reads what people typed, strictly: every mistake is found before anything is refused."""

from collections.abc import Iterable, Mapping

from tongban.apps.cases.domain.state import Json
from tongban.apps.cases.errors import SubmissionInvalid
from tongban.infra import clock
from tongban.infra.regions import places
from tongban.kernel import forms
from tongban.kernel.facts import Fact, FactInvalid, Vocabulary
from tongban.kernel.feel import Value


def read_answers(
    written: Mapping[str, Json], askable: frozenset[str] | None, vocabulary: Vocabulary
) -> dict[str, Value]:
    """Read answers strictly; collect every error before refusing."""
    fact = vocabulary.fact
    asked = [fact(name) for name in (written if askable is None else askable)]
    values, mistakes = read_typed(asked, written)
    if mistakes:
        raise SubmissionInvalid({wrong.fact: (wrong.zh, wrong.en) for wrong in mistakes})
    return values


def read_typed(
    asked: Iterable[Fact], typed: Mapping[str, Json]
) -> tuple[dict[str, Value], tuple[FactInvalid, ...]]:
    """Read what was typed as `kernel.forms.read_answers` does, by the divisions of today."""
    return forms.read_answers(asked, typed, places(clock.today()))


def askable(plan: forms.DataPlan) -> frozenset[str]:
    """Give the facts a person may be asked: the form, and what may be asked if a source fails."""
    return frozenset(f.fact.name for f in (*plan.ask, *plan.fallback))
