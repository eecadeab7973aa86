"""Where the asynchronous half is reached, on both listeners; requests as raw as calls are.

Inner, by token: ``/r1/…/subscriptions``, ``/subscriptions…``, ``/events/{service}``,
``/tasks/{id}``, ``/batch/manifests``. Outer, by signature: ``/r1/…/subscriptions`` and
``/tongban/deliver``.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping

from starlette.routing import BaseRoute, Route

from tongban.kernel.events import canonical
from tongban.kernel.wire.bodies import JSON
from tongban.kernel.wire.words import (
    Identifier,
    IdentifierInvalid,
    Request,
    Response,
    WireRefused,
)
from tongban.node.asgi import Receive, Scope, Send, read_request, send_response
from tongban.node.core import bare
from tongban.node.events.capture import Capture
from tongban.node.events.ground import Ground
from tongban.node.events.incoming import Incoming
from tongban.node.events.manifests import Manifests
from tongban.node.events.outgoing import DELIVER
from tongban.node.events.subscribing import Subscribing, told_of
from tongban.node.events.tasks import Tasks
from tongban.node.events.words import not_found
from tongban.node.flusher import LogDown
from tongban.node.outer import internal, log_down

_SERVICE = "/r1/{instance}/{member_class}/{member}/{subsystem}/{service}/subscriptions"
_PULLED = 100
_DONE = Response(200, (("content-type", JSON),), canonical({"done": True}))
_say = logging.getLogger("tongban.node.events")

Handle = Callable[[Request, Mapping[str, str]], Awaitable[Response]]


class _Served:
    """An ASGI application around one handler."""

    def __init__(self, handle: Handle, most_body: int) -> None:
        self._handle = handle
        self._most = most_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            request = await read_request(scope, receive, self._most)
        except WireRefused as refused:
            await send_response(send, bare(refused), close=True)
            return
        except ConnectionResetError:
            return
        await send_response(send, await safely(self._handle, request, scope["path_params"]))


async def safely(handle: Handle, request: Request, told: Mapping[str, str]) -> Response:
    """Handle a request; never raises."""
    try:
        return await handle(request, told)
    except WireRefused as refused:
        _say.info("refused", extra={"code": refused.code, "detail": refused.detail})
        return bare(refused)
    except IdentifierInvalid:
        return bare(not_found())
    except LogDown as down:
        _say.error("log_down", extra={"detail": str(down)})
        return bare(log_down())
    except Exception:  # noqa: BLE001 - an answer is owed
        _say.exception("internal")
        return bare(internal())


class Routes:
    """The handlers, and the routes that lead to them."""

    def __init__(
        self,
        ground: Ground,
        subscribing: Subscribing,
        capture: Capture,
        incoming: Incoming,
        tasks: Tasks,
        manifests: Manifests,
    ) -> None:
        self._ground = ground
        self._subscribing = subscribing
        self._capture = capture
        self._incoming = incoming
        self._tasks = tasks
        self._manifests = manifests

    def outer(self) -> list[BaseRoute]:
        """Give the routes of the outer listener."""
        return [
            self._route(_SERVICE, self._hear, "POST", "GET"),
            self._route(_SERVICE + "/{name}", self._hear, "DELETE"),
            self._route(DELIVER, self.deliver, "POST"),
        ]

    def inner(self) -> list[BaseRoute]:
        """Give the routes of the inner listener."""
        return [
            self._route(_SERVICE, self._ask, "POST", "GET"),
            self._route(_SERVICE + "/{name}", self._ask, "DELETE"),
            self._route("/subscriptions", self._list, "GET"),
            self._route("/subscriptions/{name}", self._end, "DELETE"),
            self._route("/subscriptions/{name}/events", self._pull, "GET"),
            self._route("/subscriptions/{name}/events", self._acknowledge, "POST"),
            self._route("/events/{service:path}", self._hand_in, "POST"),
            self._route("/tasks/{name}", self._task, "GET"),
            self._route("/tasks/{name}", self._remove, "DELETE"),
            self._route("/batch/manifests", self._seal, "POST"),
        ]

    def _route(self, path: str, handle: Handle, *methods: str) -> Route:
        return Route(path, _Served(handle, self._ground.most_body), methods=methods)

    # Other nodes

    async def _hear(self, request: Request, told: Mapping[str, str]) -> Response:
        return await self._subscribing.hear(request, _service(told), told.get("name", ""))

    async def deliver(self, request: Request, told: Mapping[str, str]) -> Response:  # noqa: ARG002 - a handler's face
        """Take a delivery."""
        return await self._incoming.hear(request)

    # The node's own systems

    def _client(self, request: Request) -> Identifier:
        return self._ground.clients.of(request.headers)

    async def _ask(self, request: Request, told: Mapping[str, str]) -> Response:
        client = self._client(request)
        return await self._subscribing.ask(request, _service(told), client, told.get("name", ""))

    async def _list(self, request: Request, told: Mapping[str, str]) -> Response:  # noqa: ARG002 - a handler's face
        store, client = self._ground.store, self._client(request)
        found = [
            told_of(one, store.depth("in", one.id))
            for one in store.subscriptions("in", client=str(client))
        ]
        return Response(200, (("content-type", JSON),), canonical({"subscriptions": found}))

    async def _end(self, request: Request, told: Mapping[str, str]) -> Response:
        client = self._client(request)
        one = self._ground.store.subscription("in", told["name"])
        if one is None or one.client != str(client):
            raise not_found()
        asked = Request(
            "DELETE",
            f"/r1/{one.service}/subscriptions/{one.id}",
            "",
            (("tb-purpose", ",".join(one.purposes)),),
            b"",
        )
        service = Identifier.parse(one.service)
        return await self._subscribing.ask(asked, service, client, one.id)

    async def _pull(self, request: Request, told: Mapping[str, str]) -> Response:
        limit = request.query.removeprefix("limit=")
        most = int(limit) if limit.isdecimal() and len(limit) < 6 else _PULLED
        body = await self._incoming.pull(self._client(request), told["name"], most)
        return Response(200, (("content-type", JSON),), body)

    async def _acknowledge(self, request: Request, told: Mapping[str, str]) -> Response:
        client = self._client(request)
        await self._incoming.acknowledge(client, told["name"], request.body)
        return _DONE

    async def _hand_in(self, request: Request, told: Mapping[str, str]) -> Response:
        client, name = self._client(request), told["service"]
        fitting = [
            one
            for one in self._ground.served
            if one == name or one == f"{client}".rpartition("/")[0] + f"/data/{name}"
        ]
        # a department hands in what changed in its own registers, and in nobody else's
        if len(fitting) != 1 or Identifier.parse(fitting[0]).member != client.member:
            raise not_found()
        count = await self._capture.hand_in(fitting[0], request.body)
        return Response(202, (("content-type", JSON),), canonical({"taken": count}))

    async def _task(self, request: Request, told: Mapping[str, str]) -> Response:
        return self._tasks.get(self._client(request), told["name"])

    async def _remove(self, request: Request, told: Mapping[str, str]) -> Response:
        await self._tasks.remove(self._client(request), told["name"])
        return _DONE

    async def _seal(self, request: Request, told: Mapping[str, str]) -> Response:  # noqa: ARG002 - a handler's face
        return await self._manifests.seal(self._client(request), request.body)


def _service(told: Mapping[str, str]) -> Identifier:
    names = ("instance", "member_class", "member", "subsystem", "service")
    return Identifier(*(told[name] for name in names))
