"""The verb of voice: rate what was decided, once. Rating and trail are one transaction."""

from django.db import IntegrityError, transaction

from tongban.apps.cases import queries as cases
from tongban.apps.cases import services as acting
from tongban.infra import clock
from tongban.infra.access.domain import Subject
from tongban.infra.trail import services as trail
from tongban.infra.trail.services import ChainMoved
from tongban.kernel.events import Draft

from . import events
from .domain import LOW, Matter, Opinion, RatingRefused, check
from .models import Rating, Said
from .tags import tags

_TRIES = 8


def rate(subject: Subject, number: str, item: str, opinion: Opinion) -> int:
    """Rate a decided item of one's own case; give the number of the rating.

    Raises `RatingRefused`, and ``CaseUnknown`` where the subject may not see the case.
    """
    acting.allowed(subject, number, "case.read", item)
    matter = cases.matter(number, item)
    if matter is None:
        raise RatingRefused("本办件没有此事项", f"this case has no item {item}")
    if subject.behalf is not None:
        raise RatingRefused("请由本人评价", "the person rates, nobody in its place")
    known = tags()
    rated = Matter(matter.applicant, matter.decided, matter.hands)
    person, user = subject.person_id, subject.user_id
    check(opinion, rated, known, person=person, user=user, today=clock.today())
    for attempt in range(_TRIES):
        rating = Rating(
            case=number,
            item=item,
            item_version=matter.version,
            department=matter.department,
            level=opinion.level,
            tags=sorted(opinion.tags),
            tags_version=known.version,
            anonymous=opinion.anonymous,
            rated=clock.now(),
        )
        try:
            with transaction.atomic():
                if Rating.objects.filter(case=number, item=item).exists():
                    raise RatingRefused("您已评价过此事项", "you have rated this already")
                rating.save(force_insert=True)
                if words := opinion.words.strip():
                    Said.objects.create(rating=rating, words=words)
                trail.tell(_news(subject, rating, words))
        except (ChainMoved, IntegrityError):
            if attempt == _TRIES - 1:
                raise
            continue
        return int(rating.pk)
    raise AssertionError


def _news(subject: Subject, rating: Rating, words: str) -> Draft:
    """Tell of a rating; of an unnamed one neither who said it nor in which case."""
    named = {} if rating.anonymous else {"case": rating.case}
    return Draft(
        type=events.RATED,
        chain=events.chain(rating.department),
        occurred=rating.rated,
        actor="anonymous" if rating.anonymous else subject.user_id,
        organisation=rating.department,
        item=rating.item,
        item_version=str(rating.item_version),
        data={
            "level": rating.level,
            "tags": rating.tags,
            "tags_version": rating.tags_version,
            "words": words,
            "anonymous": rating.anonymous,
            "low": rating.level in LOW,
            **named,
        },
    )
