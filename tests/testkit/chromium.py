"""A real browser with a passkey of its own: Chromium, driven by the DevTools protocol.

Its virtual authenticator is Chromium's, so that the page's script, the policy of the page and the
library that checks the answer meet an implementation that none of us wrote.
"""

import asyncio
import json
import shutil
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tongban.config.servers import free_port

PATIENCE = 60.0
_NAMES = ("chromium", "chromium-browser", "google-chrome")


@dataclass
class Page:
    """One page of the browser."""

    socket: aiohttp.ClientWebSocketResponse
    numbers: Any = field(default_factory=lambda: count(1))

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method of the protocol and give its result."""
        number = next(self.numbers)
        await self.socket.send_json({"id": number, "method": method, "params": params})
        while True:
            told = await self.socket.receive_json(timeout=PATIENCE)
            if told.get("id") == number:
                assert "error" not in told, told
                return dict(told["result"])

    async def run(self, script: str) -> Any:
        """Run a script in the page and give its value."""
        told = await self.call("Runtime.evaluate", expression=script, returnByValue=True)
        return told["result"].get("value")

    async def until(self, script: str) -> Any:
        """Run a script until it gives something true; fail when patience ends."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if found := await self.run(script):
                return found
            await asyncio.sleep(0.1)
        raise AssertionError(
            f"never came true: {script}\n{await self.run('document.body.innerText')}"
        )

    async def open(self, url: str) -> None:
        """Open an address and wait until it is there."""
        await self.call("Page.navigate", url=url)
        await self.until(
            f"document.readyState === 'complete' && location.href.startsWith({json.dumps(url)})"
        )


def program() -> str | None:
    """Give where Chromium is on this machine, if it is there."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


@asynccontextmanager
async def chromium(folder: Path) -> AsyncIterator[Page]:
    """Start a browser with a fresh profile and an authenticator that verifies its user."""
    found = program()
    if found is None:
        pytest.skip("no Chromium on this machine")
    port = free_port()
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    flags += [f"--user-data-dir={folder}", f"--remote-debugging-port={port}", "about:blank"]
    browser = subprocess.Popen(
        [found, *flags], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        async with aiohttp.ClientSession() as session:
            address = await _page(session, port)
            async with session.ws_connect(address, max_msg_size=0) as socket:
                page = Page(socket)
                await page.call("Page.enable")
                await page.call("WebAuthn.enable")
                authenticator = {
                    "protocol": "ctap2",
                    "transport": "internal",
                    "hasResidentKey": True,
                    "hasUserVerification": True,
                    "isUserVerified": True,
                    "automaticPresenceSimulation": True,
                }
                await page.call("WebAuthn.addVirtualAuthenticator", options=authenticator)
                yield page
    finally:
        browser.terminate()
        browser.wait(PATIENCE)


async def _page(session: aiohttp.ClientSession, port: int) -> str:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                pages = [one for one in await answer.json() if one["type"] == "page"]
            if pages:
                return str(pages[0]["webSocketDebuggerUrl"])
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.2)
    raise AssertionError("Chromium did not start")
