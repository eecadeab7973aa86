"""What time does to fees: windows end, silent banks are asked again, refunds are sent (催查)."""

import logging
from datetime import timedelta

from django.db import transaction

from tongban.apps.fees.domain.words import LIVE
from tongban.apps.fees.errors import FeeError
from tongban.apps.fees.models import Attempt, Order, Refund
from tongban.apps.fees.plugins import provider
from tongban.infra import clock

from .books import locked
from .hearing import hear
from .ordering import end
from .refunding import send_refund

log = logging.getLogger(__name__)
#: An attempt of which nothing was heard is asked about this often.
PATIENCE = timedelta(seconds=15)
_MOST = 100


def expire() -> int:
    """End the orders whose window is over; give how many.

    Not one that may have been paid in time at a bank that has not told us yet: `chase` asks first.
    """
    now = clock.now()
    due = Order.objects.filter(state="open", expires__lte=now).exclude(attempts__state__in=LIVE)
    ended = 0
    for number in list(due.values_list("number", flat=True)[:_MOST]):
        with transaction.atomic():
            order = locked(number)
            asking = order.attempts.filter(state__in=LIVE).exists()
            if order.state == "open" and order.expires <= now and not asking:
                end(order, "expired", "unpaid", now)
                ended += 1
    return ended


def chase() -> int:
    """Ask about attempts nobody has told us of, and send what is to be given back; give how many.

    An order that is over has its attempts closed at the bank, so that nobody pays it late. One that
    fails never stops the others: it is asked again.
    """
    now = clock.now()
    waiting = Attempt.objects.filter(state__in=LIVE, asked__lte=now - PATIENCE)
    done = 0
    for attempt in list(waiting.select_related("order").order_by("asked")[:_MOST]):
        Attempt.objects.filter(number=attempt.number).update(asked=now)
        try:
            bank = provider(attempt.provider)
            over = attempt.order.state != "open" or now >= attempt.expires
            told = bank.end(attempt.number) if over else bank.query(attempt.number)
            hear(told, attempt.provider)
        except FeeError as wrong:
            log.warning("payment %s: %s", attempt.number, wrong)
        else:
            done += 1
    to_send = Refund.objects.filter(state="approved").order_by("asked")
    for number in list(to_send.values_list("number", flat=True)[:_MOST]):
        try:
            send_refund(number)
        except FeeError as wrong:
            log.warning("refund %s: %s", number, wrong)
        else:
            done += 1
    return done
