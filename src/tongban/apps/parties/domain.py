"""Acting for another (代理): its kinds, what each may cover, how long it may last. Pure.

Nothing here is for ever, and nothing can be handed on.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

from tongban.infra.access.domain import EVERYTHING

Kind = Literal["agent", "company", "guardian", "assisted"]

READ, SUBMIT, CORRECT = "case.read", "case.submit", "case.correct"
WITHDRAW, LICENCES = "case.withdraw", "licence.read"
#: what may be done for somebody else at all
ACTIONS: Final = frozenset({READ, SUBMIT, CORRECT, WITHDRAW, LICENCES})
_SLUG = re.compile(r"[a-z][a-z0-9-]{0,59}")
_ADULT: Final = 18  # 民法典 第十七条


@dataclass(frozen=True, slots=True)
class Rule:
    """What a kind of delegation may be: who makes it, for how long, over what, on what ground."""

    made_by: Literal["principal", "official"]
    longest: timedelta
    actions: frozenset[str]
    everything: bool  # whether it may cover every life event
    zh: str
    en: str
    law: str


RULES: Final[Mapping[Kind, Rule]] = {
    "agent": Rule(
        *("principal", timedelta(days=366), ACTIONS, False),
        *("委托代理人", "agent", "中华人民共和国民法典 第一百六十五条"),
    ),
    "company": Rule(
        *("principal", timedelta(days=366), ACTIONS, False),
        *("企业经办人", "company agent", "中华人民共和国民法典 第一百七十条"),
    ),
    "guardian": Rule(
        *("official", timedelta(days=366 * _ADULT), ACTIONS, True),
        *("监护人", "guardian", "中华人民共和国民法典 第三十四条"),
    ),
    "assisted": Rule(
        *("official", timedelta(days=1), frozenset({READ, SUBMIT, CORRECT}), False),
        *(
            "帮办代办",
            "assisted at a counter",
            "国务院办公厅关于切实解决老年人运用智能技术困难的实施方案",
        ),
    ),
}


class DelegationRefused(ValueError):
    """The delegation cannot be made so, or is not in force; ``zh`` and ``en`` say why.

    ``about`` names what is wrong where it is one thing: agent, actions, events, ends or company.
    """

    def __init__(self, zh: str, en: str, *, about: str = "") -> None:
        super().__init__(f"DelegationRefused: {en}")
        self.zh, self.en, self.about = zh, en, about


def check(
    kind: Kind,
    actions: Collection[str],
    events: Collection[str],
    begins: datetime,
    ends: datetime,
    basis: str,
) -> None:
    """Raise `DelegationRefused` where this kind may not be made so; ``basis`` is its document."""
    rule = RULES[kind]
    if not actions or not set(actions) <= rule.actions:
        raise DelegationRefused(
            f"{rule.zh}不能包括这些权限",
            f"{rule.en}: these actions cannot be delegated",
            about="actions",
        )
    whole = EVERYTHING in events
    if not events or (whole and not rule.everything):
        raise DelegationRefused(
            "请列明所委托的事项", "name the life events it covers", about="events"
        )
    if not whole and not all(_SLUG.fullmatch(event) for event in events):
        raise DelegationRefused(
            "事项代码不正确", "a life event is named by its slug", about="events"
        )
    if not timedelta(0) < ends - begins <= rule.longest:
        raise DelegationRefused(
            f"{rule.zh}的期限最长{rule.longest.days}天",
            f"{rule.en}: it needs an end, at most {rule.longest.days} days away",
            about="ends",
        )
    if rule.made_by == "official" and not basis.strip():
        raise DelegationRefused("请写明依据的文书", "name the document it stands on")


def adult_on(born: date) -> date:
    """Give the day a person comes of age; born on 29 February, the first of March.

    >>> adult_on(date(2010, 5, 4)), adult_on(date(2008, 2, 29))
    (datetime.date(2028, 5, 4), datetime.date(2026, 3, 1))
    """
    try:
        return born.replace(year=born.year + _ADULT)
    except ValueError:
        return date(born.year + _ADULT, 3, 1)
