"""The command on a machine that is not as it should be: one sentence, no traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


def tongban(folder: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[bytes]":
    # without the name of the settings: the command finds its own
    known = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    return subprocess.run(
        [sys.executable, "-c", "from tongban.cli import main; main()", *words],
        env={**known, "TONGBAN_HOME": str(folder / "home"), **environment},
        cwd=folder,
        capture_output=True,
        timeout=600,
        check=False,
    )


def test_a_home_that_is_no_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    told = tongban(tmp_path, "setup")
    assert told.returncode == 1
    error = told.stderr.decode()
    assert error.startswith(f"Error: TONGBAN_HOME {tmp_path / 'home'} cannot be used (")
    assert "Traceback" not in error


def test_a_home_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    (tmp_path / "home").mkdir(mode=0o500)
    error = tongban(tmp_path, "setup").stderr.decode()
    assert "cannot be used (Permission denied)" in error
    assert "Traceback" not in error


@pytest.mark.slow
@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("oracle://somewhere", "must begin with sqlite: or postgres:, not 'oracle'"),
        ("postgres://nobody@127.0.0.1:9/none", "the database does not work: "),
        ("sqlite:////nowhere/at/all.sqlite3", "the database does not work: "),
    ],
)
def test_a_database_that_does_not_work_is_one_sentence(tmp_path: Path, url: str, said: str) -> None:
    told = tongban(tmp_path, "setup", TONGBAN_DATABASE=url)
    assert told.returncode == 1
    assert said in told.stderr.decode()
    assert "Traceback" not in told.stderr.decode()


@pytest.mark.slow
def test_a_key_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    for _ in range(2):
        assert tongban(tmp_path, "setup").returncode == 0
        keys = [p for p in (tmp_path / "home").iterdir() if p.name.startswith("secret_key")]
        assert [p.name for p in keys] == ["secret_key"]
        assert keys[0].stat().st_mode & 0o777 == 0o600


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["latin-1", "gbk"])
def test_the_story_is_told_on_a_terminal_that_lacks_signs(tmp_path: Path, encoding: str) -> None:
    told = tongban(tmp_path, "demo", "--people", "300", PYTHONIOENCODING=encoding)
    assert told.returncode == 0, told.stderr.decode(errors="replace")
    if encoding == "gbk":
        assert "新生儿出生一件事" in told.stdout.decode(encoding)
