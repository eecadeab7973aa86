"""Names of provinces and cities as people say them (杭州, not 杭州市)."""

from collections.abc import Iterator
from functools import cache

from tongban.infra import clock, regions


@cache
def cities() -> tuple[tuple[str, str], ...]:
    """Give the short name of every province and city of today with its code, longest first."""
    found = dict(_divisions())
    return tuple(sorted(found.items(), key=lambda one: (-len(one[0]), one[0])))


def _divisions() -> Iterator[tuple[str, str]]:
    here = regions.places(clock.today())
    for province in here.below(""):
        yield _short(province.name), province.code
        for city in here.below(province.code):
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
