"""Reads what people typed, strictly: every mistake is found before anything is refused."""

from collections.abc import Mapping

from tongban.apps.cases.domain.state import Json
from tongban.apps.cases.errors import SubmissionInvalid
from tongban.kernel import forms
from tongban.kernel.facts import Vocabulary
from tongban.kernel.feel import Value


def read_answers(
    written: Mapping[str, Json], askable: frozenset[str] | None, vocabulary: Vocabulary
) -> dict[str, Value]:
    """Read answers strictly; collect every error before refusing."""
    fact = vocabulary.fact
    asked = [fact(name) for name in (written if askable is None else askable)]
    values, mistakes = forms.read_answers(asked, written)
    if mistakes:
        raise SubmissionInvalid({wrong.fact: (wrong.zh, wrong.en) for wrong in mistakes})
    return values


def askable(plan: forms.DataPlan) -> frozenset[str]:
    """Give the facts a person may be asked: the form, and what may be asked if a source fails."""
    return frozenset(f.fact.name for f in (*plan.ask, *plan.fallback))
