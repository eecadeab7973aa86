"""The commands: a run is told so that anybody understands it, and nobody's number is printed."""

import json
import re
import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner, Result
from django.db import connection

from testkit.office import Office
from testkit.servers import Fresh
from tongban.apps.cases.models import PaymentOrder
from tongban.apps.outreach.cli import outreach
from tongban.apps.outreach.models import Run

POLICY = "old-age-allowance"
NUMBER = re.compile(r"\d{17}[\dX]")


def call(*words: str) -> Result:
    return CliRunner().invoke(outreach, words)


@pytest.fixture
def city(office: Office) -> Office:
    """Give an office where some elder's account is not known and one is dead at one source."""
    with closing(sqlite3.connect(office.stores / "civil-affairs.sqlite")) as store, store:
        store.execute("UPDATE LNRXX SET SFLQGLJT = 0")
    with closing(sqlite3.connect(office.stores / "human-resources.sqlite")) as store, store:
        store.execute("UPDATE SBKXX SET JRZH = NULL WHERE rowid % 2")
    return office


def test_a_run_is_told_in_chinese_and_in_english(city: Office) -> None:
    zh = call("run", POLICY)
    assert zh.exit_code == 0
    for word in ["免申即享：高龄津贴（2026-11）", "没有一人提交申请", "社会保障卡", "？", "元"]:
        assert word in zh.stdout
    assert "orders …" in zh.stderr
    en = call("show", Run.objects.get().number, "--lang", "en")
    for word in ["nobody had applied", "payment ordered", "Under eighty.", "yuan", "what is it?"]:
        assert word in en.stdout
    without_names = re.sub(r"\S\*\*", "", en.stdout)
    assert not re.search(r"[\u4e00-\u9fff]", without_names)
    assert not NUMBER.search(zh.stdout + en.stdout)


def test_the_json_of_a_run_agrees_with_the_orders(city: Office) -> None:
    told = json.loads(call("run", POLICY, "--json").stdout)
    amounts = list(PaymentOrder.objects.values_list("amount_fen", flat=True))
    assert (told["ordered"], told["ordered_fen"]) == (len(amounts), sum(amounts))
    assert told["ordered"] == sum(group["people"] for group in told["eligible"])
    listed = [*told["eligible"], *told["excluded"], *told["unknown"]]
    assert told["walked"] == sum(group["people"] for group in listed)
    assert all(group["question"] and group["departments"] for group in told["unknown"])
    assert told["ages_on"] == "2026-11-30"
    assert not NUMBER.search(json.dumps(told))


def test_people_are_listed_masked_with_reason_or_question(city: Office) -> None:
    run = json.loads(call("run", POLICY, "--json").stdout)
    unknown = call("show", run["run"], "--list", "unknown").stdout.splitlines()
    assert len(unknown) == sum(group["people"] for group in run["unknown"])
    assert all("待核实" in line and "？" in line for line in unknown)
    lines = call("show", run["run"], "--list", "excluded", "--json").stdout.splitlines()
    assert len(lines) == sum(group["people"] for group in run["excluded"])
    assert {json.loads(line)["status"] for line in lines} == {"excluded"}
    assert not NUMBER.search("".join(unknown + lines))


def test_the_list_for_a_department_names_people_by_number(city: Office) -> None:
    run = json.loads(call("run", POLICY, "--json").stdout)
    wanted = [g["people"] for g in run["unknown"] if g["departments"] == ["human-resources"]]
    result = call("people", run["run"], "--department", "human-resources", "--lang", "en")
    lines = result.stdout.splitlines()
    assert len(lines) == sum(wanted) > 0
    assert all(NUMBER.match(line) and "?" in line for line in lines)


def test_a_run_that_could_not_end_says_so_and_fails(city: Office) -> None:
    city.close("civil-affairs")
    result = call("run", POLICY)
    assert result.exit_code == 1
    assert "再次运行" in result.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "no-such-policy"], "no-such-policy"),
        (["run", POLICY, "--period", "2026-13"], "PeriodInvalid"),
        (["run", POLICY, "--period", "2027-01"], "has not begun"),
        (["show", "no-such-run"], "NoSuchRun"),
        (["people", "no-such-run", "--department", "police"], "NoSuchRun"),
    ],
)
def test_what_does_not_exist_is_refused_in_a_sentence(
    office: Office, words: list[str], said: str
) -> None:
    result = call(*words)
    assert result.exit_code == 1
    assert said in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize("words", [["run", POLICY], ["show", "a-run"]])
def test_an_empty_installation_is_told_what_to_do_first(
    fresh_sqlite: Fresh, words: list[str]
) -> None:
    with connection.cursor() as cursor:
        for table in ("outreach_finding", "outreach_run", "outreach_month"):
            cursor.execute(f"DROP TABLE {table}")
    result = call(*words)
    assert result.exit_code == 1
    assert "tongban setup" in result.stderr
