"""Files are whole whoever writes at the same time, and the first of two writers counts."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tongban.ports.files import write_once, write_whole


def test_writers_of_one_file_leave_one_of_them_whole(tmp_path: Path) -> None:
    path = tmp_path / "snapshot.json"
    texts = [bytes([65 + n]) * 50_000 for n in range(8)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda n: write_whole(path, texts[n % 8], 0o600), range(64)))
    assert path.read_bytes() in texts
    assert [*tmp_path.iterdir()] == [path]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_first_writer_counts(tmp_path: Path) -> None:
    path = tmp_path / "key"

    def write(n: int) -> bool:
        try:
            write_once(path, str(n).encode())
        except FileExistsError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(write, range(64)))
    assert won.count(True) == 1
    assert path.read_text() == str(won.index(True))
    assert [*tmp_path.iterdir()] == [path]


def test_what_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "snapshot.json"
    write_whole(path, b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    for write in (write_whole, write_once):
        with pytest.raises(OSError, match="No space"):
            write(path, b"new")
    assert path.read_bytes() == b"old"
    assert [*tmp_path.iterdir()] == [path]
