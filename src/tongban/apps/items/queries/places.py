"""Names of divisions: what people call a place, and what stands beside its code."""

from collections.abc import Iterator
from functools import cache

from tongban.infra import clock
from tongban.infra.packs import shipped_packs
from tongban.infra.regions import load_regions
from tongban.kernel.regions import Regions


def place(code: str) -> str:
    """Give the name of a division of today from its province down; empty where there is none."""
    return "".join(_regions().path(code, clock.today().year))


@cache
def cities() -> tuple[tuple[str, str], ...]:
    """Give the short name of every province and city of today with its code, longest first."""
    found = dict(_divisions())
    return tuple(sorted(found.items(), key=lambda one: (-len(one[0]), one[0])))


def _divisions() -> Iterator[tuple[str, str]]:
    regions = _regions()
    year = clock.today().year
    for province in regions.children("", year):
        yield _short(province.name), province.code
        for city in regions.children(province.code, year):
            if city.level == 2:
                yield _short(city.name), city.code


def _short(name: str) -> str:
    for ending in (
        "特别行政区",
        "壮族自治区",
        "回族自治区",
        "维吾尔自治区",
        "自治区",
        "地区",
        "省",
        "市",
        "盟",
    ):
        if name.endswith(ending) and len(name) - len(ending) >= 2:
            return name.removesuffix(ending)
    return name


def _regions() -> Regions:
    return load_regions(shipped_packs() / "base")
