"""What the operations share: one router, the subject behind a request, the refusals."""

from django.http import HttpRequest
from ninja import Router

from tongban.apps.parties.asking import asking
from tongban.infra.access.domain import Subject
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
    return asking(request, *actions, instead=True)
