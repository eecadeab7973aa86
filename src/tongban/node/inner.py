"""The inner listener: calls of the node's own systems, each known by its token (内侧接口).

A token stands for one subsystem and is kept as a digest. A call is judged here first, so that its
system hears a clear refusal at once; then it is signed, sent, checked and logged before the answer
leaves.
"""

import hashlib
import hmac
import logging
import secrets
import uuid
from collections.abc import Sequence
from typing import Protocol

from starlette.routing import BaseRoute, Router

from tongban.kernel.wire.words import Headers, Identifier, Request, Response, WireRefused
from tongban.node import clock
from tongban.node.asgi import App, Receive, Scope, Send, is_call, read_request, send_response
from tongban.node.config import Client
from tongban.node.core import Asked, Node, Outcome, Prepared, bare, unreachable
from tongban.node.flusher import Flusher, LogDown
from tongban.node.outer import internal, log_down
from tongban.node.peers import Peers, PeerSilent

_say = logging.getLogger("tongban.node.inner")


class Clients:
    """The node's own systems by token."""

    def __init__(self, clients: Sequence[Client]) -> None:
        self._known = [(bytes.fromhex(one.token_sha256), one.subsystem) for one in clients]

    def of(self, headers: Headers) -> Identifier:
        """Give the subsystem that the bearer token stands for; raise `WireRefused`.

        Every digest is compared, so that time tells nothing of which came close.
        """
        given = [value for name, value in headers if name == "authorization"]
        scheme, _, token = (given[0] if len(given) == 1 else "").partition(" ")
        digest = hashlib.sha256(token.encode()).digest()
        found: Identifier | None = None
        for known, subsystem in self._known:
            if hmac.compare_digest(known, digest):
                found = subsystem
        if found is None or scheme.lower() != "bearer":
            raise WireRefused(
                "signature",
                "须携带本节点系统的令牌（Authorization: Bearer）",
                "send the token of a system of this node (Authorization: Bearer)",
            )
        return found


class Later(Protocol):
    """Takes calls that are to be answered later."""

    def wants_later(self, headers: Headers) -> bool:
        """Say whether a call is one."""
        ...

    async def later(self, request: Request) -> Response:
        """Take it; never raises."""
        ...


class Inner:
    """The application of the inner listener; ``routes`` are further ones (status, events)."""

    def __init__(
        self,
        node: Node,
        flusher: Flusher,
        peers: Peers,
        clients: Clients,
        most_body: int,
        routes: list[BaseRoute],
        later: Later | None = None,
    ) -> None:
        self._later = later
        self._node = node
        self._flusher = flusher
        self._peers = peers
        self._clients = clients
        self._most = most_body
        self._rest: App = Router(routes, redirect_slashes=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        if not is_call(scope):
            await self._rest(scope, receive, send)
            return
        try:
            request = await read_request(scope, receive, self._most)
        except WireRefused as refused:
            await send_response(send, bare(refused), close=True)
            return
        except ConnectionResetError:
            return
        if self._later is not None and self._later.wants_later(request.headers):
            await send_response(send, await self._later.later(request))
            return
        await send_response(send, await self.call(request))

    async def call(self, request: Request) -> Response:
        """Make one call for a system of the node's own; never raises."""
        try:
            asked = self._node.ask(request, self._clients.of(request.headers), uuid.uuid4().hex)
        except WireRefused as refused:
            return bare(refused)
        try:
            return (await self.asked(asked)).response
        except LogDown as down:
            _say.error("log_down", extra={"detail": str(down)})
            return bare(log_down(), asked.caller.call)
        except Exception:  # noqa: BLE001 - whatever it is, the client gets an answer
            _say.exception("internal")
            return bare(internal(), asked.caller.call)

    async def asked(self, asked: Asked) -> Outcome:
        """Ask the network; what is given is on the log. Raise LogDown."""
        node = self._node
        ready = node.prepare(asked, secrets.token_urlsafe(16), clock.now())
        outcome = await self._sent(ready) if isinstance(ready, Prepared) else ready
        if outcome.entry is not None:
            await self._flusher.commit(outcome.entry)
        if outcome.code:
            _say.info(
                "refused",
                extra={
                    "code": outcome.code,
                    "detail": outcome.detail,
                    "call": asked.caller.call,
                    "service": str(asked.service),
                },
            )
        return outcome

    async def _sent(self, ready: Prepared) -> Outcome:
        try:
            response = await self._peers.send(ready.address, ready.request)
        except PeerSilent as silent:
            return self._node.fail(ready, unreachable(str(silent)), clock.now())
        return self._node.accept(ready, response, clock.now())
