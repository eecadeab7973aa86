"""The table of classified protection names what exists, and leaves no control out."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "operate" / "protection.md"
STATES = {"met", "part", "operator", "not met"}
#: GB/T 22239-2019, 8.1.2 to 8.1.5: each control and the last of its lettered demands.
CONTROLS = {
    "8.1.2.1": "e",
    "8.1.2.2": "b",
    "8.1.2.3": "",
    "8.1.3.1": "d",
    "8.1.3.2": "e",
    "8.1.3.3": "d",
    "8.1.3.4": "",
    "8.1.3.5": "d",
    "8.1.3.6": "",
    "8.1.4.1": "d",
    "8.1.4.2": "g",
    "8.1.4.3": "d",
    "8.1.4.4": "f",
    "8.1.4.5": "",
    "8.1.4.6": "",
    "8.1.4.7": "b",
    "8.1.4.8": "b",
    "8.1.4.9": "c",
    "8.1.4.10": "b",
    "8.1.4.11": "b",
    "8.1.5.1": "b",
    "8.1.5.2": "b",
    "8.1.5.3": "b",
    "8.1.5.4": "f",
}


def rows() -> list[list[str]]:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines
        if line.startswith("| 8.1.")
    ]


def test_every_demand_of_every_control_is_answered_once() -> None:
    answered: list[tuple[str, str]] = []
    for control, *_ in rows():
        number, _, rest = control.partition(" ")
        letters = re.match(r"((?:[a-g],)*[a-g]) ", rest)
        answered += [(number, x) for x in (letters[1].split(",") if letters else [""])]
    wanted = [
        (number, letter)
        for number, last in CONTROLS.items()
        for letter in ("abcdefg"[: "abcdefg".index(last) + 1] if last else [""])
    ]
    assert sorted(answered) == sorted(wanted)


def test_what_is_met_names_a_file_and_a_test_and_what_is_not_says_what_is_left() -> None:
    for control, state, where, by in rows():
        assert state in STATES, control
        tests = re.findall(r"`(tests/[^`]+)`", by)
        if state == "met":
            assert where, control
            assert tests, control
        elif state in {"part", "not met"}:
            assert re.sub(r"`[^`]+`[,;]?", "", by).strip(), f"{control}: say what is left"


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0].partition(" ")[0])
def test_every_file_and_test_of_a_row_exists(row: list[str]) -> None:
    _, _, where, by = row
    for path in re.findall(r"`([^`]+)`", where):
        assert (ROOT / path).is_file(), path
    for named in re.findall(r"`(tests/[^`]+)`", by):
        path, _, test = named.partition("::")
        text = (ROOT / path).read_text(encoding="utf-8")
        assert re.search(rf"^(async )?def {test}\(", text, re.MULTILINE), named
