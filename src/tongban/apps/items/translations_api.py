"""The API for translators of guides (指南译文): what is to be translated, propose, sign.

For officials of the guide's department alone; what is signed is read with the guide by everybody.
"""

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.responses import Status
from pydantic import Field, StringConstraints

from tongban.apps.items import queries, translating
from tongban.apps.items.api import Tag
from tongban.apps.items.domain.pieces import pieces
from tongban.apps.parties.asking import asking
from tongban.infra.api import Body, Problem, Slug

router = Router()
_TAGS = ["translations · 译文"]
_READ: dict[int, type[Problem]] = dict.fromkeys((401, 403, 404, 422), Problem)
_WRITE: dict[int, type[Problem]] = _READ | {409: Problem}
Number = Annotated[int, Field(ge=1, le=2**53 - 1)]
Written = Annotated[str, StringConstraints(min_length=1, max_length=translating.LONGEST)]


class SignedOut(Schema):
    """A translation that is shown, and who answers for it."""

    language: str
    heading: str
    text: str
    translator: str
    signed_by: str
    signed_at: datetime


class ProposalOut(Schema):
    """A translation that waits for its signature."""

    number: int
    language: str
    heading: str
    text: str
    translator: str


class ParagraphToTranslate(Schema):
    """A piece of a guide with its translation into one language.

    ``about``: its name and summary; ``who`` to ``law``: computed sections. ``stale``: it was signed
    for other words than these.
    """

    id: str
    stale: bool
    heading_zh: str
    text_zh: str
    heading_en: str
    text_en: str
    signed: SignedOut | None
    waiting: list[ProposalOut]


class ToTranslateOut(Schema):
    """A guide as a translator needs it; a translation is of these words of this edition alone."""

    slug: str
    edition: int
    language: str
    paragraphs: list[ParagraphToTranslate]


class TranslationIn(Body):
    """A translation of one piece."""

    paragraph: Slug
    language: Tag
    heading: Written
    text: Written


class ProposedOut(Schema):
    """The number under which a translation waits."""

    number: int


@router.get(
    "/guides/{slug}/translations",
    response={200: ToTranslateOut, **_READ},
    summary="待译指南 · A guide to translate",
    operation_id="to_translate",
    tags=_TAGS,
)
def to_translate(request: HttpRequest, slug: Slug, language: Tag) -> Any:
    """Show a guide's pieces with what is signed and what waits in one language."""
    subject = asking(request, "guide.translate", "guide.sign")
    guide = queries.guide(slug)
    translating.allow_either(subject, guide)
    signed = translating.signed(guide, language)
    stale = translating.stale(guide, language)
    waiting = [one for one in translating.waiting(slug) if one.language == language]
    return {
        "slug": slug,
        "edition": guide.edition,
        "language": language,
        "paragraphs": [
            {
                "id": one.id,
                "stale": one.id in stale,
                "heading_zh": one.heading.zh,
                "text_zh": one.text.zh,
                "heading_en": one.heading.en,
                "text_en": one.text.en,
                "signed": signed.get(one.id),
                "waiting": [proposal for proposal in waiting if proposal.paragraph == one.id],
            }
            for one in pieces(guide)
        ],
    }


@router.post(
    "/guides/{slug}/translations",
    response={201: ProposedOut, **_WRITE},
    summary="提交译文 · Propose a translation",
    operation_id="propose_translation",
    tags=_TAGS,
)
def propose(request: HttpRequest, slug: Slug, body: TranslationIn) -> Any:
    """Propose a translation of one piece; it is shown once another official has signed it."""
    subject = asking(request, "guide.translate")
    number = translating.propose(
        subject, slug, body.paragraph, body.language, body.heading, body.text
    )
    return Status(201, {"number": number})


@router.post(
    "/translations/{number}/signature",
    response={200: SignedOut, **_WRITE},
    summary="签署译文 · Sign a translation",
    operation_id="sign_translation",
    tags=_TAGS,
)
def sign(request: HttpRequest, number: Number) -> Any:
    """Sign what somebody else translated: from now on it is shown."""
    return translating.sign(asking(request, "guide.sign"), number)
