"""Reports and commands: every number is a figure with its source, and no data becomes markup."""

import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import click
import pytest
from lxml import html
from openpyxl import load_workbook

from testkit.valuing import cells, run, told
from tongban.apps.cases import events as cases
from tongban.apps.value import counting, parameters, samples
from tongban.apps.value.domain import costing
from tongban.apps.value.errors import ValueRefused
from tongban.infra.reports.model import Source
from tongban.kernel.facts import Words
from tongban.kernel.figures import Figure

DAY = date(2026, 11, 26)
BOOKS = Source("ledger.csv sha256:0", DAY)


def named(source: str | dict[str, str]) -> str:
    return source if isinstance(source, str) else source["en"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return samples.write(tmp_path_factory.mktemp("value"), 4000)


def test_costs_of_the_sample_add_up(made: dict[str, Path]) -> None:
    report = told(run("costs", made["ledger"], made["events"], "--json"))
    found = cells(report, "Cost per effective service (CPS)")
    assert found["CPS"] == round(found["all cost, capital by year"] / found["effective services"])
    (services,) = (s for s in report["sections"] if s["title"]["en"].startswith("By department"))
    departments, items = services["tables"]
    for table, column in ((departments, 3), (items, 3)):
        total = sum(row[column]["value"] for row in table["rows"])
        assert total + found["of it without a home"] == found["all cost, capital by year"]
    density = cells(report, "User value density (UVD)")
    assert density["user value density UVD"] == "not measured yet"
    assert cells(report, "Rows to look at")["ledger.csv:9"] == "DepartmentRenamed"
    more = ("--users", "1000", "--satisfaction", "0.9")
    full = told(run("costs", made["ledger"], made["events"], "--json", *more))
    assert Decimal(cells(full, "User value density (UVD)")["user value density UVD"]) > 0


def test_the_other_reports_of_the_sample(made: dict[str, Path]) -> None:
    appraisal = told(run("appraise", made["project"], "--json", "--paths", "500"))
    direct = cells(appraisal, "Direct value (money of the budget)")
    assert direct["internal rate of return (IRR)"] != "none"
    assert told(run("cloud", made["cloud"], "--json"))
    more = ("--systems", made["systems"], "--governance", made["governance"])
    cloud = told(run("cloud", made["cloud"], "--json", *more))
    assert cells(cloud, "Return per yuan of data governance")["return"] != "none"
    shares = told(run("share", made["loads"], "--total", "1000.01", "--json"))
    (table,) = shares["sections"][0]["tables"]
    assert [cell["value"] for cell in table["rows"][-1][1:4]] == [100_001] * 3
    alike = told(run("duplicates", made["projects"], "--json"))
    groups, pairs = alike["sections"][0]["tables"][1:]
    assert len(groups["rows"]) == len(pairs["rows"]) == 2
    (saved,) = alike["sections"][0]["pictures"]
    # 120 beside 135, 76 beside 88 (in 10,000 yuan): the longer bar first
    assert [(bar["label"]["en"], bar["high"]["value"]) for bar in saved["bars"]] == [
        ("参保登记身份核验平台", 120_000_000),
        ("电子档案管理系统", 76_000_000),
    ]
    shared = alike["sections"][1]
    spent = {row[0]["en"]: row[3]["value"] for row in shared["tables"][0]["rows"]}
    assert spent == {"人脸识别": 255_000_000, "全文检索": 164_000_000, "短信": 196_000_000}
    bars = [(bar["label"]["en"], bar["high"]["value"]) for bar in shared["pictures"][0]["bars"]]
    assert bars == sorted(spent.items(), key=lambda pair: -pair[1])


def test_bars_of_a_waterfall_join_end_to_end(made: dict[str, Path], tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.csv"
    # what no department of the trail bears stands in a bar too
    text = made["ledger"].read_text(encoding="utf-8-sig")
    ledger.write_text(f"{text}2025,人工,无此部门,,,经常性,700,元,\n", encoding="utf-8")
    report = told(run("costs", ledger, made["events"], "--json"))
    unit, counts = report["sections"][0], report["sections"][2]
    (by_tower,), (by_end,) = unit["pictures"], counts["pictures"]
    shown = [row[1]["value"] for row in counts["tables"][0]["rows"]]
    totals = (cells(report, unit["title"]["en"])["CPS"], shown[4])
    for picture, total in zip((by_tower, by_end), totals, strict=True):
        *steps, last = ((bar["low"]["value"], bar["high"]["value"]) for bar in picture["bars"])
        assert len(steps) >= 4
        assert [low for low, _ in steps] == [0, *(high for _, high in steps[:-1])]
        assert last == (0, steps[-1][1]) == (0, total)
    assert by_tower["bars"][-2]["label"]["en"] == "without a home"
    lengths = [abs(bar["high"]["value"] - bar["low"]["value"]) for bar in by_end["bars"]]
    assert lengths == shown[:5]


def test_weights_of_density_are_printed_and_used(made: dict[str, Path], tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    text = parameters.SHIPPED.read_text(encoding="utf-8")
    changed = 'weights: {effective: "0.1", unaided: "0.8", first_time: "0.3"}'
    own.write_text(re.sub(r"weights: {.*}", changed, text), encoding="utf-8")
    counted = counting.count(made["events"], 30).counts
    parts = costing.use([count for count in counted if count.year == 2025])
    shown = {
        "effective": "effective",
        "unaided": "without a person",
        "first_time": "right first time",
    }
    found = []
    for path in (parameters.SHIPPED, own):
        # one user: the density is 1
        more = ("--users", "1", "--satisfaction", "0.9", "--parameters", path)
        report = told(
            run("costs", made["ledger"], made["events"], "--year", "2025", "--json", *more)
        )
        rows = report["sections"][3]["tables"][0]["rows"]
        printed = {row[0]["en"]: row[2].get("value") for row in rows}
        weights = parameters.load(path).weights
        assert {n: Decimal(printed[shown[n]]) for n in weights} == weights
        utility = sum(weights[n] * getattr(parts, n) for n in weights) / sum(weights.values())
        density = cells(report, "User value density (UVD)")["user value density UVD"]
        assert density == str(round(utility * Decimal("0.9"), 3))
        found.append(density)
    assert found[0] != found[1]


def test_a_threshold_is_reached_or_not_or_nothing_was_measured(tmp_path: Path) -> None:
    ledger, events = tmp_path / "ledger.csv", tmp_path / "events.csv"
    lines = ["2025,cloud,,running,70,yuan", "2025,staff,d,running,30,yuan"]
    head = "year,tower,department,kind,amount,unit"
    ledger.write_text("\n".join([head, *lines]), encoding="utf-8")
    ended = [f"{cases.ENDED},c{n},a,2025-03-0{n},d,p{n},granted" for n in (1, 2, 3)]
    handed = f"{cases.HANDED},c1,a,2025-03-01,d,p1,"
    shared = f"{cases.ENTERED},c1,b,2025-03-01,e,p1,"
    events.write_text(
        "\n".join([",".join(counting.COLUMNS), *ended, handed, shared]), encoding="utf-8"
    )
    report = told(run("costs", ledger, events, "--json"))
    (table,) = report["sections"][4]["tables"]
    assert report["sections"][4]["title"]["en"] == "Four dimensions"
    found = [[cell.get("value", cell.get("en")) for cell in row[1:]] for row in table["rows"]]
    assert found == [
        ["70.0", "70.0", "reached"],  # 70 of 100 yuan stand for all: just so
        ["66.7", "65.0", "reached"],  # two of three without a person
        ["not measured yet", "60.0", "none"],  # no department supplied anything
        ["33.3", "75.0", "not reached"],  # one of three cases of two departments
    ]
    assert [row[3]["zh"] for row in table["rows"]] == ["达到", "达到", "无", "未达到"]


@pytest.mark.parametrize(
    ("lines", "rates", "said"),
    [
        (
            ("2025,outlay,1600", "2026,direct,10000", "2027,running,10000"),
            ["25.0%", "400.0%"],
            {
                "zh": "现金流变号 2 次，有 2 个内部收益率，都列出；请以净现值为准。",
                "en": "The flow changes its sign 2 times and has 2 rates of return. All are given; "
                "go by the NPV.",
            },
        ),
        (
            ("2025,direct,1600", "2026,direct,10000"),
            [],
            {
                "zh": "现金流不变号，内部收益率不存在",
                "en": "the flow never changes its sign: there is no IRR",
            },
        ),
    ],
)
def test_two_rates_or_none_are_said_in_the_written_report(
    tmp_path: Path, lines: tuple[str, ...], rates: list[str], said: dict[str, str]
) -> None:
    path, page = tmp_path / "project.csv", tmp_path / "r.html"
    path.write_text("\n".join(["year,kind,amount,unit", *(f"{one},yuan" for one in lines)]))
    names = {"zh": "内部收益率 IRR", "en": "internal rate of return (IRR)"}
    none = {"zh": "无", "en": "none"}
    for lang, sentence in said.items():
        run("appraise", path, "--paths", "100", "--lang", lang, "-o", page)
        tree = html.fromstring(page.read_text(encoding="utf-8"))
        assert sentence in [re.sub(r"\[\d+\]", "", p.text_content()) for p in tree.xpath("//p")]
        shown = [
            row.xpath("string(*[2])") for row in tree.xpath("//tr") if row[0].text == names[lang]
        ]
        assert [re.sub(r"\[.*|\s", "", cell) for cell in shown] == (rates or [none[lang]])


def test_ten_thousand_paths_where_nobody_says_how_many(made: dict[str, Path]) -> None:
    report = told(run("appraise", made["project"], "--json"))
    found = cells(report, "Uncertainty (Monte Carlo)")
    assert found["paths"] == 10_000
    (spread,) = (s for s in report["sections"] if s["title"]["en"].startswith("Uncertainty"))
    assert sum(bar["high"]["value"] for bar in spread["pictures"][0]["bars"]) == 10_000


def test_heads_and_names_of_flags_are_in_the_language_of_the_page(
    made: dict[str, Path], tmp_path: Path
) -> None:
    ledger, page = tmp_path / "ledger.csv", tmp_path / "r.html"
    lines = [
        "year,tower,department,department_code,kind,amount,unit",
        *(f"{year},cloud,,,running,9,yuan" for year in (2023, 2024, 2025)),
        *("2023,staff,甲局,D1,running,9,yuan", "2024,staff,乙局,D1,running,9,yuan"),
        *("2023,net,丙局,,running,9,yuan", "2024,net,丁局,,running,9,yuan"),
        *("2023,data,戊局,,running,9,yuan", "2025,data,戊局,,running,9,yuan"),
        *("2023,post,,,running,9,yuan", "2024,post,,,running,9,万元", "2025,post,,,running,9,元"),
    ]
    ledger.write_text("\n".join(lines), encoding="utf-8")
    names = {
        "zh": [
            *("部门已更名", "部门可能更名", "中间年度缺失"),
            *("首末年度可能缺失", "首末年度可能缺失", "单位可能有误"),
        ],
        "en": [
            *("DepartmentRenamed", "DepartmentMaybeRenamed", "LineGap"),
            *("LineMaybeShort", "LineMaybeShort", "UnitMaybeWrong"),
        ],
    }
    summary = {
        "zh": "台账有 5 行需要查看：部门已更名、部门可能更名、中间年度缺失、首末年度可能缺失、"
        "单位可能有误。见“需要查看的行”。",
        "en": "The ledger has 5 rows to look at: DepartmentRenamed, DepartmentMaybeRenamed, "
        "LineGap, LineMaybeShort, UnitMaybeWrong. See “Rows to look at”.",
    }
    offers = {"zh": ["国产", "进口"], "en": ["domestic", "imported"]}
    for lang in ("zh", "en"):
        # the command line says it too, and does not stop for it
        assert summary[lang] in run("costs", ledger, made["events"], "--lang", lang, "-o", page)
        tree = html.fromstring(page.read_text(encoding="utf-8"))
        (verdict,) = tree.xpath("//div[@class='verdict']/p")
        assert re.sub(r"\[\d+\]", "", verdict.text_content()) == summary[lang]
        tables = tree.xpath("//table")
        (flags,) = (t for t in tables if "ledger.csv:5" in t.text_content())
        assert [row.xpath("string(td[2])") for row in flags.xpath(".//tr[td]")] == names[lang]
        run("cloud", made["cloud"], "--lang", lang, "-o", page)
        heads = html.fromstring(page.read_text(encoding="utf-8")).xpath("//th")
        told = [head.text_content() for head in heads]
        assert [name for name in told if name in offers["zh"] + offers["en"]] == offers[lang]


def test_outputs_are_written_and_say_the_same(made: dict[str, Path], tmp_path: Path) -> None:
    names = [tmp_path / f"r.{suffix}" for suffix in ("html", "json", "xlsx")]
    options = [word for name in names for word in ("-o", name)]
    run("costs", made["ledger"], made["events"], "--lang", "en", "--as-of", "2026-01-02", *options)
    report = told(names[1].read_text(encoding="utf-8"))
    assert report["as_of"] == "2026-01-02"
    tree = html.fromstring(names[0].read_text(encoding="utf-8"))
    assert not tree.xpath("//script | //link | //img | //@onclick | //iframe")
    shown = sum(
        len(table["head"]) * len(table["rows"]) for s in report["sections"] for table in s["tables"]
    )
    assert len(tree.xpath("//td")) == shown
    figures = [
        c
        for s in report["sections"]
        for t in s["tables"]
        for r in t["rows"]
        for c in r
        if "value" in c
    ]
    assert len(tree.xpath("//td[contains(@class, 'n ')]/a")) == len(figures)
    for anchor in tree.xpath("//a/@href"):
        assert tree.xpath(f"//*[@id='{anchor[1:]}']")
    lines = load_workbook(names[2]).worksheets[-1].iter_rows(min_row=2, values_only=True)
    listed = {(line[1], line[2], line[7]) for line in lines}
    assert {
        (row[0]["en"], head["en"], named(cell["source"]))
        for s in report["sections"]
        for t in s["tables"]
        for row in t["rows"]
        for head, cell in zip(t["head"], row, strict=True)
        if "value" in cell and "en" in row[0]
    } <= listed
    run("costs", made["ledger"], made["events"], "-o", tmp_path / "r.doc", code=1)


def test_parameters_are_copied_changed_and_named(made: dict[str, Path], tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    run("parameters", "-o", own)
    assert "is there already" in run("parameters", "-o", own, code=1)
    text = own.read_text(encoding="utf-8")
    assert text == run("parameters").removesuffix("\n")
    own.write_text(text.replace('rate: "0.08"', 'rate: "0.03"', 1), encoding="utf-8")
    report = run("appraise", made["project"], "--json", "--paths", "200", "--parameters", own)
    assert "own.yaml 2026-11 sha256:" in report
    direct = cells(told(report), "Direct value (money of the budget)")
    assert Decimal(direct["discount rate"]) == 3
    assert parameters.load(own).source != parameters.load().source


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('rate: "0.08"', 'rate: "-0.08"', "不可为负.* / .*not negative"),
        ('rate: "0.08"', "rate: much", "does not fit"),
        ("reinvest:", "invest:", "lacks"),
        ('["1.0", "1.2", "1.8"]', '["1.3", "1.2", "1.8"]', "由低到高.* / .*low to high"),
        ("人工: human", "人工: hours", "none of"),
        ('deadweight: "0.25"', 'deadweight: "25"', "在 0 与 1 之间.* / .*from 0 to 1"),
        ('[outlay, delay, "0.4"]', '[outlay, delay, "4"]', "在 -1 与 1 之间.* / .*from -1 to 1"),
        ("life_years: 5 ", "life_years: 0 ", "整年数.* / .*whole number"),
        ("costing:", "costing: [", "not YAML"),
        ("version:", "version", "not YAML"),
        ("ours: domestic", "ours: own", "none of"),
        ("ours: domestic", "ours: imported", "两个方案.* / .*two offers"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    path = tmp_path / "p.yaml"
    text = parameters.SHIPPED.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ValueRefused, match=said):
        parameters.load(path)


def test_refusals_are_sentences(made: dict[str, Path]) -> None:
    assert "do not share" in run("costs", made["ledger"], made["events"], "--year", "1999", code=1)
    assert "no file" in run("appraise", "none.csv", code=1)
    assert "from 0 to 1" in run("costs", "a", "b", "--satisfaction", "93", code=1)
    assert "fixed part" in run("share", made["loads"], "--total", "1", "--fixed", "2", code=1)
    assert "whole fen" in run("share", made["loads"], "--total", "1.001", code=1)


def test_the_demonstration_makes_its_report(tmp_path: Path) -> None:
    run("demo", "-o", tmp_path / "d", "--no-open", "--branches", "1000", "--lang", "en")
    report = told((tmp_path / "d" / "report.json").read_text(encoding="utf-8"))
    assert "at most 1.35×" in str(report["sections"][-1]["says"])
    assert len(report["sections"]) == 18


def test_the_demonstration_opens_its_report_unless_told_not_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(click, "launch", opened.append)
    monkeypatch.chdir(tmp_path)
    run("demo", "-o", "d 1", "--branches", "200", "--no-open")
    assert opened == []
    run("demo", "-o", "d 1", "--branches", "200")
    # a browser gets an address, whatever folder it was started in
    assert opened == [f"{tmp_path.resolve().as_uri()}/d%201/report.html"]


def test_files_alone_are_enough() -> None:
    # no settings, no database: Django is not even loaded
    code = "import sys; import tongban.apps.value.cli; assert 'django' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_missing_extra_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in sys.modules if n.startswith("tongban.apps.value")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "duckdb", None)
    assert "pip install 'tongban[forecast]'" in run("costs", "a", "b", code=1)


def test_a_figure_keeps_what_it_is_made_of() -> None:
    figure = replace(BOOKS, status="quoted").assumed("rate").fen(Decimal("12.5"))
    assert figure == Figure(12, "fen", DAY, "ledger.csv sha256:0; rate", "assumed")
    typed = Source(Words("所填", "typed"), DAY, "quoted")
    both = BOOKS.plus(typed, BOOKS).share(Decimal("0.5"))
    assert both.full("zh") == "50.0%（引用，截至 2026-11-26，来源：ledger.csv sha256:0；所填）"
    assert both.full("en").endswith(
        "(quoted, as of 2026-11-26, source: ledger.csv sha256:0; typed)"
    )
