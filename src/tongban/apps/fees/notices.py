"""Where banks tell of payments by themselves (支付通知): believed for their signature alone.

An answer of 204 means that the notice is kept, or that it never will be of use; whatever else is
answered lets the bank tell it again. What was wrong with it is said to the log, not to the caller.
"""

import logging

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from . import services
from .errors import FeeError
from .plugins.face import NoticeInvalid

log = logging.getLogger(__name__)
_LARGEST = 16 * 1024


@csrf_exempt  # no cookie counts here: the bank signs
@require_POST
def notice(request: HttpRequest, provider: str) -> HttpResponse:
    """Take a notice of the bank with this name."""
    body = request.read(_LARGEST + 1)
    if len(body) > _LARGEST:
        return HttpResponse(status=413)
    try:
        services.notice(provider, body)
    except (NoticeInvalid, FeeError) as wrong:
        log.warning("a notice in the name of %s: %s", provider, wrong)
        return HttpResponse(status=401)
    return HttpResponse(status=204)


urlpatterns = [path("fees/notices/<slug:provider>", notice, name="fee-notice")]
