"""Not right? (更正请求): the applicant doubts what a department says of it. Pure.

The case goes on with the department's value, marked as doubted, unless the item wants people to
look at it first; nobody overwrites a register here. The event is the request that the owner
department is asked to answer.
"""

from tongban.apps.cases import events as say
from tongban.apps.cases.errors import CaseRefused, SubmissionInvalid
from tongban.kernel.feel import Value

from .fold import Said
from .ground import Ground
from .state import Case, Known, write_value


def source_of(case: Case, ground: Ground, fact: str) -> Known | None:
    """Give the source that a fact comes from, or will: as it was read, else as it is planned."""
    held = case.facts.get(fact)
    if held is not None and held.origin == "source":
        return held
    for call in ground.life_event.plan.calls:
        if fact in call.facts and set(call.items) & case.branches.keys():
            return Known(None, "pending", "source", call.department, call.resource)
    return None


def doubt(
    case: Case,
    ground: Ground,
    fact: str,
    says: Value,
    *,
    why: str,
    actor: str,
    shown: Value = None,
) -> Said:
    """Doubt a fact that a department supplies; ``shown`` is what was seen before it was fetched."""
    if case.ended:
        raise CaseRefused(
            "办件已办结，请直接向数据来源部门申请更正",
            "the case has ended; ask the department to correct its record",
        )
    source = source_of(case, ground, fact)
    if source is None:
        raise SubmissionInvalid(
            {fact: ("此项不是部门提供的数据，请直接修改", "no department supplies this: change it")}
        )
    if fact in case.doubts:
        raise CaseRefused("您已对此项提出异议", "you doubt this already; withdraw that first")
    value = source.value if source.value is not None else shown
    if says is not None and says == value:
        raise SubmissionInvalid({fact: ("与部门数据相同", "this is what the department says")})
    data = {
        "fact": fact,
        "says": write_value(says),
        "why": why,
        "value": write_value(value),
        "department": source.department,
        "resource": source.resource,
        "as_of": source.as_of,
        "at": ground.now.isoformat(),
    }
    return Said(say.DOUBTED, ground.now, data, actor=actor, organisation=source.department)


def withdraw_doubt(case: Case, ground: Ground, fact: str, *, actor: str) -> Said:
    """Take a doubt back."""
    if fact not in case.doubts:
        raise CaseRefused("您没有对此项提出异议", "you do not doubt this")
    source = source_of(case, ground, fact)
    department = source.department if source else ""
    data = {"fact": fact, "department": department}
    return Said(say.DOUBT_WITHDRAWN, ground.now, data, actor=actor, organisation=department)
