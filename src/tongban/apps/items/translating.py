"""Translations of guides (办事指南译文): proposed by one official, signed by another, then shown.

A translation is of one piece of a guide: its name and summary, a computed section or a written
paragraph. It belongs to one edition and to the Chinese words it was made from, and is never carried
over: what changed must be read again by a person. Chinese and English come with the guide itself.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from tongban.apps.exchange import queries as exchange
from tongban.apps.items import queries
from tongban.apps.items.domain.guides import Guide
from tongban.apps.items.domain.pieces import ABOUT, Piece, pieces
from tongban.apps.items.errors import TranslationDenied, TranslationRefused
from tongban.apps.items.events import TRANSLATION_PROPOSED, TRANSLATION_SIGNED, chain
from tongban.apps.items.models import Translation
from tongban.apps.items.queries import listing
from tongban.apps.items.queries.listing import MOST
from tongban.infra import clock
from tongban.infra.access.domain import Subject, judge
from tongban.infra.access.refusing import refuse
from tongban.infra.trail import services as trail
from tongban.kernel.events import Draft

__all__ = [
    "LONGEST",
    "Progress",
    "Proposal",
    "Shown",
    "Signed",
    "allow_either",
    "called",
    "coverage",
    "may",
    "of_departments",
    "propose",
    "shown",
    "sign",
    "signed",
    "stale",
    "waiting",
]

# RFC 5646: a language, then subtags such as a script: bo, ug, mn-Mong, kk-Arab
_TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", re.ASCII)
_OWN = frozenset({"zh", "en"})
#: Characters of a heading or a text at most.
LONGEST = 4000


@dataclass(frozen=True, slots=True)
class Signed:
    """A translated piece that somebody answers for."""

    language: str
    heading: str
    text: str
    translator: str
    signed_by: str
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class Proposal:
    """A translation that waits for its signature."""

    number: int
    slug: str
    edition: int
    paragraph: str
    language: str
    heading: str
    text: str
    translator: str
    translator_id: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a guide is in one language: its pieces, those signed, those waiting."""

    guide: Guide
    pieces: int
    signed: int
    waiting: int


#: What may be shown, by the slug and the piece's id.
Shown = Mapping[tuple[str, str], Signed]


@transaction.atomic
def propose(
    subject: Subject, slug: str, paragraph: str, language: str, heading: str, text: str
) -> int:
    """Propose a translation of a piece of the present edition; give its number.

    Raises `TranslationRefused`, `TranslationDenied`, `queries.NotPublished`.
    """
    guide = queries.guide(slug)
    _allow(subject, "guide.translate", guide)
    if not _TAG.fullmatch(language) or language.split("-", maxsplit=1)[0] in _OWN:
        raise TranslationRefused(
            "语言标记不正确，例如 bo、ug、mn、kk",
            f"{language!r} is no further language: bo, ug, mn",
        )
    piece = _piece(guide, paragraph)
    if piece is None:
        raise TranslationRefused(
            f"指南没有段落“{paragraph}”", f"the guide has no paragraph {paragraph!r}"
        )
    heading, text = heading.strip(), text.strip()
    if not (0 < len(heading) <= LONGEST and 0 < len(text) <= LONGEST):
        raise TranslationRefused(
            f"标题和正文各1至{LONGEST}字", f"give heading and text of 1 to {LONGEST} characters"
        )
    row = Translation.objects.create(
        slug=slug,
        of=guide.of,
        edition=guide.edition,
        paragraph=paragraph,
        language=language,
        source=piece.source,
        heading=heading,
        text=text,
        translator=subject.name,
        translator_id=subject.user_id,
        proposed_at=clock.now(),
    )
    trail.tell(_told(TRANSLATION_PROPOSED, row, subject, guide))
    return row.pk


@transaction.atomic
def sign(subject: Subject, number: int) -> Signed:
    """Sign a proposal: from now on it is shown. Nobody signs what they translated (四眼原则).

    Raises `TranslationRefused`, `TranslationDenied`.
    """
    row = Translation.objects.select_for_update().filter(pk=number).first()
    if row is None:
        raise TranslationRefused("没有此译文", "there is no such translation")
    guide = queries.guide(row.slug)
    _allow(subject, "guide.sign", guide)
    if row.signed_at is not None:
        raise TranslationRefused("译文已签署", "it is signed already")
    if row.translator_id == subject.user_id:
        raise TranslationRefused(
            "译者不能签署自己的译文", "who translated it does not sign it: ask another official"
        )
    if (row.of, row.edition) != (guide.of, guide.edition):
        raise TranslationRefused(
            f"指南已是第{guide.edition}版，请重新翻译",
            f"the guide is at edition {guide.edition} now: translate that one",
        )
    if not _current(row, _piece(guide, row.paragraph)):
        raise TranslationRefused(
            "原文已变，请重新翻译", "the source changed since: translate it again"
        )
    row.signed_by, row.signed_at = subject.name, clock.now()
    row.save(update_fields=["signed_by", "signed_at"])
    trail.tell(_told(TRANSLATION_SIGNED, row, subject, guide))
    return _signed(row)


def shown(wanted: Iterable[Piece], language: str) -> Shown:
    """Give the signed translations of these pieces, the newest of each; one read for them all."""
    want = {(one.slug, one.id): one for one in wanted}
    rows = Translation.objects.filter(
        slug__in={slug for slug, _ in want},
        paragraph__in={id_ for _, id_ in want},
        language=language,
    ).exclude(signed_at=None)
    return {
        key: _signed(row)
        for row in rows.order_by("signed_at", "pk")
        if _current(row, want.get(key := (row.slug, row.paragraph)))
    }


def called(named: str, language: str) -> frozenset[str]:
    """Give the services whose signed name in a language holds what was typed, in any case."""
    held = named.casefold()
    rows = Translation.objects.filter(language=language, paragraph=ABOUT).exclude(signed_at=None)
    slugs = {slug for slug, name in rows.values_list("slug", "heading") if held in name.casefold()}
    about = (row.about for row in listing.rows() if row.slug in slugs)
    now = shown(about, language) if slugs else {}
    return frozenset(slug for (slug, _), one in now.items() if held in one.heading.casefold())


def signed(guide: Guide, language: str) -> dict[str, Signed]:
    """Give the signed translations of a guide by piece."""
    return {id_: one for (_, id_), one in shown(pieces(guide), language).items()}


def stale(guide: Guide, language: str) -> set[str]:
    """Name the pieces whose signed translation is of words that are no longer those shown."""
    once = Translation.objects.filter(slug=guide.slug, of=guide.of, language=language)
    had = set(once.exclude(signed_at=None).values_list("paragraph", flat=True))
    return {one.id for one in pieces(guide)} & had - signed(guide, language).keys()


def coverage(guide: Guide, language: str) -> float:
    """Give the share of a guide's pieces that are shown in a language, 0 to 1."""
    return len(signed(guide, language)) / len(pieces(guide))


def of_departments(departments: Collection[str], language: str) -> list[Progress]:
    """List the guides of these departments with how far they are, the least translated first."""
    guides = {
        row.slug: queries.guide(row.slug)
        for department in sorted(departments)
        for row in queries.services(department=department, size=MOST).rows
        if row.department == department
    }
    done: dict[str, set[str]] = {}
    open_: dict[str, int] = {}
    for row in Translation.objects.filter(slug__in=guides, language=language):
        if not _current(row, _piece(guides[row.slug], row.paragraph)):
            continue
        if row.signed_at is None:
            open_[row.slug] = open_.get(row.slug, 0) + 1
        else:
            done.setdefault(row.slug, set()).add(row.paragraph)
    found = [
        Progress(guide, len(pieces(guide)), len(done.get(slug, ())), open_.get(slug, 0))
        for slug, guide in guides.items()
    ]
    return sorted(found, key=lambda one: (one.signed == one.pieces, one.guide.slug))


def may(subject: Subject, action: str, guide: Guide) -> bool:
    """Say whether the subject may propose (``guide.translate``) or sign (``guide.sign``)."""
    return judge(subject, action, _place(guide)).allowed


def allow_either(subject: Subject, guide: Guide) -> None:
    """Let in who may propose or sign; raises `TranslationDenied` for anybody else."""
    if not may(subject, "guide.translate", guide):
        _allow(subject, "guide.sign", guide)


def waiting(slug: str) -> list[Proposal]:
    """List the proposals for what a guide says now that nobody signed yet, oldest first."""
    guide = queries.guide(slug)
    rows = Translation.objects.filter(
        slug=slug, of=guide.of, edition=guide.edition, signed_at=None
    ).order_by("pk")
    held = {one.id: one for one in pieces(guide)}
    return [
        Proposal(
            row.pk,
            row.slug,
            row.edition,
            row.paragraph,
            row.language,
            row.heading,
            row.text,
            row.translator,
            row.translator_id,
        )
        for row in rows
        if _current(row, held.get(row.paragraph))
    ]


def _piece(guide: Guide, id_: str) -> Piece | None:
    return next((one for one in pieces(guide) if one.id == id_), None)


def _current(row: Translation, piece: Piece | None) -> bool:
    """Tell whether a translation is of a piece as it reads now."""
    return piece is not None and (row.of, row.edition, row.source or piece.source) == (
        piece.of,
        piece.edition,
        piece.source,
    )


def _signed(row: Translation) -> Signed:
    if row.signed_at is None:
        raise ValueError(f"translation {row.pk} is not signed")
    return Signed(row.language, row.heading, row.text, row.translator, row.signed_by, row.signed_at)


def _allow(subject: Subject, action: str, guide: Guide) -> None:
    place = _place(guide)
    ruling = judge(subject, action, place)
    if not ruling.allowed:
        refuse(subject, action, place, ruling)
        raise TranslationDenied(ruling.zh, ruling.en)


def _place(guide: Guide) -> dict[str, str]:
    region = exchange.departments()[guide.department].region
    return {"department": guide.department, "region": region}


def _told(type_: str, row: Translation, subject: Subject, guide: Guide) -> Draft:
    return Draft(
        type=type_,
        chain=chain("guide", row.slug),
        actor=subject.user_id,
        organisation=guide.department,
        data={
            "slug": row.slug,
            "edition": row.edition,
            "paragraph": row.paragraph,
            "language": row.language,
            "source": row.source,
            "translation": row.pk,
            "heading": row.heading,
            "text": row.text,
        },
    )
