"""What `make test-browser` says on a machine that lacks the browser or the fonts."""

import subprocess
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "chromium"


def run(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", SCRIPT], env={"PATH": str(path)}, capture_output=True, text=True, check=False
    )


def there(folder: Path, name: str, does: str) -> None:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{does}\n")
    program.chmod(0o755)


def test_it_says_in_one_line_what_is_missing_and_fails(tmp_path: Path) -> None:
    bare = run(tmp_path)
    assert (bare.returncode, bare.stdout) == (1, "")
    (line,) = bare.stderr.splitlines()
    wanted = "chromium fonts-noto-cjk fonts-noto-core"
    assert line == f"pages are not looked at: missing {wanted} (Debian: apt-get install {wanted})"
    there(tmp_path, "chromium", "exit 0")
    there(tmp_path, "fc-list", '[ "$1" = :lang=ug ] || echo a font')
    (line,) = run(tmp_path).stderr.splitlines()
    assert "missing fonts-noto-core (" in line


def test_it_says_nothing_where_all_is_there(tmp_path: Path) -> None:
    there(tmp_path, "chromium", "exit 0")
    there(tmp_path, "fc-list", "echo a font")
    told = run(tmp_path)
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "")
