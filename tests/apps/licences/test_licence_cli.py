"""The command ``tongban licence``."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from testkit.licences import Card, text_of
from tongban.apps.evidence import seals
from tongban.apps.licences import services
from tongban.apps.licences.cli import licence
from tongban.apps.parties import queries as parties


def run(*words: str, told: str = "") -> Result:
    return CliRunner().invoke(licence, words, input=told)


def test_a_licence_is_listed_and_shown(card: Card) -> None:
    assert card.identifier in run("list").output
    assert card.identifier in run("list", "--holder", card.row.holder, "--state", "valid").output
    assert run("list", "--kind", "birth-certificate").output == ""
    shown = run("show", card.identifier).output
    assert "老年人优待证 / senior citizen card  有效 valid" in shown
    assert "姓名 elder.name: 龚䶮㛃" in shown
    view = json.loads(run("show", card.identifier, "--json").output)
    assert view["claims"]["age_over_60"] is True
    nothing = run("show", "1.2.3")
    assert nothing.exit_code == 1
    assert "没有证照" in nothing.output


def test_a_presentation_is_verified_from_a_file_and_from_a_pipe(card: Card, tmp_path: Path) -> None:
    file = tmp_path / "shown.txt"
    file.write_text(text_of(card.identifier), encoding="utf-8")
    good = run("verify", str(file))
    assert good.exit_code == 0
    assert "✔ 证照真实有效" in good.output
    assert "the holder is not proved" in good.output
    made = services.present(card.holder, card.identifier, [], audience="shop", nonce="7")
    bound = run("verify", "-", "--audience", "shop", "--nonce", "7", told=made)
    assert bound.exit_code == 0
    assert "not proved" not in bound.output
    other = run("verify", "-", "--audience", "shop", "--nonce", "8", told=made)
    assert other.exit_code == 1
    assert "✖ 不是为本次核验出示的" in other.output
    assert run("verify", "-", "--nonce", "8", told=made).exit_code == 2
    assert run("verify", "-", told="nonsense").exit_code == 1


def test_an_official_revokes_and_a_clerk_does_not(card: Card) -> None:
    law = ("--law", "行政许可法 第六十九条", "--reason", "骗取")
    refused = run("revoke", card.identifier, "--as", login("clerk"), *law)
    assert refused.exit_code == 1
    done = run("revoke", card.identifier, "--as", login("approver"), *law)
    assert done.exit_code == 0, done.output
    assert run("verify", "-", told=text_of(card.identifier)).exit_code == 1
    again = run("revoke", card.identifier, "--as", login("approver"), *law)
    assert "已注销" in again.output
    assert again.exit_code == 1
    assert "没有用户" in run("revoke", card.identifier, "--as", "nobody", *law).output


def login(role: str) -> str:
    return str(parties.officials("health", role)[0].username)


def test_a_face_is_written(card: Card, tmp_path: Path, settings: Any) -> None:
    if not any((f / "NotoSerifCJK-Regular.ttc").exists() for f in settings.FONTS):
        pytest.skip("Noto Serif CJK is not installed: set TONGBAN_FONTS")
    file = tmp_path / "face.pdf"
    assert "tongban seal make health" in run("face", card.identifier, "-o", str(file)).output
    seals.make("health", actor="test")
    assert run("face", card.identifier, "-o", str(file)).exit_code == 0
    assert file.read_bytes().startswith(b"%PDF-")
    settings.TYPESETTER = "tongban.apps.licences.absent.typesetter"
    assert "tongban[faces]" in run("face", card.identifier, "-o", str(file)).output
