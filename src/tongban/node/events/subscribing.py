"""Making, listing and ending subscriptions (订阅), at the delivering and at the receiving node.

A subscription is asked for over the same signed messages as a call, judged as one, and kept at both
nodes: the deliverer's so that it knows whom to tell, the receiver's so that nobody else's events
are taken for it.
"""

import json
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tongban.kernel.events import instant
from tongban.kernel.wire.addresses import read_caller, write_caller
from tongban.kernel.wire.bodies import JSON
from tongban.kernel.wire.judging import MOST_KEYS
from tongban.kernel.wire.signatures import Verified, signed_request, verify_response
from tongban.kernel.wire.words import (
    Caller,
    Identifier,
    Plain,
    Question,
    Request,
    Response,
    WireRefused,
)
from tongban.node import clock
from tongban.node.core import bare, replayed, unreachable
from tongban.node.events.endings import Endings
from tongban.node.events.ground import About, Ground, Signed, nonce_of, of, row
from tongban.node.events.words import malformed, not_found
from tongban.node.peers import PeerSilent
from tongban.node.store import NonceSeen, Write
from tongban.node.store.events import Subscription, ended, subscribed

_MEMBERS = frozenset({"fields", "keys", "delivery", "catch_up"})
_DELIVERIES = frozenset({"callback", "jetstream"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a subscription is asked for with; no keys: the whole register."""

    fields: tuple[str, ...]
    keys: tuple[Mapping[str, Plain], ...]
    delivery: str
    catch_up: bool

    @property
    def question(self) -> Question:
        """The question that it is judged as."""
        if self.keys:
            return Question("among", self.fields, self.keys, limit=len(self.keys))
        return Question("walk", self.fields, limit=1)


def read_wanted(body: bytes) -> Wanted:
    """Read the body; raise `WireRefused` (malformed)."""
    wrong = malformed(
        "正文须为 fields、delivery，另可有 keys 或 catch_up",
        "the body has fields, delivery (callback or jetstream), and may have keys or catch_up",
    )
    try:
        told: dict[str, Any] = json.loads(body)
        fields, keys = told["fields"], told.get("keys") or []
        if not told.keys() <= _MEMBERS or told["delivery"] not in _DELIVERIES:
            raise wrong
        if not fields or not all(isinstance(name, str) for name in fields) or len(keys) > MOST_KEYS:
            raise wrong
        for key in keys:
            if (
                told.get("catch_up")
                or not key
                or not all(type(v) in {str, int, bool} for v in key.values())
            ):
                raise wrong
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise wrong from None
    return Wanted(
        tuple(fields), tuple(keys), str(told["delivery"]), told.get("catch_up", False) is True
    )


class Subscribing:
    """Both sides of making and ending subscriptions."""

    def __init__(self, ground: Ground, endings: Endings) -> None:
        self._ground = ground
        self._endings = endings

    # The node that delivers

    async def hear(self, request: Request, service: Identifier, name: str) -> Response:
        """Answer another node that subscribes (POST), lists (GET) or ends (DELETE ``name``).

        Raise `WireRefused` for what is not signed well, LogDown.
        """
        ground = self._ground
        caller = read_caller(request.headers)
        claims = ground.heard(request)
        about = About("provider", caller, service, _operation(request))
        try:
            self._check_owner(claims, caller)
            about, told, writes = self._done(request, about, name)
            signed = ground.answered(request, 200, told)
            code = ""
        except WireRefused as refused:
            signed, code, writes = ground.refused(request, refused, caller.call), refused.code, ()
        return await self._answered(request, claims, about, signed, code, writes)

    def _check_owner(self, claims: Verified, caller: Caller) -> None:
        if not self._ground.view().speaks_for(claims.keyid, caller.client.member):
            raise WireRefused(
                "signature",
                "签名密钥不属于 X-Road-Client 所示成员",
                "the signing key is not that of the member in x-road-client",
            )

    async def _answered(
        self,
        request: Request,
        claims: Verified,
        about: About,
        signed: Signed,
        code: str,
        writes: tuple[Write, ...],
    ) -> Response:
        ground, by = self._ground, self._ground.identity
        rows = (
            row(by, about, "request", of(request, claims)),
            row(
                by,
                about,
                "answer",
                of(*signed),
                status=signed[0].status,
                code=code,
            ),
        )
        try:
            await ground.commit(rows, *writes, nonce=nonce_of(claims))
        except NonceSeen:
            again = replayed()
            signed = ground.refused(request, again, about.caller.call)
            told = of(*signed)
            refusal = row(by, about, "answer", told, status=again.status, code=again.code)
            await ground.commit((rows[0], refusal))
        return signed[0]

    def _done(
        self, request: Request, about: About, name: str
    ) -> tuple[About, dict[str, Any], tuple[Write, ...]]:
        ground, client, service = self._ground, str(about.caller.client), str(about.service)
        if request.method == "GET":
            found = ground.store.subscriptions("out", service=service, client=client)
            return about, {"subscriptions": [_told(one) for one in found]}, ()
        if request.method == "DELETE":
            one = ground.store.subscription("out", name)
            if one is None or (one.client, one.service) != (client, service):
                raise not_found()
            return about, {"id": name, "ended": True}, ended(one, "unsubscribed")
        wanted = read_wanted(request.body)
        if service not in ground.served:
            raise WireRefused(
                "not_granted",
                "没有有效授权可以这样读取；请向数源部门申请授权",
                "no grant in force allows this; ask the owning department for one",
            )
        permit = ground.view().judge(about.caller, about.service, wanted.question, clock.now())
        self._check_delivery(wanted)
        subjects = tuple(sorted({ground.mark(key) for key in wanted.keys}))
        one = _made("out", uuid.uuid4().hex, about.caller, service, wanted)
        judged = About(
            about.side,
            about.caller,
            about.service,
            about.operation,
            wanted.question,
            permit.grants,
            permit.consent,
            subjects,
        )
        return judged, _told(one), subscribed(one, subjects)

    def _check_delivery(self, wanted: Wanted) -> None:
        if wanted.delivery == "jetstream" and not self._ground.settings.nats:
            raise malformed("本节点未接入 NATS", "this node has no NATS; take delivery callback")

    # The node that receives

    async def ask(
        self, request: Request, service: Identifier, client: Identifier, name: str
    ) -> Response:
        """Subscribe, list or end for a system of the node's own; raise `WireRefused`, LogDown."""
        caller = self._caller(request, client)
        view = self._ground.view()
        if request.method == "POST":
            wanted = read_wanted(request.body)
            view.judge(caller, service, wanted.question, clock.now())
            if wanted.delivery == "jetstream" and not self._ground.settings.nats:
                raise malformed(
                    "本节点未接入 NATS", "this node has no NATS; take delivery callback"
                )
        response = await self._sent(request, caller, service)
        if response.status != 200:
            return response
        told = json.loads(response.body)
        if request.method == "POST":
            one = _made("in", str(told["id"]), caller, str(service), wanted)
            await self._ground.commit((), *subscribed(one))
        elif request.method == "DELETE":
            found = self._ground.store.subscription("in", name)
            if found is not None and found.client == str(client):
                await self._endings.end(found, "unsubscribed")
        return response

    def _caller(self, request: Request, client: Identifier) -> Caller:
        own = {n: v for n, v in request.headers if n.startswith(("x-road-", "tb-"))}
        own |= {"content-type": JSON, "x-road-client": own.get("x-road-client", str(client))}
        own.setdefault("x-road-id", uuid.uuid4().hex)
        caller = read_caller(tuple(own.items()))
        if caller.client != client:
            raise malformed("X-Road-Client 与令牌不符", "x-road-client is not that of the token")
        return caller

    async def _sent(self, asked: Request, caller: Caller, service: Identifier) -> Response:
        """Sign the question, send it to the owner's node, check and log the answer."""
        ground, by = self._ground, self._ground.identity
        view = ground.view()
        address = view.snapshot.address_of(service)
        if address is None:
            raise unreachable("no node is known for the owner")
        plain = Request(asked.method, asked.path, "", write_caller(caller), asked.body)
        nonce = secrets.token_urlsafe(16)
        request, signed = signed_request(plain, by.keyid, by.signer, clock.now(), nonce)
        about = About("consumer", caller, service, _operation(asked))
        sent = row(by, about, "request", of(request, signed))
        try:
            response = await ground.peers.send(address, request)
            now = clock.now()
            claims = verify_response(response, request, view.keys(now), now)
            if not view.speaks_for(claims.keyid, service.member):
                raise unreachable("another member's key signed the answer")
        except (PeerSilent, WireRefused) as wrong:
            refused = wrong if isinstance(wrong, WireRefused) else unreachable(str(wrong))
            told = row(by, about, "answer", status=refused.status, code=refused.code)
            await ground.commit((sent, told))
            return bare(refused, caller.call)
        status = response.status
        told = row(by, about, "answer", (response.headers, claims), status=status)
        await ground.commit((sent, told))
        kind = next((v for n, v in response.headers if n == "content-type"), JSON)
        return Response(status, (("content-type", kind),), response.body)


def _operation(request: Request) -> str:
    return {"POST": "subscribe", "DELETE": "unsubscribe"}.get(request.method, "subscriptions")


def _made(side: Any, name: str, caller: Caller, service: str, wanted: Wanted) -> Subscription:
    return Subscription(
        side,
        name,
        str(caller.client),
        service,
        caller.purposes,
        wanted.fields,
        bool(wanted.keys),
        wanted.delivery,
        instant(clock.now()),
        caller.issue,
        caller.consent,
        catch_up="" if wanted.catch_up and side == "out" else None,
    )


def _told(one: Subscription) -> dict[str, Any]:
    return {
        "id": one.id,
        "service": one.service,
        "client": one.client,
        "purposes": list(one.purposes),
        "fields": list(one.fields),
        "keyed": one.keyed,
        "delivery": one.delivery,
        "since": one.since,
        "ended": one.ended,
        "catching_up": one.catch_up is not None,
    }


def told_of(one: Subscription, waiting: int) -> dict[str, Any]:
    """Give a subscription for its own system, with how many events wait for it."""
    return {**_told(one), "waiting": waiting}
