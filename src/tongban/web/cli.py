"""``tongban serve``: the pages and the API, with the worker beside them.

One command for one machine. It listens on loopback unless told otherwise; before the public
internet stands a proxy that speaks TLS.
"""

import ipaddress
import os
import socket
import subprocess
import sys
import threading
import time
from datetime import timedelta

import click
from django.conf import settings
from django.db import connections
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from tongban.infra.access import services as access
from tongban.infra.access.models import User

_TONGBAN = (sys.executable, "-c", "from tongban.cli import main; main()")
_PAUSE = 2.0  # seconds before a worker that fell over is started again
_LOOK = 0.05  # seconds between looks whether a worker takes calls
_PATIENCE = 20.0  # seconds a worker may take to finish what it holds
LINK_LASTS = timedelta(minutes=10)


class Beside:
    """Keeps one process running beside this one, until told to stop."""

    def __init__(self, *command: str) -> None:
        self._command = command
        self._stop = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def start(self) -> None:
        """Start the process, and start it again whenever it falls over."""
        self._thread.start()

    def _watch(self) -> None:
        while not self._stop.is_set():
            # in a session of its own: Ctrl-C is for us, and we tell the process in our own time
            self._process = subprocess.Popen(self._command, start_new_session=True)  # noqa: S603
            code = self._process.wait()
            if not self._stop.is_set():
                click.echo(f"worker ended ({code}); it starts again", err=True)
                self._stop.wait(_PAUSE)

    def stop(self) -> None:
        """Let the process finish what it holds, then end it."""
        self._stop.set()
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
        self._thread.join(_PATIENCE)
        if self._process is not None and self._process.poll() is None:
            self._process.kill()


def entrance(user: User, base: str) -> str:
    """Make a link that signs this user in, once, within ten minutes."""
    issued = access.issue_token(
        user, label="sign-in link", lifetime=LINK_LASTS, actor="serve", scopes=[access.ENTER]
    )
    return f"{base}/enter/{issued.secret}"


def _visitor(login: str | None) -> User | None:
    """Give whom the link is for: the named user, else the last applicant of the demonstration."""
    if login is None:
        return User.objects.filter(username__startswith="demo-").order_by("-pk").first()
    user = User.objects.filter(username=login).first()
    if user is None:
        raise click.ClickException(f"there is no user {login!r} / 没有用户{login}")
    return user


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _must_be_free(host: str, port: int) -> None:
    """Refuse a port somebody listens on: two servers there would share the calls unseen."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise click.ClickException(
            f"cannot listen on {host}:{port} ({error.strerror}); choose another: --port 8001"
            " / 端口不可用，请换一个"
        ) from error


def _answers(host: str, port: int) -> bool:
    """Tell whether a worker takes calls there; the socket alone is bound before any does."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - it is not bound
    try:
        socket.create_connection((reached, port), 1).close()
    except OSError:
        return False
    return True


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64))
@click.option("--as", "login", help="Print a sign-in link for this user (loopback only).")
def serve(host: str, port: int, workers: int, login: str | None) -> None:
    """Open the pages and the API, with the worker beside them."""
    if login is not None and not _loopback(host):
        raise click.UsageError("--as prints a sign-in link: only with --host 127.0.0.1")
    _must_be_free(host, port)
    ready = subprocess.run((*_TONGBAN, "setup"), check=False, stdout=subprocess.DEVNULL)  # noqa: S603
    if ready.returncode:
        raise SystemExit(ready.returncode)  # it has said why
    base = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    if "TONGBAN_URL" not in os.environ:
        # codes and links of licences lead here, unless a public address is set
        settings.BASE_URL = os.environ["TONGBAN_URL"] = base
    visitor = _visitor(login) if _loopback(host) else None
    if visitor is not None:
        # workers are forked where that can be done, and begin anew where it cannot
        settings.ENTER_BY_LINK = True
        os.environ["TONGBAN_ENTER_BY_LINK"] = "1"
    server = Granian(
        "tongban.config.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=4,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=int(_PATIENCE),  # a worker that hangs must not keep us from ending
    )

    def say() -> None:
        while not _answers(host, port):  # whoever follows the link must be answered
            time.sleep(_LOOK)
        click.echo(f"页面 pages  {base}/")
        click.echo(f"接口 API    {base}/api/docs")
        if visitor is not None:
            click.echo(f"登录 enter  {entrance(visitor, base)}")
            click.echo("           只能用一次，十分钟内有效 / works once, within ten minutes")
        connections.close_all()

    @server.on_startup
    def start_saying() -> None:
        connections.close_all()  # a connection must not be shared by the workers
        threading.Thread(target=say, daemon=True).start()

    beside = Beside(*_TONGBAN, "worker")
    beside.start()
    try:
        server.serve()
    finally:
        beside.stop()
