"""Carries signed messages to other nodes over plain HTTP (回调): asked once, answered at once."""

from tongban.kernel.wire.words import Request, Response
from tongban.node.events.outgoing import WayClosed
from tongban.node.peers import Peers, PeerSilent
from tongban.node.store.events import Subscription


class Callback:
    """The transport over HTTP."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers

    async def __call__(self, one: Subscription, address: str, request: Request) -> Response:  # noqa: ARG002 - a transport's face
        """Send; raise WayClosed."""
        try:
            return await self._peers.send(address, request)
        except PeerSilent as silent:
            raise WayClosed(str(silent)) from silent
