"""On the platform's own trail: a life event is applied for, and its services are counted."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from testkit.office import Office
from tongban.apps.cases import services
from tongban.apps.value import platform
from tongban.apps.value.counting import BY, COLUMNS, PERSON
from tongban.cli import main
from tongban.infra.trail import queries as trail


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
        if dict(zip((*COLUMNS, BY), row, strict=True))["stage"] in ("granted", "refused")
    ]
    assert found["effective services"] == len(granted) > 2
    assert platform.TRAIL in unit["rows"][2][1]["source"]
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


def test_no_events_are_told_so(office: Office, ledger: Path) -> None:
    done = CliRunner().invoke(main, ["value", "platform", str(ledger)])
    assert done.exit_code == 1
    assert "do not share" in done.output
