"""Whole installations in processes of their own, each on its own database, and a browser for them.

What is started here is what a city runs: granian with the WSGI application.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urljoin

import requests
from django.core.servers.basehttp import (
    ThreadedWSGIServer,
    WSGIRequestHandler,
    get_internal_wsgi_application,
)
from lxml import html

from tongban.config.servers import free_port

PATIENCE = 60.0


class Installation(Protocol):
    """What can say the environment of its processes, as `testkit.servers.Fresh` does."""

    def environment(self, home: Path) -> dict[str, str]:
        """Give it, for what is kept in ``home``."""


@dataclass(frozen=True)
class Site:
    """A running installation: where it is, and the environment of its commands."""

    origin: str
    environment: Mapping[str, str]

    def run(self, *command: str) -> str:
        """Run a command of this installation and give what it printed."""
        done = subprocess.run(
            [Path(sys.executable).with_name("tongban"), *command],
            env=dict(self.environment),
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout


@contextmanager
def site(
    fresh: Installation, home: Path, host: str = "127.0.0.1", **environment: str
) -> Iterator[Site]:
    """Serve an installation on a free port of loopback until the end of the block.

    Two of them need two hosts (127.0.0.1, 127.0.0.2): a browser's cookies know no ports.
    """
    port = free_port()
    origin = f"http://{host}:{port}"
    known = {
        **fresh.environment(home),
        "TONGBAN_ORIGIN": origin,
        "TONGBAN_HOSTS": host,
        **environment,
    }
    command = ["granian", "--interface", "wsgi", "--host", host, "--port"]
    log = home / f"site-{port}.log"
    with log.open("w") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", *command, str(port), "tongban.config.wsgi:application"],
            env=known,
            stdout=out,
            stderr=out,
        )
        try:
            _wait(server, origin, log)
            yield Site(origin, known)
        finally:
            server.terminate()
            server.wait(PATIENCE)


@contextmanager
def threaded() -> Iterator[str]:
    """Serve this process's own installation on a free port of loopback; give its origin."""
    server = ThreadedWSGIServer(("127.0.0.1", free_port()), QuietWSGIRequestHandler)
    server.set_app(get_internal_wsgi_application())
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(PATIENCE)


class QuietWSGIRequestHandler(WSGIRequestHandler):
    """Says nothing of each request."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its face
        """Say nothing."""


def _wait(server: "subprocess.Popen[bytes]", origin: str, log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        try:
            if requests.get(f"{origin}/", timeout=5).ok:
                return
        except (requests.ConnectionError, requests.Timeout):
            time.sleep(0.2)
    raise AssertionError(f"the site did not answer:\n{log.read_text()}")


@dataclass
class Browser:
    """What a person does: open pages, fill forms, follow redirects while they stay where it is."""

    session: requests.Session = field(default_factory=requests.Session)
    url: str = ""
    page: Any = None
    status: int = 0

    def open(self, url: str, *stops: str) -> "Browser":
        """Open an address and follow where it leads, but not to one that begins with a stop."""
        return self._follow("GET", url, None, stops)

    def send(self, *stops: str, button: str = "", **fields: str) -> "Browser":
        """Fill the form of the page that has all these fields (and the button), and send it."""
        (form,) = [
            one
            for one in self.page.forms
            if set(fields) <= set(one.fields)
            and one.method == "POST"
            and one.action != "/leave"
            and (not button or one.xpath(f".//button[@name='{button}']"))
        ][:1]
        filled = {**dict(form.form_values()), **fields}
        if button:
            filled[button] = form.xpath(f".//button[@name='{button}']/@value")[0]
        return self._follow("POST", urljoin(self.url, form.action or self.url), filled, stops)

    def _follow(
        self, method: str, url: str, data: dict[str, str] | None, stops: tuple[str, ...]
    ) -> "Browser":
        for _ in range(12):
            answer = self.session.request(
                method,
                url,
                data=data,
                allow_redirects=False,
                timeout=30,
                headers={"Referer": self.url} if self.url else {},
            )
            self.url = url
            if "Location" not in answer.headers:
                self.status = answer.status_code
                self.page = html.fromstring(answer.text)
                return self
            url = urljoin(url, answer.headers["Location"])
            if stops and url.startswith(stops):
                self.url = url
                return self
            method, data = "GET", None
        raise AssertionError(f"goes round in circles at {url}")

    def text(self) -> str:
        """Give what the page says."""
        return " ".join(self.page.text_content().split())
