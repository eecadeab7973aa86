"""The first command a newcomer runs: `tongban demo`, in an empty home, as a process of its own."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tongban.infra.packs import shipped_packs

pytestmark = pytest.mark.slow
NUMBER = int | float
KEYS: dict[str, Any] = {
    "life_event": str,
    "branches": list,
    "fields_total": int,
    "fields_fetched": int,
    "fields_asked": int,
    "materials_total": int,
    "materials_waived": int,
    "materials_by_licence": int,
    "not_asked_share": NUMBER,
    "visits": int,
    "steps": int,
    "unattended_share": NUMBER,
    "calls": int,
    "events": int,
    "leaves": int,
    "witnesses": list,
    "elapsed_s": NUMBER,
}
BRANCH: dict[str, Any] = {
    "item": str,
    "department": str,
    "state": str,
    "outcome": str,
    "decided_by": str,
    "reasons": list,
    "licence": str,
    "promised_date": str,
    "started_after": list,
}
CHINESE = re.compile(r"[\u3400-\u9fff]+")


def tongban(home: Path, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
    clean = {n: v for n, v in os.environ.items() if not n.startswith(("TONGBAN_", "DJANGO_"))}
    return subprocess.run(
        [sys.executable, "-c", "from tongban.cli import main; main()", *arguments],
        env={**clean, "TONGBAN_HOME": str(home), "PYTHONWARNINGS": "error", **more},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def right(row: dict[str, Any], shape: dict[str, Any]) -> list[str]:
    return [n for n, kind in shape.items() if n not in row or not isinstance(row[n], kind)]


def read(done: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def test_it_tells_everything_as_one_object_and_can_be_run_again(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    began = time.monotonic()
    first = read(tongban(home, "demo", "--json"))
    took = time.monotonic() - began
    again = read(tongban(home, "demo", "--json"))
    with capsys.disabled():
        print(f" [empty home {took:.1f} s, the case {first['elapsed_s']} s] ", end="")
    assert first["case"] != again["case"]
    for report in (first, again):
        assert right(report, KEYS) == []
        assert [right(branch, BRANCH) for branch in report["branches"]] == [[]] * 7
        assert report["fields_total"] == report["fields_fetched"] + report["fields_asked"]
        assert report["fields_fetched"] > 5 * report["fields_asked"] > 0
        assert 0 < report["materials_waived"] <= report["materials_total"]
        assert 0 <= report["unattended_share"] <= 1
        assert 0 < report["elapsed_s"] < 10
        assert report["chain_ok"] is True
        assert {b["state"] for b in report["branches"]} == {"granted"}
        assert all(b["reasons"] for b in report["branches"])
    assert took < 60


def test_it_tells_the_story_in_chinese_and_names_what_to_try_next(home: Path) -> None:
    told = tongban(home, "demo")
    assert told.returncode == 0, told.stderr
    for word in ("只问了", "调取了", "出生户口登记", "规则即时决定", "理由", "电子证照", "免交"):
        assert word in told.stdout
    assert "tongban demo --life-event enterprise-start" in told.stdout
    assert "未经见证" in told.stdout
    # two officials gave one reason: it is told once
    assert told.stdout.count("理由：材料齐全，符合条件，同意") == 1


def test_what_it_says_to_try_with_the_evidence_works(home: Path) -> None:
    told = tongban(home, "demo").stdout
    commands = re.findall(r"tongban (evidence bundle \S+ -o \S+|evidence verify \S+)", told)
    assert len(commands) == 2
    for command in commands:
        done = tongban(home, *command.split())
        assert done.returncode == 0, done.stderr
    assert "EVIDENCE HOLDS / 校验通过" in done.stdout
    assert "NOT WITNESSED" in done.stdout


def test_in_english_only_names_and_laws_are_chinese(home: Path) -> None:
    told = tongban(home, "demo", "--lang", "en")
    assert told.returncode == 0, told.stderr
    answers = json.loads((shipped_packs() / "sample" / "demo.json").read_text(encoding="utf-8"))
    names = {v for v in answers["newborn"].values() if isinstance(v, str)}
    left = []
    for line in told.stdout.splitlines():
        if "first: source" in line:
            continue
        without_laws = re.sub(r"\(legal basis: .*\)|《[^》]*》", "", line)
        left += [w for w in CHINESE.findall(without_laws) if w not in names]
    assert left == []


def test_a_company_starts_with_its_figures_before_and_after(home: Path) -> None:
    report = read(tongban(home, "demo", "--life-event", "enterprise-start", "--json"))
    assert report["life_event"] == "enterprise-start"
    assert len(report["branches"]) == 6
    before, after = report["before_after"]["before"], report["before_after"]["after"]
    assert (before["links"], after["links"]) == (7, 2)  # the second is to pay
    assert before["days"] > after["days"] == 0
    assert before["repeated_documents"] > after["repeated_documents"] == 0
    assert report["before_after"]["quoted"]["links_after"] == "1.8"
    (fee,) = report["fees"]
    assert (fee["state"], fee["amount_fen"], len(fee["receipts"])) == ("paid", 24_000, 1)
    told = tongban(home, "demo", "--life-event", "enterprise-start", "--lang", "en")
    assert "7 → 2" in told.stdout
    assert "240.00 yuan, paid" in told.stdout
    assert "22.9" in told.stdout


def test_an_unknown_life_event_is_refused_in_one_sentence(home: Path) -> None:
    refused = tongban(home, "demo", "--life-event", "wedding")
    assert refused.returncode != 0
    assert refused.stdout == ""
    (line,) = refused.stderr.splitlines()
    assert "wedding" in line
    assert "Traceback" not in line
    asked = tongban(home, "demo", "--life-event", "wedding", "--lang", "en")
    assert CHINESE.findall(asked.stderr) == []


def test_the_log_of_its_calls_is_verified_with_the_command_that_it_names(home: Path) -> None:
    told = tongban(home, "demo", "--lang", "en")
    (line,) = [line for line in told.stdout.splitlines() if "exchange verify" in line]
    _, *command = line.split("  ")[1].split()
    found = read(tongban(home, *command, "--json"))
    assert (found["broken"], found["unchecked"]) == ("", 0)
    assert found["signatures"] == found["rows"] > 0
    assert "node/snapshot.json, beside the log" in tongban(home, *command).stdout


def test_setup_prints_the_privacy_impact_of_what_it_publishes_and_of_nothing_else(
    tmp_path: Path,
) -> None:
    first = tongban(tmp_path, "setup", "--lang", "en")
    assert first.returncode == 0, first.stderr
    listed = [line for line in first.stdout.splitlines() if line.endswith(": privacy impact")]
    packs = shipped_packs() / "sample" / "items"
    assert len(listed) == len(list(packs.glob("*.yaml")))
    assert "household-registration: privacy impact" in listed
    asked = tongban(tmp_path, "items", "impact", "household-registration", "--lang", "en")
    assert asked.stdout in first.stdout
    assert tongban(tmp_path, "setup").stdout == "ready / 已就绪\n"


def test_a_malformed_pack_is_refused_with_its_file_and_line_and_nothing_is_loaded(
    tmp_path: Path,
) -> None:
    pack = tmp_path / "packs" / "mine"
    (pack / "items").mkdir(parents=True)
    head = "schema: tongban/pack/1\nslug: mine\nname: {zh: 我, en: mine}\nextends: [sample]\n"
    (pack / "pack.yaml").write_text(head + 'region: "330100"\n', encoding="utf-8")
    item = (shipped_packs() / "sample" / "items" / "seal-record.yaml").read_text("utf-8")
    wrong = item.replace("slug: seal-record", "slug: my-seal").replace(
        "flow: at-once-record", "flow: no-such-flow"
    )
    (pack / "items" / "my-seal.yaml").write_text(wrong, encoding="utf-8")
    home = tmp_path / "home"
    home.mkdir()
    line = 1 + wrong.splitlines().index("flow: no-such-flow")
    for command in (("setup",), ("demo", "--json")):
        refused = tongban(home, *command, TONGBAN_PACKS=str(tmp_path / "packs"))
        assert refused.returncode != 0
        assert refused.stdout == ""
        assert f"mine/items/my-seal.yaml:{line}" in refused.stderr
        assert "no-such-flow" in refused.stderr
        assert "Traceback" not in refused.stderr
        assert refused.stderr.count("PackInvalid") == 1
    found = tongban(home, "demo", "--json")
    assert read(found)["life_event"] == "newborn"
