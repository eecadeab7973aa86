"""What the templates of messages may name, for the events of fees (消息中的要素)."""

from collections.abc import Mapping

from tongban.kernel.events import Event

from .models import Order

LANGUAGES = ("zh", "en")


def places(event: Event) -> Mapping[str, Mapping[str, str]]:
    """Give by language what a template may name of an event; ``item`` is what the fee is for."""
    order = Order.objects.get(number=event.data["order"])
    names = {"zh": order.name, "en": order.name_en}
    return {
        lang: {"number": order.case, "item": names[lang], "reason": event.reason}
        for lang in LANGUAGES
    }
