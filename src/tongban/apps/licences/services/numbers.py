"""Numbers that government gives out with a life event (赋码), each once."""

from collections.abc import Mapping
from datetime import date

from django.db.models import Max

from tongban.apps.licences import domain
from tongban.apps.licences.models import AssignedNumber
from tongban.kernel.feel import Value


def assign(kind: str, arguments: Mapping[str, Value], *, case: str, item: str) -> str:
    """Give out a number (赋码) once for this case and item, inside the caller's transaction.

    ``identity-number`` takes ``region``, ``birth_date`` and ``sex``; ``uscc`` takes ``region``.
    Asking again for the same case and item gives the same number. Two writers that meet on one
    ordinal collide in the database and the loser's transaction is tried again.
    """
    if kind not in ASSIGNERS:
        raise ValueError(f"no assigner {kind!r}; known: {', '.join(sorted(ASSIGNERS))}")
    if known := AssignedNumber.objects.filter(case=case, item=item, kind=kind).first():
        return known.number
    scope, compose = ASSIGNERS[kind]
    place = "/".join(str(arguments[name]) for name in scope)
    last = AssignedNumber.objects.filter(kind=kind, scope=place).aggregate(top=Max("ordinal"))
    ordinal = 0 if last["top"] is None else last["top"] + 1
    number = compose(arguments, ordinal)
    AssignedNumber.objects.create(
        kind=kind, scope=place, ordinal=ordinal, number=number, case=case, item=item
    )
    return number


def _identity_number(arguments: Mapping[str, Value], ordinal: int) -> str:
    born = arguments["birth_date"]
    if not isinstance(born, date):
        raise TypeError(f"birth_date must be a date, not {born!r}")
    return domain.identity_number(str(arguments["region"]), born, str(arguments["sex"]), ordinal)


def _company_code(arguments: Mapping[str, Value], ordinal: int) -> str:
    return domain.company_code(str(arguments["region"]), ordinal)


# assigner → the arguments that make its scope, and how a number is composed
ASSIGNERS = {
    "identity-number": (("region", "birth_date", "sex"), _identity_number),
    "uscc": (("region",), _company_code),
}
