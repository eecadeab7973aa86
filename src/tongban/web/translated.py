"""What guides say in the visitor's language (指南译文): where somebody signed it, else in Chinese.

Chinese and English come with the guide itself and cost no read.
"""

from collections.abc import Callable, Iterable

from django.http import HttpRequest

from tongban.apps.items import queries as items
from tongban.apps.items import translating
from tongban.apps.items.domain.pieces import Piece, pieces

from .pages import language, view_of

#: Gives a piece's heading and text.
Reader = Callable[[Piece], tuple[str, str]]


def reader(request: HttpRequest, wanted: Iterable[Piece]) -> Reader:
    """Read the signed translations of these pieces at once; give the way to read one of them."""
    lang, into = language(request), view_of(request).language
    shown = translating.shown(wanted, into.tag) if into.pack else {}

    def read(one: Piece) -> tuple[str, str]:
        there = shown.get((one.slug, one.id))
        return (there.heading, there.text) if there else (one.heading.of(lang), one.text.of(lang))

    return read


def names(request: HttpRequest, slugs: Iterable[str]) -> dict[str, str]:
    """Give the signed names of services in the visitor's language; nothing for the others."""
    into = view_of(request).language
    if not into.pack:
        return {}
    abouts = [pieces(items.guide(slug))[0] for slug in slugs]
    return {slug: there.heading for (slug, _), there in translating.shown(abouts, into.tag).items()}
