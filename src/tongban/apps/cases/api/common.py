"""What the operations share: one router, the refusals, and how a look at a file is written."""

from dataclasses import asdict
from typing import Any

from ninja import Router

from tongban.apps.cases.materials import Look
from tongban.infra.api import Problem

# One router for all: an address that is read and written must be known to the same one.
router = Router()
READ = frozenset({401, 403, 404, 422})
WRITE = READ | {409, 413}


def refusals(codes: frozenset[int]) -> dict[int, type[Problem]]:
    """Give the documented refusals of an operation."""
    return dict.fromkeys(sorted(codes), Problem)


def seen(look: Look) -> dict[str, Any]:
    """Write what a look at a file found (材料预检)."""
    return {
        "taken": look.taken,
        "text_read": look.text_read,
        "findings": [asdict(finding) for finding in look.findings],
    }
