"""Batch files: whole, resumed after a fall, signed for what the log bears out, checked offline."""

import contextlib
import gzip
import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testkit.nodes import POPULATION, Network, canonical, fill_population, person
from tongban.kernel.suites import suite
from tongban.node.events.parts import BatchInvalid, Folder, faults

PEOPLE = 5_000
TONGBAN = [sys.executable, "-c", "from tongban.cli import main; main()"]


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """Give a running bureau and police, which have 5,000 people."""
    made = Network(tmp_path_factory.mktemp("batch"))
    register = made.police.folder / "police.sqlite"
    register.unlink()
    fill_population(register, PEOPLE)
    try:
        made.start(made.bureau, made.police)
        yield made
    finally:
        made.stop()


def export(network: Network, folder: Path, *more: str) -> "subprocess.Popen[str]":
    """Begin an export."""
    home = network.bureau.folder
    told = ["--config", str(home / "node.toml"), "--token-file", str(home / "tokens/tongban.token")]
    fields = ["--field", "id_number", "--field", "name", "--purpose", "registration"]
    return subprocess.Popen(
        [*TONGBAN, "exchange", "batch", "export", POPULATION, "-o", folder, *told, *fields, *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def check(network: Network, folder: Path, card: Path | None = None) -> tuple[int, str]:
    """Check a folder, with no node asked."""
    card = card or network.bureau.folder / "card.json"
    told = [*TONGBAN, "exchange", "batch", "check", str(folder), "--card", str(card)]
    done = subprocess.run(told, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def people(folder: Path) -> list[str]:
    """Read the numbers in all parts, in order."""
    found = []
    for path in sorted(folder.glob("part-*.ndjson.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            found += [json.loads(line)["id_number"] for line in file]
    return found


def test_a_register_is_exported_whole_and_the_files_hold_offline(
    network: Network, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    done = export(network, folder, "--page", "700")
    told = done.communicate(timeout=120)[0]
    assert done.returncode == 0, told
    assert people(folder) == [person(n) for n in range(PEOPLE)]
    manifest = json.loads((folder / "manifest.json").read_bytes())["document"]
    assert manifest["records"] == PEOPLE
    assert manifest["grants"] == ["g1"]
    assert manifest["purposes"] == ["registration"]
    assert manifest["began"] <= manifest["ended"]
    assert len(manifest["calls"]) == 8
    assert not (folder / "progress.json").exists()
    code, told = check(network, folder)
    assert code == 0, told
    assert f"{PEOPLE} records" in told
    code, _ = check(network, folder, network.police.folder / "card.json")
    assert code == 1, "another node's key did not sign it"


def test_an_export_that_was_killed_goes_on_without_a_gap_or_a_repetition(
    network: Network, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    for _ in range(3):
        running = export(network, folder, "--page", "40")
        end = time.monotonic() + 60
        part = folder / "part-00001.ndjson.gz"
        before = part.stat().st_size if part.exists() else 0
        while time.monotonic() < end and running.poll() is None:
            if part.exists() and part.stat().st_size > before + 4_000:
                break
            time.sleep(0.01)
        assert running.poll() is None, "it was to be killed while it works"
        running.send_signal(signal.SIGKILL)
        running.communicate()
    # what a fall leaves behind the noted place is cut off
    with (folder / "part-00001.ndjson.gz").open("ab") as file:
        file.write(gzip.compress(b'{"id_number":"twice"}\n'))
    last = export(network, folder, "--page", "40")
    told = last.communicate(timeout=200)[0]
    assert last.returncode == 0, told
    assert people(folder) == [person(n) for n in range(PEOPLE)]
    assert check(network, folder)[0] == 0


def test_other_options_do_not_go_on_in_the_same_folder(network: Network, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    Folder(folder, suite("std"), 1000).begin({"service": "another"})
    done = export(network, folder)
    assert "begun with other options" in done.communicate(timeout=60)[0]
    assert done.returncode == 1


@pytest.fixture(scope="module")
def good(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a finished export."""
    folder = tmp_path_factory.mktemp("good") / "out"
    done = export(network, folder)
    assert done.wait(120) == 0
    done.communicate()
    return folder


def _rewrite(path: Path, change: Any) -> None:
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    path.write_bytes(gzip.compress(b"".join(change(lines))))


@pytest.mark.parametrize("harm", ["line changed", "line gone", "part gone", "part more", "count"])
def test_whatever_is_changed_in_the_files_is_found(
    network: Network, good: Path, tmp_path: Path, harm: str
) -> None:
    folder = tmp_path / "copy"
    folder.mkdir()
    for path in good.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    part = folder / "part-00001.ndjson.gz"
    if harm == "line changed":
        _rewrite(part, lambda lines: [lines[0].replace(b"P0", b"P9"), *lines[1:]])
    elif harm == "line gone":
        _rewrite(part, lambda lines: lines[1:])
    elif harm == "part gone":
        part.unlink()
    elif harm == "part more":
        (folder / "part-00099.ndjson.gz").write_bytes(gzip.compress(b"{}\n"))
    else:
        manifest = folder / "manifest.json"
        told = json.loads(manifest.read_bytes())
        told["document"]["records"] -= 1
        manifest.write_bytes(canonical(told))
    assert check(network, folder)[0] == 1


def test_a_node_signs_no_manifest_that_its_log_does_not_bear_out(
    network: Network, good: Path
) -> None:
    document = json.loads((good / "manifest.json").read_bytes())["document"]
    for name in ("format", "client", "grants", "node"):
        del document[name]
    signed = network.bureau.send("POST", "/batch/manifests", canonical(document))
    assert signed.status == 200

    def refused(**changed: Any) -> str:
        told = canonical({**document, **changed})
        return network.bureau.send("POST", "/batch/manifests", told).code

    assert refused(records=1) == "malformed"
    assert refused(calls=[*document["calls"], "another"]) == "malformed"
    assert refused(calls=document["calls"] * 2) == "malformed"
    assert refused(fields=["mobile"]) in {"not_granted", "consent_missing"}
    stolen = network.police.send("POST", "/batch/manifests", canonical(document))
    assert stolen.status in {400, 403}
    store = network.bureau.store
    with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as log:
        (count,) = log.execute("SELECT COUNT(*) FROM log WHERE kind = 'batch'").fetchone()
    assert count >= 2


@given(st.lists(st.lists(st.integers(0, 9), max_size=5), min_size=1, max_size=8), st.data())
def test_a_fall_at_any_moment_leaves_no_gap_and_no_repetition(
    tmp_path_factory: pytest.TempPathFactory, pages: list[list[int]], data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("parts") / "out"
    by, about = suite("std"), {"service": "s"}
    progress = Folder(path, by, 60).begin(about)
    for number, page in enumerate(pages):
        after = None if number + 1 == len(pages) else str(number)
        records = [{"n": n} for n in page]
        fall = data.draw(st.sampled_from(["no", "before", "after"]))
        if fall == "before":  # the page was written, or part of it, and not noted
            notes = (path / "progress.json").read_bytes()
            Folder(path, by, 60).add(progress, "lost", records, after, "t")
            (path / "progress.json").write_bytes(notes)
        if fall != "no":
            progress = Folder(path, by, 60).begin(about)
        progress = Folder(path, by, 60).add(progress, f"c{number}", records, after, "t")
    found = [
        json.loads(line)["n"]
        for part in progress.parts
        for line in gzip.decompress((path / part.name).read_bytes()).splitlines()
    ]
    assert found == [n for page in pages for n in page]
    assert len(progress.calls) == len(pages)
    told = {
        "fields": ["n"],
        "parts": [part.told() for part in progress.parts],
        "records": progress.records,
    }
    (path / "progress.json").unlink()
    assert list(faults(path, told, by)) == []


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(BatchInvalid, match="not empty"):
        Folder(tmp_path, suite("std"), 1000).begin({})
