"""Carries signed messages to other nodes over NATS JetStream, and takes in what comes that way.

A message on the bus is the signed envelope of HTTP, header by header, so that both transports are
checked by the same code. It lives no longer there than its signature holds: what is not taken in
time is signed anew by the deliverer, whose queue is the one that counts. The answer comes back,
signed, to an inbox that the message names.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import APIError, NotFoundError

from tongban.kernel.wire.headers import REQUEST, RESPONSE
from tongban.kernel.wire.signatures import LIFETIME
from tongban.kernel.wire.words import Headers, Identifier, Request, Response
from tongban.node.events.outgoing import DELIVER, WayClosed
from tongban.node.events.settings import secret
from tongban.node.events.words import Settings
from tongban.node.store.events import Subscription

STREAM = "tongban"
SUBJECTS = "tb.>"
_ANSWER_TO = "Answer-To"
_STATUS = "Answer-Status"
_ACK_WITHIN = 10.0
_BATCH = 64
_PUBLISHES = 2  # of one signed message, under one id that the stream knows again
_LARGEST = 8 * 1024 * 1024
_say = logging.getLogger("tongban.node.events")

Hear = Callable[[Request], Awaitable[Response]]


def subject_of(one: Subscription) -> str:
    """Give the subject of a subscription's messages.

    ``tb.<instance>.<member>.<subsystem>.<service>.<subscriber>.<subscription>``: the server can
    hold each node to its own by a permission on the last but one part.

    >>> subject_of(Subscription("out", "s1", "CN-330100/GOV/11330100MB1A23019Q/tongban",
    ...     "CN-330100/GOV/1133010000250101XW/data/population", (), (), False, "jetstream", ""))
    'tb.CN-330100.1133010000250101XW.data.population.11330100MB1A23019Q.s1'
    """
    service, client = Identifier.parse(one.service), Identifier.parse(one.client)
    return ".".join(
        (
            "tb",
            service.instance,
            service.member,
            service.subsystem,
            service.service,
            client.member,
            one.id,
        )
    )


class Bus:
    """One node's link to NATS: both the transport of the deliverer and the receiver's ear."""

    def __init__(self, settings: Settings, node: str, members: tuple[str, ...], hear: Hear) -> None:
        self._settings = settings
        self._node = node
        self._members = members
        self._hear = hear
        self._client: Client | None = None
        self._stream: JetStreamContext | None = None
        self._inbox = ""
        self._waiting: dict[str, asyncio.Future[Response]] = {}
        self._ready = asyncio.Event()

    async def run(self) -> None:
        """Connect and take in what comes; go on for ever."""
        try:
            while True:
                try:
                    stream = await self._connect()
                    await self._listen(stream)
                except (NatsError, TimeoutError, OSError) as wrong:
                    self._ready.clear()
                    _say.warning("nats", extra={"detail": type(wrong).__name__})
                    await self._close()
                    await asyncio.sleep(1.0)
        finally:
            await self._close()

    async def _connect(self) -> JetStreamContext:
        token = self._settings.nats_token_file
        more: dict[str, Any] = {"token": secret(token)} if token else {}
        self._client = await nats.connect(
            list(self._settings.nats),
            name=f"tongban {self._node}",
            connect_timeout=2,
            reconnect_time_wait=0.5,
            max_reconnect_attempts=-1,
            allow_reconnect=True,
            error_cb=_quiet,
            **more,
        )
        stream = self._stream = self._client.jetstream(timeout=2.0)
        await _ensure(stream)
        self._inbox = self._client.new_inbox()
        await self._client.subscribe(f"{self._inbox}.*", cb=self._answer)
        self._ready.set()
        return stream

    # The deliverer's side

    async def __call__(self, one: Subscription, address: str, request: Request) -> Response:  # noqa: ARG002 - a transport's face
        """Publish, and wait for the answer of the subscriber's node; raise WayClosed."""
        stream = self._stream
        if stream is None or not self._ready.is_set():
            raise WayClosed("nats: not connected")
        name = secrets.token_hex(12)
        future: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._waiting[name] = future
        try:
            await self._published(stream, one, request, name)
            return await asyncio.wait_for(future, self._settings.bounds.answer_within)
        except TimeoutError:
            raise WayClosed("nats: no answer in time") from None
        finally:
            del self._waiting[name]

    async def _published(
        self, stream: JetStreamContext, one: Subscription, request: Request, name: str
    ) -> None:
        headers = {n: v for n, v in request.headers if n in REQUEST}
        headers |= {"Nats-Msg-Id": name, _ANSWER_TO: f"{self._inbox}.{name}"}
        for attempt in range(_PUBLISHES):
            try:
                await stream.publish(
                    subject_of(one), request.body, timeout=2.0, stream=STREAM, headers=headers
                )
            except NotFoundError:
                with contextlib.suppress(NatsError, TimeoutError, OSError):
                    await _ensure(stream)
            except (NatsError, TimeoutError, OSError) as wrong:
                if attempt + 1 == _PUBLISHES:
                    raise WayClosed(f"nats: {type(wrong).__name__}") from wrong
            else:
                return
        raise WayClosed("nats: there is no stream")

    async def _answer(self, message: Msg) -> None:
        future = self._waiting.get(message.subject.rpartition(".")[2])
        headers = message.headers or {}
        status = headers.get(_STATUS, "")
        if future is None or future.done() or not status.isdecimal():
            return
        future.set_result(Response(int(status), _own(headers, RESPONSE), message.data))

    # The subscriber's side

    async def _listen(self, stream: JetStreamContext) -> None:
        filters = [f"tb.*.*.*.*.{member}.>" for member in self._members]
        config = ConsumerConfig(
            durable_name=f"node-{self._node}",
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=_ACK_WITHIN,
            max_ack_pending=self._settings.bounds.in_flight,
            filter_subjects=filters,
        )
        await stream.add_consumer(STREAM, config)
        pulled = await stream.pull_subscribe_bind(durable=f"node-{self._node}", stream=STREAM)
        hearing: set[asyncio.Task[None]] = set()
        try:
            while True:
                try:
                    messages = await pulled.fetch(_BATCH, timeout=1.0)
                except TimeoutError:
                    # a server that lost its store has no consumer any more
                    await stream.consumer_info(STREAM, f"node-{self._node}")
                    continue
                for message in messages:
                    task = asyncio.create_task(self._heard(message))
                    hearing.add(task)
                    task.add_done_callback(hearing.discard)
        finally:
            for task in hearing:
                task.cancel()
            await asyncio.gather(*hearing, return_exceptions=True)

    async def _heard(self, message: Msg) -> None:
        """Answer one message; one that was not acknowledged comes again."""
        headers = message.headers or {}
        request = Request("POST", DELIVER, "", _own(headers, REQUEST), message.data)
        response = await self._hear(request)
        with contextlib.suppress(NatsError, TimeoutError, OSError):
            reply = headers.get(_ANSWER_TO, "")
            if reply.startswith("_INBOX.") and self._client is not None:
                told = {n: v for n, v in response.headers if n in RESPONSE}
                told[_STATUS] = str(response.status)
                await self._client.publish(reply, response.body, headers=told)
            await message.ack()

    async def _close(self) -> None:
        self._ready.clear()
        client, self._client, self._stream = self._client, None, None
        if client is not None:
            with contextlib.suppress(NatsError, TimeoutError, OSError):
                await client.close()


def _own(headers: dict[str, str], names: frozenset[str]) -> Headers:
    return tuple((name, value) for name, value in headers.items() if name in names)


async def _quiet(wrong: Exception) -> None:
    _say.info("nats", extra={"detail": type(wrong).__name__})


async def _ensure(stream: JetStreamContext) -> None:
    """Make the stream where it is not there; one that an operator made is taken as it is."""
    try:
        await stream.stream_info(STREAM)
    except NotFoundError:
        config = StreamConfig(
            name=STREAM,
            subjects=[SUBJECTS],
            retention=RetentionPolicy.LIMITS,
            storage=StorageType.FILE,
            max_age=float(LIFETIME),
            duplicate_window=float(LIFETIME),
            max_msg_size=_LARGEST,
        )
        with contextlib.suppress(APIError):  # another node made it in the same moment
            await stream.add_stream(config)
