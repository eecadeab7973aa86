"""The ask box: questions answered by quoted paragraphs of published guides, or not at all.

Nothing is generated: what stands in no guide is not known.
"""

from dataclasses import dataclass
from datetime import datetime

from tongban.apps.items.domain.asking import Answer, Gate, Reason
from tongban.apps.items.domain.pieces import ABOUT, Piece
from tongban.apps.items.queries import indexing, listing, places
from tongban.apps.items.queries.guides import guide
from tongban.apps.items.queries.indexing import Built
from tongban.apps.items.queries.listing import ServiceRow
from tongban.infra.access.domain import covers
from tongban.kernel.facts import Words

LONGEST = 200  # characters of a question; what is longer is cut

#: Set on the odd questions of tests/data/questions.tsv; benchmarks/ask.py measures the even ones.
GATE = Gate()


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

    @property
    def piece(self) -> Piece:
        """What is quoted, as it is translated."""
        row = self.service
        return Piece(row.of, row.slug, self.edition, self.paragraph, self.heading, self.text)


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
    built = indexing.now()
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
    built = indexing.whole()
    return _answer(built, question, region, most, gate)


def _answer(built: Built, question: str, region: str, most: int, gate: Gate) -> Answer:
    rows = built.rows
    allowed = (lambda n: listing.offered(rows[n], region)) if region else None
    return built.box.ask(question, gate, allowed, most)


def _quoted(built: Built, found: Answer, place: int) -> Quote:
    one = found.found[place]
    row = built.rows[one.service]
    whole = guide(row.slug, row.version)
    if one.paragraph == ABOUT:
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
    for name, code in places.cities():
        if name in question and not any(covers(code, h) or covers(h, code) for h in here):
            return name
    return ""
