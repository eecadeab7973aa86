"""The sample bank of the demonstration: set up below TONGBAN_HOME, run as a process, paid at.

Only where no other bank is set up. What is written here is what `tongban bank` and TONGBAN_FEES
would have been told by hand.
"""

import contextlib
import http.client
import json
import sys
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

from django.conf import settings

from tongban.apps.fees.plugins import providers
from tongban.apps.fees.plugins.samplebank import merchant_key
from tongban.kernel.suites import suite
from tongban.ports.files import write_whole
from tongban.samplebank.config import Config, Merchant, admit, make_bank, read_config

from .keeper import Keeper
from .servers import free_port, wait_for

_TONGBAN = (sys.executable, "-c", "from tongban.cli import main; main()")
_MERCHANT = "tongban"
_PATIENCE = 5.0


class NotPayable(RuntimeError):
    """The demonstration cannot pay at the bank that is set up."""


class Till:
    """Pays at the sample bank as a person does on its page; starts the bank when it is needed."""

    def __init__(self) -> None:
        self._keeper: Keeper | None = None
        self._opened = contextlib.ExitStack()

    def __enter__(self) -> "Till":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opened.close()

    def open(self) -> None:
        """Set the sample bank up where no bank is, and run it unless it runs already."""
        folder = Path(settings.HOME) / "bank"
        if providers() and not (folder / "bank.toml").exists():
            return  # a bank of somebody else's
        config = _made(folder)
        if self._keeper is not None or _answers(config):
            return
        self._keeper = self._opened.enter_context(Keeper())
        command = [*_TONGBAN, "bank", "run", "--config", str(folder / "bank.toml")]
        process = self._keeper.start("sample bank", command, folder / "log")
        wait_for(config.port, process)

    def confirm(self, page: str) -> None:
        """Press the page's button; raise NotPayable where it is no page of a sample bank."""
        place = urlsplit(page)
        if place.scheme != "http" or not place.path.startswith("/pay/"):
            raise NotPayable(f"pay at {place.scheme}://{place.netloc} yourself, then run it again")
        link = http.client.HTTPConnection(place.hostname or "", place.port, timeout=_PATIENCE)
        try:
            link.request("POST", place.path, b"choice=confirm")
            status = link.getresponse().status
        finally:
            link.close()
        if status not in {200, 303}:
            raise NotPayable(f"the bank's page answers {status}")


def _made(folder: Path) -> Config:
    """Make the bank, let it know this installation, and name it in the file of banks."""
    path = folder / "bank.toml"
    config = read_config(path) if path.exists() else None
    if config is None:
        listen = f"127.0.0.1:{free_port()}"
        config = make_bank(folder, "sample-bank", settings.SUITE, listen)
    elif not _answers(config) and not _free(config):
        config = admit(path, _merchant(), f"127.0.0.1:{free_port()}")
    if _MERCHANT not in config.merchants:
        config = admit(path, _merchant())
    _name(config)
    return config


def _merchant() -> Merchant:
    own = merchant_key()
    return Merchant(_MERCHANT, own.suite, own.public, suite(own.suite).verifier(own.public))


def _name(config: Config) -> None:
    entry = {
        "name": config.name,
        "plugin": "sample-bank",
        "accounts": "tax",
        "address": f"http://{config.host}:{config.port}",
        "merchant": _MERCHANT,
        "key": f"{config.suite}:{config.signer.public.hex()}",
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in entry.items()]
    text = "# the sample bank of the demonstration\n[[providers]]\n" + "\n".join(lines) + "\n"
    write_whole(Path(settings.FEES), text.encode())


def _answers(config: Config) -> bool:
    link = http.client.HTTPConnection(config.host, config.port, timeout=_PATIENCE)
    try:
        link.request("GET", "/health")
        return link.getresponse().read(16) == b"ok\n"
    except (OSError, http.client.HTTPException):
        return False
    finally:
        link.close()


def _free(config: Config) -> bool:
    link = http.client.HTTPConnection(config.host, config.port, timeout=_PATIENCE)
    try:
        link.connect()
    except OSError:
        return True
    link.close()
    return False
