"""What the operations share: one router and the refusals."""

from ninja import Router

from tongban.infra.api import Problem

# One router for all: an address that is read and written must be known to the same one.
router = Router()
READ = frozenset({401, 403, 404, 422})
WRITE = READ | {409, 413}


def refusals(codes: frozenset[int]) -> dict[int, type[Problem]]:
    """Give the documented refusals of an operation."""
    return dict.fromkeys(sorted(codes), Problem)
