"""The sample bank as a process: signed questions of merchants, a page for payers, signed notices.

A question and its answer are signed documents (`tongban.kernel.wire.documents`); the answer names
the digest of its question. What is not signed by a known merchant gets no answer.
"""

import asyncio
import contextlib
import hashlib
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from tongban.kernel.events import canonical
from tongban.kernel.wire.documents import (
    DocumentInvalid,
    VerifyingKey,
    open_document,
    seal_document,
)
from tongban.samplebank import clock, pages
from tongban.samplebank.config import Config, Merchant
from tongban.samplebank.store import Notice, Refused, Store

LARGEST = 16 * 1024
#: How far a merchant's clock may be from ours.
SKEW = timedelta(minutes=5)
_PAUSE = 0.2
_PATIENCE = 5.0
_CONNECTIONS = 64
_MOST_FEN = 10**12
_say = logging.getLogger("tongban.samplebank")
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'sha256-{}'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class Bank:
    """What answers; one in a process."""

    def __init__(self, config: Config) -> None:
        """Open the store; raise sqlite3.Error, OSError."""
        self.config = config
        self.store = Store(config.store)
        self._keys = {one.keyid: one for one in config.merchants.values()}
        self._headers = {n: v.format(pages.STYLE_DIGEST) for n, v in _HEADERS.items()}

    def app(self) -> Starlette:
        """Give the application of the listener."""
        return Starlette(
            routes=[
                Route("/v1/ask", self._ask, methods=["POST"]),
                Route("/pay/{token:str}", self._page),
                Route("/pay/{token:str}", self._choose, methods=["POST"]),
                Route("/health", self._health),
            ],
            lifespan=self._lifespan,
        )

    @contextlib.asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:  # noqa: ARG002 - Starlette's
        task = asyncio.create_task(self._tell())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    # --- merchants ----------------------------------------------------------------------------

    def _key(self, keyid: str) -> VerifyingKey | None:
        return self._keys.get(keyid)

    async def _ask(self, request: Request) -> Response:
        try:
            body = await _body(request)
        except ClientDisconnect:
            return Response(status_code=400)
        if body is None:
            return PlainTextResponse("too large\n", 413)
        try:
            asked = open_document(body, self._key)
            merchant, told = _envelope(asked, self._keys, clock.now())
        except DocumentInvalid as wrong:
            return PlainTextResponse(f"{wrong}\n", 401)
        answer: dict[str, Any]
        try:
            answer = {"told": await asyncio.to_thread(self._done, merchant, told)}
        except Refused as refused:
            answer = {"refused": {"code": refused.code, "why": str(refused)}}
        except sqlite3.Error as down:
            _say.error("nothing can be kept: %s", down)
            return PlainTextResponse("the bank cannot keep anything now; ask again\n", 503)
        if await asyncio.to_thread(self.store.mute):
            return Response(status_code=504)
        answer |= {"answers": hashlib.sha256(body).hexdigest(), "at": clock.now().isoformat()}
        return Response(canonical(self._sealed(answer)), media_type="application/json")

    def _sealed(self, document: Mapping[str, Any]) -> dict[str, Any]:
        return seal_document(document, self.config.keyid, self.config.signer, self.config.suite)

    def _done(self, merchant: Merchant, asked: dict[str, Any]) -> Any:
        act = _ACTS.get(str(asked.get("do")))
        if act is None:
            raise Refused("unknown", f"ask for one of {', '.join(_ACTS)}")
        return act(self, merchant, asked, clock.now())

    def create(self, merchant: Merchant, asked: dict[str, Any], now: datetime) -> dict[str, Any]:
        """Take a payment to collect; give the address of its page as a path."""
        fields = {name: _text(asked, name) for name in ("number", "currency", "subject", "back")}
        if fields["currency"] != "CNY":
            raise Refused("currency", "this bank knows CNY alone")
        if fields["back"] and urlsplit(fields["back"]).scheme not in {"http", "https"}:
            raise Refused("malformed", "back is an address that begins with http:// or https://")
        expires = _instant(asked, "expires")
        made = self.store.create(
            merchant.id,
            {**fields, "amount_fen": _fen(asked), "expires": expires.isoformat()},
            now,
        )
        return {**made, "page": f"/pay/{made.pop('token')}"}

    def query(self, merchant: Merchant, asked: dict[str, Any], now: datetime) -> dict[str, Any]:
        """Say how a payment stands."""
        return self.store.query(merchant.id, _text(asked, "number"), now)

    def end(self, merchant: Merchant, asked: dict[str, Any], now: datetime) -> dict[str, Any]:
        """Close a payment that is not paid."""
        return self.store.end(merchant.id, _text(asked, "number"), now)

    def refund(self, merchant: Merchant, asked: dict[str, Any], now: datetime) -> dict[str, Any]:
        """Give money back."""
        fields = {name: _text(asked, name) for name in ("number", "payment")}
        return self.store.refund(merchant.id, {**fields, "amount_fen": _fen(asked)}, now)

    def query_refund(
        self,
        merchant: Merchant,
        asked: dict[str, Any],
        now: datetime,  # noqa: ARG002 - as the others
    ) -> dict[str, Any]:
        """Say how a refund stands."""
        return self.store.query_refund(merchant.id, _text(asked, "number"))

    def statement(self, merchant: Merchant, asked: dict[str, Any], now: datetime) -> dict[str, Any]:
        """Give the statement of a day that is over, with the digest of its lines."""
        try:
            day = date.fromisoformat(_text(asked, "day"))
        except ValueError:
            raise Refused("malformed", "day is written YYYY-MM-DD") from None
        if day >= now.date():
            raise Refused("too_early", "the statement of a day is made when the day is over")
        lines = self.store.statement(merchant.id, day)
        digest = hashlib.sha256(canonical(lines)).hexdigest()
        return {"day": day.isoformat(), "lines": lines, "digest": f"sha-256:{digest}"}

    # --- payers -------------------------------------------------------------------------------

    async def _page(self, request: Request) -> Response:
        found = await asyncio.to_thread(self.store.page, request.path_params["token"], clock.now())
        return self._shown(found)

    def _shown(self, found: Mapping[str, Any] | None) -> Response:
        if found is None:
            return HTMLResponse(pages.nothing(), 404, headers=self._headers)
        return HTMLResponse(pages.payment(self.config.name, found), headers=self._headers)

    async def _choose(self, request: Request) -> Response:
        body = await _body(request)
        choice = {b"choice=confirm": self.store.confirm, b"choice=decline": self.store.decline}
        act = choice.get(body or b"")
        if act is None:
            return HTMLResponse(pages.nothing(), 400, headers=self._headers)
        found = await asyncio.to_thread(act, request.path_params["token"], clock.now())
        if found is not None and found["fault"] == "untold":
            return PlainTextResponse("502\n", 502, headers=self._headers)
        if found is None or not found["back"] or found["state"] == "closed":
            return self._shown(found)
        return RedirectResponse(found["back"], 303, headers=self._headers)

    async def _health(self, request: Request) -> Response:  # noqa: ARG002 - a route
        return PlainTextResponse("ok\n")

    # --- notices ------------------------------------------------------------------------------

    async def _tell(self) -> None:
        """Send what is due, for as long as the bank runs."""
        patience = aiohttp.ClientTimeout(total=_PATIENCE)
        async with aiohttp.ClientSession(timeout=patience) as session:
            while True:
                for notice in await asyncio.to_thread(self.store.due, clock.now()):
                    taken = await self._send(session, notice)
                    note = self.store.sent if taken else self.store.again
                    await asyncio.to_thread(note, notice, clock.now())
                await asyncio.sleep(_PAUSE)

    async def _send(self, session: aiohttp.ClientSession, notice: Notice) -> bool:
        merchant = self.config.merchants.get(notice.merchant)
        if merchant is None or not merchant.notify:
            return True  # a merchant without an address asks
        told = await asyncio.to_thread(
            self.store.query, notice.merchant, notice.number, clock.now()
        )
        body = canonical(self._sealed({"notice": told, "at": clock.now().isoformat()}))
        try:
            async with session.post(
                merchant.notify,
                data=body,
                headers={"Content-Type": "application/json"},
                allow_redirects=False,
            ) as answer:
                return answer.status in {200, 204}
        except (aiohttp.ClientError, TimeoutError) as wrong:
            _say.warning("%s does not take the notice of %s: %s", merchant.id, notice.number, wrong)
            return False


_Act = Callable[[Bank, Merchant, dict[str, Any], datetime], dict[str, Any]]
_ACTS: Mapping[str, _Act] = {
    "create": Bank.create,
    "query": Bank.query,
    "end": Bank.end,
    "refund": Bank.refund,
    "query-refund": Bank.query_refund,
    "statement": Bank.statement,
}


def _envelope(
    asked: dict[str, Any], keys: Mapping[str, Merchant], now: datetime
) -> tuple[Merchant, dict[str, Any]]:
    """Give who asks and what; raise DocumentInvalid for an old question or a foreign bank's."""
    known = {one.id: one for one in keys.values()}
    merchant = known.get(str(asked.get("merchant")))
    try:
        at = datetime.fromisoformat(str(asked.get("at")))
        fresh = abs(at - now) <= SKEW
    except (ValueError, TypeError):
        fresh = False
    if merchant is None or not fresh:
        raise DocumentInvalid("DocumentInvalid: merchant unknown, or the question is not of now")
    return merchant, asked


def _text(asked: Mapping[str, Any], name: str) -> str:
    found = asked.get(name)
    if not isinstance(found, str) or len(found) > 200 or (not found and name != "back"):
        raise Refused("malformed", f"{name}: write it as text of at most 200 characters")
    return found


def _fen(asked: Mapping[str, Any]) -> int:
    found = asked.get("amount_fen")
    if type(found) is not int or not 0 < found <= _MOST_FEN:
        raise Refused("malformed", "amount_fen: write whole fen above nought")
    return found


def _instant(asked: Mapping[str, Any], name: str) -> datetime:
    try:
        found = datetime.fromisoformat(_text(asked, name))
        return found.astimezone(clock.now().tzinfo)
    except ValueError as wrong:
        if isinstance(wrong, Refused):
            raise
        raise Refused("malformed", f"{name}: write an instant with its zone") from None


async def _body(request: Request) -> bytes | None:
    """Read a body; None where it is larger than a question can be."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST:
            return None
        parts.append(part)
    return b"".join(parts)


def serve(config: Config) -> None:
    """Run until it is stopped; raise sqlite3.Error, OSError."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    bank = Bank(config)
    try:
        uvicorn.run(
            bank.app(),
            host=config.host,
            port=config.port,
            http="h11",
            ws="none",
            lifespan="on",
            access_log=False,
            log_level="warning",
            server_header=False,
            proxy_headers=False,
            limit_concurrency=_CONNECTIONS,
            timeout_keep_alive=30,
        )
    finally:
        bank.store.close()
