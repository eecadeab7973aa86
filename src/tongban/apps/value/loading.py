"""From tables to the domain's rows 取数: each kind of file with its columns and its own checks."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from .domain import doubts
from .domain.appraisal import KINDS, Line
from .domain.cloud import CLASSES, OFFERS, Spend, System
from .domain.costing import Cost
from .domain.gate import LIMITS, Claim, beyond_limits
from .domain.overlap import Project
from .errors import Fault, TableInvalid
from .reading import Column, missing_years, read

_YEAR = Column("year", "年度", "year")
_AMOUNT = Column("amount", "金额", "money")
_DEPARTMENT = Column("department", "部门")


def _words(zh: Sequence[str], en: Sequence[str]) -> dict[str, str]:
    return dict(zip([*zh, *en], [*en, *en], strict=True))


_KIND = _words(("资本性", "经常性"), ("capital", "running"))
LEDGER = (
    _YEAR,
    Column("tower", "成本类别"),
    Column("department", "部门", needed=False),
    Column("department_code", "部门代码", needed=False),
    Column("service", "事项", needed=False),
    Column("kind", "性质", values=_KIND),
    _AMOUNT,
    Column("life", "使用年限", "whole", needed=False),
)
_LINES = _words(("建设投入", "运行费", "直接收益", "社会收益"), KINDS)
PROJECT = (
    _YEAR,
    Column("kind", "类别", values=_LINES),
    Column("name", "名称", needed=False),
    _AMOUNT,
)
_SORTS = _words(
    ("硬件", "平台软件", "安全", "迁移开发", "组织培训", "运行费"), (*CLASSES, "running")
)
_OFFERS = _words([offer.zh for offer in OFFERS.values()], tuple(OFFERS))
CLOUD = (
    _YEAR,
    Column("class", "类别", values=_SORTS),
    Column("offer", "方案", needed=False, values=_OFFERS),
    _AMOUNT,
)
SYSTEMS = (
    Column("system", "系统"),
    _DEPARTMENT,
    Column("vcpu", "核数", "whole"),
    Column("mean", "平均利用率", "share"),
    Column("peak", "峰值利用率", "share"),
    Column("needs", "依赖", needed=False),
)
GOVERNANCE = (
    Column("project", "项目"),
    Column("cost", "投入", "money"),
    Column("gain", "收益", "money"),
)
LOADS = (_DEPARTMENT, Column("period", "时段"), Column("load", "负荷", "whole"))
PROJECTS = (
    Column("name", "项目"),
    _DEPARTMENT,
    _YEAR,
    _AMOUNT,
    Column("components", "组件", needed=False),
)
CLAIMS = (
    Column("name", "名称", needed=False),
    Column("years", "年数", "whole"),
    Column("irr", "内部收益率", "signed", needed=False),
    Column("npv", "净现值倍数", "signed", needed=False),
    Column("rate", "折现率", "signed", needed=False),
    Column("payback", "回收期", "signed", needed=False),
)


def ledger(path: Path, life: int) -> tuple[tuple[Cost, ...], tuple[Fault, ...], str]:
    """Read a ledger 成本台账: its rows, what a person should look at, and its source.

    A department whose code goes on under another name is one department, by its last name, and
    flagged. What else may be wrong is flagged and left as it is (`doubts`).
    """
    table = read(path, LEDGER, ("year", "tower", "department", "service", "kind"))
    missing_years(path.name, [row["year"] for row in table.rows])
    faults = [
        Fault(name, path.name, row["row"], column, zh, en)
        for row in table.rows
        for name, column, wrong, zh, en in (
            (
                "Negative",
                "amount",
                row["amount"] < 0,
                "金额为负；冲销请改原行",
                "is negative; correct the row it reverses",
            ),
            (
                "LifeMissing",
                "life",
                row["life"] == 0,
                "使用年限至少 1 年",
                "capital lives a year at least",
            ),
        )
        if wrong
    ]
    if faults:
        raise TableInvalid(faults)
    names, flags = _renamed(path.name, table.rows)
    rows = tuple(
        Cost(
            row["row"],
            row["year"],
            row["tower"],
            names.get(row["department_code"], row["department"]),
            row["service"],
            row["kind"],
            row["amount"],
            row["life"] or life,
            row["kind"] == "capital" and not row["life"],
        )
        for row in table.rows
    )
    return rows, (*flags, *doubts.found(path.name, rows)), table.source


def _renamed(
    file: str, rows: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, str], tuple[Fault, ...]]:
    by_code: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row["year"], row["row"])):
        if row["department_code"]:
            by_code[row["department_code"]].append(row)
    names = {code: having[-1]["department"] for code, having in by_code.items()}
    flags = tuple(
        Fault(
            "DepartmentRenamed",
            file,
            row["row"],
            "department",
            f"“{row['department']}”按代码 {code} 归入“{names[code]}”",
            f"{row['department']} counts as {names[code]}, by code {code}",
        )
        for code, having in by_code.items()
        for row in having
        if row["department"] != names[code]
    )
    return names, flags


def project(path: Path) -> tuple[tuple[Line, ...], str]:
    """Read the lines of an investment; amounts are never negative, the kind says the direction."""
    table = read(path, PROJECT, ("year", "kind", "name"))
    missing_years(path.name, [row["year"] for row in table.rows])
    _not_negative(path.name, table.rows, "amount")
    return tuple(Line(r["year"], r["kind"], r["amount"]) for r in table.rows), table.source


def cloud(path: Path) -> tuple[tuple[Spend, ...], str]:
    """Read the costs of a cloud; a year that one offer lacks is a fault, not a nil."""
    table = read(path, CLOUD, ("year", "class", "offer"))
    missing_years(path.name, [row["year"] for row in table.rows])
    _not_negative(path.name, table.rows, "amount")
    rows = tuple(Spend(r["year"], r["class"], r["offer"], r["amount"]) for r in table.rows)
    _offers_lack(path.name, rows)
    return rows, table.source


def _offers_lack(file: str, spent: Sequence[Spend]) -> None:
    # offers are compared year by year: what one of them lacks would count as money saved
    years: defaultdict[str, set[int]] = defaultdict(set)
    for one in spent:
        if one.offer:
            years[one.offer].add(one.year)
    last = max(map(max, years.values()), default=0)
    faults = [
        Fault(
            "YearMissing",
            file,
            0,
            "year",
            f"方案“{OFFERS[name].zh}”缺少 {year} 年；没有支出也请写一行 0",
            f"the offer {name} lacks {year}; where nothing is paid write a row with 0",
        )
        for name, there in years.items()
        for year in range(min(there), last + 1)
        if year not in there
    ]
    if faults:
        raise TableInvalid(faults)


def systems(path: Path) -> tuple[tuple[System, ...], str]:
    """Read the systems of a cloud; needs are parted by ``;``."""
    table = read(path, SYSTEMS, ("system",))
    faults = [
        Fault(
            "PeakBelowMean",
            path.name,
            row["row"],
            "peak",
            "峰值低于平均值；两列可能颠倒",
            "is below the mean; are the columns swapped?",
        )
        for row in table.rows
        if row["peak"] < row["mean"]
    ]
    if faults:
        raise TableInvalid(faults)
    rows = tuple(
        System(r["system"], r["department"], r["vcpu"], r["mean"], r["peak"], _parts(r["needs"]))
        for r in table.rows
    )
    return rows, table.source


def governance(path: Path) -> tuple[dict[str, int], dict[str, int], str]:
    """Read what data governance gained and cost, by project, in fen."""
    table = read(path, GOVERNANCE, ("project",))
    for name in ("cost", "gain"):
        _not_negative(path.name, table.rows, name)
    gains, costs = ({r["project"]: r[name] for r in table.rows} for name in ("gain", "cost"))
    return gains, costs, table.source


def loads(path: Path) -> tuple[tuple[str, ...], list[list[int]], str]:
    """Read loads as departments × periods; a period that is lacking is a fault, not a nil."""
    table = read(path, LOADS, ("department", "period"))
    names = tuple(dict.fromkeys(row["department"] for row in table.rows))
    periods = tuple(dict.fromkeys(row["period"] for row in table.rows))
    there = {(row["department"], row["period"]): row["load"] for row in table.rows}
    faults = [
        Fault(
            "PeriodMissing",
            path.name,
            0,
            "load",
            f"“{name}”缺少时段 {period}；没有负荷请写 0",
            f"{name} lacks the period {period}; write 0 where there was no load",
        )
        for name in names
        for period in periods
        if (name, period) not in there
    ]
    if not any(there.values()):
        faults.append(Fault("NoLoad", path.name, 0, "load", "全部负荷为 0", "every load is 0"))
    if faults:
        raise TableInvalid(faults)
    return names, [[there[name, period] for period in periods] for name in names], table.source


def projects(path: Path) -> tuple[tuple[Project, ...], str]:
    """Read a list of projects; components are parted by ``;``."""
    table = read(path, PROJECTS, ("name", "department", "year"))
    _not_negative(path.name, table.rows, "amount")
    rows = tuple(
        Project(
            r["row"], r["name"], r["department"], r["year"], r["amount"], _parts(r["components"])
        )
        for r in table.rows
    )
    return rows, table.source


def claims(path: Path) -> tuple[list[tuple[str, Claim]], str]:
    """Read what is quoted of investments, one a row, each with its name."""
    table = read(path, CLAIMS)
    found, faults = [], []
    for row in table.rows:
        claim = Claim(row["years"], row["irr"], row["npv"], row["rate"], row["payback"])
        found.append((row["name"] or f"{path.name}:{row['row']}", claim))
        faults += [
            Fault("OutOfRange", path.name, row["row"], name, *_limits(name))
            for name in beyond_limits(claim)
        ]
        if claim.irr is None and claim.npv is None and claim.payback is None:
            zh, en = "没有可检验的数字", "nothing is quoted that could be checked"
            faults.append(Fault("CellEmpty", path.name, row["row"], "irr,npv,payback", zh, en))
    if faults:
        raise TableInvalid(faults)
    return found, table.source


def _limits(name: str) -> tuple[str, str]:
    low, high = LIMITS[name]
    return (
        f"须大于 {low}，至多 {high}；百分数请除以 100",
        f"is above {low} and at most {high}; divide a percentage by 100",
    )


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.replace("；", ";").split(";") if part.strip())


def _not_negative(file: str, rows: Sequence[Mapping[str, Any]], column: str) -> None:
    faults = [
        Fault(
            "Negative",
            file,
            row["row"],
            column,
            f"{Decimal(row[column]) / 100} 元为负；方向由类别表示",
            "is negative; the kind says which way the money goes",
        )
        for row in rows
        if row[column] < 0
    ]
    if faults:
        raise TableInvalid(faults)
