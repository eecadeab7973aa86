"""A sound endpoint meets every clause; each fault planted in one is found under its own clause."""

import asyncio
import json
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web
from click.testing import CliRunner, Result
from yarl import URL

from testkit.nodes import CLIENT, ITEM, POPULATION, Network, person, running
from tongban.cli import main
from tongban.kernel.suites import suite
from tongban.node.commands.conform import conform

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
RECORDS = {f"K{n}": {"code": f"K{n}", "name": f"n{n}"} for n in range(250)}
PLACE = {
    "type": "object",
    "required": ["code", "name"],
    "properties": {"code": {"type": "string"}, "name": {"type": "string"}, "mobile": {}},
}
PAGE = {
    "type": "object",
    "properties": {
        "items": {"type": "array", "items": PLACE},
        "next": {"type": ["string", "null"]},
    },
}


def _described(operation: str, schema: dict[str, Any], *query: str) -> dict[str, Any]:
    return {
        "get": {
            "operationId": operation,
            "parameters": [{"name": name, "in": "query"} for name in query],
            "responses": {"200": {"content": {"application/json": {"schema": schema}}}},
        }
    }


DESCRIPTION = {
    "openapi": "3.1.0",
    "paths": {
        "/one/{code}": _described("one", PLACE),
        "/some": _described("some", PAGE, "codes"),
        "/all": _described("all", PAGE, "after", "limit"),
    },
}
CONFIG = """
[providers.places]
kind = "http"
base = "https://places.example"
description = "places.json"
secret_file = "secret"
key = ["code"]
fields = { code = "code", name = "name" }
[providers.places.operations]
find = { operation = "one", path = { code = "code" }, absent = [404] }
among = { operation = "some", keys = "query:codes", records = "/items" }
[providers.places.operations.walk]
operation = "all"
cursor = "query:after"
limit = "query:limit"
records = "/items"
next = "/next"
"""


async def one(request: web.Request) -> web.StreamResponse:
    record = RECORDS.get(request.match_info["code"])
    return web.json_response(record, status=200 if record else 404)


async def some(request: web.Request) -> web.StreamResponse:
    found = [RECORDS[c] for c in request.query["codes"].split(",") if c in RECORDS]
    return web.json_response({"items": found})


async def every(request: web.Request) -> web.StreamResponse:
    start, limit = int(request.query.get("after", 0)), int(request.query["limit"])
    items = list(RECORDS.values())[start : start + limit]
    following = str(start + limit) if start + limit < len(RECORDS) else None
    return web.json_response({"items": items, "next": following})


@contextmanager
def served(app: web.Application) -> Iterator[str]:
    """Serve an application on loopback from a thread of its own; give its address."""
    loop = asyncio.new_event_loop()
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    held = socket.socket()
    held.bind(("127.0.0.1", 0))

    async def start() -> None:
        await runner.setup()
        await web.SockSite(runner, held).start()

    loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{held.getsockname()[1]}"
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def department(
    find: Handler = one, among: Handler = some, walk: Handler = every, *, guarded: bool = True
) -> web.Application:
    @web.middleware
    async def secret(request: web.Request, handler: Handler) -> web.StreamResponse:
        if guarded and request.headers.get("Authorization") != "Bearer word":
            return web.json_response({}, status=401)
        return await handler(request)

    app = web.Application(middlewares=[secret])
    app.router.add_get("/one/{code}", find)
    app.router.add_get("/some", among)
    app.router.add_get("/all", walk)
    return app


def interface(folder: Path, app: web.Application, *more: str) -> tuple[Result, dict[str, Any]]:
    (folder / "places.json").write_text(json.dumps(DESCRIPTION))
    (folder / "secret").write_text("word")
    (folder / "node.toml").write_text(CONFIG)
    options = ["--provider", "places", "--config", str(folder / "node.toml")]
    keys = ["--key", "code=K7", "--unknown", "code=nobody"]
    with served(app) as url:
        result = CliRunner().invoke(conform, [url, *options, *keys, "--json", *more])
    return result, {f["id"]: f for f in json.loads(result.output)}


def test_a_sound_interface_lacks_nothing_but_tls_on_loopback(tmp_path: Path) -> None:
    result, found = interface(tmp_path, department())
    unmet = [name for name, finding in found.items() if finding["state"] != "met"]
    assert unmet == ["I2"]
    assert result.exit_code == 1
    assert found["I2"]["mend"] == {"zh": "启用 HTTPS", "en": "serve it over https"}


async def answers_two(request: web.Request) -> web.StreamResponse:
    return web.json_response([RECORDS["K7"], RECORDS["K8"]])


async def answers_another(request: web.Request) -> web.StreamResponse:
    code = request.match_info["code"]
    return web.json_response(RECORDS["K8"], status=200 if code in RECORDS else 404)


async def never_absent(request: web.Request) -> web.StreamResponse:
    return web.json_response(RECORDS.get(request.match_info["code"], RECORDS["K1"]))


async def as_html(request: web.Request) -> web.StreamResponse:
    return web.Response(text=json.dumps(RECORDS["K7"]), content_type="text/html")


async def redirects(request: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("/elsewhere")


async def drifts(request: web.Request) -> web.StreamResponse:
    return web.json_response({"code": "K7", "name": 13800138000})


async def gives_more(request: web.Request) -> web.StreamResponse:
    found = RECORDS.get(request.match_info["code"])
    more = found and {**found, "mobile": "13800138000"}
    return web.json_response(more, status=200 if found else 404)


def changes() -> Handler:
    count = 0

    async def handler(request: web.Request) -> web.StreamResponse:
        nonlocal count
        count += 1
        return web.json_response({"code": request.match_info["code"], "name": f"{count}"})

    return handler


async def slow(request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(0.08)
    return await one(request)


async def falls_over(request: web.Request) -> web.StreamResponse:
    code = request.match_info["code"]
    return web.Response(status=500) if "'" in code else await one(request)


async def gives_all(request: web.Request) -> web.StreamResponse:
    return web.json_response({"items": list(RECORDS.values())[:50]})


async def repeats(request: web.Request) -> web.StreamResponse:
    after = int(request.query.get("after", 0))
    return web.json_response(
        {"items": [RECORDS["K1"]], "next": str(after + 1) if after < 5 else None}
    )


@pytest.mark.parametrize(
    ("clause", "app"),
    [
        ("I3", lambda: department(find=answers_another)),
        ("I7", lambda: department(find=answers_two)),
        ("I4", lambda: department(find=never_absent)),
        ("I5", lambda: department(find=as_html)),
        ("I6", lambda: department(find=redirects)),
        ("I7", lambda: department(find=drifts)),
        ("I8", lambda: department(find=gives_more)),
        ("I9", lambda: department(find=changes())),
        ("I10", lambda: department(find=slow)),
        ("I11", lambda: department(find=falls_over)),
        ("I12", lambda: department(guarded=False)),
        ("I13", lambda: department(among=gives_all)),
        ("I14", lambda: department(walk=repeats)),
    ],
)
def test_a_fault_of_an_interface_is_found_under_its_clause(
    tmp_path: Path, clause: str, app: Callable[[], web.Application]
) -> None:
    result, found = interface(tmp_path, app(), "--within", "0.05")
    assert found[clause]["state"] == "not met", found[clause]
    assert found[clause]["mend"]["zh"]
    assert result.exit_code == 1
    assert "13800138000" not in result.output


def test_what_was_not_tried_is_never_met(tmp_path: Path) -> None:
    (tmp_path / "places.json").write_text(json.dumps(DESCRIPTION))
    (tmp_path / "secret").write_text("word")
    (tmp_path / "node.toml").write_text(CONFIG)
    options = ["--provider", "places", "--config", str(tmp_path / "node.toml"), "--json"]
    with served(department()) as url:
        result = CliRunner().invoke(main, ["exchange", "conform", url, *options])
    states = {f["id"]: f["state"] for f in json.loads(result.output)}
    assert {n for n, s in states.items() if s == "not tested"} >= {"I3", "I4", "I7", "I10"}


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with running(tmp_path_factory.mktemp("network")) as made:
        yield made


def credentials(network: Network) -> list[str]:
    key = network.bureau.folder / "keys" / "signing.key"
    public = suite(network.suite).signer(network.police.secret()).public.hex()
    return [
        *("--client", CLIENT, "--key-file", str(key), "--purpose", ITEM, "--field", "name"),
        *("--key", f"id_number={person(1)}"),
        *("--public", f"{network.police.keyid}={public}"),
    ]


def by_card(network: Network) -> list[str]:
    """Give the same, the node's key by its card."""
    return [*credentials(network)[:-2], "--card", str(network.police.folder / "card.json")]


def peer(url: str, *options: str) -> tuple[Result, dict[str, Any]]:
    result = CliRunner().invoke(conform, [url, "--service", POPULATION, "--json", *options])
    return result, {f["id"]: f for f in json.loads(result.output)}


@pytest.mark.slow
def test_our_own_node_meets_every_clause(network: Network) -> None:
    url = f"http://127.0.0.1:{network.police.outer}"
    result, found = peer(url, *credentials(network))
    assert {n: f["evidence"] for n, f in found.items() if f["state"] != "met"} == {}
    assert result.exit_code == 0
    result, found = peer(url)
    assert {f["state"] for n, f in found.items() if n.startswith("S")} == {"not tested"}
    assert {f["state"] for n, f in found.items() if n.startswith("R")} == {"met"}


@pytest.mark.slow
def test_a_node_of_the_national_suite_meets_every_clause(tmp_path: Path) -> None:
    with running(tmp_path, "gm") as network:
        url = f"http://127.0.0.1:{network.police.outer}"
        result, found = peer(url, *by_card(network), "--suite", "gm")
    assert {n: f["evidence"] for n, f in found.items() if f["state"] != "met"} == {}
    assert result.exit_code == 0


@pytest.mark.slow
def test_a_helpful_proxy_before_a_node_is_found_out(network: Network) -> None:
    """A gateway that decodes, normalises, joins and strips, as many do by default."""

    async def forward(request: web.Request) -> web.StreamResponse:
        path = str(URL(f"http://x{request.path}")).removeprefix("http://x").replace("//", "/")
        headers = {n: v for n, v in request.headers.items() if n.lower() != "host"}
        headers.pop("x-road-security-server", None)
        target = f"http://127.0.0.1:{network.police.outer}{path}"
        async with (
            ClientSession() as session,
            session.request("POST", target, headers=headers, data=await request.read()) as answer,
        ):
            body = await answer.read()
        return web.Response(body=body, status=answer.status, content_type="text/plain")

    app = web.Application(client_max_size=1 << 31)
    app.router.add_route("*", "/{rest:.*}", forward)
    with served(app) as url:
        result, found = peer(url, *credentials(network))
    unmet = {name for name, finding in found.items() if finding["state"] == "not met"}
    assert unmet >= {"R2", "R3", "R4", "R5", "R7", "R9"}
    assert found["S1"]["state"] == "met"
    assert result.exit_code == 1


def test_a_listener_that_believes_everything_meets_nearly_nothing(network: Network) -> None:
    async def yes(request: web.Request) -> web.StreamResponse:
        if "signature" not in request.headers:
            return web.json_response(
                {"error": "?"}, status=401 if "births" in request.path else 403
            )
        return web.json_response({"records": []})

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", yes)
    with served(app) as url:
        _, found = peer(url, *credentials(network))
    unmet = {name for name, finding in found.items() if finding["state"] == "not met"}
    assert unmet == set(found) - {"R6", "R10", "S1"}


def test_nobody_there_is_not_met_and_no_crash() -> None:
    result, found = peer("http://127.0.0.1:1")
    assert found["R1"]["state"] == "not met"
    assert "met" not in {f["state"] for f in found.values()}
    assert result.exit_code == 1
