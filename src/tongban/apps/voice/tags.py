"""Reads the tags of ratings (评价标签) from the region packs; the last pack that has them is it."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.conf import settings

from tongban.infra.packs import find_packs, read_document
from tongban.kernel.facts import Words

from .domain import CALL_BACK_DAYS, Tag, Tags

FILE = "voice.yaml"


@cache
def tags() -> Tags:
    """Give the tags in force, read once a process; raises ``PackInvalid``."""
    found = [path for pack in find_packs(settings.PACKS) if (path := pack / FILE).exists()]
    if not found:
        return Tags(0, 30, {}, {})
    return _tags(read_document(found[-1], f"{found[-1].parent.name}/{FILE}").data)


def _tags(raw: Mapping[str, Any]) -> Tags:
    made = [
        Tag(
            tag["slug"],
            group["slug"],
            frozenset(tag.get("levels", group["levels"])),
            Words(tag["text"]["zh"], tag["text"]["en"]),
        )
        for group in raw["groups"]
        for tag in group["tags"]
    ]
    return Tags(
        raw["version"],
        raw["window_days"],
        {g["slug"]: Words(g["text"]["zh"], g["text"]["en"]) for g in raw["groups"]},
        {tag.slug: tag for tag in made},
        raw.get("callback_days", CALL_BACK_DAYS),
    )
