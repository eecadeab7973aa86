"""The outer listener: other nodes' calls, from the bytes on the wire to the signed answer.

Nothing leaves before it is on the log; where the log does not work, 503 at once. A provider's
failure is one word to whoever asks.
"""

import logging
import time

from starlette.routing import BaseRoute, Router

from tongban.kernel.wire.words import Request, Response, WireRefused
from tongban.node import clock
from tongban.node.asgi import App, Receive, Scope, Send, is_call, read_request, send_response
from tongban.node.core import Accepted, Node, Outcome, bare, limited, replayed, unavailable
from tongban.node.flusher import Flusher, LogDown
from tongban.node.health import Outcome as How
from tongban.node.measures import Measures
from tongban.node.providers.base import ProviderFailed
from tongban.node.replays import Replays
from tongban.node.sources import Sources
from tongban.node.store import NonceSeen, QuotaSpent

_say = logging.getLogger("tongban.node.outer")


def log_down() -> WireRefused:
    """Refuse because nothing can be logged."""
    return WireRefused(
        "log_down",
        "本节点日志暂不可用，未作答复；请稍后重试",
        "this node cannot write its log, so it answers nothing; ask again later",
    )


def internal() -> WireRefused:
    """Refuse because of a fault of the node itself."""
    return WireRefused(
        "internal", "本节点内部错误，已记录", "a fault of this node; its operators can see it"
    )


class Outer:
    """The application of the outer listener; ``routes`` are further ones (events)."""

    def __init__(
        self,
        node: Node,
        flusher: Flusher,
        sources: Sources,
        measures: Measures,
        most_body: int,
        routes: list[BaseRoute],
    ) -> None:
        self._node = node
        self._flusher = flusher
        self._sources = sources
        self._measures = measures
        self._most = most_body
        self._replays = Replays()
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
        await send_response(send, await self.call(request))

    async def call(self, request: Request) -> Response:
        """Answer one call; never raises."""
        accepted: Accepted | None = None
        try:
            outcome = self._node.receive(request, clock.now())
            if isinstance(outcome, Accepted):
                accepted = outcome
                outcome = await self._asked(accepted)
            return await self._settled(outcome)
        except LogDown as down:
            if accepted is not None:  # its nonce was not spent: the same request may come again
                self._replays.forget(accepted.claims)
            _say.error("log_down", extra={"detail": str(down)})
            return bare(log_down())
        except Exception:  # noqa: BLE001 - whatever it is, the peer gets an answer
            _say.exception("internal")
            return bare(internal())

    async def _asked(self, accepted: Accepted) -> Outcome:
        node, measures, service = self._node, self._measures, str(accepted.service)
        if not self._replays.first(accepted.claims):
            return node.refuse(accepted, replayed(), clock.now(), replay=True)
        refused = measures.admit(accepted)
        if refused is not None:
            return node.refuse(accepted, refused, clock.now())
        began = time.perf_counter_ns()
        try:
            found = await self._sources.ask(accepted)
        except ProviderFailed as failed:
            measures.failed(service, failed, _micros(began))
            refused = unavailable(f"{failed.kind}: {failed.detail}")
            return node.refuse(accepted, refused, clock.now())
        except WireRefused as unfit:
            measures.count(service, "refused", _micros(began))
            return node.refuse(accepted, unfit, clock.now())
        outcome = node.answer(accepted, found, clock.now())
        how: How = "bad_answer" if outcome.code else "good"
        measures.count(service, how, _micros(began))
        return measures.looked(accepted, outcome)

    async def _settled(self, outcome: Outcome) -> Response:
        """Commit what must be on the log, and give what may then leave."""
        if outcome.entry is None:
            self._measures.garbage += 1
            _say.info("refused", extra={"code": outcome.code, "detail": outcome.detail})
            return outcome.response
        try:
            await self._flusher.commit(outcome.entry)
        except NonceSeen:
            again = self._again(outcome, replayed(), replay=True)
        except QuotaSpent as spent:
            refused = limited(
                "今日额度已用完；请明日再试，或申请更大额度",
                "the quota of today is spent; ask tomorrow, or ask for a larger one",
            )
            again = self._again(outcome, refused, replay=False)
            _say.info("quota", extra={"detail": spent.grant})
        else:
            if outcome.code:
                _say.info("refused", extra={"code": outcome.code, "detail": outcome.detail})
            return outcome.response
        return await self._settled(again)

    def _again(self, outcome: Outcome, refused: WireRefused, *, replay: bool) -> Outcome:
        if outcome.heard is None:
            raise AssertionError("only what was heard spends a nonce or a quota")
        return self._node.refuse(outcome.heard, refused, clock.now(), replay=replay)


def _micros(began: int) -> int:
    return (time.perf_counter_ns() - began) // 1000
