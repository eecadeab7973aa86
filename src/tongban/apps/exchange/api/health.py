"""The API of the network's health: how each service answers and how fresh its data is.

Shown to officials: it says nothing of any person, and much of where an attack would pay.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema

from tongban.apps.exchange import health
from tongban.apps.exchange.domain.requests import NotForYou
from tongban.apps.parties.asking import asking
from tongban.infra.api import Problem

router = Router()


class WindowOut(Schema):
    """Calls of the last ``seconds``; latencies in microseconds."""

    seconds: int
    calls: int
    errors: float | None
    p50: int | None
    p95: int | None
    p99: int | None


class HealthOut(Schema):
    """How a service does, by its node's last word."""

    node: str
    service: str
    department: str
    resource: str
    state: Literal["well", "troubled", "silent", "idle"]
    at: datetime
    last_good: datetime | None
    windows: list[WindowOut]
    freshness: str
    changed: str
    cycle: str
    drift: dict[str, int]


@router.get(
    "/exchange/health",
    response={200: list[HealthOut], 401: Problem, 403: Problem, 422: Problem},
    summary="各服务运行状况 · How every service of the network does",
    operation_id="network_health",
    tags=["network · 运行监测"],
)
def network_health(request: HttpRequest) -> Any:
    """List the services that nodes reported, troubled ones first; for officials."""
    if asking(request, "exchange.read").kind != "official":
        raise NotForYou("运行监测仅供工作人员查看", "the health of the network is for officials")
    return [asdict(one) for one in health.services()]
