"""From files to reports 生成报告: what the commands and the benchmark call."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from tongban.infra.reports.model import Report, Source
from tongban.kernel.facts import Words
from tongban.kernel.figures import Figure

from . import counting, loading
from .domain import appraisal, chance, cloud, costing, overlap, sharing
from .errors import ValueRefused
from .parameters import Parameters
from .reading import digest
from .report import appraising, costs, gating, others, overlapping


def of_costs(
    ledger: Path,
    events: Path,
    parameters: Parameters,
    as_of: date,
    *,
    year: int | None = None,
    users: Figure | None = None,
    satisfaction: Figure | None = None,
    trail: Words | None = None,
) -> Report:
    """Build the report of unit costs for ``year``, by default the last that both share.

    ``trail`` names the source of the events where it is not their file. Raise ValueRefused.
    """
    rows, flags, books = loading.ledger(ledger, parameters.life)
    counted = counting.count(events, parameters.within)
    shared = sorted({row.year for row in rows} & {c.year for c in counted.counts})
    if not shared or (year is not None and year not in shared):
        raise ValueRefused(
            f"台账与办件没有共同的年度{'' if year is None else f' {year}'}；共同年度：{shared}",
            f"ledger and events do not share the year{'s' if year is None else f' {year}'}; "
            f"shared: {shared}",
        )
    year = shared[-1] if year is None else year
    costed = {y: costing.cost(rows, counted.counts, y, parameters.drivers) for y in shared}
    now = [c for c in counted.counts if c.year == year]
    parts = costing.use(now)
    density = None
    if users is not None and satisfaction is not None:
        density = costing.uvd(
            parts,
            parameters.weights,
            Decimal(satisfaction.value) / 100,
            costed[year].effective,
            int(users.value),
            12,
            parameters.reference,
        )
    facts = costs.Facts(
        costed=costed[year],
        ledger=rows,
        counts=counted.counts,
        before=[costed[y] for y in shared if y < year],
        use=parts,
        dimensions=costing.dimensions(costed[year], rows, counted.counts, *counted.joined[year]),
        uvd=density,
        satisfaction=satisfaction,
        users=users,
        flags=flags,
        sources=(books, trail or digest(events)),
    )
    return costs.report(facts, parameters, as_of)


def of_appraisal(
    path: Path, parameters: Parameters, as_of: date, *, paths: int, seed: int
) -> Report:
    """Build the report of an investment. Raise ValueRefused."""
    lines, source = loading.project(path)
    found = appraisal.project(lines)
    result = appraisal.appraise(found, parameters.terms)
    spread = chance.simulate(found, parameters.terms, paths, seed)
    return appraising.report(found, result, spread, parameters, source, as_of)


def of_cloud(
    path: Path,
    parameters: Parameters,
    as_of: date,
    *,
    systems: Path | None = None,
    governance: Path | None = None,
) -> Report:
    """Build the report of a government cloud. Raise ValueRefused."""
    spent, source = loading.cloud(path)
    sources = {"costs": source}
    listed: Sequence[cloud.System] = ()
    returns = None
    if systems is not None:
        listed, sources["systems"] = loading.systems(systems)
    if governance is not None:
        gains, costs_, sources["governance"] = loading.governance(governance)
        returns = (gains, costs_, chance.ratio_interval(gains, costs_))
    return others.of_cloud(spent, listed, returns, parameters, sources, as_of)


def of_shares(path: Path, total: int, fixed: int, said: Source, *, seed: int) -> Report:
    """Build the report of a bill of ``total`` fen that ``said`` tells. Raise ValueRefused."""
    if not 0 <= fixed <= total:
        raise ValueRefused("固定部分须在 0 与总额之间", "the fixed part is from 0 to the total")
    names, loads, source = loading.loads(path)
    shares = sharing.share(names, loads, total, fixed, seed=seed)
    return others.of_shares(shares, total, said, source, said.as_of)


def of_projects(path: Path, parameters: Parameters, as_of: date) -> Report:
    """Build the report of projects that may have been bought twice. Raise ValueRefused."""
    rows, source = loading.projects(path)
    found = overlap.pairs(
        rows,
        likeness=float(parameters.likeness),
        within=parameters.overlap_years,
        common=parameters.common,
    )
    return overlapping.report(rows, found, overlap.components(rows), parameters, source, as_of)


def of_claims(path: Path, as_of: date) -> tuple[Report, bool]:
    """Build the gate's report of a file, and say whether all can hold. Raise ValueRefused."""
    claims, source = loading.claims(path)
    return gating.report(claims, source, as_of)
