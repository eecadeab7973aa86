"""Asks this installation's own node over its inner listener, as any client's system does.

The token of the listener comes from a file; connections are kept for the next call. The node signs,
sends, verifies and logs: what comes back here was checked there.
"""

import http.client
import json
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from tongban.apps.exchange.transport import Asked, Heard, NodeRefused, SourceSilent
from tongban.kernel.wire.bodies import write_question
from tongban.kernel.wire.words import Found

_PATIENCE = 30.0  # seconds; the node gives up on a source before this
_FINAL = frozenset({400, 401, 403, 404})
_LARGEST = 16 * 1024 * 1024
_AT_ONCE = 8  # calls that one process has under way


class LocalNode:
    """The node at ``EXCHANGE_NODE`` (http on a private network), with its token file."""

    def __init__(self) -> None:
        parts = urlsplit(settings.EXCHANGE_NODE)
        if parts.scheme != "http" or not parts.hostname or not settings.EXCHANGE_NODE_TOKEN:
            raise ImproperlyConfigured(
                "TONGBAN_NODE must be the http address of the node's inner listener, and "
                "TONGBAN_NODE_TOKEN the file with this installation's token"
            )
        self._address = parts.hostname, parts.port or 80
        token = Path(settings.EXCHANGE_NODE_TOKEN).read_text(encoding="ascii").strip()
        self._bearer = f"Bearer {token}"
        self._idle: deque[http.client.HTTPConnection] = deque()

    def ask_all(self, asked: Sequence[Asked]) -> Sequence[Heard]:
        """Make calls side by side: the slowest source is waited for, not the sum of all."""
        if len(asked) == 1:
            return [self._heard(asked[0])]
        return list(self._side_by_side.map(self._heard, asked))

    @cached_property
    def _side_by_side(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="exchange")

    def _heard(self, asked: Asked) -> Heard:
        try:
            return self._ask(asked)
        except (NodeRefused, SourceSilent) as why:
            return why

    def _ask(self, asked: Asked) -> Found:
        path = f"/r1/{asked.service}/{asked.question.operation}"
        headers = {
            "Authorization": self._bearer,
            "Content-Type": "application/json",
            "X-Road-Id": asked.call,
            "Tb-Purpose": ",".join(asked.purposes),
            "X-Road-Issue": asked.issue,
            "X-Road-UserId": quote(asked.user),
            "Tb-Consent": asked.consent,
        }
        sent = {name: value for name, value in headers.items() if value}
        patience = min(asked.patience or _PATIENCE, _PATIENCE)
        status, body = self._send(path, write_question(asked.question), sent, patience)
        told = _read(body)
        if status == http.HTTPStatus.OK:
            return Found(told["records"], told.get("next"))
        code = str(told.get("type", "")).removeprefix("tongban:")
        if status in _FINAL and "zh" in told:
            raise NodeRefused(code, told["zh"], told["en"])
        raise SourceSilent(f"{code or status}: {told.get('en', 'the node gives no reason')}")

    def hand_in(self) -> int:
        """Nothing to do: the node hands in by itself."""
        return 0

    def close(self) -> None:
        """Let the connections go; for whoever made one beside that of the process."""
        if "_side_by_side" in self.__dict__:
            self._side_by_side.shutdown()
        while self._idle:
            self._idle.pop().close()

    def _send(
        self, path: str, body: bytes, headers: dict[str, str], patience: float
    ) -> tuple[int, bytes]:
        while True:
            link, kept = self._link(patience)
            try:
                link.request("POST", path, body, headers)
                answer = link.getresponse()
                told = answer.status, answer.read(_LARGEST)
            except (OSError, http.client.HTTPException) as error:
                link.close()
                # a kept connection may have been closed meanwhile; the questions are reads
                if not kept or isinstance(error, TimeoutError):
                    raise SourceSilent(f"the node does not answer ({error!r})") from error
                continue
            if len(self._idle) < _AT_ONCE:
                self._idle.append(link)
            else:
                link.close()
            return told

    def _link(self, patience: float) -> tuple[http.client.HTTPConnection, bool]:
        """Give a connection that waits so long, and whether it was kept from an earlier call."""
        try:
            link = self._idle.pop()
        except IndexError:
            return http.client.HTTPConnection(*self._address, timeout=patience), False
        if link.sock is not None:
            link.sock.settimeout(patience)
        return link, True


def _read(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise SourceSilent("the node answers what is no JSON object")
    return told
