"""Invented data 样例数据, made by a seed: small for the demonstration, large for the benchmark.

Nothing of it was measured anywhere. Names of departments and amounts are made up.
"""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random

import duckdb

from tongban.apps.cases import events as cases

ITEMS = (
    ("birth-certificate", "卫生健康局"),
    ("household-registration", "公安局"),
    ("medical-insurance", "医疗保障局"),
    ("maternity-reimbursement", "医疗保障局"),
    ("social-security-card", "人力资源和社会保障局"),
    ("company-registration", "市场监督管理局"),
    ("seal-filing", "公安局"),
    ("old-age-allowance", "民政局"),
)
SEED = 20260101
_PEOPLE = 4  # cases for each person, over all services

# Fourteen events a branch; how a branch ends is a hash of its number, so any size is repeatable.
_EVENTS = """
COPY (
  WITH branch AS (
    SELECT n, hash(n + $seed) AS h, n // 2 AS c, n % len($items) + 1 AS i
    FROM range($branches) AS numbers(n)
  ), told AS (
    SELECT *, unnest(range(14)) AS k FROM branch
  )
  SELECT
    CASE
      WHEN k = 0 THEN $entered
      WHEN k = 1 AND h % 100 < 72 THEN $fetched
      WHEN k = 2 AND h % 97 < 12 THEN $corrected
      WHEN k = 3 THEN $accepted
      WHEN k = 4 AND h % 89 < 38 THEN $handed
      WHEN k = 13 AND h % 83 >= 3 THEN $ended
      ELSE $stepped END AS type,
    'case:' || c AS chain,
    $items[i] AS item,
    TIMESTAMP '2024-01-05 08:00:00' + to_seconds(((h % 62000000) + k * 5400)::BIGINT) AS occurred,
    $departments[i] AS organisation,
    'person:' || (h // 7 % greatest($branches // $people, 1)) AS on_behalf_of,
    CASE WHEN k = 13 AND h % 83 >= 3 THEN
      CASE WHEN h % 79 < 5 THEN 'withdrawn' WHEN h % 79 < 11 THEN 'refused' ELSE 'granted' END
    ELSE '' END AS stage
  FROM told
) TO '{place}' ({format})
"""


def events(path: Path, branches: int, seed: int = SEED) -> None:
    """Write the events of so many branches, fourteen each, as CSV or Parquet."""
    shape = "FORMAT parquet" if path.suffix == ".parquet" else "FORMAT csv, HEADER"
    names = {
        "entered": cases.ENTERED,
        "fetched": cases.FACTS_RECEIVED,
        "corrected": cases.CORRECTION_ASKED,
        "accepted": cases.ACCEPTED,
        "handed": cases.HANDED,
        "ended": cases.ENDED,
        "stepped": cases.STEPPED,
    }
    with duckdb.connect() as database:
        database.execute("SET preserve_insertion_order = false")
        database.execute(
            _EVENTS.format(place=str(path).replace("'", "''"), format=shape),
            {
                **names,
                "branches": branches,
                "seed": seed,
                "people": _PEOPLE,
                "items": [item for item, _ in ITEMS],
                "departments": [department for _, department in ITEMS],
            },
        )


def write(folder: Path, branches: int, seed: int = SEED) -> dict[str, Path]:
    """Write every kind of file into ``folder``; give their paths by name."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = Random(seed)  # noqa: S311 - invented data, nothing secret
    tables: dict[str, tuple[Sequence[str], Iterable[Sequence[object]]]] = {
        "ledger": (
            ("年度", "成本类别", "部门", "部门代码", "事项", "性质", "金额", "单位", "使用年限"),
            _ledger(chance, branches),
        ),
        "project": (("年度", "类别", "名称", "金额", "单位"), _project()),
        "cloud": (("年度", "类别", "方案", "金额", "单位"), _cloud()),
        "systems": (("系统", "部门", "核数", "平均利用率", "峰值利用率", "依赖"), _systems(chance)),
        "governance": (("项目", "投入", "收益", "单位"), _governance(chance)),
        "loads": (("部门", "时段", "负荷"), _loads(chance)),
        "projects": (("项目", "部门", "年度", "金额", "单位", "组件"), _projects()),
    }
    paths = {}
    for name, (heads, rows) in tables.items():
        paths[name] = folder / f"{name}.csv"
        with paths[name].open("w", encoding="utf-8-sig", newline="") as opened:
            csv.writer(opened).writerows([heads, *rows])
    paths["events"] = folder / "events.csv"
    events(paths["events"], branches, seed)
    return paths


def _departments() -> list[str]:
    return list(dict.fromkeys(department for _, department in ITEMS))


def _ledger(chance: Random, branches: int) -> Iterable[Sequence[object]]:
    scale = branches / 20_000
    for year in (2024, 2025):
        for tower, kind, yuan, life in (
            ("云资源", "经常性", 46_000, ""),
            ("网络", "经常性", 12_000, ""),
            ("软件", "资本性", 90_000, 5),
            ("安全", "经常性", 15_000, ""),
        ):
            drift = 1 if year == 2024 else 0.9
            yield year, tower, "", "", "", kind, f"{yuan * scale * drift:.2f}", "元", life
        for n, department in enumerate(_departments()):
            # one department is renamed half way, under the same code
            name = "人力资源局" if year == 2024 and "人力资源" in department else department
            amount = chance.randint(70, 160) * scale / 100
            yield year, "人工", name, f"D{n + 1:02}", "", "经常性", f"{amount:.4f}", "万元", ""
    yield (
        2025,
        "数据",
        "医疗保障局",
        "",
        "medical-insurance",
        "经常性",
        f"{3000 * scale:.2f}",
        "元",
        "",
    )


def _project() -> Iterable[Sequence[object]]:
    yield 2025, "建设投入", "平台", 3200, "万元"
    yield 2026, "建设投入", "迁移", 800, "万元"
    for year in range(2026, 2031):
        yield year, "运行费", "运维", 420, "万元"
        yield year, "直接收益", "节约窗口与纸张", 900 + 180 * (year - 2026), "万元"
        yield year, "社会收益", "群众节约时间", 2600, "万元"


def _cloud() -> Iterable[Sequence[object]]:
    outlay = {"硬件": 32, "平台软件": 18, "安全": 21, "迁移开发": 15, "组织培训": 14}
    for name, share in outlay.items():
        yield 2024, name, "国产", share * (1130 if name == "硬件" else 1000), "元"
        yield 2024, name, "进口", share * 1000, "元"
    for year in range(2025, 2030):
        yield year, "运行费", "国产", 29_000, "元"
        yield year, "运行费", "进口", 30_500, "元"


def _systems(chance: Random) -> Iterable[Sequence[object]]:
    names = ("统一身份", "电子证照", "数据交换", "办件受理", "短信服务", "档案管理", "一窗综窗")
    needs = ("", "统一身份", "统一身份", "统一身份;数据交换", "", "办件受理", "办件受理;短信服务")
    for name, need in zip(names, needs, strict=True):
        mean = chance.randint(8, 45) / 100
        yield name, "大数据局", chance.choice((8, 16, 32, 64)), mean, min(mean * 2, 0.95), need


def _governance(chance: Random) -> Iterable[Sequence[object]]:
    for name in ("人口库校核", "法人库校核", "证照归集", "地址标准化", "目录补全"):
        cost = chance.randint(20, 90)
        yield name, cost, cost * chance.randint(12, 60) / 10, "万元"


def _loads(chance: Random) -> Iterable[Sequence[object]]:
    for n, department in enumerate(_departments()):
        for hour in range(24):
            busy = 6 + n * 2 <= hour <= 13 + n * 2
            yield (
                department,
                f"{hour:02}:00",
                chance.randint(40, 90) if busy else chance.randint(1, 9),
            )


def _projects() -> Iterable[Sequence[object]]:
    yield "企业登记身份核验系统", "市场监督管理局", 2023, 120, "万元", "人脸识别;短信"
    yield "参保登记身份核验平台", "医疗保障局", 2024, 135, "万元", "人脸识别"
    yield "电子档案管理系统", "公安局", 2022, 88, "万元", "全文检索"
    yield "电子档案管理平台（二期）", "民政局", 2024, 76, "万元", "全文检索;短信"
    yield "道路照明改造", "住房和城乡建设局", 2024, 410, "万元", ""
