"""What the templates of messages may name, for the events of cases (消息中的要素)."""

from collections.abc import Mapping

from tongban.apps.items import queries as items
from tongban.kernel.events import Event

from .events import DRAFT_ENDED, DRAFT_ENDING
from .models import Case

LANGUAGES = ("zh", "en")


def places(event: Event) -> Mapping[str, Mapping[str, str]]:
    """Give by language what a template may name of an event."""
    draft = event.type in {DRAFT_ENDING, DRAFT_ENDED}
    return {lang: _draft(event, lang) if draft else _case(event, lang) for lang in LANGUAGES}


def _draft(event: Event, lang: str) -> dict[str, str]:
    return {
        "life_event": items.life_event(event.data["life_event"]).name.of(lang),
        "date": event.data["ends"],
    }


def _case(event: Event, lang: str) -> dict[str, str]:
    slug, version = Case.objects.values_list("life_event", "version").get(number=event.chain)
    about = items.life_event(slug, version)
    told = {
        "number": event.chain,
        "life_event": about.name.of(lang),
        "date": str(event.data.get("on") or event.data.get("due") or ""),
        "days": str(event.data.get("days", "")),
        "reason": event.reason or str(event.data.get("note") or ""),
        "asked": "",
    }
    if event.item:
        item = items.item(event.item, int(event.item_version))
        told["item"] = item.name.of(lang)
        names = {m.code: m.name.of(lang) for m in item.needs.materials}
        labels = about.labels(lang)
        asked = [
            names.get(name) or labels.get(name, name) for name, _ in event.data.get("asked", ())
        ]
        told["asked"] = ("、" if lang == "zh" else ", ").join(asked)
    return told
