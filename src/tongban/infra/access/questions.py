"""How often one address may ask and search (检索限流): more than people type.

Questions and searches cost more than pages and are counted together, wherever they come in. A hall
where many share one address is given more by a setting.
"""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest

from tongban.infra.access import limits
from tongban.infra.access.devices import address_of


def may_ask(request: HttpRequest) -> bool:
    """Count a question and tell whether it may be answered."""
    address = address_of(request)
    limit = limits.Limit("questions", settings.QUESTIONS, timedelta(minutes=1))
    return not address or limits.allows(limit, address)
