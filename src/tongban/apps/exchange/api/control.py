"""What nodes ask of the control plane: snapshot, revocations, card; what they hand in.

A node signs each request by a key that is registered here, in the profile of the network
(`kernel.wire.signatures`); answers are documents that carry their own signature. A request that was
overheard and sent again learns and changes nothing new, so no nonces are kept.
"""

import json
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from tongban.apps.exchange import following, levels, network, nodes, queries
from tongban.apps.exchange import health as services
from tongban.apps.exchange.domain.governance import NODE
from tongban.apps.exchange.domain.levels import DocumentUnfit
from tongban.apps.exchange.models import Node
from tongban.apps.exchange.requests import RequestInvalid
from tongban.infra import clock
from tongban.kernel.events import EventInvalid, canonical
from tongban.kernel.wire.documents import DocumentInvalid
from tongban.kernel.wire.signatures import Verified, verify_request
from tongban.kernel.wire.words import (
    Identifier,
    IdentifierInvalid,
    Request,
    WireRefused,
    problem,
)

_LARGEST = 4 * 1024 * 1024
_MOST_LOOKS = 20_000
_CLIENT = "x-road-client"
View = Callable[[HttpRequest], HttpResponse]


def wire_request(request: HttpRequest) -> Request:
    """Give a request of Django as it stood on the wire; raises `WireRefused` for a large body.

    The addresses here need no escapes, so the decoded path is the path that was signed.
    """
    if int(request.headers.get("content-length") or 0) > _LARGEST:
        raise WireRefused("too_large", "请求过大", f"send at most {_LARGEST} bytes")
    return Request(
        request.method or "",
        request.path,
        request.META.get("QUERY_STRING", ""),
        tuple((name.lower(), value) for name, value in request.headers.items()),
        request.body,
    )


def answer(told: Any, status: int = 200, kind: str = "application/json") -> HttpResponse:
    """Give an answer in canonical JSON."""
    return HttpResponse(canonical(told), status=status, content_type=kind)


def refused(wrong: WireRefused) -> HttpResponse:
    """Give the body of a refusal."""
    return answer(problem(wrong), wrong.status, "application/problem+json")


def read(body: bytes) -> dict[str, Any]:
    """Read a JSON object; raises `WireRefused`."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise WireRefused("malformed", "请求体须为JSON对象", "the body must be a JSON object")
    return told


def _node(request: HttpRequest, what: str = "") -> tuple[Node, Verified, Request]:
    """Give the registered node that signed this; raises `WireRefused`."""
    wire = wire_request(request)
    verified = verify_request(wire, network.node_key, clock.now())
    node = nodes.seen(verified.keyid, what)
    if node is None or not _is_its(node, dict(wire.headers).get(_CLIENT, "")):
        raise WireRefused(
            "signature",
            "签名密钥与X-Road-Client不符",
            "the key does not belong to X-Road-Client",
        )
    return node, verified, wire


def _is_its(node: Node, client: str) -> bool:
    try:
        named = Identifier.parse(client)
    except IdentifierInvalid:
        return False
    own = queries.catalogue().governance.instance
    return (named.instance, named.subsystem) == (own, NODE) and named.member in node.members


def _guarded(view: View) -> View:
    def guarded(request: HttpRequest) -> HttpResponse:
        try:
            return view(request)
        except WireRefused as wrong:
            return refused(wrong)

    return guarded


@require_GET
@_guarded
def snapshot(request: HttpRequest) -> HttpResponse:
    """Give the signed snapshot to a node."""
    _node(request, "snapshot")
    return answer(network.snapshot_now())


@require_GET
@_guarded
def revocations(request: HttpRequest) -> HttpResponse:
    """Give the signed feed of revocations beyond ``?after=``."""
    _node(request, "feed")
    after = request.GET.get("after", "0")
    if not (after.isascii() and after.isdigit() and len(after) < 16):
        raise WireRefused("malformed", "after 应为整数", "after must be a whole number")
    return answer(network.feed(int(after)))


@require_GET
@_guarded
def card(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view
    """Give the signed card of this instance to anyone."""
    return answer(network.card_now())


@csrf_exempt
@require_POST
@_guarded
def checkpoints(request: HttpRequest) -> HttpResponse:
    """Keep a node's signed checkpoint; 409 where it contradicts an earlier one."""
    node, _, wire = _node(request)
    try:
        kept = nodes.take_checkpoint(node, read(wire.body))
    except nodes.CheckpointForked as forked:
        told = {"type": "tongban:forked", "status": 409, "zh": "检查点与先前的不一致，已告警"}
        return answer({**told, "en": str(forked), "call": ""}, 409, "application/problem+json")
    except (DocumentInvalid, EventInvalid, KeyError, TypeError, ValueError) as wrong:
        raise WireRefused("malformed", "检查点无法读取", str(wrong)) from wrong
    return answer({"size": kept.size})


@csrf_exempt
@require_POST
@_guarded
def looks(request: HttpRequest) -> HttpResponse:
    """Keep what a node logged of who looked at whom; each row once."""
    node, _, wire = _node(request)
    told = read(wire.body).get("looks")
    if not isinstance(told, list) or len(told) > _MOST_LOOKS:
        raise WireRefused(
            "malformed", "looks 应为列表", f"looks is a list of at most {_MOST_LOOKS}"
        )
    try:
        kept = nodes.record_looks(node.slug, told)
    except (AttributeError, KeyError, TypeError, ValueError) as wrong:
        raise WireRefused(
            "malformed", "查询记录无法读取", f"a look does not read: {wrong!r}"
        ) from wrong
    return answer({"kept": kept})


@csrf_exempt
@require_POST
@_guarded
def health(request: HttpRequest) -> HttpResponse:
    """Keep how a node's services are doing, as it measured them."""
    node, _, wire = _node(request)
    try:
        return answer({"kept": services.record(node.slug, read(wire.body))})
    except services.HealthUnreadable as wrong:
        raise WireRefused("malformed", "运行状况无法读取", str(wrong)) from wrong


@csrf_exempt
@require_POST
@_guarded
def feed(request: HttpRequest) -> HttpResponse:
    """Give the signed feed of withdrawn consents to another instance that asks by its key."""
    wire = wire_request(request)
    try:
        return answer(following.hand_out(wire.body))
    except DocumentInvalid as wrong:
        raise WireRefused("signature", "签名无效或平台未登记", str(wrong)) from wrong
    except DocumentUnfit as wrong:
        raise WireRefused("malformed", "请求不符合要求", str(wrong)) from wrong


@csrf_exempt
@require_POST
@_guarded
def requests(request: HttpRequest) -> HttpResponse:
    """Take a signed request of another instance, and say how it stands here."""
    wire = wire_request(request)
    try:
        return answer(levels.receive(wire.body))
    except DocumentInvalid as wrong:
        raise WireRefused("signature", "签名无效或平台未登记", str(wrong)) from wrong
    except (DocumentUnfit, RequestInvalid, EventInvalid) as wrong:
        raise WireRefused("malformed", "申请不符合要求", str(wrong)) from wrong
