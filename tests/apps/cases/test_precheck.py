"""The pre-check: what the rules would say, before anyone applies and without asking anybody."""

from typing import Any

import pytest

from testkit.office import Office
from tongban.apps.cases import queries
from tongban.apps.cases.domain.prechecking import Precheck
from tongban.apps.cases.errors import SubmissionInvalid
from tongban.apps.cases.models import Case
from tongban.apps.exchange import queries as exchange
from tongban.infra.trail.models import Event

ALLOWANCE, CLAIM = "old-age-allowance", "old-age-allowance-claim"
ELDER = {
    "elder.birth_date": "1940-01-01",
    "elder.deceased": False,
    "elder.death_reported": False,
    "elder.hukou_region": "330106",
    "elder.hukou_status": "normal",
    "elder.receives_old_age_allowance": False,
}


def check(life_event: str, **changed: Any) -> dict[str, Precheck]:
    answers = {name.replace("__", "."): value for name, value in changed.items()}
    return {one.item: one for one in queries.precheck(life_event, answers)}


def elder(**changed: Any) -> Precheck:
    facts = {k.replace(".", "__"): v for k, v in ELDER.items()} | changed
    return check(ALLOWANCE, **facts)[CLAIM]


def test_yes_with_the_row_that_grants(office: Office) -> None:
    found = elder()
    assert (found.answer, found.wanted, found.person) == ("yes", (), False)
    (reason,) = found.reasons
    assert (reason.table, reason.rule) == ("old-age-allowance", "grant-80")
    assert "八十至八十九周岁，每月八十元" in reason.text.zh
    assert "Eighty to eighty-nine" in reason.text.en


def test_no_with_the_row_that_refuses_though_other_facts_are_missing(office: Office) -> None:
    found = check(ALLOWANCE, elder__birth_date="1950-01-01")[CLAIM]
    assert (found.answer, found.wanted) == ("no", ())
    assert [r.rule for r in found.reasons] == ["refuse-under-80"]


def test_unknown_names_what_would_settle_it_and_who_supplies_it(office: Office) -> None:
    found = elder(elder__death_reported=None)
    assert (found.answer, found.reasons) == ("unknown", ())
    (wanted,) = found.wanted
    assert (wanted.fact, wanted.origin, wanted.by) == (
        "elder.death_reported",
        "fetched",
        "civil-affairs",
    )


def test_of_an_age_the_date_of_birth_is_wanted(office: Office) -> None:
    found = elder(elder__birth_date=None)
    (wanted,) = found.wanted
    assert (wanted.fact, wanted.by) == ("elder.birth_date", "police")


def test_what_rules_hand_to_people_is_unknown_and_says_so(office: Office) -> None:
    found = elder(elder__death_reported=True)
    assert (found.answer, found.person, found.wanted) == ("unknown", True, ())
    assert [r.rule for r in found.reasons] == ["review-death-reported"]


def test_documents_follow_the_answers(office: Office) -> None:
    item = "household-registration"
    with_father = check("newborn", child__household_with="father", mother__marital_status="single")[
        item
    ]
    assert "parentage-report" in with_father.materials
    with_mother = check(
        "newborn", child__household_with="mother", mother__marital_status="married"
    )[item]
    assert with_mother.materials == ()


def test_what_an_earlier_item_makes_is_named_by_that_item(office: Office) -> None:
    found = check("newborn")["resident-medical-insurance"]
    makers = {w.fact: (w.origin, w.by) for w in found.wanted}
    assert found.answer == "unknown"
    assert makers["child.hukou_region"] == ("produced", "household-registration")


def test_nothing_is_kept_asked_or_told(office: Office) -> None:
    before = Event.objects.count(), Case.objects.count()
    elder()
    check("newborn", child__household_with="mother")
    assert (Event.objects.count(), Case.objects.count()) == before
    assert exchange.CALLED not in set(Event.objects.values_list("type", flat=True))


@pytest.mark.parametrize(
    ("name", "value"),
    [("elder.age", 80), ("company.uscc", "x"), ("elder.hukou_status", "gone"), ("elder.x", 1)],
)
def test_an_answer_that_is_none_is_refused(office: Office, name: str, value: object) -> None:
    with pytest.raises(SubmissionInvalid):
        queries.precheck(ALLOWANCE, {name: value})


def test_the_answer_agrees_with_what_the_rules_then_decide(office: Office) -> None:
    number = office.submit(ALLOWANCE)
    facts = {
        name: value
        for name, value in queries.values(queries.load(number)).items()
        if name not in {"elder.age", "elder.age_days"}
    }
    (found,) = queries.precheck(ALLOWANCE, facts)
    branch = office.branch(number, CLAIM)
    assert found.answer == "yes"
    assert [r.rule for r in found.reasons] == [r["rule"] for r in branch.reasons]
