"""Reads the divisions of the region packs into `tongban.kernel.regions`, once a process.

The list ships compressed in the base pack. Nothing is fetched here.
"""

import csv
import gzip
import io
from datetime import date
from functools import cache
from pathlib import Path

from tongban.infra.packs import shipped_packs
from tongban.kernel.regions import Division, Places, Regions, RegionsBroken

FILE = "divisions.csv.gz"
_HEADER = ["code", "name", "level", "parent", "valid_from", "valid_to", "successors"]


@cache
def load_regions(pack: Path) -> Regions:
    """Read the divisions of the base pack in the folder `pack`; raises `RegionsBroken`."""
    path = pack / FILE
    try:
        text = gzip.decompress(path.read_bytes()).decode()
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise RegionsBroken(f"{path}: cannot be read ({error}); restore the base pack") from error
    rows = csv.reader(io.StringIO(text))
    if next(rows, None) != _HEADER:
        raise RegionsBroken(f"{path}:1: the header must be {','.join(_HEADER)}")
    return Regions.of(Division.of_row(row) for row in rows)


def places(today: date) -> Places:
    """Give the divisions as they stand today."""
    return Places(load_regions(shipped_packs() / "base"), today.year)
