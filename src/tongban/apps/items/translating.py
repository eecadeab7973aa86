"""Translations of guides (办事指南译文): proposed by one official, signed by another, then shown.

A translation belongs to one edition of a guide and is never carried over to the next: what changed
in Chinese must be read again by a person. Chinese and English come with the guide itself.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from tongban.apps.exchange import queries as exchange
from tongban.apps.items import queries
from tongban.apps.items.domain.guides import Guide
from tongban.apps.items.errors import TranslationDenied, TranslationRefused
from tongban.apps.items.events import TRANSLATION_PROPOSED, TRANSLATION_SIGNED, chain
from tongban.apps.items.models import Translation
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
    "Signed",
    "allow_either",
    "coverage",
    "may",
    "of_departments",
    "propose",
    "sign",
    "signed",
    "waiting",
]

# RFC 5646: a language, then subtags such as a script: bo, ug, mn-Mong, kk-Arab
_TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", re.ASCII)
_OWN = frozenset({"zh", "en"})
#: Characters of a heading or a text at most.
LONGEST = 4000


@dataclass(frozen=True, slots=True)
class Signed:
    """A translated paragraph that somebody answers for."""

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
    """How far a guide is in one language: its written paragraphs, those signed, those waiting."""

    guide: Guide
    paragraphs: int
    signed: int
    waiting: int


@transaction.atomic
def propose(
    subject: Subject, slug: str, paragraph: str, language: str, heading: str, text: str
) -> int:
    """Propose a translation of a written paragraph of the present edition; give its number.

    Raises `TranslationRefused`, `TranslationDenied`, `queries.NotPublished`.
    """
    guide = queries.guide(slug)
    _allow(subject, "guide.translate", guide)
    if not _TAG.fullmatch(language) or language.split("-", maxsplit=1)[0] in _OWN:
        raise TranslationRefused(
            "语言标记不正确，例如 bo、ug、mn、kk",
            f"{language!r} is no further language: bo, ug, mn",
        )
    if paragraph not in {one.id for one in guide.paragraphs}:
        raise TranslationRefused(
            f"指南没有段落“{paragraph}”", f"the guide has no written paragraph {paragraph!r}"
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
    row.signed_by, row.signed_at = subject.name, clock.now()
    row.save(update_fields=["signed_by", "signed_at"])
    trail.tell(_told(TRANSLATION_SIGNED, row, subject, guide))
    return _signed(row)


def signed(guide: Guide, language: str) -> dict[str, Signed]:
    """Give the signed translations of this edition by paragraph, the newest of each."""
    rows = Translation.objects.filter(
        slug=guide.slug, of=guide.of, edition=guide.edition, language=language
    ).exclude(signed_at=None)
    return {row.paragraph: _signed(row) for row in rows.order_by("signed_at", "pk")}


def coverage(guide: Guide, language: str) -> float:
    """Give the share of the written paragraphs that are shown in a language, 0 to 1."""
    here = signed(guide, language)
    return len(here) / len(guide.paragraphs) if guide.paragraphs else 0.0


def of_departments(departments: Collection[str], language: str) -> list[Progress]:
    """List the guides of these departments with how far they are, the least translated first."""
    guides = [
        queries.guide(row.slug)
        for department in sorted(departments)
        for row in queries.services(department=department, size=MOST).rows
        if row.department == department
    ]
    done: dict[str, set[str]] = {}
    open_: dict[str, int] = {}
    edition = {guide.slug: (guide.of, guide.edition) for guide in guides}
    for row in Translation.objects.filter(slug__in=edition, language=language):
        if (row.of, row.edition) != edition[row.slug]:
            continue
        if row.signed_at is None:
            open_[row.slug] = open_.get(row.slug, 0) + 1
        else:
            done.setdefault(row.slug, set()).add(row.paragraph)
    found = [
        Progress(
            guide,
            len(guide.paragraphs),
            len(done.get(guide.slug, ())),
            open_.get(guide.slug, 0),
        )
        for guide in guides
        if guide.paragraphs
    ]
    return sorted(found, key=lambda one: (one.signed == one.paragraphs, one.guide.slug))


def may(subject: Subject, action: str, guide: Guide) -> bool:
    """Say whether the subject may propose (``guide.translate``) or sign (``guide.sign``)."""
    return judge(subject, action, _place(guide)).allowed


def allow_either(subject: Subject, guide: Guide) -> None:
    """Let in who may propose or sign; raises `TranslationDenied` for anybody else."""
    if not may(subject, "guide.translate", guide):
        _allow(subject, "guide.sign", guide)


def waiting(slug: str) -> list[Proposal]:
    """List the proposals for the present edition that nobody signed yet, oldest first."""
    guide = queries.guide(slug)
    rows = Translation.objects.filter(
        slug=slug, of=guide.of, edition=guide.edition, signed_at=None
    ).order_by("pk")
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
    ]


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
            "translation": row.pk,
            "heading": row.heading,
            "text": row.text,
        },
    )
