"""A rating (好差评): five levels, tags of two storeys, when one is allowed. Pure.

One matter, one rating (一事一评, GB/T 39735-2020): nobody rates another's case, nobody twice, no
official the decision it took part in. The two lowest levels say what was wrong.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from tongban.kernel.facts import Words

LEVELS: Final[Mapping[int, Words]] = {
    5: Words("非常满意", "very satisfied"),
    4: Words("满意", "satisfied"),
    3: Words("基本满意", "fairly satisfied"),
    2: Words("不满意", "dissatisfied"),
    1: Words("非常不满意", "very dissatisfied"),
}
#: Levels that need a tag or a word: a department can put right only what it is told.
LOW: Final = frozenset({1, 2})
LONGEST: Final = 500  # characters
MOST_TAGS: Final = 8
#: Fewer ratings than this are not counted in public: they would tell who said what.
FEWEST_SHOWN: Final = 5


#: Working days for a call-back where the pack does not say; this project's own choice.
CALL_BACK_DAYS: Final = 5
#: How a person was reached; ``looked-into``: nobody was, the matter was looked into all the same.
HOW: Final[Mapping[str, Words]] = {
    "phone": Words("电话回访", "by telephone"),
    "visit": Words("上门或当面", "face to face"),
    "message": Words("站内消息", "by message"),
    "unreachable": Words("联系不上", "could not be reached"),
    "looked-into": Words("核查（未联系）", "looked into, without contact"),
}


class RatingRefused(Exception):
    """The rating is not taken; ``zh`` and ``en`` say why or what to do."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


class RatingsClosed(RatingRefused):
    """These ratings are not for the subject to read."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag (评价标签): its group, and the levels for which it is offered."""

    slug: str
    group: str
    levels: frozenset[int]
    text: Words


@dataclass(frozen=True, slots=True)
class Tags:
    """One version of the tags, with the words of their groups, and the days to rate in.

    ``callback_days`` are the working days in which a low rating is called back.
    """

    version: int
    window_days: int
    groups: Mapping[str, Words]
    tags: Mapping[str, Tag]
    callback_days: int = CALL_BACK_DAYS


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a person says: a level from 1 to 5, tags, its own words, and whether unnamed."""

    level: int
    tags: Sequence[str] = ()
    words: str = ""
    anonymous: bool = False


@dataclass(frozen=True, slots=True)
class Matter:
    """What is rated: a decided item of a case, whose it is, and who took part in deciding."""

    applicant: str
    decided: date | None
    hands: Collection[str]  # user ids


def check(
    opinion: Opinion, matter: Matter, tags: Tags, *, person: str, user: str, today: date
) -> None:
    """Raise `RatingRefused` where this person may not rate this matter so, on this day.

    >>> tags = Tags(1, 30, {}, {})
    >>> decided = Matter("p", date(2026, 11, 1), {"7"})
    >>> check(Opinion(5), decided, tags, person="p", user="1", today=date(2026, 12, 1))
    >>> check(Opinion(5), decided, tags, person="p", user="1", today=date(2026, 12, 2))
    Traceback (most recent call last):
    tongban.apps.voice.domain.RatingRefused: ratings were taken until 2026-12-01
    """
    if not person or matter.applicant != person:
        raise RatingRefused("只能评价本人的办件", "rate your own case")
    if user in matter.hands:
        raise RatingRefused("不能评价本人参与办理的事项", "you took part in this decision")
    if matter.decided is None:
        raise RatingRefused("事项办结后再评价", "rate it once it is decided")
    last = matter.decided + timedelta(days=tags.window_days)
    if today > last:
        raise RatingRefused(f"评价期已于{last}结束", f"ratings were taken until {last}")
    if opinion.level not in LEVELS:
        raise RatingRefused("请选择一至五级", "choose a level from 1 to 5")
    if len(opinion.words) > LONGEST:
        raise RatingRefused(f"不超过{LONGEST}字", f"say it in {LONGEST} characters")
    if len(opinion.tags) > MOST_TAGS or len(set(opinion.tags)) < len(opinion.tags):
        raise RatingRefused(f"标签最多{MOST_TAGS}个，不重复", f"choose at most {MOST_TAGS} tags")
    for slug in opinion.tags:
        if slug not in tags.tags or opinion.level not in tags.tags[slug].levels:
            raise RatingRefused("标签不适用于此等级", f"the tag {slug} is not for this level")
    if opinion.level in LOW and not opinion.tags and not opinion.words.strip():
        raise RatingRefused("请选择标签或写明不满意之处", "say what was wrong: a tag or a word")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a call-back (回访): how the person was reached, what was found, is it mended."""

    how: str
    words: str
    mended: bool


def check_answer(answer: Answer, *, anonymous: bool, user: str, hands: Collection[str]) -> None:
    """Raise `RatingRefused` where a call-back may not be closed so.

    Whoever took part in the decision does not call about it; who rated unnamed is not called.

    >>> check_answer(Answer("phone", "已致歉", True), anonymous=False, user="1", hands={"7"})
    >>> check_answer(Answer("phone", "已致歉", True), anonymous=True, user="1", hands=())
    Traceback (most recent call last):
    tongban.apps.voice.domain.RatingRefused: an unnamed rating is looked into, nobody is called
    """
    if user in hands:
        raise RatingRefused("请由未经办此事项的人员回访", "somebody who took no part calls back")
    if answer.how not in HOW:
        raise RatingRefused("请选择回访方式", f"give one of {', '.join(HOW)}")
    if anonymous and answer.how != "looked-into":
        raise RatingRefused(
            "匿名评价只能核查，不能联系评价人", "an unnamed rating is looked into, nobody is called"
        )
    if not 0 < len(answer.words.strip()) <= LONGEST:
        raise RatingRefused(
            f"请用1至{LONGEST}字写明核实和整改情况",
            f"say in 1 to {LONGEST} characters what was found and mended",
        )


def shown(counts: Mapping[int, int]) -> dict[int, int] | None:
    """Give the counts of all levels as they are published; None where they are too few.

    >>> shown({5: 3, 1: 1}) is None, shown({5: 4, 1: 1})
    (True, {5: 4, 4: 0, 3: 0, 2: 0, 1: 1})
    """
    if sum(counts.values()) < FEWEST_SHOWN:
        return None
    return {level: counts.get(level, 0) for level in LEVELS}
