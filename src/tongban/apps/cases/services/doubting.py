"""Not right? (更正请求): a doubt is told on the trail, where the owner department finds it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tongban.apps.cases.domain import doubting
from tongban.apps.cases.domain.engine import tell
from tongban.apps.cases.domain.fold import Said
from tongban.apps.cases.domain.ground import Ground
from tongban.apps.cases.domain.state import Case, Json
from tongban.apps.items import queries as items
from tongban.infra.access.domain import Subject
from tongban.kernel.feel import Value

from .acts import act_on
from .reading import read_answers


@dataclass(frozen=True, slots=True)
class Doubted:
    """What a person says that a prefilled fact should be (None: it does not know), and why."""

    says: Json
    why: str = ""


def doubt(subject: Subject, number: str, fact: str, doubted: Doubted) -> Case:
    """Doubt a fact of one's own open case; the case goes on with the department's value.

    Raises `SubmissionInvalid`, `CaseRefused`, `CaseUnknown`, `NotAllowed`.
    """
    (says,) = read_doubts({fact: doubted}).values()

    def act(case: Case, ground: Ground) -> Sequence[Said]:
        return (doubting.doubt(case, ground, fact, says, why=doubted.why, actor=subject.user_id),)

    return act_on(subject, number, "case.correct", "", act)


def withdraw_doubt(subject: Subject, number: str, fact: str) -> Case:
    """Take a doubt back; raises as `doubt`."""

    def act(case: Case, ground: Ground) -> Sequence[Said]:
        return (doubting.withdraw_doubt(case, ground, fact, actor=subject.user_id),)

    return act_on(subject, number, "case.correct", "", act)


def doubts_at_once(
    case: Case,
    ground: Ground,
    given: Mapping[str, Doubted],
    seen: Mapping[str, Value],
    *,
    actor: str,
) -> list[Said]:
    """Give the events of what is doubted as the case is submitted, before anything is fetched."""
    said: list[Said] = []
    for fact, says in read_doubts(given).items():
        event = doubting.doubt(
            case, ground, fact, says, why=given[fact].why, actor=actor, shown=seen.get(fact)
        )
        case = tell(case, event)
        said.append(event)
    return said


def read_doubts(given: Mapping[str, Doubted]) -> dict[str, Value]:
    """Read what is said strictly, as an answer of the fact's own type; raises `UnknownFact`."""
    told = {fact: one.says for fact, one in given.items() if one.says is not None}
    values = read_answers(told, None, items.vocabulary())
    unknown = items.vocabulary()
    for fact in given.keys() - told.keys():
        unknown.fact(fact)  # raises UnknownFact
    return {fact: values.get(fact) for fact in given}
