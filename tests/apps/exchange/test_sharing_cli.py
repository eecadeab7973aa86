"""The commands of sharing act as the official that is named, and say each refusal in a sentence."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from testkit.office import Office
from tongban.apps.exchange import network, queries
from tongban.apps.exchange.models import Grant, Node
from tongban.cli import main
from tongban.kernel.suites import suite
from tongban.node.making import NewNode, make_node

ASK = [
    *("request", "marriages", "--field", "marital_status", "--item", "housing-support"),
    *("--law", "社会救助暂行办法", "--reason", "核定", "--department", "medical-insurance"),
    *("--system", "relief", "--where", "marital_status=married"),
]


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["exchange", *words])


def test_a_request_is_asked_reviewed_granted_and_ended(office: Office) -> None:
    asked = run(*ASK, "--as", "insurance.clerk")
    assert asked.exit_code == 0, asked.output
    number = asked.output.split()[0]
    early = run("grant", number, "--as", "civil.approver")
    assert (early.exit_code, "不能" in early.output) == (1, True)
    assert "waits for review" in run("requests", "--as", "data.reviewer").output
    assert run("review", number, "--as", "data.reviewer").exit_code == 0
    assert run("grant", number, "--as", "insurance.clerk").exit_code == 1
    assert "已授权" in run("grant", number, "--as", "civil.approver").output
    row = Grant.objects.get(request__number=number)
    assert row.rows == {"marital_status": ["married"]}
    shown = run("grants", "--client", "/relief").output
    assert f"g{row.pk}" in shown
    assert run("end", f"g{row.pk}", "--reason", "业务终止", "--as", "civil.approver").exit_code == 0
    assert run("grants", "--client", "/relief").output == ""


def test_a_refusal_needs_its_ground(office: Office) -> None:
    number = run(*ASK, "--as", "insurance.clerk").output.split()[0]
    run("review", number, "--as", "data.reviewer")
    wrong = run("refuse", number, "--ground", "no", "--as", "civil.approver")
    assert (wrong.exit_code, "personal-information" in wrong.output) == (1, True)
    good = run("refuse", number, "--ground", "personal-information", "--as", "civil.approver")
    assert "不予共享" in good.output
    assert run(*ASK, "--as", "nobody").exit_code == 1
    assert run("grant", "x", "--as", "civil.approver").exit_code == 1


@pytest.mark.parametrize("name", ["std", "gm"])
def test_a_node_is_registered_by_the_card_that_its_init_wrote(
    office: Office, tmp_path: Path, name: str, settings: Any
) -> None:
    settings.HOME = tmp_path / "home"
    member = queries.catalogue().governance.members["health"]
    made = make_node(
        tmp_path / "node", NewNode("health", "CN-330100", (member,), name, outer="127.0.0.1:7009")
    )
    wrong = run("node", "add", "other", "--card", str(made.card))
    assert wrong.exit_code == 1
    subjects = tmp_path / "node" / "keys" / "subjects.key"
    added = run(
        *("node", "add", "health", "--card", str(made.card)), "--subject-key", str(subjects)
    )
    assert added.exit_code == 0, added.output
    assert network.node_key(made.keyid)
    kept = settings.HOME / "keys" / "subjects" / "health"
    assert kept.stat().st_mode & 0o777 == 0o600
    shown = run("node", "list").output
    assert "127.0.0.1:7009" in shown
    assert "seen never" in shown
    assert run("node", "end", "health", "--reason", "迁移").exit_code == 0
    assert run("node", "list").output == ""
    assert Node.objects.get().ended


def test_the_control_key_is_printed_to_be_pinned(office: Office) -> None:
    lines = tomllib.loads(run("node", "control-key").output)["control"]["keys"]
    told = json.loads(run("node", "control-key", "--json").output)
    assert lines == [told]
    assert told["id"] == network.control_key_id()
    assert suite(told["suite"]).digest(bytes.fromhex(told["public"])).hex()[:16] in told["id"]
