"""The words of messages (消息模板): files of the region packs, chosen by what the trail told.

A template may name only what its event can say; a short text that leaves the house by SMS may name
the number of the case and nothing else, so that no message on a lost phone tells of anybody.
"""

import string
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings

from tongban.infra.packs import Document, PackInvalid, Problem, find_packs, read_document
from tongban.kernel.events import Event

#: What a text may name; an app says what these are for its events.
PLACES = frozenset({"number", "item", "life_event", "date", "reason", "days", "asked"})
_SHORT = frozenset({"number"})
LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Template:
    """A template: the type of event, what its data must hold, the words by language."""

    slug: str
    type: str
    where: Mapping[str, Any]
    must: bool
    title: Mapping[str, str]
    text: Mapping[str, str]
    sms: Mapping[str, str]

    def fits(self, event: Event) -> bool:
        """Say whether this is the template of an event."""
        return event.type == self.type and all(
            event.data.get(name) == value for name, value in self.where.items()
        )


@cache
def templates() -> Mapping[str, Template]:
    """Give the templates of the installed packs by slug, read once a process.

    A later pack's replaces one of the same slug. Raises `PackInvalid` with file and line.
    """
    found: dict[str, Template] = {}
    problems: list[Problem] = []
    for pack in find_packs(settings.PACKS):
        for path in sorted((pack / "messages").glob("*.yaml")):
            document = read_document(path, f"{pack.name}/messages/{path.name}")
            problems += _faults(document)
            found[document.data["slug"]] = _template(document.data)
    if problems:
        raise PackInvalid(problems)
    return found


def _template(raw: Mapping[str, Any]) -> Template:
    return Template(
        raw["slug"],
        raw["event"],
        raw.get("where", {}),
        raw.get("must", False),
        raw["title"],
        raw["text"],
        raw["sms"],
    )


def _faults(document: Document) -> list[Problem]:
    """Name the places that a text may not name."""
    problems = []
    for part, allowed in (("title", PLACES), ("text", PLACES), ("sms", _SHORT)):
        for lang, text in document.data[part].items():
            strange = sorted({n for _, n, _, _ in string.Formatter().parse(text) if n} - allowed)
            if strange:
                problems.append(
                    document.problem(
                        (part, lang),
                        "message-places",
                        part=part,
                        names=", ".join(strange),
                        known=", ".join(sorted(allowed)),
                    )
                )
    return problems


def fitting(event: Event) -> Template | None:
    """Give the template of an event; the one that asks for most where several fit."""
    fits = [template for template in templates().values() if template.fits(event)]
    return max(fits, key=lambda template: len(template.where), default=None)


def render(template: Template, told: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Fill a template in every language; ``told`` gives by language what its places are."""
    words: dict[str, Any] = {}
    for lang in LANGUAGES:
        places = {name: told[lang].get(name, "") for name in PLACES}
        words[lang] = {
            "title": template.title[lang].format_map(places),
            "text": template.text[lang].format_map(places),
            "sms": template.sms[lang].format_map({"number": places["number"]}),
        }
    return words
