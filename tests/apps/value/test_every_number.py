"""Every number of every report of value is a figure: the whole page and the whole JSON."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from testkit import numbers
from tongban.apps.value import samples
from tongban.cli import main

QUOTED = ("--years", "5", "--irr", "0.186", "--npv", "2.3", "--rate", "0.01", "--payback", "6")
CLAIMS = """
- {name: 甲, years: 5, irr: 0.100, npv: 0.2, rate: 0.120}
- {name: 乙, years: 5, irr: 0.2, npv: 0.01, rate: 0.05}
- {name: 丙, years: 5, irr: 0.2, npv: 0.1, rate: -0.05}
- {name: 丁, years: 5, npv: 3}
- {name: 戊, years: 28, irr: 0.186, npv: 2.3}
"""
COMMANDS = {
    "costs": ("costs", "ledger", "events", "--users", "1000", "--satisfaction", "0.9"),
    "appraise": ("appraise", "project", "--paths", "200"),
    "two rates": ("appraise", "two-rates", "--paths", "100"),
    "cloud": ("cloud", "cloud", "--systems", "systems", "--governance", "governance"),
    "cloud, few projects": ("cloud", "cloud", "--governance", "few"),
    "share": ("share", "loads", "--total", "1000.01", "--fixed", "10"),
    "share, sampled": ("share", "many", "--total", "1000"),
    "duplicates": ("duplicates", "projects"),
    "many duplicates": ("duplicates", "alike"),
    "gate": ("gate", *QUOTED),
    "gate, file": ("gate", "claims"),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("value")
    made = samples.write(folder, 1000)
    rows = {
        "two-rates": [
            *("year,kind,amount,unit", "2025,outlay,1600,yuan"),
            *("2026,direct,10000,yuan", "2027,running,10000,yuan"),
        ],
        "few": ["project,cost,gain,unit", "a,1,2,yuan", "b,1,3,yuan"],
        "many": ["department,period,load", *(f"局{chr(65 + n)},h,{n + 1}" for n in range(14))],
        "alike": [
            "name,department,year,amount,unit,components",
            *(
                f"{chr(0x4E00 + 9 * n) * 4},{side},2024,{n + 1},yuan,{chr(0x4E00 + n)}"
                for n in range(20)
                for side in "ab"
            ),
        ],
    }
    for name, lines in rows.items():
        made[name] = folder / f"{name}.csv"
        made[name].write_text("\n".join(lines), encoding="utf-8")
    made["claims"] = folder / "claims.yaml"
    made["claims"].write_text(CLAIMS, encoding="utf-8")
    return {name: str(path) for name, path in made.items()}


@pytest.mark.parametrize("name", COMMANDS)
def test_no_report_has_a_number_that_is_no_figure(
    files: dict[str, str], tmp_path: Path, name: str
) -> None:
    command, *rest = COMMANDS[name]
    words = [command, *(files.get(word, word) for word in rest)]
    for lang in ("zh", "en"):
        paths = [tmp_path / f"{lang}.{end}" for end in ("html", "json")]
        options = ["--lang", lang, *(word for path in paths for word in ("-o", str(path)))]
        done = CliRunner().invoke(main, ["value", *words, *options])
        assert done.exit_code == int(command == "gate"), done.output
        page, told = (path.read_text(encoding="utf-8") for path in paths)
        assert list(numbers.in_json(json.loads(told))) == []
        assert list(numbers.in_html(page)) == []


def test_the_demonstration_has_none_either(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        main, ["value", "demo", "-o", str(tmp_path), "--no-open", "--branches", "500"]
    )
    assert done.exit_code == 0, done.output
    told = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert list(numbers.in_json(told)) == []
    assert list(numbers.in_html((tmp_path / "report.html").read_text(encoding="utf-8"))) == []
    # each section of the reports has a picture beside its tables, or none to draw
    titles = {one["title"]["en"]: len(one["pictures"]) for one in told["sections"]}
    assert titles["Projects that are alike"] == titles["Consistency gate"] == 1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026 年至 2030 年，截至 2026-11-27", False),
        ("ledger.csv:9 按代码归入，sha256:51b5，--seed 20260101，#12", False),
        ("共 12 元", True),
        ("95 % 区间", True),
        ("2,027", True),
        ("1.35", True),
        ("0.2026", True),
        ("2026%", True),
        ("20260101", True),
        ("最大的 2026.5 项", True),
    ],
)
def test_what_counts_as_a_number(text: str, found: bool) -> None:
    assert numbers.loose(text) is found
    assert list(numbers.in_json({"zh": text, "en": ""})) == ([text] if found else [])
    assert list(numbers.in_html(f"<p>{text}</p>")) == ([text] if found else [])
    assert list(numbers.in_html(f"<td class='n measured'>{text}</td>")) == []
