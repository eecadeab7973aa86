"""``tongban serve``: pages, API and worker from one command, and a clean end."""

import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

import pytest

from testkit.office import Office
from tongban.config.servers import free_port

PATIENCE = 90  # seconds; a loaded machine is slow to start


@pytest.fixture
def serving(office: Office) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Serve this office; give the sign-in link that was printed, and the process."""
    port = free_port()
    office.applicant("newborn")
    server = subprocess.Popen(
        [Path(sys.executable).with_name("tongban"), "serve", "--port", str(port)],
        env=office.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield _link(server), server
    finally:
        server.terminate()
        server.communicate(timeout=PATIENCE)


def _link(server: "subprocess.Popen[str]") -> str:
    said, end = "", time.monotonic() + PATIENCE
    assert server.stdout
    while time.monotonic() < end and server.poll() is None:
        if select.select([server.stdout], [], [], 0.2)[0]:
            said += os.read(server.stdout.fileno(), 4096).decode()
        if found := re.search(r"http://127\.0\.0\.1:\d+/enter/\S+", said):
            return found[0]
    pytest.fail(f"no link was printed: {said}")


def read(browser: OpenerDirector, url: str) -> str:
    with browser.open(url, timeout=30) as answer:
        return str(answer.read().decode())


@pytest.mark.slow
def test_the_link_opens_the_case_and_the_worker_finishes_it(
    office: Office, serving: tuple[str, "subprocess.Popen[str]"]
) -> None:
    link, server = serving
    base = link.partition("/enter/")[0]
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    office.close("health")
    number = office.submit()
    assert number in read(browser, link)
    assert "正在取数" in read(browser, f"{base}/cases/{number}")
    assert "swagger-ui" in read(browser, f"{base}/api/docs")
    assert "--blue" in read(browser, f"{base}/static/web/tongban.css")
    office.open("health")
    office.clock.move(minutes=10)
    end = time.monotonic() + PATIENCE
    while "正在取数" in read(browser, f"{base}/cases/{number}"):
        assert time.monotonic() < end, "the worker beside the server never came"
        time.sleep(0.5)
    assert "留痕链完整" in read(browser, f"{base}/cases/{number}")
    group = _children(server.pid)
    assert len(group) >= 2
    server.send_signal(signal.SIGTERM)
    assert server.wait(PATIENCE) == 0
    assert not [pid for pid in group if Path(f"/proc/{pid}/cmdline").exists()]


def _children(pid: int) -> list[str]:
    threads = Path(f"/proc/{pid}/task").glob("*/children")
    return [child for of in threads for child in of.read_text("ascii").split()]


def test_a_link_for_a_stranger_is_not_made(office: Office) -> None:
    ended = subprocess.run(
        [Path(sys.executable).with_name("tongban"), "serve", "--as", "nobody"],
        env=office.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "nobody" in ended.stderr
    ended = subprocess.run(
        [Path(sys.executable).with_name("tongban"), "serve", "--as", "x", "--host", "0.0.0.0"],  # noqa: S104
        env=office.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert "--host 127.0.0.1" in ended.stderr


def test_a_port_that_is_taken_is_refused_before_anything_starts(office: Office) -> None:
    with socket.socket() as taken:
        # as a server that would share its port
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused = subprocess.run(
            [Path(sys.executable).with_name("tongban"), "serve", "--port", port],
            env=office.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
    assert refused.returncode == 1
    assert "cannot listen on 127.0.0.1:" in refused.stderr
    assert "Traceback" not in refused.stderr
