"""A department's own system that takes events: a small real HTTP server in this process."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class System:
    """Keeps what it was handed, in order; ``answer`` may refuse an event by a status."""

    def __init__(self, port: int = 0) -> None:
        self.events: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.answer: Callable[[dict[str, Any]], int] = lambda _: 204
        self.closed = False
        self._lock = threading.Lock()
        system = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                if system.closed:  # a process that fell answers on no connection
                    self.close_connection = True
                    return
                event = json.loads(self.rfile.read(int(self.headers["content-length"])))
                status = system.answer(event)
                if status < 300:
                    with system._lock:
                        system.events.append(event)
                        told = {name.lower(): value for name, value in self.headers.items()}
                        system.headers.append(told)
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            # a full queue of connections would let a request be read long after it was given up
            request_queue_size = 256
            allow_reuse_address = True

        self._server = Server(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/events"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def wait(self, count: int, seconds: float = 30) -> list[dict[str, Any]]:
        """Wait until it has this many events, and give them."""
        until = time.monotonic() + seconds
        while len(self.events) < count and time.monotonic() < until:
            time.sleep(0.02)
        assert len(self.events) >= count, f"{len(self.events)} of {count} events came"
        return self.events

    def close(self) -> None:
        """Stop it."""
        self.closed = True
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def taking() -> Iterator[System]:
    """Give a system that runs."""
    system = System()
    try:
        yield system
    finally:
        system.close()
