"""The page of the network's health: each service with its state in words, shape and colour."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from tongban.apps.exchange import health, queries

from .pages import language, page, subject_of, words_of

_SIGNS = {
    "well": ("done", "✔"),
    "troubled": ("stop", "✖"),
    "silent": ("stop", "▲"),
    "idle": ("quiet", "○"),
}


@require_GET
def network(request: HttpRequest) -> HttpResponse:
    """Show officials how every service of the network does, troubled ones first."""
    subject = subject_of(request)
    if subject is None or subject.kind != "official":
        return page(request, "missing", {"subject": subject}, status=404)
    lang = language(request)
    catalogue = queries.catalogue()
    lines = [_line(one, catalogue, lang, words_of(request)) for one in health.services()]
    return page(request, "health", {"subject": subject, "lines": lines})


def _line(one: health.Health, catalogue: Any, lang: str, t: Mapping[str, str]) -> dict[str, Any]:
    department = catalogue.departments.get(one.department)
    contract = catalogue.contracts.get(one.resource)
    last = one.windows[0] if one.windows else None
    tone, sign = _SIGNS[one.state]
    return {
        "one": one,
        "name": contract.resource.name.of(lang) if contract else one.resource,
        "department": department.name.of(lang) if department else one.department,
        "tone": tone,
        "sign": sign,
        "state": t[f"health_{one.state}"],
        "freshness": t[f"health_{one.freshness}"],
        "calls": last.calls if last else 0,
        "minutes": last.seconds // 60 if last else 0,
        "errors": None if last is None or last.errors is None else f"{100 * last.errors:.2f}",
        "p50": _milliseconds(last.p50 if last else None),
        "p95": _milliseconds(last.p95 if last else None),
        "p99": _milliseconds(last.p99 if last else None),
    }


def _milliseconds(micros: int | None) -> str:
    return "–" if micros is None else f"{micros / 1000:.1f}"
