"""Test cases beside rule tables: run on the table, told by line, and in the way of publication."""

from pathlib import Path

import pytest

from testkit.packs import changed_packs
from tongban.apps.items.checking import check_packs
from tongban.apps.items.checking.cases import Ran, cases_of, run
from tongban.infra.packs import PackInvalid, document_of, read_packs, shipped_packs
from tongban.kernel.tables import compile_table, read_dmn

RULES = shipped_packs() / "sample" / "rules"
SHIPPED = sorted(RULES.glob("*.cases.yaml"))
FILE = "sample/rules/childcare-guidance.cases.yaml"
HEAD = "schema: tongban/cases/1\nslug: childcare-guidance\ncases:\n"


def ran(text: str) -> list[Ran]:
    path = RULES / "childcare-guidance.dmn"
    (table,) = read_dmn(path.read_bytes(), path.name)
    data = document_of((HEAD + text).encode(), "x").data
    return [run(case, compile_table(table)) for case in cases_of(data)]


def case(facts: str, wanted: str) -> str:
    return (
        f"  - name: {{zh: 例, en: one}}\n    decision: childcare-guidance\n"
        f"    facts: {{{facts}}}\n    {wanted}\n"
    )


@pytest.mark.parametrize(
    ("facts", "wanted", "en", "zh"),
    [
        ("child.gestation_weeks: 36", "gives: [{outcome: grant, plan: high-risk}]", "", ""),
        ('child.gestation_weeks: "36.5"', "gives: [{outcome: grant, plan: high-risk}]", "", ""),
        ("child.gestation_weeks: 40", "unknown: [child.birth_weight_g]", "", ""),
        (
            "child.gestation_weeks: 36",
            "gives: [{outcome: grant, plan: standard}]",
            "it gives outcome = grant, plan = high-risk",
            "实际得到",
        ),
        ("child.gestation_weeks: 36", "gives: []", "it gives outcome", "实际得到"),
        ("child.gestation_weeks: 36", "unknown: [child.birth_weight_g]", "it gives", "实际得到"),
        ("child.gestation_weeks: 40", "gives: []", "child.birth_weight_g is missing", "还需要"),
        ("child.birth_weight_g: 1", "unknown: [x.y]", "asks for child.gestation_weeks", "要问的是"),
        ("child.gestation: 40", "gives: []", "does not ask child.gestation", "没有输入"),
        ("child.gestation_weeks: many", "gives: []", "not of its column's type", "类型不符"),
        ("child.gestation_weeks: true", "gives: []", "not of its column's type", "类型不符"),
    ],
)
def test_a_case_passes_or_says_what_differs(facts: str, wanted: str, en: str, zh: str) -> None:
    (one,) = ran(case(facts, wanted))
    assert one.passed == (not en)
    assert en in one.en
    assert zh in one.zh
    assert bool(one.zh) == bool(one.en)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_cases_that_ship_pass_and_each_fires_the_rows_it_is_about(path: Path) -> None:
    rules = path.with_name(path.name.replace(".cases.yaml", ".dmn"))
    tables = {t.id: compile_table(t) for t in read_dmn(rules.read_bytes(), rules.name)}
    cases = cases_of(document_of(path.read_bytes(), path.name).data)
    assert len(cases) >= 4
    for one in cases:
        found = run(one, tables[one.decision])
        assert found.passed, (one.en, found.en)
        assert found.decision is not None
        assert bool(found.decision.rules) == (one.unknown is None)
    assert any(one.unknown for one in cases) or path.stem.startswith("vaccination")


def refused(folder: Path, *changes: tuple[str, str]) -> list[str]:
    with pytest.raises(PackInvalid) as wrong:
        check_packs(read_packs(changed_packs(folder, {FILE: list(changes)})))
    return [f"{problem} / {problem.told('zh')}" for problem in wrong.value.problems]


def test_a_pack_whose_case_fails_is_not_published(tmp_path: Path) -> None:
    (told,) = refused(tmp_path, ("plan: standard", "plan: high-risk"))
    lines = (RULES.parent.parent / FILE).read_text(encoding="utf-8").splitlines()
    line = next(n for n, text in enumerate(lines, 1) if "plan: standard" in text)
    assert told.startswith(f"{FILE}:{line}: the test case “full term at 2500 g")
    assert "plan = standard" in told
    assert "未通过" in told


def test_a_case_of_a_decision_that_is_not_there_is_told(tmp_path: Path) -> None:
    told, *_ = refused(tmp_path, ("decision: childcare-guidance", "decision: nothing"))
    assert "no decision nothing" in told


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("slug: childcare-guidance", "slug: other", "name it as the file: childcare-guidance"),
        ("    unknown: [child.birth_weight_g]", "", "cases.3"),
        ("child.gestation_weeks: 36", "child.gestation_weeks: [36]", "facts"),
    ],
)
def test_a_file_of_cases_is_held_against_its_schema(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert any(said in told for told in refused(tmp_path, (old, new)))
