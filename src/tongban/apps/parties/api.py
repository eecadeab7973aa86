"""The API of acting for others (代理): grant, record at a counter, list, end.

Whoever acts for another then names the delegation with each call in ``Tongban-On-Behalf``.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.responses import Status
from pydantic import AwareDatetime, Field, StringConstraints

from tongban.infra.api import Body, Problem, Reason, Slug, Text

from . import delegating
from .asking import asking
from .delegating import Named, Scope
from .models import Delegation

router = Router()
_WRITE = dict.fromkeys((401, 403, 404, 409, 413, 422), Problem)
_TAGS = ["delegations · 代理"]
DelegationId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
IdNumber = Annotated[str, StringConstraints(pattern=r"^[0-9]{17}[0-9X]$")]
CreditCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$")]
Name = Annotated[
    str, StringConstraints(min_length=1, max_length=50, pattern=r"^[^\x00-\x1f\x7f]*$")
]
Act = Literal["case.read", "case.submit", "case.correct", "case.withdraw", "licence.read"]
Event = Annotated[str, StringConstraints(pattern=r"^(\*|[a-z][a-z0-9-]{0,59})$")]


class PersonIn(Body):
    """A person by number and name; both must be right."""

    id_number: IdNumber
    name: Name


class ScopeIn(Body):
    """What it covers and until when; ``events`` are slugs of life events."""

    actions: Annotated[list[Act], Field(min_length=1, max_length=5)]
    events: Annotated[list[Event], Field(min_length=1, max_length=50)]
    ends: Annotated[AwareDatetime, Field(strict=False)]


class GrantIn(Body):
    """Whom the caller lets act, for itself or for a company that it represents."""

    agent: PersonIn
    scope: ScopeIn
    company: CreditCode | None = None


class GuardianIn(Body):
    """A guardian recorded by an official; ``basis`` names the document that was seen."""

    ward: PersonIn
    guardian: PersonIn
    scope: ScopeIn
    department: Slug
    basis: Text


class AssistanceIn(Body):
    """Somebody whom the official helps at a counter; ``basis`` names the signed consent."""

    helped: PersonIn
    scope: ScopeIn
    department: Slug
    basis: Text


class EndIn(Body):
    """Why it ends."""

    reason: Reason


class DelegationOut(Schema):
    """One delegation; ``agent`` and ``principal`` are names."""

    number: str
    kind: str
    principal: str
    agent: str
    company: str
    actions: list[str]
    events: list[str]
    begins: datetime
    ends: datetime
    ended: datetime | None


class DelegationsOut(Schema):
    """Those the caller gave, and those by which it may act now."""

    given: list[DelegationOut]
    held: list[DelegationOut]


class MadeOut(Schema):
    """The number that ``Tongban-On-Behalf`` names."""

    number: str


def _named(body: PersonIn) -> Named:
    return Named(body.id_number, body.name)


def _scope(body: ScopeIn) -> Scope:
    return Scope(body.actions, body.events, body.ends)


def _shown(row: Delegation) -> dict[str, Any]:
    return {
        "number": row.number,
        "kind": row.kind,
        "principal": row.principal.name,
        "agent": row.agent.first_name,
        "company": row.company.name if row.company is not None else "",
        "actions": row.actions,
        "events": row.events,
        "begins": row.begins,
        "ends": row.ends,
        "ended": row.ended,
    }


@router.get(
    "/delegations",
    response={200: DelegationsOut, 401: Problem, 403: Problem, 422: Problem},
    summary="代理关系 · Delegations given and held",
    operation_id="list_delegations",
    tags=_TAGS,
)
def list_delegations(request: HttpRequest) -> Any:
    """List the delegations of the caller, both ways."""
    subject = asking(request, "delegation.read")
    user = request.auth.user  # type: ignore[attr-defined]
    return {
        "given": [_shown(row) for row in delegating.given_by(subject)],
        "held": [_shown(row) for row in delegating.held_by(user)],
    }


@router.post(
    "/delegations",
    response={201: MadeOut, **_WRITE},
    summary="委托 · Let somebody act for me",
    operation_id="grant_delegation",
    tags=_TAGS,
)
def grant(request: HttpRequest, body: GrantIn) -> Any:
    """Grant a delegation; it needs a second factor."""
    subject = asking(request, "delegation.grant")
    agent, scope = _named(body.agent), _scope(body.scope)
    return Status(
        201, {"number": delegating.grant(subject, agent, scope, company=body.company or "")}
    )


@router.post(
    "/delegations/guardians",
    response={201: MadeOut, **_WRITE},
    summary="登记监护人 · Record a guardian",
    operation_id="record_guardian",
    tags=_TAGS,
)
def record_guardian(request: HttpRequest, body: GuardianIn) -> Any:
    """Record a guardian (clerk of the department)."""
    number = delegating.record_guardian(
        asking(request, "delegation.record"),
        _named(body.ward),
        _named(body.guardian),
        _scope(body.scope),
        department=body.department,
        basis=body.basis,
    )
    return Status(201, {"number": number})


@router.post(
    "/delegations/assistance",
    response={201: MadeOut, **_WRITE},
    summary="帮办代办 · Help somebody at a counter",
    operation_id="record_assistance",
    tags=_TAGS,
)
def record_assistance(request: HttpRequest, body: AssistanceIn) -> Any:
    """Record whom the calling clerk helps, for a day at most."""
    number = delegating.record_assistance(
        asking(request, "delegation.record"),
        _named(body.helped),
        _scope(body.scope),
        department=body.department,
        basis=body.basis,
    )
    return Status(201, {"number": number})


@router.post(
    "/delegations/{number}/end",
    response={204: None, **_WRITE},
    summary="终止代理 · End a delegation",
    operation_id="end_delegation",
    tags=_TAGS,
)
def end(request: HttpRequest, number: DelegationId, body: EndIn) -> Any:
    """End a delegation now."""
    delegating.end(asking(request, "delegation.end"), number, reason=body.reason)
    return Status(204, None)
