"""Looking through the list of services: by filters, and by what somebody calls a thing.

The ask box's index finds names however they are written: pinyin, a wrong character, a typing error.
"""

from collections.abc import Collection
from dataclasses import dataclass

from tongban.apps.items.queries import definitions, indexing, listing
from tongban.apps.items.queries.asking import GATE, LONGEST
from tongban.apps.items.queries.listing import MOST, Filters, ServiceRow


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list; ``total`` counts all that was found.

    ``reading``: the index is still being built, so that nothing can be found by name.
    """

    rows: tuple[ServiceRow, ...]
    total: int
    page: int
    size: int
    reading: bool = False


def services(
    *,
    of: str = "",
    theme: str = "",
    department: str = "",
    region: str = "",
    audience: str = "",
    life_event: str = "",
    named: str = "",
    called: Collection[str] = (),
    page: int = 1,
    size: int = 20,
) -> Page:
    """List what is offered, life events first, then by theme and name; filters are exact.

    ``region`` is a division code: what is offered there, by itself or a division around it. Where
    something is ``named``, only what is called so, best first: services whose names hold as much
    of it as the ask box needs to be sure. Of very many that are called alike, the best thousand.
    Services that are ``called`` so in a further language, by their slugs, come before them.
    """
    filters = Filters(of, theme, department, region, audience, life_event)
    here = definitions.state()
    fit = _named(named[:LONGEST], filters) if named else listing.fitting(here, filters)
    if fit is None:
        return Page((), 0, page, size, reading=True)
    if named and called:
        first = [row for row in listing.fitting(here, filters) if row.slug in called]
        fit = (*first, *(row for row in fit if row.slug not in called))
    start = (page - 1) * size
    return Page(fit[start : start + min(size, MOST)], len(fit), page, size)


def _named(named: str, filters: Filters) -> tuple[ServiceRow, ...] | None:
    """Give what is called so; not kept, as what is typed is of endless variety."""
    built = indexing.now()
    if built is None:
        return None
    rows = built.rows
    found = built.box.find(named, GATE.sure, lambda number: filters.fit(rows[number]))
    return tuple(rows[one.service] for one in found)
