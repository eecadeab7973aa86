"""Rules of a case that no life event of the sample city happens to break: asked directly."""

from datetime import date

from tongban.apps.cases.domain.acceptance import waived
from tongban.apps.cases.domain.state import Case, Known
from tongban.kernel.facts import Words
from tongban.kernel.forms import MaterialSpec

MARRIED = MaterialSpec(
    "marriage-certificate",
    Words("结婚证", "marriage certificate"),
    waived_by_facts=frozenset({"mother.married"}),
)


def knowing(known: Known) -> Case:
    """Give a case that knows whether the mother is married."""
    return Case(
        number="1",
        life_event="newborn",
        version=1,
        applicant="p",
        on_behalf_of="",
        submitted="2026-11-23T09:00:00+08:00",
        reference=date(2026, 11, 23),
        consent=True,
        facts={"mother.married": known},
    )


def test_what_a_department_says_stands_for_a_document_and_what_somebody_typed_never_does() -> None:
    yes = True
    assert waived(MARRIED, knowing(Known(yes, "value", "source")))
    assert not waived(MARRIED, knowing(Known(yes, "value", "applicant")))
    assert not waived(MARRIED, knowing(Known(None, "unavailable", "source")))
