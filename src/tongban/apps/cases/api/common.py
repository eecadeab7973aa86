"""What the operations share: one router, the subject behind a request, the refusals."""

from django.http import HttpRequest
from ninja import Router

from tongban.apps.cases.errors import NotAllowed
from tongban.apps.parties import delegating
from tongban.apps.parties import queries as parties
from tongban.apps.parties.domain import DelegationRefused
from tongban.infra.access.domain import OUT_OF_SCOPE, Subject
from tongban.infra.access.refusing import refuse
from tongban.infra.access.services import Bearer
from tongban.infra.api import Problem

# One router for all: an address that is read and written must be known to the same one.
router = Router()
READ = frozenset({401, 403, 404, 422})
WRITE = READ | {409, 413}


def refusals(codes: frozenset[int]) -> dict[int, type[Problem]]:
    """Give the documented refusals of an operation."""
    return dict.fromkeys(sorted(codes), Problem)


def subject(request: HttpRequest, *actions: str) -> Subject:
    """Give who asks; refuse a token that was made for none of these actions.

    The header ``Tongban-On-Behalf`` names the delegation by which the caller acts for another.
    """
    bearer: Bearer = request.auth  # type: ignore[attr-defined]
    if not any(bearer.may(action) for action in actions):
        asking = parties.subject_of(bearer.user, bearer.context)
        refuse(asking, actions[0], {}, OUT_OF_SCOPE)
        raise NotAllowed("此令牌不含该权限", f"this token is not made for {' or '.join(actions)}")
    delegation = request.headers.get("Tongban-On-Behalf", "")
    if not delegation:
        return parties.subject_of(bearer.user, bearer.context)
    try:
        return delegating.acting(bearer.user, delegation, bearer.context)
    except DelegationRefused as refused:
        raise NotAllowed(refused.zh, refused.en) from refused
