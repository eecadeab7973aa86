"""A city's gateway for SMS as a real server: it keeps what it was told, and fails when told to."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tongban.infra.messages.sending import sign

SECRET = b"a secret of the gateway"


@dataclass
class Gateway:
    """What it was told, in order; ``answers`` are the next statuses (then 200)."""

    url: str
    told: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)


@pytest.fixture
def gateway(tmp_path: Path, settings: Any) -> Iterator[Gateway]:
    """Give a gateway on the loopback, configured as this installation's."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            stamp, signature = self.headers["Tongban-Timestamp"], self.headers["Tongban-Signature"]
            status = found.answers.pop(0) if found.answers else 200
            if signature != sign(SECRET, stamp, body):
                status = 401
            if status == 200:
                found.keys.append(self.headers["Idempotency-Key"])
                found.told.append(json.loads(body))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Gateway(f"http://127.0.0.1:{server.server_address[1]}/sms")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    secret = tmp_path / "sms.secret"
    secret.write_bytes(SECRET + b"\n")
    settings.SMS_URL, settings.SMS_SECRET = found.url, str(secret)
    settings.SMS_NETWORKS = ["127.0.0.0/8"]
    yield found
    server.shutdown()
    server.server_close()
    thread.join()
