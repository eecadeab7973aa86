"""The pieces of a guide that are translated (译文单元): name and summary, sections, paragraphs.

A computed section is a piece like a written paragraph: names of documents and facts stand in it as
its language writes them. A translation is of the words from which it was made, so that each piece
knows a digest of its own: what was computed anew in Chinese no longer has that translation.
"""

from dataclasses import dataclass
from hashlib import sha256

from tongban.apps.items.domain.guides import Guide, Of
from tongban.kernel.facts import Words

#: The piece of every guide that holds its name and its summary.
ABOUT = "about"


@dataclass(frozen=True, slots=True)
class Piece:
    """A heading and a text of one edition of a guide, translated and signed together."""

    of: Of
    slug: str
    edition: int
    id: str
    heading: Words
    text: Words

    @property
    def source(self) -> str:
        """The digest of the Chinese words."""
        return sha256(f"{self.heading.zh}\n{self.text.zh}".encode()).hexdigest()


def pieces(guide: Guide) -> tuple[Piece, ...]:
    """Give everything of a guide that can be translated, in the order of the page."""
    of, slug, edition = guide.of, guide.slug, guide.edition
    return (
        Piece(of, slug, edition, ABOUT, guide.name, guide.summary),
        *(
            Piece(of, slug, edition, one.id, one.heading, one.text)
            for one in (*guide.sections, *guide.paragraphs)
        ),
    )
