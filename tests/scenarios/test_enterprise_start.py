"""A company starts: the second life event, which needed data and not one line of code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import tongban
from testkit.office import Office
from tongban.apps.cases import demo, queries, services
from tongban.apps.cases.domain.state import Stage
from tongban.apps.cases.errors import CaseRefused
from tongban.apps.items import queries as items
from tongban.apps.licences.models import AssignedNumber, Licence
from tongban.infra.packs import shipped_packs
from tongban.infra.trail import queries as trail
from tongban.kernel.codes import USCC, LicenceId

EVENT = "enterprise-start"
FIRST = "company-registration"
SIX = {
    FIRST,
    "seal-record",
    "tax-registration",
    "social-insurance-registration",
    "housing-fund-registration",
    "bank-appointment",
}
SOURCE = Path(tongban.__file__).parent
# the sample city, the demonstrations and the example in the API's document tell of invented people
TELLERS = tuple(
    SOURCE / name
    for name in (
        "apps/parties/sample",
        "apps/cases/story.py",
        "apps/cases/api/schemas",
        "apps/value/samples.py",
        "config/cli.py",
        "config/network",
    )
)


def test_one_submission_starts_a_company(office: Office) -> None:
    number = office.submit(EVENT, company__seal_set="basic")
    ended = {b.item: b.stage for b in office.case(number).branches.values()}
    assert ended == dict.fromkeys(SIX, Stage.GRANTED)
    (licence,) = Licence.objects.filter(case=number)
    assert licence.item == FIRST
    assert LicenceId.validate(licence.identifier) is None
    code = office.case(number).facts["company.uscc"]
    assert code.origin == "assigned"
    assert USCC.validate(str(code.value)) is None
    assert licence.content["company.uscc"] == code.value
    for row in queries.track(number, "en")["branches"]:
        assert row["decided_by"] == "rule"
        assert row["reasons"]
        assert row["started_after"] == ([] if row["item"] == FIRST else [FIRST])
    assert trail.verify(number) is None


def test_every_company_has_a_code_of_its_own(office: Office) -> None:
    for place in range(2):
        office.submit(EVENT, place)
    codes = AssignedNumber.objects.filter(kind="uscc").values_list("number", flat=True)
    assert len(codes) == len(set(codes)) == 2
    assert [c for c in codes if USCC.validate(c)] == []


def test_what_it_saves_is_counted_from_the_definitions(office: Office) -> None:
    number = office.submit(EVENT, company__seal_set="basic")
    found = demo.report(number, items.life_event(EVENT), "zh")["before_after"]
    guides = [
        yaml.safe_load((shipped_packs() / "sample" / "items" / f"{slug}.yaml").read_text("utf-8"))
        for slug in SIX
    ]
    alone = {guide["slug"]: guide["days_alone"] for guide in guides}
    documents = [
        m["code"]
        for guide in guides
        for m in guide["materials"]
        if m["necessity"] == "required" and "when" not in m
    ] + ["premises-proof"]
    assert found["before"] == {
        "links": sum(guide["submissions_alone"] for guide in guides),
        "visits": sum(guide["visits_alone"] for guide in guides),
        "days": alone[FIRST] + max(days for slug, days in alone.items() if slug != FIRST),
        "documents": len(documents),
        "repeated_documents": len(documents) - len(set(documents)),
    }
    assert found["after"] == {
        "links": 1,
        "visits": 0,
        "days": 0,
        "documents": 0,
        "repeated_documents": 0,
    }
    quoted = found["quoted"]
    assert (quoted["links"], quoted["links_after"]) == ("7", "1.8")
    assert (quoted["days"], quoted["days_after"]) == ("22.9", "0.5")


def test_a_name_that_is_taken_refuses_and_the_rest_cannot_follow(office: Office) -> None:
    office.write("market-regulation", "UPDATE MCZZSB SET SFCM = 1")
    number = office.submit(EVENT)
    shown = {b["item"]: b for b in queries.track(number, "en")["branches"]}
    assert shown[FIRST]["state"] == Stage.REFUSED
    assert "equals a registered one" in shown[FIRST]["reasons"][0]
    assert {b["state"] for i, b in shown.items() if i != FIRST} == {Stage.IMPOSSIBLE}
    assert {b["note"] for i, b in shown.items() if i != FIRST} == {FIRST}
    assert not Licence.objects.exists()
    assert not AssignedNumber.objects.exists()
    assert office.case(number).ended
    with pytest.raises(CaseRefused):
        services.withdraw(office.applicant(EVENT), number, [])


def _texts(path: Path) -> Iterator[tuple[int, str]]:
    """Give the strings of a module that are no docstrings, with their lines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.lineno, node.value


def _words_of_the_packs() -> set[str]:
    """Give the items, life events, policies and facts that the packs define."""
    slugs = {
        path.stem
        for folder in ("items", "life-events", "policies", "licences", "rules")
        for path in (shipped_packs() / "sample" / folder).iterdir()
    }
    data = yaml.safe_load((shipped_packs() / "base" / "facts.yaml").read_text(encoding="utf-8"))
    facts = {
        f"{role}.{attribute}"
        for role, known in data["roles"].items()
        for attribute in data["kinds"][known["kind"]]["attributes"]
    }
    return slugs | facts


@pytest.mark.slow
def test_no_code_knows_an_item_or_a_fact_of_the_packs() -> None:
    words = sorted(_words_of_the_packs(), key=len, reverse=True)
    assert len(words) > 150
    known = re.compile(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, words))})(?![\w.-])")
    found = [
        f"{path.relative_to(SOURCE)}:{line}: {text}"
        for path in sorted(SOURCE.rglob("*.py"))
        if not any(path.is_relative_to(teller) for teller in TELLERS)
        for line, text in _texts(path)
        if known.search(text)
    ]
    assert found == []
