"""The operator's commands: a submission is told branch by branch, a fault field by field."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from testkit.office import Office
from tongban.apps.cases import services
from tongban.apps.cases.cli import case
from tongban.apps.cases.models import Case
from tongban.infra.access.models import User

NEWBORN = "newborn"


def run(*words: str) -> Result:
    return CliRunner().invoke(case, words)


@pytest.fixture
def mother(office: Office) -> str:
    return office.cast(NEWBORN)["mother.id_number"]


def answers(folder: Path, written: object) -> str:
    path = folder / "answers.json"
    path.write_text(json.dumps(written), encoding="utf-8")
    return str(path)


def submit(mother: str, path: str, *more: str) -> Result:
    return run(
        "submit", NEWBORN, "--person", mother, "--answers", path, "--lang", "en", "--consent", *more
    )


def test_a_submission_is_told_branch_by_branch_and_can_be_shown(
    office: Office, mother: str, tmp_path: Path
) -> None:
    told = submit(mother, answers(tmp_path, office.answers(NEWBORN)))
    assert told.exit_code == 0, told.output
    number = Case.objects.get().number
    assert told.output.startswith(f"a child is born {number}\n")
    assert "granted  first birth certificate · Anhe Health Commission" in told.output
    for branch in services.load(number).branches.values():
        assert branch.licence.partition(":")[2] in told.output
    shown = run("show", number, "--lang", "en").output
    assert "granted  first birth certificate" in shown
    assert "cases.submitted" in shown
    assert "chain verified" in shown


def test_the_login_of_a_new_person_tells_nothing_about_the_person(
    office: Office, mother: str, tmp_path: Path
) -> None:
    submit(mother, answers(tmp_path, office.answers(NEWBORN)))
    logins = User.objects.filter(posts=None).values_list("username", flat=True)
    assert len(logins) == 1
    assert re.fullmatch(r"person-[0-9a-f]{12}", logins[0])


def test_every_wrong_answer_is_one_line_and_nothing_is_kept(
    office: Office, mother: str, tmp_path: Path
) -> None:
    wrong = office.answers(NEWBORN) | {"child.card_bank": "no bank", "child.shoes": 2}
    told = submit(mother, answers(tmp_path, wrong))
    assert told.exit_code == 1
    lines = told.output.splitlines()
    assert sum(line.startswith("child.card_bank: ") for line in lines) == 1
    assert sum(line.startswith("child.shoes: ") for line in lines) == 1
    assert lines[-1] == "Error: correct the fields listed"
    assert not Case.objects.exists()


def test_consent_is_not_taken_for_granted(office: Office, mother: str, tmp_path: Path) -> None:
    path = answers(tmp_path, office.answers(NEWBORN))
    told = run("submit", NEWBORN, "--person", mother, "--answers", path)
    assert told.exit_code == 1
    assert "consent: " in told.output
    assert not Case.objects.exists()


@pytest.mark.parametrize("text", ["{", "[]", '"x"'])
def test_answers_that_are_no_object_are_refused(
    office: Office, mother: str, tmp_path: Path, text: str
) -> None:
    path = tmp_path / "answers.json"
    path.write_text(text, encoding="utf-8")
    told = submit(mother, str(path))
    assert told.exit_code == 1
    assert "write one JSON object" in told.output


def test_a_number_that_is_no_identity_number_and_an_unknown_event_are_refused(
    office: Office, mother: str, tmp_path: Path
) -> None:
    path = answers(tmp_path, {})
    assert "--person: identity number" in submit("123", path).output
    told = run("submit", "no-such", "--person", mother, "--answers", path, "--lang", "en")
    assert told.output == "Error: no life-event no-such is published\n"
    assert "there is no case x" in run("show", "x").output
