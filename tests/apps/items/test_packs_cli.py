"""``tongban packs``: an archive goes out, is checked, and comes in as a draft."""

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from testkit.office import Office
from tongban.apps.items.workshop import queries
from tongban.apps.items.workshop_cli import packs
from tongban.infra.access.domain import Subject

ITEM = "items/vaccination-certificate.yaml"
LOGIN = "data.publisher"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(packs, arguments)


@pytest.fixture
def publisher(office: Office) -> Subject:
    office.appoint("data-bureau", "publisher", LOGIN)
    return office.official("data-bureau", "publisher")


@pytest.fixture
def archive(publisher: Subject, tmp_path: Path) -> Path:
    del publisher  # the packs are published for the office
    file = tmp_path / "sample.zip"
    assert run("export", "sample", str(file)).exit_code == 0
    return file


def edited(file: Path, changes: Mapping[str, tuple[str, str]]) -> Path:
    kept = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(kept, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            for end, (was, now) in changes.items():
                if name.endswith(end):
                    assert was.encode() in text
                    text = text.replace(was.encode(), now.encode(), 1)
            new.writestr(name, text)
    made = file.with_name("edited.zip")
    made.write_bytes(kept.getvalue())
    return made


def test_what_goes_out_holds_together_and_is_no_draft(archive: Path) -> None:
    assert run("check", str(archive)).exit_code == 0
    same = run("import", str(archive), "--as-draft", "同样", "--as", LOGIN)
    assert same.exit_code == 1
    assert "压缩包与现行内容没有差别" in same.output
    again = archive.with_name("again.zip")
    run("export", "sample", str(again))
    assert again.read_bytes() == archive.read_bytes()


def test_a_changed_archive_is_checked_and_becomes_a_draft(
    archive: Path, publisher: Subject
) -> None:
    file = edited(archive, {ITEM: ("department: ", "department: no-")})
    zh, en = run("check", str(file)), run("check", str(file), "--lang", "en")
    assert (zh.exit_code, en.exit_code) == (1, 1)
    assert "没有部门“no-" in zh.output
    assert "no department no-" in en.output
    codes = {one["code"] for one in json.loads(run("check", str(file), "--json").stdout)}
    assert codes == {"no-department"}
    made = run("import", str(file), "--as-draft", "换部门", "--as", LOGIN)
    assert made.exit_code == 0, made.output
    (draft,) = queries.drafts(publisher)
    assert made.output.startswith(f"{draft.number}  1 ")
    assert [c.path for c in queries.changes(publisher, draft.number)] == [ITEM]


def test_who_may_not_and_what_is_not_there_is_told(archive: Path, office: Office) -> None:
    office.appoint("health", "reviewer", "some.reviewer")
    file = edited(archive, {ITEM: ("version: 1", "version: 2")})
    denied = run("import", str(file), "--as-draft", "x", "--as", "some.reviewer")
    assert denied.exit_code == 1
    assert "no user" in run("import", str(file), "--as-draft", "x", "--as", "nobody").output
    assert "there is no pack nowhere" in run("export", "nowhere", str(file)).output
    file.write_bytes(b"no archive")
    assert "不是可读的zip文件" in run("check", str(file)).output
