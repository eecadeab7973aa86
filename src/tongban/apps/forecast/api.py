"""The API of the atlas (指标图谱): open to everybody, nothing of any person."""

from datetime import date
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from tongban.kernel.figures import Figure, source_of

from . import queries

router = Router()


class AtlasNumberOut(Schema):
    """A number with what it is known by; ``value`` is text, so that no digit is lost."""

    value: str
    unit: str
    as_of: date
    source: str
    source_en: str
    status: str


class AtlasFigureOut(Schema):
    """A quoted figure, and what is measured beside it."""

    key: str
    section: str
    area: str
    zh: str
    en: str
    quoted: AtlasNumberOut
    measured: AtlasNumberOut | None
    command: str


class AtlasCheckOut(Schema):
    """A check: the figures, whether they can all hold, and the sum."""

    key: str
    kind: str
    keys: list[str]
    holds: bool
    zh: str
    en: str


class AtlasWordsOut(Schema):
    """Words in both languages."""

    zh: str
    en: str


class AtlasLevelOut(Schema):
    """The level of a case on a criterion: status quoted, judged or unknown, and its source.

    ``points``, 0 to 5, follow from ``figure`` by ``measure``; ``words`` where it is no number.
    """

    criterion: str
    status: str
    source: str
    points: int | None
    measure: str | None
    figure: str | None
    words: AtlasWordsOut | None


class AtlasCaseOut(Schema):
    """A named platform."""

    key: str
    zh: str
    en: str
    levels: list[AtlasLevelOut]
    told: list[str]


class AtlasOut(Schema):
    """The whole atlas; ``wrong`` says what of the installation's own folder cannot be read."""

    wrong: str
    figures: list[AtlasFigureOut]
    checks: list[AtlasCheckOut]
    cases: list[AtlasCaseOut]


@router.get(
    "/atlas",
    auth=None,
    response=AtlasOut,
    summary="指标图谱 · The atlas: quoted beside measured",
    operation_id="atlas",
    url_name="atlas",
    tags=["atlas · 指标图谱"],
)
def atlas(request: HttpRequest) -> Any:  # noqa: ARG001
    """Give every quoted figure beside what is measured here, the checks and the cases."""
    seen = queries.atlas()
    told = seen.atlas
    return {
        "wrong": seen.wrong,
        "figures": [_figure(one, seen) for one in told.figures.values()],
        "checks": told.checks,
        "cases": [
            {
                "key": card.key,
                "zh": card.zh,
                "en": card.en,
                "told": card.told,
                "levels": [_level(one) for one in told.levels[card.key]],
            }
            for card in told.cards
        ],
    }


def _level(one: queries.Level) -> dict[str, Any]:
    return {
        "criterion": one.criterion,
        "status": one.status,
        "source": one.source,
        "points": one.points,
        "measure": one.measure.key if one.measure else None,
        "figure": one.quoted.key if one.quoted else None,
        "words": dict(zip(("zh", "en"), one.words, strict=True)) if one.words else None,
    }


def _figure(one: queries.Quoted, seen: queries.Seen) -> dict[str, Any]:
    found = seen.measured.get(one.key)
    return {
        "key": one.key,
        "section": one.section,
        "area": one.area,
        "zh": one.zh,
        "en": one.en,
        "quoted": _number(one.figure),
        "measured": _number(found.figure) if found and found.figure else None,
        "command": found.command if found else "",
    }


def _number(figure: Figure) -> dict[str, Any]:
    return {
        "value": str(figure.value),
        "unit": figure.unit,
        "as_of": figure.as_of,
        "source": source_of(figure.source, "zh"),
        "source_en": source_of(figure.source, "en"),
        "status": figure.status,
    }
