"""Counting services on a file of events 办件计数: one statement over the whole of it, in DuckDB.

The file has a row an event of the trail: ``type``, ``chain`` (the case), ``item``, ``occurred``,
``organisation``, ``on_behalf_of`` (an opaque person) and ``stage`` (of an end); ``done_by`` may say
``person`` of a step that an official took. CSV or Parquet.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import duckdb

from tongban.apps.cases import events as cases
from tongban.kernel.clocks import SHANGHAI

from .domain.costing import Count
from .errors import Fault, TableInvalid, ValueRefused

COLUMNS = ("type", "chain", "item", "occurred", "organisation", "on_behalf_of", "stage")
BY, PERSON = "done_by", "person"
_MEMORY = "1500MB"

# A branch of a case is (chain, item). Its department is the one that acted last; its year that of
# its end, or of its first event while it is open.
_BRANCHES = """
CREATE TEMP TABLE branch AS
SELECT chain, item,
  any_value(on_behalf_of) FILTER (on_behalf_of <> '') AS person,
  coalesce(arg_max(organisation, moment) FILTER (organisation <> ''), '') AS department,
  arg_max(stage, moment) FILTER (type = $ended) AS stage,
  max(moment) FILTER (type = $ended) AS ended,
  min(moment) AS began,
  count(*) FILTER (type = $ended) AS ends,
  bool_or(type = $handed OR done_by = $person) AS human,
  bool_or(type = $corrected) AS corrected,
  bool_or(type = $fetched) AS fetched,
  count(*) AS events
FROM told WHERE item <> '' GROUP BY chain, item
"""
# Data that came before the branches were begun came for the whole case: the event names no item,
# and counts for each branch.
_WHOLE = """
CREATE TEMP TABLE whole AS SELECT DISTINCT chain FROM told WHERE item = '' AND type = $fetched
"""
_COUNTS = """
WITH judged AS (
  SELECT * REPLACE (fetched OR chain IN (SELECT chain FROM whole) AS fetched),
    stage IN ('granted', 'refused') AS decided,
    stage IN ('granted', 'refused') AND person IS NOT NULL
      AND lead(ended) OVER (
        PARTITION BY person, item, coalesce(stage IN ('granted', 'refused'), false)
        ORDER BY ended, chain
      ) <= ended + to_days($within) AS repeated
  FROM branch
)
SELECT year(coalesce(ended, began))::INTEGER AS year, department, item,
  count(*), count(*) FILTER (stage IS NULL), count(*) FILTER (NOT decided),
  count(*) FILTER (repeated), count(*) FILTER (decided AND NOT coalesce(repeated, false)),
  sum(greatest(ends - 1, 0)), count(*) FILTER (decided AND person IS NULL),
  count(*) FILTER (decided AND human), count(*) FILTER (decided AND corrected),
  count(*) FILTER (fetched), sum(events)
FROM judged GROUP BY ALL ORDER BY ALL
"""
_JOINED = """
SELECT year, count(*) FILTER (departments > 1), count(*) FROM (
  SELECT chain, year(min(began))::INTEGER AS year,
    count(DISTINCT department) FILTER (department <> '') AS departments
  FROM branch GROUP BY chain
) GROUP BY year
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """Counts by year, department and service; ``joined``: by year (cases of several, cases)."""

    counts: tuple[Count, ...]
    joined: dict[int, tuple[int, int]]
    events: int


def count(path: Path, within: int) -> Counted:
    """Count the services of a file; a decision again ``within`` days is a repeat.

    Raise ValueRefused for a file that cannot be read, TableInvalid for its columns or times.
    """
    if path.suffix.lower() not in (".csv", ".parquet") or not path.is_file():
        raise ValueRefused(
            f"{path} 不是 CSV 或 Parquet 文件", f"{path} is not a CSV or Parquet file"
        )
    with tempfile.TemporaryDirectory() as spill, duckdb.connect() as database:
        database.execute(f"SET memory_limit = '{_MEMORY}'")
        database.execute(f"SET TimeZone = '{SHANGHAI.key}'")
        database.execute("SET preserve_insertion_order = false")
        database.execute("SET temp_directory = $spill", {"spill": spill})
        try:
            return _counted(database, path, within)
        except duckdb.Error as error:
            raise ValueRefused(
                f"{path.name} 无法读取：请检查格式", f"{path.name} cannot be read: {error}"
            ) from error


def _counted(database: duckdb.DuckDBPyConnection, path: Path, within: int) -> Counted:
    parquet = path.suffix.lower() == ".parquet"
    # a view takes no parameter, and a path is not SQL: the quote is doubled
    place = "'" + str(path).replace("'", "''") + "'"
    source = f"read_parquet({place})" if parquet else f"read_csv({place}, all_varchar = true)"
    described = database.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608
    there = {row[0]: row[1] for row in described}
    if lacking := [name for name in COLUMNS if name not in there]:
        raise TableInvalid(
            [
                Fault("ColumnMissing", path.name, 1, n, f"缺少列 {n}", f"the column {n} is missing")
                for n in lacking
            ]
        )
    texts = ", ".join(f"coalesce({name}, '') AS {name}" for name in COLUMNS if name != "occurred")
    texts += f", coalesce({BY}, '') AS {BY}" if BY in there else f", '' AS {BY}"
    # a time with an offset is brought to the wall clock here: the turn of the year is at midnight
    time = "TRY_CAST(occurred AS TIMESTAMPTZ)::TIMESTAMP"
    if str(there["occurred"]).startswith("TIMESTAMP") and "ZONE" not in str(there["occurred"]):
        time = "occurred"
    view = f"CREATE TEMP VIEW told AS SELECT {texts}, {time} AS moment FROM {source}"  # noqa: S608
    database.execute(view)
    names = {
        "ended": cases.ENDED,
        "handed": cases.HANDED,
        "corrected": cases.CORRECTION_ASKED,
        "fetched": cases.FACTS_RECEIVED,
        "person": PERSON,
    }
    database.execute(_BRANCHES, names)
    database.execute(_WHOLE, {"fetched": cases.FACTS_RECEIVED})
    _check(database, path)
    rows = database.execute(_COUNTS, {"within": within}).fetchall()
    joined = {row[0]: (row[1], row[2]) for row in database.execute(_JOINED).fetchall()}
    total = database.execute("SELECT coalesce(sum(events), 0)::BIGINT FROM branch").fetchall()
    return Counted(tuple(Count(*row[:3], *map(int, row[3:])) for row in rows), joined, total[0][0])


def _check(database: duckdb.DuckDBPyConnection, path: Path) -> None:
    # an unreadable time would drop out of every minimum and maximum without a word
    bad = database.execute("SELECT chain, item FROM told WHERE moment IS NULL LIMIT 20").fetchall()
    stages = database.execute(
        "SELECT chain, item, stage FROM branch WHERE ended IS NOT NULL AND stage NOT IN "
        "('granted', 'refused', 'withdrawn', 'impossible', 'not_applicable') LIMIT 20"
    ).fetchall()
    faults = [
        Fault(
            "TimeUnreadable",
            path.name,
            0,
            "occurred",
            f"{c} {i}：时间无法读取；写成 2026-11-26 09:30:00",
            f"{c} {i}: the time cannot be read; write 2026-11-26 09:30:00",
        )
        for c, i in bad
    ]
    faults += [
        Fault(
            "StageUnknown",
            path.name,
            0,
            "stage",
            f"{c} {i}：“{s}”不是办结状态",
            f"{c} {i}: {s!r} is no stage of an end",
        )
        for c, i, s in stages
    ]
    if faults:
        raise TableInvalid(faults)
