"""Consent after submission: given again where it was withdrawn or has ended (重新同意)."""

from django.db import transaction

from tongban.apps.cases.errors import CaseRefused
from tongban.apps.exchange import consents
from tongban.infra.access.domain import Subject

from .turns import allowed, carry_on, ground_for, load


def consent_again(subject: Subject, number: str) -> str:
    """Give consent to the data plan of one's own open case anew; give the receipt's number.

    Raises `CaseUnknown`, `NotAllowed`, and `CaseRefused` where the case has ended, nothing in it
    needs consent, or a consent stands.
    """
    row = allowed(subject, number, "case.correct")
    case = load(number)
    ground = ground_for(case)
    if case.ended or consents.in_force(number):
        raise CaseRefused(
            "办件已办结，或者同意仍然有效", "the case has ended, or your consent stands"
        )
    try:
        with transaction.atomic():
            given = consents.give_consent(
                number, row.life_event, subject, ground.life_event.plan, case.branches.keys()
            )
    except consents.NothingToConsent:
        raise CaseRefused("此办件无须同意", "nothing in this case needs your consent") from None
    carry_on(number)
    return str(given.number)
