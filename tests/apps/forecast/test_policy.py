"""The policy index: sections, negation, decay, and an audit that can fail."""

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from tongban.apps.forecast.domain.policy import (
    AuditUnusable,
    Document,
    Lexicon,
    agreement,
    audit_sample,
    index,
    push,
    sentences,
)
from tongban.apps.forecast.policy_cli import policy
from tongban.apps.forecast.policy_reading import read_lexicon

TEXT = """政府工作报告
一、过去一年工作回顾
去年建成一网通办平台。数据共享取得进展。
二、今年工作安排
（一）推进政务服务
全面推行高效办成一件事，扩大免申即享；不再建设政务云。
道路养护按计划进行。
"""


def shipped() -> Lexicon:
    return read_lexicon(None)


def test_sections_terms_and_negation() -> None:
    found = sentences(Document("a", 8100, "city", TEXT), shipped())
    told = {one.text: (one.part, one.terms) for one in found}
    assert told["去年建成一网通办平台。"] == ("review", ("一网通办",))
    assert told["全面推行高效办成一件事，扩大免申即享；"] == (
        "plan",
        ("高效办成一件事", "免申即享"),
    )
    assert told["不再建设政务云。"] == ("plan", ())
    assert told["道路养护按计划进行。"] == ("plan", ())
    for text, terms in (
        ("取消政务云。", ()),
        ("不再新建机房，建设政务云。", ("政务云",)),
        ("尚未全部做到普遍实现政务云。", ("政务云",)),  # too far apart: it counts
    ):
        assert sentences(Document("a", 8100, "city", text), shipped())[0].terms == terms


def test_a_heading_of_both_leads_to_neither() -> None:
    text = "一、过去一年工作回顾和今年工作安排\n推进一网通办。"
    assert sentences(Document("a", 8100, "city", text), shipped())[-1].part == "other"


def test_a_longer_term_is_not_counted_twice() -> None:
    lexicon = Lexicon("1", {"数据": 1, "数据共享": 2}, (), (), (), {"city": 1}, 4)
    found = push(Document("a", 1, "city", "数据共享。"), lexicon)
    assert found.by_part["other"] == pytest.approx(2 * 1000 / 5)


@given(st.integers(0, 20), st.floats(0.5, 12), st.integers(1, 4))
def test_weight_halves_with_age_and_nothing_works_before_it_appears(
    age: int, half_life: float, copies: int
) -> None:
    lexicon = Lexicon("1", {"共享": 1}, (), (), (), {"city": 0.3}, half_life)
    pushes = [push(Document("a", 100, "city", "共享。"), lexicon)] * copies
    found = index(pushes, lexicon, [99, 100, 100 + age], ["other"])
    assert found[99] == 0
    assert found[100] == pytest.approx(copies * 0.3 * 1000 / 3)
    assert found[100 + age] == pytest.approx(found[100] * 0.5 ** (age / half_life))


def test_kappa_of_a_printed_example_and_of_chance() -> None:
    # Cohen's kappa by hand: 20 both, 5 and 10 apart, 15 neither → (0.7 - 0.5) / 0.5
    pairs = [(True, True)] * 20 + [(True, False)] * 5 + [(False, True)] * 10
    found = agreement(pairs + [(False, False)] * 15)
    assert found.kappa == pytest.approx(0.4)
    assert (found.precision, found.recall) == (0.8, pytest.approx(2 / 3))
    assert found.low < 0.4 < found.high
    assert agreement([(a, b) for a in (True, False) for b in (True, False)]).kappa == 0
    with pytest.raises(AuditUnusable):
        agreement([(True, True)] * 5)


@given(st.integers(0, 30), st.integers(0, 30), st.integers(10, 40), st.integers(0, 99))
def test_a_sample_is_as_large_as_it_can_be_and_the_same_again(
    marked: int, bare: int, size: int, seed: int
) -> None:
    text = "".join(f"一网通办{n}。" for n in range(marked)) + "".join(
        f"道路{n}。" for n in range(bare)
    )
    found = sentences(Document("a", 1, "city", text), shipped())
    sample = audit_sample(found, size, seed)
    assert len(sample) == min(size, marked + bare)
    assert len({one.text for one in sample}) == len(sample)
    assert sample == audit_sample(found, size, seed)


def test_the_command_writes_the_index_and_reads_a_marked_audit_back(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "b.txt").write_text("一、工作部署\n推进政务数据回流和一数一源。", encoding="utf-8")
    listed = tmp_path / "list.csv"
    listed.write_text("file,date,authority\na.txt,2024-02-01,province\nb.txt,2024-08-09,ministry\n")
    out = tmp_path / "out"
    run = CliRunner().invoke(policy, [str(listed), "--out", str(out)])
    assert run.exit_code == 0, run.output
    assert "尚未人工核对" in (out / "report.html").read_text("utf-8")
    with (out / "audit.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 11
    for place, row in enumerate(rows):
        row["person"] = row["machine"] if place else str(1 - int(row["machine"]))
    with (out / "audit.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    args = [str(listed), "--out", str(out), "--audit", str(out / "audit.csv"), "--lang", "en"]
    assert CliRunner().invoke(policy, args).exit_code == 0
    (verdict,) = json.loads((out / "report.json").read_text("utf-8"))["verdict"]
    assert verdict["en"].startswith("11 sentences were audited; kappa may lie below 0.6")
    assert [one["value"] for one in verdict["figures"]] == [11, "0.6"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("file,date\na.txt,2024-02-01\n", "authority"),
        ("file,date,authority\na.txt,2月,city\n", "line 2: date"),
        ("file,date,authority\na.txt,2024-02-01,king\n", "one of state_council"),
        ("file,date,authority\nz.txt,2024-02-01,city\n", "no file"),
        ("file,date,authority\na.txt,2024-02-01\n", "as many fields"),
        ("file,date,authority\n", "names no documents"),
    ],
)
def test_a_wrong_list_is_named(tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "list.csv").write_text(content, encoding="utf-8")
    run = CliRunner().invoke(policy, [str(tmp_path / "list.csv"), "--out", str(tmp_path / "out")])
    assert run.exit_code == 1
    assert told in run.output
    assert not (tmp_path / "out").exists()
