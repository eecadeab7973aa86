"""Judges the service guides (办事指南) and themes of the packs, and makes their contents.

A guide is published with the version of the item or life event that it explains: whoever raises
that version must look at the guide again.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tongban.apps.exchange import reading
from tongban.apps.items.checking.shelf import Ready, Shelf
from tongban.apps.items.domain.guides import SECTIONS
from tongban.apps.items.domain.pieces import ABOUT
from tongban.infra.packs import Document

_KINDS = {"item": "事项", "life-event": "一件事"}


def guides(shelf: Shelf, ready: Sequence[Ready]) -> list[Ready]:
    """Check every guide; give the contents to publish."""
    explained = {(r.kind, r.slug): r for r in ready if r.kind in {"item", "life-event"}}
    themes = _themes(shelf)
    found = []
    for slug, document in shelf.documents["guide"].items():
        raw = document.data
        before = len(shelf.problems)
        subject = explained.get((raw["of"], slug))
        other = "life-event" if raw["of"] == "item" else "item"
        if subject is None:
            code = "guide-of" if (other, slug) in explained else "guide-alone"
            of = raw["of"]
            shelf.say(document, ("of",), code, of=of, zh_of=_KINDS[of], slug=slug, other=other)
            continue
        if (other, slug) in explained:
            shelf.say(
                document, ("slug",), "guide-both", slug=slug, other=other, zh_other=_KINDS[other]
            )
        _paragraphs(shelf, document)
        _listed(shelf, document, themes)
        if len(shelf.problems) > before:
            continue
        content = {
            "data": raw,
            "of_version": subject.version,
            "themes": {name: themes[name] for name in raw.get("themes", ())},
        }
        found.append(Ready("guide", slug, raw["version"], content, document))
    return found


def _themes(shelf: Shelf) -> Mapping[str, Mapping[str, Any]]:
    """Give the themes of all packs with their places; a later pack overrides by name."""
    merged: dict[str, dict[str, Any]] = {}
    for document in reading.documents(shelf.packs, "themes"):
        for slug, theme in document.data["themes"].items():
            place = merged.get(slug, {}).get("place", len(merged) + 1)
            merged[slug] = {**theme, "place": place}
    return merged


def _paragraphs(shelf: Shelf, document: Document) -> None:
    seen: set[str] = set()
    for index, one in enumerate(document.data.get("paragraphs", ())):
        place = ("paragraphs", index, "id")
        if one["id"] in SECTIONS or one["id"] == ABOUT:
            shelf.say(document, place, "guide-section", id=one["id"])
        if one["id"] in seen:
            shelf.say(document, place, "guide-twice", id=one["id"])
        seen.add(one["id"])


def _listed(shelf: Shelf, document: Document, themes: Mapping[str, Mapping[str, Any]]) -> None:
    for index, name in enumerate(document.data.get("themes", ())):
        if name not in themes:
            shelf.say(document, ("themes", index), "no-theme", name=name)
