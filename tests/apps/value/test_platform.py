"""On the platform's own trail: a life event is applied for, and its services are counted."""

import json
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from testkit.office import Office
from tongban.apps.cases import services
from tongban.apps.cases.events import HANDED
from tongban.apps.value import platform
from tongban.apps.value.counting import BY, COLUMNS, PERSON
from tongban.apps.voice import queries as voice
from tongban.apps.voice import services as voicing
from tongban.apps.voice.domain import FEWEST_SHOWN, Opinion
from tongban.cli import main
from tongban.infra.trail import queries as trail

DECIDED = ("granted", "refused")


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.csv"
    years = range(2024, 2029)  # whatever year the office stands in
    lines = [f"{year},cloud,,running,123.45,yuan" for year in years]
    path.write_text("\n".join(["year,tower,department,kind,amount,unit", *lines]))
    return path


def test_services_of_the_trail_are_counted(office: Office, ledger: Path) -> None:
    number = office.submit()
    office.submit("newborn", 1)
    done = CliRunner().invoke(main, ["value", "platform", str(ledger), "--json"])
    assert done.exit_code == 0, done.output
    report = json.loads(done.output)
    (unit,) = report["sections"][0]["tables"]
    found = {row[0]["en"]: row[1].get("value") for row in unit["rows"]}
    assert found["all cost, capital by year"] == 12_345
    granted = [
        row
        for row in platform.rows()
        if dict(zip((*COLUMNS, BY), row, strict=True))["stage"] in DECIDED
    ]
    assert found["effective services"] == len(granted) > 2
    source, trail_told = unit["rows"][2][1]["source"], platform.TRAIL
    assert source["zh"].startswith(f"{trail_told.zh}；")
    assert source["en"].startswith(f"{trail_told.en}; ")
    # what an official did is a person's work, though no rule handed it over
    (task, *_) = office.tasks(number)
    grant = services.Verdict(outputs={"outcome": "grant"}, reason="材料齐全")
    reviewer = office.official("medical-insurance", "reviewer")
    assert not any(row[-1] == PERSON for row in platform.rows())
    services.decide(reviewer, number, task.item, task.step, grant)
    assert {row[2] for row in platform.rows() if row[-1] == PERSON} == {task.item}
    # nothing of who applied leaves, and the trail stands as it was
    told = {cell for row in platform.rows() for cell in row}
    assert office.applicant("newborn").user_id not in told
    assert {row[5] for row in platform.rows() if row[1] in number or row[2]} == {"1", "2"}
    assert trail.verify() is None


def test_dimensions_and_ratings_are_those_of_the_trail(office: Office, ledger: Path) -> None:
    staff = [f"{year},staff,health,running,41.15,yuan" for year in range(2024, 2029)]
    ledger.write_text("\n".join([ledger.read_text(), *staff]))
    whole = [(office.submit("newborn", n), office.applicant("newborn", n)) for n in range(2)]
    # officials grant one, and one case is that of a single department
    number = whole[0][0]
    for role in ("reviewer", "approver"):
        (task, *_) = office.tasks(number)
        grant = services.Verdict(outputs={"outcome": "grant"}, reason="材料齐全")
        services.decide(
            office.official("medical-insurance", role), number, task.item, task.step, grant
        )
    office.submit("old-age-allowance")
    matters = [(who, number, item) for number, who in whole for item in voice.of_case(number)]
    # one rating fewer than are told in public, then one more: two of five are not satisfied
    assert len(matters) >= FEWEST_SHOWN == 5
    for rating, level in zip(matters[:4], (1, 2, 3, 4), strict=True):
        voicing.rate(*rating, Opinion(level, words="慢" if level < 3 else ""))
    assert shown(ledger, "User value density (UVD)")["satisfaction"] == "not measured yet"
    voicing.rate(*matters[4], Opinion(5))
    density = shown(ledger, "User value density (UVD)")
    assert density["satisfaction"] == "60.0"
    assert Decimal(density["user value density UVD"]) > 0
    branches: defaultdict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    for row in platform.rows():
        one = dict(zip((*COLUMNS, BY), row, strict=True))
        if one["item"]:
            branches[one["chain"], one["item"]].append(one)
    decided = [b for b in branches.values() if any(e["stage"] in DECIDED for e in b)]
    alone = [b for b in decided if not any(e["type"] == HANDED or e[BY] for e in b)]
    assert len(decided) - len(alone) == 1
    automated = Decimal(len(alone) * 100) / len(decided)
    # 123.45 of 164.60 yuan stand for all; departments' data came for every case, before its
    # services were begun; two of three cases are those of several departments
    assert list(shown(ledger, "Four dimensions").values()) == [
        "75.0", str(round(automated, 1)), "100.0", "66.7",
    ]  # fmt: skip


def test_a_department_has_one_name_whoever_took_the_step(office: Office, ledger: Path) -> None:
    staff = [f"{year},staff,medical-insurance,running,10,yuan" for year in range(2024, 2029)]
    ledger.write_text("\n".join([ledger.read_text(), *staff]))
    number = office.submit()
    office.submit("newborn", 1)
    office.clock.move(minutes=1)
    # the last step of a branch that is still open is the official's
    (task, *_) = office.tasks(number)
    reviewer = office.official("medical-insurance", "reviewer")
    grant = services.Verdict(outputs={"outcome": "grant"}, reason="材料齐全")
    services.decide(reviewer, number, task.item, task.step, grant)
    told = [event for event in trail.every("tongban.cases.") if event.item == task.item]
    assert len({event.organisation for event in told}) == 2
    done = CliRunner().invoke(main, ["value", "platform", str(ledger), "--json"])
    assert done.exit_code == 0, done.output
    report = json.loads(done.output)
    services_of = report["sections"][1]["tables"][1]["rows"]
    assert [row[0]["en"] for row in services_of if row[1]["en"] == task.item] == [
        "medical-insurance"
    ]
    (unit,) = report["sections"][0]["tables"]
    assert unit["rows"][1][1]["value"] == 0  # nothing of the ledger is without a home


def shown(ledger: Path, title: str) -> dict[str, str]:
    """Report on the platform; give what a section of it shows, by its label."""
    done = CliRunner().invoke(main, ["value", "platform", str(ledger), "--users", "1", "--json"])
    assert done.exit_code == 0, done.output
    (found,) = (s for s in json.loads(done.output)["sections"] if s["title"]["en"] == title)
    return {
        row[0]["en"]: row[1].get("value", row[1].get("en")) for row in found["tables"][0]["rows"]
    }


def test_no_events_are_told_so(office: Office, ledger: Path) -> None:
    done = CliRunner().invoke(main, ["value", "platform", str(ledger)])
    assert done.exit_code == 1
    assert "do not share" in done.output
