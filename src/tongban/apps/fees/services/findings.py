"""Findings are kept once, told once, and stay until a person settles them (对账差错)."""

from collections.abc import Iterable
from datetime import date

from tongban.apps.fees import events as say
from tongban.apps.fees.domain.reconciling import Finding
from tongban.apps.fees.models import Mismatch
from tongban.infra import clock
from tongban.infra.trail import services as trail
from tongban.kernel.events import Draft

from .books import SYSTEM


def keep(provider: str, day: date, found: Iterable[Finding]) -> int:
    """Keep findings in the caller's transaction; give how many are new."""
    drafts = []
    for one in found:
        row, fresh = Mismatch.objects.get_or_create(
            provider=provider,
            fault=one.fault.value,
            number=one.number,
            reference=one.reference,
            defaults={
                "day": day,
                "bank_fen": one.bank_fen,
                "here_fen": one.here_fen,
                "found": clock.now(),
            },
        )
        if fresh:
            drafts.append(
                Draft(
                    type=say.FOUND,
                    chain=say.bank_chain(provider),
                    actor=SYSTEM,
                    data={
                        "mismatch": row.pk,
                        "day": day.isoformat(),
                        "fault": one.fault.value,
                        "number": one.number,
                        "bank_reference": one.reference,
                        "bank_fen": one.bank_fen,
                        "here_fen": one.here_fen,
                    },
                )
            )
    trail.append(drafts)
    return len(drafts)
