"""A process that pays, hears of or gives back a fee, and is killed at one chosen instant.

Arguments: the instant and the number of the order or refund. ``create`` and ``refund``: the bank
has done it and we have not kept its answer; ``hear``: we have posted it and not committed.
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import django

django.setup()

from tongban.apps.fees import services  # noqa: E402
from tongban.apps.fees.models import Order  # noqa: E402
from tongban.apps.fees.plugins.samplebank import SampleBank  # noqa: E402
from tongban.apps.fees.services import hearing  # noqa: E402
from tongban.apps.parties import queries as parties  # noqa: E402
from tongban.infra.access.domain import COMMAND  # noqa: E402
from tongban.infra.access.models import User  # noqa: E402


def then_die(act: Callable[..., Any]) -> Callable[..., None]:
    """Do it, and be killed before anybody learns of it."""

    def dying(*arguments: Any) -> None:
        act(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)

    return dying


instant, number = sys.argv[1:]
if instant == "create":
    SampleBank.create = then_die(SampleBank.create)  # type: ignore[method-assign]
    payer = Order.objects.get(number=number).payer
    user = User.objects.get(pk=parties.user_of(payer))
    services.pay(parties.subject_of(user, COMMAND), number)
elif instant == "hear":
    hearing.issue = then_die(hearing.issue)  # type: ignore[assignment]
    services.ask_bank(number)
else:
    SampleBank.refund = then_die(SampleBank.refund)  # type: ignore[method-assign]
    services.send_refund(number)
