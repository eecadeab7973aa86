"""Asks this installation's own node over its inner listener, as any client's system does.

The token of the listener comes from a file; connections live as long as a thread. The node signs,
sends, verifies and logs: what comes back here was checked there.
"""

import http.client
import json
import threading
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from tongban.apps.exchange.transport import Asked, NodeRefused, SourceSilent
from tongban.kernel.wire.bodies import write_question
from tongban.kernel.wire.words import Found

_PATIENCE = 30.0  # seconds; the node gives up on a source before this
_FINAL = frozenset({400, 401, 403, 404})
_LARGEST = 16 * 1024 * 1024


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
        self._local = threading.local()

    def ask(self, asked: Asked) -> Found:
        """Make one call; raise `NodeRefused`, `SourceSilent`."""
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

    def _send(
        self, path: str, body: bytes, headers: dict[str, str], patience: float
    ) -> tuple[int, bytes]:
        held: dict[str, http.client.HTTPConnection] = self._local.__dict__
        fresh = "connection" not in held
        for last in (fresh, True):
            try:
                link = held.get("connection") or http.client.HTTPConnection(
                    *self._address, timeout=patience
                )
                held["connection"] = link
                if link.sock is not None:
                    link.sock.settimeout(patience)
                link.request("POST", path, body, headers)
                answer = link.getresponse()
                return answer.status, answer.read(_LARGEST)
            except (OSError, http.client.HTTPException) as error:
                held.pop("connection").close()
                # a kept connection may have been closed meanwhile; the questions are reads
                if last or isinstance(error, TimeoutError):
                    raise SourceSilent(f"the node does not answer ({error!r})") from error
        raise AssertionError


def _read(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise SourceSilent("the node answers what is no JSON object")
    return told
