"""The verbs of voice: rate what was decided, once; call back who was not content (差评回访).

Row and trail are one transaction. A low rating opens its call-back with it.
"""

from datetime import date

from django.db import IntegrityError, transaction

from tongban.apps.cases import queries as cases
from tongban.apps.cases import services as acting
from tongban.apps.parties import queries as parties
from tongban.infra import clock
from tongban.infra.access.domain import Subject, judge
from tongban.infra.access.refusing import refuse
from tongban.infra.trail import services as trail
from tongban.infra.trail.services import ChainMoved
from tongban.kernel import workdays
from tongban.kernel.events import Draft

from . import events
from .domain import (
    LOW,
    Answer,
    Matter,
    Opinion,
    RatingRefused,
    RatingsClosed,
    check,
    check_answer,
)
from .models import CallBack, Rating, Said
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
                if rating.level in LOW:
                    CallBack.objects.create(
                        rating=rating, department=rating.department, due=_due(known.callback_days)
                    )
                trail.tell(_news(subject, rating, words))
        except (ChainMoved, IntegrityError):
            if attempt == _TRIES - 1:
                raise
            continue
        return int(rating.pk)
    raise AssertionError


def _due(days: int) -> date | None:
    """Give the last day of a call-back; None where the calendar ends before."""
    try:
        return workdays.add_workdays(acting.calendar(), clock.today(), days)
    except workdays.CalendarEnded:
        return None


def call_back(subject: Subject, rating: int, answer: Answer) -> None:
    """Close the call-back of a low rating: how the person was reached, what was found, mended.

    Raises `RatingRefused`, and `RatingsClosed` for anybody but its department.
    """
    row = CallBack.objects.select_related("rating").filter(pk=rating).first()
    home = row.department if row is not None else ""
    place = {"department": home, "region": parties.department_region(home) if home else ""}
    ruling = judge(subject, "voice.answer", place)
    if row is None or not ruling.allowed:
        refuse(subject, "voice.answer", {"rating": str(rating)}, ruling)
        raise RatingsClosed("没有此回访任务", "there is no such call-back of your department")
    matter = cases.matter(row.rating.case, row.rating.item)
    hands = matter.hands if matter is not None else frozenset()
    anonymous = row.rating.anonymous
    check_answer(answer, anonymous=anonymous, user=subject.user_id, hands=hands)
    with transaction.atomic():
        row = (
            CallBack.objects.select_for_update(of=("self",)).select_related("rating").get(pk=rating)
        )
        if row.closed is not None:
            raise RatingRefused("已回访", "it was called back already")
        row.closed, row.closed_by = clock.now(), subject.user_id
        row.how, row.found, row.mended = answer.how, answer.words.strip(), answer.mended
        row.save()
        named = {} if anonymous else {"case": row.rating.case}
        late = row.due is not None and clock.today() > row.due
        trail.tell(
            Draft(
                type=events.CALLED_BACK,
                chain=events.chain(row.department),
                actor=subject.user_id,
                organisation=row.department,
                item=row.rating.item,
                item_version=str(row.rating.item_version),
                data={
                    "level": row.rating.level,
                    "how": row.how,
                    "found": row.found,
                    "mended": row.mended,
                    "late": late,
                    **named,
                },
            )
        )


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
