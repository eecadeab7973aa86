"""The index of services: what the ask box and the search in the list look things up in.

It is built once for everything that is published; looking things up reads no table but the state. A
large one is built beside: until it is there, the one before answers, and at first nobody does.
"""

import gc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock, Thread

from tongban.apps.items import spelling
from tongban.apps.items.domain import guides
from tongban.apps.items.domain.asking import Box, Reading, Service, Text
from tongban.apps.items.domain.pieces import ABOUT
from tongban.apps.items.queries import definitions, listing
from tongban.apps.items.queries.listing import ServiceRow
from tongban.kernel.facts import Words

SMALL = 300  # services whose index is built at once, in under a second

#: By which words people ask for the sections of a guide.
_WORDS: Mapping[str, str] = {
    "bring": "需要什么材料 带什么 准备什么 资料 证件 documents papers bring",
    "time": "多久 几天 多长时间 多少天 什么时候能拿到 办结 how long days",
    "fee": "收费 多少钱 要钱吗 免费 费用 fee cost free",
    "law": "依据 法律 规定 law",
}
_READING = Reading(spelling.syllables, spelling.simplified)


@dataclass(frozen=True, slots=True)
class Built:
    """An index, and the services that it numbers."""

    rows: Sequence[ServiceRow]
    box: Box


def now() -> Built | None:
    """Give the index of what is published; where it takes long, the one before, or None."""
    return _kept.now(definitions.state(), listing.rows())


def whole() -> Built:
    """Give the index of what is published; wait until it is built."""
    return _kept.whole(definitions.state(), listing.rows())


class _Kept:
    """The newest indexes by state, at most two; one is built at a time."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._built: dict[str, Built] = {}
        self._beside: Thread | None = None

    def now(self, state: str, rows: Sequence[ServiceRow]) -> Built | None:
        """Give the index of this state; where it takes long, the one before, or None."""
        if (found := self._built.get(state)) is not None:
            return found
        if len(rows) <= SMALL:
            return self.whole(state, rows)
        if self._lock.acquire(blocking=False):
            try:
                if state not in self._built and (
                    self._beside is None or not self._beside.is_alive()
                ):
                    self._beside = Thread(target=self.whole, args=(state, rows), daemon=True)
                    self._beside.start()
            finally:
                self._lock.release()
        return next(reversed(list(self._built.values())), None)

    def whole(self, state: str, rows: Sequence[ServiceRow]) -> Built:
        """Give the index of this state; build it, or wait until it is built."""
        with self._lock:
            if (found := self._built.get(state)) is not None:
                return found
            made = Built(rows, _index(rows))
            self._built = dict([*self._built.items(), (state, made)][-2:])
            return made


def _index(rows: Sequence[ServiceRow]) -> Box:
    # millions of small things that stay: looking for rubbish among them takes a third of the time
    # of building, and later a second of whoever asks at that moment
    pausing = len(rows) > SMALL and gc.isenabled()
    if pausing:
        gc.disable()
    try:
        box = Box(services_of(rows), _READING)
        if pausing:
            gc.freeze()
        return box
    finally:
        if pausing:
            gc.enable()


_kept = _Kept()


def services_of(rows: Sequence[ServiceRow]) -> list[Service]:
    """Give what can be found of each service."""
    return [_service(row) for row in rows]


def _service(row: ServiceRow) -> Service:
    names = (row.name.zh, row.name.en, *row.aliases)
    return Service(row.slug, names, frozenset(row.apply) or frozenset({row.slug}), _texts(row))


def _texts(row: ServiceRow) -> tuple[Text, ...]:
    """Give what can be found of a service without proving its flow: words, papers, laws."""
    written = guides.written(row.content["data"]) if row.content else ()
    texts = [Text(ABOUT, row.name, row.summary)]
    texts += [Text(one.id, one.heading, one.text) for one in written]
    if row.of == "item":  # whoever asks for papers, days or a fee means one item
        papers = Words(
            "、".join(m.zh for m in row.materials), ", ".join(m.en for m in row.materials)
        )
        empty = Words("", "")
        texts += [
            Text(
                name, guides.SECTIONS[name], papers if name == "bring" else empty, words, aside=True
            )
            for name, words in _WORDS.items()
        ]
    return tuple(texts)
