"""The ask box: questions answered by quoted paragraphs of published guides, or not at all.

The index is built once for everything that is published; asking reads no table but the state. A
large one is built beside: until it is there, the one before answers, and at first nobody does.
"""

import gc
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from threading import Lock, Thread

from tongban.apps.items import spelling
from tongban.apps.items.domain import guides
from tongban.apps.items.domain.asking import Answer, Box, Gate, Reading, Reason, Service, Text
from tongban.apps.items.queries import definitions, listing
from tongban.apps.items.queries.guides import guide
from tongban.apps.items.queries.listing import ServiceRow
from tongban.infra import clock
from tongban.infra.access.domain import covers
from tongban.infra.packs import shipped_packs
from tongban.infra.regions import load_regions
from tongban.kernel.facts import Words

LONGEST = 200  # characters of a question; what is longer is cut
SMALL = 300  # services whose index is built at once, in under a second

#: Set on the odd questions of tests/data/questions.tsv; benchmarks/ask.py measures the even ones.
GATE = Gate()

#: By which words people ask for the sections of a guide.
_WORDS: Mapping[str, str] = {
    "bring": "需要什么材料 带什么 准备什么 资料 证件 documents papers bring",
    "time": "多久 几天 多长时间 多少天 什么时候能拿到 办结 how long days",
    "fee": "收费 多少钱 要钱吗 免费 费用 fee cost free",
    "law": "依据 法律 规定 law",
}
_READING = Reading(spelling.syllables, spelling.simplified)


@dataclass(frozen=True, slots=True)
class Quote:
    """A service that may answer, with the paragraph quoted, its edition and its date."""

    service: ServiceRow
    paragraph: str
    heading: Words
    text: Words
    edition: int
    published: datetime
    score: float
    coverage: float


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered; where not ``known``, ``quotes`` are only what might have been meant.

    ``elsewhere`` is the place that the question names, where it is not the one asked in.
    """

    known: bool
    reason: Reason
    quotes: tuple[Quote, ...]
    margin: float
    elsewhere: str = ""


def ask(question: str, region: str = "", most: int = 5) -> Reply:
    """Answer a question out of the guides, or say that nobody knows.

    ``region`` is a division code and a hard filter: only what is offered there is looked at. A
    question that names another place is not answered with what is offered here.
    """
    asked = question[:LONGEST]
    built = _kept.now(definitions.state(), listing.rows())
    if built is None:
        return Reply(known=False, reason="reading", quotes=(), margin=0.0)
    named = _elsewhere(asked, region)
    found = _answer(built, asked, region, most, GATE)
    quotes = tuple(_quoted(built, found, place) for place in range(len(found.found)))
    if named:
        return Reply(
            known=False, reason="elsewhere", quotes=quotes, margin=found.margin, elsewhere=named
        )
    return Reply(found.known, found.reason, quotes, found.margin)


def answer(question: str, region: str = "", most: int = 5, gate: Gate = GATE) -> Answer:
    """Rank the services for a question, without quoting them; wait for the index."""
    built = _kept.whole(definitions.state(), listing.rows())
    return _answer(built, question, region, most, gate)


def warm() -> None:
    """Begin to build the index, so that no question has to wait for it."""
    _kept.now(definitions.state(), listing.rows())


@dataclass(frozen=True, slots=True)
class _Built:
    """An index, and the services that it numbers."""

    rows: Sequence[ServiceRow]
    box: Box


def _answer(built: _Built, question: str, region: str, most: int, gate: Gate) -> Answer:
    rows = built.rows
    allowed = (lambda n: listing.offered(rows[n], region)) if region else None
    return built.box.ask(question, gate, allowed, most)


class _Kept:
    """The newest indexes by state, at most two; one is built at a time."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._built: dict[str, _Built] = {}
        self._beside: Thread | None = None

    def now(self, state: str, rows: Sequence[ServiceRow]) -> _Built | None:
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

    def whole(self, state: str, rows: Sequence[ServiceRow]) -> _Built:
        """Give the index of this state; build it, or wait until it is built."""
        with self._lock:
            if (found := self._built.get(state)) is not None:
                return found
            made = _Built(rows, _index(rows))
            self._built = dict([*self._built.items(), (state, made)][-2:])
            return made


def _index(rows: Sequence[ServiceRow]) -> Box:
    # millions of small things that stay: looking for rubbish among them takes a third of the time
    pausing = len(rows) > SMALL and gc.isenabled()
    if pausing:
        gc.disable()
    try:
        return Box(services_of(rows), _READING)
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
    texts = [Text("about", row.name, row.summary)]
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


def _quoted(built: _Built, found: Answer, place: int) -> Quote:
    one = found.found[place]
    row = built.rows[one.service]
    whole = guide(row.slug, row.version)
    if one.paragraph == "about":
        heading, text = whole.name, whole.summary
    else:
        paragraph = whole.paragraph(one.paragraph)
        heading, text = paragraph.heading, paragraph.text
    return Quote(
        row,
        one.paragraph,
        heading,
        text,
        whole.edition,
        whole.published,
        one.score,
        one.coverage,
    )


def _elsewhere(question: str, region: str) -> str:
    """Name the province or city in a question that is neither around the region nor inside it."""
    here = {region} if region else {row.region for row in listing.rows()}
    for name, code in _cities():
        if name in question and not any(covers(code, h) or covers(h, code) for h in here):
            return name
    return ""


@cache
def _cities() -> tuple[tuple[str, str], ...]:
    """Give the short name of every province and city of today with its code, longest first."""
    found = dict(_divisions())
    return tuple(sorted(found.items(), key=lambda one: (-len(one[0]), one[0])))


def _divisions() -> Iterator[tuple[str, str]]:
    regions = load_regions(shipped_packs() / "base")
    year = clock.today().year
    for province in regions.children("", year):
        yield _short(province.name), province.code
        for city in regions.children(province.code, year):
            if city.level == 2:
                yield _short(city.name), city.code


def _short(name: str) -> str:
    for ending in (
        "特别行政区",
        "壮族自治区",
        "回族自治区",
        "维吾尔自治区",
        "自治区",
        "地区",
        "省",
        "市",
        "盟",
    ):
        if name.endswith(ending) and len(name) - len(ending) >= 2:
            return name.removesuffix(ending)
    return name
