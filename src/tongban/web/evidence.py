"""Pages of evidence: how the log stands, a bundle checked, the bundle of one's own case.

Open to everybody but for the last: a log that only its keeper may look at proves nothing.
"""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET, require_http_methods

from tongban.apps.cases import bundling
from tongban.apps.cases.errors import CaseUnknown, NotAllowed
from tongban.apps.evidence import bundles, queries, verify

from .pages import page, subject_of, words_of

_LARGEST = 32 * 1024 * 1024


@require_http_methods(["GET", "POST"])
def evidence(request: HttpRequest) -> HttpResponse:
    """Show how the log stands; check a bundle that is sent."""
    e = words_of(request, "evidence")
    shown = {"subject": subject_of(request), "e": e}
    if request.method == "GET":
        return page(request, "evidence", {**shown, "status": queries.status()})
    sent = request.FILES.get("bundle")
    if sent is None or not sent.size or sent.size > _LARGEST:
        why = e["none_sent"] if sent is None or not sent.size else e["too_large"]
        return page(request, "evidence_checked", {**shown, "broken": why}, status=400)
    try:
        report = bundles.check(sent.read())
    except verify.Broken as wrong:
        return page(request, "evidence_checked", {**shown, "broken": str(wrong)})
    told = {
        "report": report,
        "proved": report.proved,
        "not_proved": report.not_proved,
    }
    return page(request, "evidence_checked", {**shown, **told})


@require_GET
def verifier(_request: HttpRequest) -> HttpResponse:
    """Give ``verify.py``, as it stands in bundles."""
    answer = HttpResponse(bundles.verifier(), content_type="text/x-python; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="verify.py"'
    return answer


@require_GET
def case_bundle(request: HttpRequest, number: str) -> HttpResponse:
    """Give the bundle of a case to whoever may see all of it."""
    subject = subject_of(request)
    missing = page(request, "missing", {"subject": subject}, status=404)
    if subject is None or not number.isprintable():
        return missing
    try:
        made = bundling.bundle_for(subject, number)
    except (CaseUnknown, NotAllowed):
        return missing
    except queries.NotYetProved:
        why = words_of(request, "evidence")["waiting"]
        return page(request, "refused", {"subject": subject, "lines": [why]}, status=409)
    answer = HttpResponse(made, content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="{number}.zip"'
    return answer
