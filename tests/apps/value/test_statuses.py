"""How the figures of a report are known: what an assumption moves is never called measured."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from tongban.apps.value import building, parameters, platform
from tongban.apps.value.cli import TYPED
from tongban.apps.value.domain.gate import Claim
from tongban.apps.value.report import gating
from tongban.infra.reports.files import to_json
from tongban.infra.reports.model import Place, Report, Source, shown
from tongban.kernel.figures import source_of

DAY = date(2026, 11, 26)
SAID = Source(TYPED, DAY, "quoted")
_HEAD = "type,chain,item,occurred,organisation,on_behalf_of,stage,done_by"
_TYPE = "tongban.cases"
# x… are the names that stand in the data; nothing else in them is a word
FILES = {
    "ledger": """year,tower,department,service,kind,amount,unit,life
2025,网络,,,running,100,yuan,
2025,云资源,,,running,110,yuan,
2025,软件,,,capital,900,yuan,
2025,安全,,,running,120,yuan,
2025,人工,,,running,130,yuan,
2025,数据,,,running,140,yuan,
2025,人工,xgone,,running,7,yuan,
""",
    "project": """year,kind,amount,unit
2025,outlay,4000,yuan
2026,running,420,yuan
2026,direct,900,yuan
2026,social,2600,yuan
2027,running,420,yuan
2027,direct,7800,yuan
2027,social,2600,yuan
""",
    "cloud": """year,class,offer,amount,unit
2024,hardware,domestic,130,yuan
2024,hardware,imported,100,yuan
2025,running,domestic,10,yuan
2025,running,imported,52,yuan
2024,platform,,5,yuan
""",
    "systems": """system,department,vcpu,mean,peak,needs
xa,xone,14,0.2,0.35,
xb,xone,6,0.2,0.63,xa
""",
    "governance": "project,cost,gain,unit\nxa,1,2,yuan\nxb,1,3,yuan\nxc,2,9,yuan\n",
    "loads": "department,period,load\n" + "".join(f"x{n},xh,{n + 1}\n" for n in range(14)),
    "projects": """name,department,year,amount,unit,components
xabcd系统,xone,2021,30,yuan,xsms
xabcd平台建设,xtwo,2024,20,yuan,xsms
xabcdefg,xtwo,2024,10,yuan,
xabcd一期二期市级,xone,2025,5,yuan,
xabcd项目信息化升级改造,xone,2025,5,yuan,
""",
}


def _events() -> Iterator[str]:
    """Give branches that differ in all that a driver may count."""

    def told(kind: str, case: int, day: int, who: str, stage: str = "", by: str = "") -> str:
        item, home = ("xa", "xone") if case % 3 else ("xb", "xtwo")
        return (
            f"{_TYPE}.{kind},c{case},{item},2025-{1 + day // 28:02}-{1 + day % 28:02},{home},"
            f"{who},{stage},{by}"
        )

    yield _HEAD
    for case in range(24):
        who = f"p{case % 9}"
        yield told("entered.v1", case, case, who)
        if case % 4:
            yield told("facts_received.v1", case, case + 1, who)
        if case % 5 == 0:
            yield told("correction_asked.v1", case, case + 2, who)
        if case % 7 < 2:
            yield told("stepped.v1", case, case + 3, who, by="person")
        if case % 8:
            stage = "withdrawn" if case % 11 == 1 else "granted"
            # the same person asks again, after nine days or so
            yield told("ended.v1", case, case + 4, who, stage)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("statuses")
    texts = FILES | {"events": "\n".join(_events())}
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.csv" for name in texts}


def assuming(files: dict[str, Path], known: parameters.Parameters) -> dict[str, Report]:
    """Build every report of value that assumes anything."""
    more = {name: files[name] for name in ("systems", "governance")}
    return {
        "platform": building.of_costs(
            files["ledger"],
            files["events"],
            known,
            DAY,
            users=SAID.of(3, "person"),
            satisfaction=SAID.share(Decimal("0.9")),
            trail=platform.TRAIL,
        ),
        "appraise": building.of_appraisal(files["project"], known, DAY, paths=100, seed=1),
        "cloud": building.of_cloud(files["cloud"], known, DAY, **more),
        "duplicates": building.of_projects(files["projects"], known, DAY),
    }


def _leaves(told: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    pairs = told.items() if isinstance(told, dict) else enumerate(told)
    for key, value in pairs:
        deeper = isinstance(value, dict | list)
        yield from _leaves(value, (*path, key)) if deeper else [(*path, key)]


def _changed(told: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    """Give the parameters with one of them changed to another that they may be."""
    new = deepcopy(told)
    at: Any = new
    for key in path[:-1]:
        at = at[key]
    key, old = path[-1], at[path[-1]]
    match path:
        case ("costing", "drivers", _):
            at[key] = "human" if old == "events" else "events"
        case ("cloud", "ours" | "theirs"):
            # two offers are compared: to change one is to exchange them
            at["ours"], at["theirs"] = at["theirs"], at["ours"]
        case ("overlap", "common", _):
            at[key] = "nothing"
        case ("overlap", "within_years"):
            at[key] = 1
        case ("costing", "repeat_within_days"):
            at[key] = 3
        case ("appraisal", "ranges", _, 0):
            at[key] = str((Decimal(old) + Decimal(at[1])) / 2)
        case ("appraisal", "ranges", _, place):
            at[key] = str((Decimal(old) + Decimal(at[2])) / 2 + (place - 1))
        case _:
            at[key] = str(Decimal(old) / 2) if isinstance(old, str) else old + 1
    return new


TOLD = yaml.safe_load(parameters.SHIPPED.read_text(encoding="utf-8"))
ASSUMED = [path for path in _leaves(TOLD) if path[0] not in ("version", "sources")]
ASSUMED = [path for path in ASSUMED if path[:2] != ("appraisal", "correlations") or path[3] == 2]


def _figures(report: Report, kept: Callable[[Place], bool]) -> Counter[tuple[object, ...]]:
    return Counter(
        (*(shown(cell, "en") for cell in (one.section, one.row, one.column)), one.figure.value)
        for one in report.places()
        if kept(one)
    )


def _is_measured(place: Place) -> bool:
    return place.figure.status == "measured"


@pytest.fixture(scope="module")
def before(files: dict[str, Path]) -> dict[str, Report]:
    known = parameters.load()
    return assuming(files, known) | {
        "costs": building.of_costs(files["ledger"], files["events"], known, DAY),
        "share": building.of_shares(files["loads"], 1000, 10, SAID, seed=1),
        "gate": gating.report([("", Claim(5, Decimal("0.186"), Decimal("2.3")))], TYPED, DAY)[0],
    }


def test_what_an_assumption_moves_is_not_measured(
    files: dict[str, Path], before: dict[str, Report], tmp_path: Path
) -> None:
    own, idle = tmp_path / "own.yaml", []
    for path in ASSUMED:
        own.write_text(yaml.safe_dump(_changed(TOLD, path), allow_unicode=True), encoding="utf-8")
        moved = 0
        for name, after in assuming(files, parameters.load(own)).items():
            one, other = (_figures(report, _is_measured) for report in (before[name], after))
            assert one == other, (path, name, one - other, other - one)
            every = [_figures(report, lambda _: True) for report in (before[name], after)]
            moved += every[0] != every[1]
        if not moved:
            idle.append(path)
    # each of them is there for something: no walk past what is never used
    assert idle == []


def test_there_are_measured_figures(before: dict[str, Report]) -> None:
    measured = {name: sum(_figures(one, _is_measured).values()) for name, one in before.items()}
    assert {name for name, count in measured.items() if not count} == {"appraise", "share", "gate"}


_TYPED_AS_IT_IS = re.compile(r"\S+(?: [\d-]+)? sha256:\w+|--[a-z]+|\b[xp]\w*|\{\d\}|#\d+")
#: Short names that Chinese readers use as they are.
_SAME = {"CPS", "UVD", "NPV", "IRR", "MIRR", "SROI", "sha", "csv"}


def _words(told: Any) -> Iterator[tuple[str, str]]:
    if isinstance(told, dict):
        if set(told) >= {"zh", "en"}:
            yield told["zh"], told["en"]
        if isinstance(told.get("source"), str):
            yield told["source"], told["source"]
    for one in told.values() if isinstance(told, dict) else told if isinstance(told, list) else ():
        yield from _words(one)


@pytest.mark.parametrize(
    "name", ["costs", "platform", "appraise", "cloud", "share", "duplicates", "gate"]
)
def test_a_report_keeps_to_its_language(before: dict[str, Report], name: str) -> None:
    names = "|".join(["网络", "云资源", "软件", "安全", "人工", "数据", *TOLD["overlap"]["common"]])
    for zh, en in _words(json.loads(to_json(before[name]))):
        told, written = (_TYPED_AS_IT_IS.sub("", text) for text in (zh, re.sub(names, "", en)))
        assert not set(re.findall(r"[A-Za-z]{3,}", told)) - _SAME, zh
        assert not re.search(r"[\u3000-\u9fff\uff00-\uffef]", written), en


def test_sources_add_up_in_both_languages(before: dict[str, Report]) -> None:
    (density,) = (
        place.figure
        for place in before["platform"].places()
        if shown(place.row, "en") == "user value density UVD"
    )
    assert density.status == "assumed"
    for lang, parts in {
        "zh": (platform.TRAIL.zh, "parameters.yaml", "报告未给出权重", TYPED.zh),
        "en": (platform.TRAIL.en, "parameters.yaml", "the report gives no weights", TYPED.en),
    }.items():
        source = source_of(density.source, lang)
        assert [source.count(part) for part in parts] == [1] * len(parts), source
