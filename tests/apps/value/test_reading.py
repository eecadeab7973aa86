"""Reading: every planted fault is named with its place, and nothing is counted then."""

from pathlib import Path

import duckdb
import pytest
from openpyxl import Workbook

from tongban.apps.value import loading
from tongban.apps.value.errors import TableInvalid, ValueRefused

HEAD = "year,tower,department,department_code,service,kind,amount,unit,life"
GOOD = ["2024,cloud,,,,running,120.50,yuan,", "2025,cloud,,,,running,0.012,万元,"]


def ledger(folder: Path, *lines: str, head: str = HEAD) -> Path:
    path = folder / "ledger.csv"
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return path


def test_units_become_fen(tmp_path: Path) -> None:
    rows, flags, source = loading.ledger(ledger(tmp_path, *GOOD), 5)
    assert [row.amount for row in rows] == [12_050, 12_000]
    assert rows[0].life == 5
    assert flags == ()
    assert source.startswith("ledger.csv sha256:")


@pytest.mark.parametrize(
    ("line", "name", "column"),
    [
        ("2025,net,,,,running,12 yuan,yuan,", "NotANumber", "amount"),
        ('2025,net,,,,running,"1,200",yuan,', "NotANumber", "amount"),
        ("2025,net,,,,running,１２,yuan,", "NotANumber", "amount"),
        ("2025,net,,,,running,1e3,yuan,", "NotANumber", "amount"),
        ("2025,net,,,,running,约300,yuan,", "NotANumber", "amount"),
        ("2025,net,,,,running,NaN,yuan,", "NotANumber", "amount"),
        ("2025,net,,,,running,12,USD,", "UnitUnknown", "unit"),
        ("2025,net,,,,running,12,,", "UnitUnknown", "unit"),
        ("2025,net,,,,running,0.001,yuan,", "BelowFen", "amount"),
        ("2025,net,,,,running,-5,yuan,", "Negative", "amount"),
        ("2025,net,,,,running,,yuan,", "CellEmpty", "amount"),
        ("25,net,,,,running,5,yuan,", "YearUnlikely", "year"),
        ("2025.5,net,,,,running,5,yuan,", "NotWhole", "year"),
        ("2025,net,,,,rent,5,yuan,", "WordUnknown", "kind"),
        ("2025,net,,,,capital,5,yuan,0", "LifeMissing", "amount"),
        ("2025,cloud,,,,running,5,yuan,", "KeyDoubled", "year,tower,department,service,kind"),
        ("2027,cloud,,,,running,5,yuan,", "YearMissing", "year"),
    ],
)
def test_every_fault_is_named(tmp_path: Path, line: str, name: str, column: str) -> None:
    with pytest.raises(TableInvalid) as caught:
        loading.ledger(ledger(tmp_path, *GOOD, line), 5)
    (fault,) = caught.value.faults
    assert fault.name == name
    assert fault.column in {column, "life"}
    assert fault.row == (0 if name == "YearMissing" else 4)
    assert fault.zh
    assert fault.en
    assert name in str(caught.value)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    bad = ["2025,net,,,,running,x,yuan,", "2025,net,,,,running,y,USD,", "x,,,,,z,1,yuan,"]
    with pytest.raises(TableInvalid) as caught:
        loading.ledger(ledger(tmp_path, *bad), 5)
    assert [(f.row, f.name) for f in caught.value.faults] == [
        (2, "NotANumber"),
        (3, "NotANumber"),
        (4, "NotANumber"),
        (4, "CellEmpty"),
        (4, "WordUnknown"),
    ]


@pytest.mark.parametrize(
    ("head", "told"),
    [
        (HEAD.replace(",unit", ""), "UnitMissing"),
        (HEAD.replace("tower", "thing"), "ColumnMissing"),
        (HEAD.replace("tower", "year"), "columns twice"),
    ],
)
def test_heads_are_checked(tmp_path: Path, head: str, told: str) -> None:
    with pytest.raises(ValueRefused, match=told):
        loading.ledger(ledger(tmp_path, *GOOD, head=head), 5)


def test_a_department_renamed_half_way_is_flagged(tmp_path: Path) -> None:
    by_code = [
        "2024,staff,人社局,D1,,running,5,yuan,",
        "2025,staff,人力资源和社会保障局,D1,,running,5,yuan,",
    ]
    rows, flags, _ = loading.ledger(ledger(tmp_path, *by_code), 5)
    assert {row.department for row in rows} == {"人力资源和社会保障局"}
    assert [(f.name, f.row) for f in flags] == [("DepartmentRenamed", 2)]
    without = [line.replace("D1", "") for line in by_code]
    rows, flags, _ = loading.ledger(ledger(tmp_path, *without), 5)
    assert len({row.department for row in rows}) == 2
    assert [(f.name, f.row) for f in flags] == [("DepartmentMaybeRenamed", 3)]


def test_a_year_that_a_line_lacks_is_flagged_and_counted_on(tmp_path: Path) -> None:
    cloud = [f"{year},cloud,,,,running,100,yuan," for year in range(2022, 2028)]
    more = [
        "2022,staff,公安局,P1,x,running,50,yuan,",  # 2023 and 2024 are lacking, by code one line
        "2025,staff,市公安局,P1,x,running,50,yuan,",
        "2024,staff,公安局,P1,y,running,50,yuan,",
        "2022,net,a,,,running,5,yuan,",  # where nothing was spent a 0 says so
        "2023,net,a,,,running,0,yuan,",
        "2024,net,a,,,running,5,yuan,",
        "2022,software,a,,,capital,9,yuan,4",  # stands until 2025 and hides no running cost
        "2024,software,a,,,running,5,yuan,",
        "2026,software,a,,,running,5,yuan,",
        "2022,hardware,,,,capital,9,yuan,2",  # stands until 2023
        "2025,hardware,,,,capital,9,yuan,2",
    ]
    rows, flags, _ = loading.ledger(ledger(tmp_path, *cloud, *more), 5)
    assert len(rows) == 17
    gaps = [flag for flag in flags if flag.name == "LineGap"]
    assert [(f.row, f.column, f.file) for f in gaps] == [
        (row, "year", "ledger.csv") for row in (8, 8, 15, 17)
    ]
    for flag, year in zip(gaps, (2023, 2024, 2025, 2024), strict=True):
        assert f"缺少 {year} 年" in flag.zh
        assert f"before and after {year}" in flag.en
    for part in ("“staff”", "“市公安局”", "“x”", "写一行零"):
        assert part in gaps[0].zh
    assert "tower staff, department 市公安局, service x" in gaps[0].en
    assert "“各部门共用”、事项“全部”" in gaps[3].zh
    assert "department (all), service (all)" in gaps[3].en


def test_an_amount_that_leaps_as_a_unit_does_is_asked_about(tmp_path: Path) -> None:
    lines = {
        "once": ("100", "1000000", "110"),  # there and back is one leap, and that row is told
        "first": ("1000000", "100", "110"),  # which of two years is wrong nobody can tell
        "from-then-on": ("100", "1000000", "1100000"),
        "less": ("100", "110", "1"),
        "nil": ("1000000", "0", "1000000"),
        "large": ("100", "4900", "100"),  # below the fiftyfold
        "just": ("100", "5000", "120"),
        "other-kind": ("100", "100", "100"),
    }
    rows = [
        f"{2023 + n},{tower},,,,running,{amount},yuan,"
        for tower, amounts in lines.items()
        for n, amount in enumerate(amounts)
    ]
    rows.append("2024,other-kind,,,,capital,1000000,yuan,5")
    flags = loading.ledger(ledger(tmp_path, *rows), 5)[1]
    assert [(f.name, f.row, f.column) for f in flags] == [
        ("UnitMaybeWrong", row, "amount") for row in (3, 6, 9, 13, 21)
    ]
    assert "“once”" in flags[0].zh
    assert "2023 年与 2024 年的金额相差如同单位不同；两年的单位都对吗？" in flags[0].zh
    assert "tower once" in flags[0].en
    assert "from 2023 to 2024 the amount changes as if its unit did" in flags[0].en


def test_a_line_shorter_than_the_ledger_is_asked_about(tmp_path: Path) -> None:
    rows = [
        *(f"{year},cloud,,,,running,100,yuan," for year in range(2022, 2026)),
        *(f"{year},late,a,,s,running,5,yuan," for year in (2023, 2024, 2025)),
        *(f"{year},early,a,,,running,5,yuan," for year in (2022, 2023, 2024)),
        *(f"{year},both,a,,,running,5,yuan," for year in (2024, 2023)),
        # capital within its life is there, and of capital alone nothing is missing
        *("2022,software,a,,,capital,9,yuan,4", "2023,software,a,,,running,5,yuan,"),
        *("2022,old,a,,,capital,9,yuan,2", "2023,old,a,,,running,5,yuan,"),
        "2023,hardware,a,,,capital,9,yuan,2",
        # where a department was perhaps renamed that is asked, not each of its lines
        *("2022,net,b,,,running,5,yuan,", "2023,net,b,,,running,5,yuan,"),
        *("2024,net,c,,,running,5,yuan,", "2025,net,c,,,running,5,yuan,"),
    ]
    flags = loading.ledger(ledger(tmp_path, *rows), 5)[1]
    assert [(f.name, f.row) for f in flags] == [
        ("DepartmentMaybeRenamed", 21),
        *(("LineMaybeShort", row) for row in (6, 11, 13, 12, 17)),
    ]
    late, early = flags[1:3]
    assert "“late”、部门“a”、事项“s”自 2023 年才有" in late.zh
    assert "是当年新增的吗？" in late.zh
    assert "tower late, department a, service s begins in 2023" in late.en
    assert "到 2024 年为止" in early.zh
    assert "是当年终止的吗？" in early.zh
    assert "ends in 2024, nil after: did it stop then?" in early.en


def test_excel_parquet_and_gb18030_say_the_same(tmp_path: Path) -> None:
    wanted = [row.amount for row in loading.ledger(ledger(tmp_path, *GOOD), 5)[0]]
    heads = ["年度", "成本类别", "性质", "金额", "单位"]
    data = [[2024, "云", "经常性", 120.5, "元"], [2025, "云", "经常性", 0.012, "万元"]]
    book = Workbook()
    for line in [heads, *data]:
        book.active.append(line)
    book.save(tmp_path / "l.xlsx")
    text = "\n".join(",".join(map(str, line)) for line in [heads, *data])
    (tmp_path / "l.csv").write_bytes(text.encode("gb18030"))
    duckdb.read_csv(str(tmp_path / "ledger.csv")).write_parquet(str(tmp_path / "l.parquet"))
    for name in ("l.xlsx", "l.csv", "l.parquet"):
        assert [row.amount for row in loading.ledger(tmp_path / name, 5)[0]] == wanted


@pytest.mark.parametrize("name", ["l.xlsx", "l.parquet", "l.csv", "l.txt"])
def test_what_is_no_table_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\xff\xff\x00")
    with pytest.raises(ValueRefused, match=name):
        loading.ledger(tmp_path / name, 5)
    with pytest.raises(ValueRefused, match="no file"):
        loading.ledger(tmp_path / f"none-{name}", 5)
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(ValueRefused, match=name):
        loading.ledger(tmp_path / name, 5)


def test_an_offer_that_lacks_a_year_is_not_free_that_year(tmp_path: Path) -> None:
    path = tmp_path / "tco.csv"
    lines = [
        "year,class,offer,amount,unit",
        *("2024,hardware,domestic,113,yuan", "2024,hardware,imported,100,yuan"),
        *(f"{year},running,domestic,10,yuan" for year in (2025, 2026, 2027, 2028)),
        *(f"{year},running,imported,15,yuan" for year in (2025, 2027)),
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(TableInvalid) as caught:
        loading.cloud(path)
    # between, and after its last year while the other still pays
    assert [(f.name, f.file, f.column) for f in caught.value.faults] == [
        ("YearMissing", "tco.csv", "year")
    ] * 2
    for fault, year in zip(caught.value.faults, ("2026", "2028"), strict=True):
        assert f"“进口”缺少 {year} 年" in fault.zh
        assert "写一行 0" in fault.zh
        assert f"imported lacks {year}" in fault.en
        assert "a row with 0" in fault.en
    nil = [f"{year},running,imported,0,yuan" for year in (2026, 2028)]
    path.write_text("\n".join([*lines, *nil]), encoding="utf-8")
    assert len(loading.cloud(path)[0]) == 10
    # an offer may begin later than the other, and costs that no offer names are nobody's
    later = [line for line in [*lines, *nil] if not line.startswith("2024,hardware,imported")]
    path.write_text("\n".join([*later, "2029,running,,1,yuan"]), encoding="utf-8")
    assert len(loading.cloud(path)[0]) == 10


def test_other_files_have_their_own_checks(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"

    def told(text: str, load: object) -> list[str]:
        path.write_text(text, encoding="utf-8")
        with pytest.raises(TableInvalid) as caught:
            load(path)  # type: ignore[operator]
        return [fault.name for fault in caught.value.faults]

    head = "department,period,load\n"
    assert told(head + "a,1,5\na,2,5\nb,1,5\n", loading.loads) == ["PeriodMissing"]
    assert told(head + "a,1,0\n", loading.loads) == ["NoLoad"]
    assert told(head + "a,1,-1\n", loading.loads) == ["Negative"]
    head = "system,department,vcpu,mean,peak,needs\n"
    assert told(head + "s,d,4,0.5,0.4,\n", loading.systems) == ["PeakBelowMean"]
    assert told(head + "s,d,4,50,60,\n", loading.systems) == ["ShareBeyond", "ShareBeyond"]
    head = "year,kind,amount,unit\n"
    assert told(head + "2025,outlay,5,yuan\n2027,direct,5,yuan\n", loading.project) == [
        "YearMissing"
    ]
    assert told(head + "2025,outlay,-5,yuan\n", loading.project) == ["Negative"]
    assert told(head, loading.project) == ["TableEmpty"]
