"""The way to a node beside this process: calls go side by side, and each ends in its own way."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from tongban.apps.exchange.local_node import LocalNode
from tongban.apps.exchange.transport import Asked, NodeRefused, SourceSilent
from tongban.kernel.wire.words import Found, Identifier, Question

SLOW = 0.4  # seconds


class Listener(BaseHTTPRequestHandler):
    """Answers as a node's inner listener would, by the name of the service; slowly."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(SLOW)
        service = self.path.split("/")[-2]
        status, told = {
            "refused": (403, {"type": "tongban:not_granted", "zh": "未授权", "en": "not granted"}),
            "silent": (503, {"type": "tongban:unavailable", "zh": "不可用", "en": "is down"}),
        }.get(service, (200, {"records": [{"name": self.headers["X-Road-Id"]}], "next": None}))
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def listening() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


def asked(service: str, number: int) -> Asked:
    where = Identifier.parse(f"CN-330100/GOV/11330100MB1A23019Q/data/{service}")
    return Asked(where, Question("find", ("name",), ({"id": "1"},)), f"call-{number}", ("p",))


@pytest.fixture
def node(settings: Settings, tmp_path: Path) -> Iterator[LocalNode]:
    token = tmp_path / "token"
    token.write_text("secret", encoding="ascii")
    settings.EXCHANGE_NODE_TOKEN = str(token)
    with listening() as port:
        settings.EXCHANGE_NODE = f"http://127.0.0.1:{port}"
        made = LocalNode()
        yield made
        made.close()


def test_a_round_takes_as_long_as_its_slowest_call(node: LocalNode) -> None:
    names = ("births", "refused", "births", "silent", "births")
    began = time.monotonic()
    heard = node.ask_all([asked(name, place) for place, name in enumerate(names)])
    assert time.monotonic() - began < 3 * SLOW
    assert [type(one) for one in heard] == [Found, NodeRefused, Found, SourceSilent, Found]
    found = [one.records[0]["name"] for one in heard if isinstance(one, Found)]
    assert found == ["call-0", "call-2", "call-4"]
    assert [str(one) for one in heard if isinstance(one, NodeRefused)] == ["not granted"]
    # a connection that was kept and is dead by now is not the end of the call
    for link in node._idle:
        link.sock.shutdown(socket.SHUT_RDWR)
    (single,) = node.ask_all([asked("births", 9)])
    assert isinstance(single, Found)
