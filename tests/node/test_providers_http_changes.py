"""An HTTP interface: what it says of its last change, and the grant's row filter on its answers."""

import asyncio
import http.client
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from aiohttp import web

from testkit.nodes import ITEM, POPULATION, Network, canonical, grant, person
from tongban.kernel.wire.words import Question
from tongban.node import clock
from tongban.node.providers import ProviderConfigInvalid, Setting
from tongban.node.providers.base import KINDS
from tongban.node.providers.http import Http

TEXT = {"type": "string"}
PERSON = {
    "type": "object",
    "properties": {"id": TEXT, "name": TEXT, "district": TEXT, "updated": TEXT},
    "required": ["id", "name", "district"],
}


def answers(schema: dict[str, Any]) -> dict[str, Any]:
    return {"200": {"description": "x", "content": {"application/json": {"schema": schema}}}}


DESCRIPTION: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "people", "version": "1"},
    "paths": {
        "/people/{id}": {
            "get": {
                "operationId": "one",
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": TEXT}],
                "responses": answers(PERSON),
            }
        },
        "/people": {
            "get": {
                "operationId": "many",
                "parameters": [
                    {"name": "after", "in": "query", "schema": TEXT},
                    {"name": "limit", "in": "query", "schema": TEXT},
                ],
                "responses": answers(
                    {"type": "object", "properties": {"items": {"type": "array", "items": PERSON}}}
                ),
            }
        },
    },
}
OPTIONS: dict[str, Any] = {
    "kind": "http",
    "description": "people.yaml",
    "allow_private": True,
    "key": ["id_number"],
    "fields": {"id_number": "id", "name": "name", "region": "district"},
    "operations": {
        "find": {"operation": "one", "path": {"id_number": "id"}, "absent": [404]},
        "walk": {
            "operation": "many",
            "cursor": "query:after",
            "limit": "query:limit",
            "records": "/items",
            "next": "/next",
        },
    },
}
DISTRICTS = {"p1": "330106", "p2": "330113", "p3": "330106"}


def make(folder: Path, base: str, **options: Any) -> Http:
    (folder / "people.yaml").write_text(yaml.safe_dump(DESCRIPTION))
    provider = KINDS.build(
        Setting("people", {**OPTIONS, "base": base, **options}, folder, b"x" * 32)
    )
    assert isinstance(provider, Http)
    return provider


def heard(folder: Path, *told: tuple[str | None, dict[str, Any]], **options: Any) -> str | None:
    """Let an interface answer with these Last-Modified and members in turn; give what was heard."""
    waiting = list(told)

    async def one(request: web.Request) -> web.StreamResponse:
        modified, more = waiting.pop(0)
        record = {"id": request.match_info["id"], "name": "王", "district": "330106", **more}
        headers = {"Last-Modified": modified} if modified is not None else {}
        return web.json_response(record, headers=headers)

    async def run() -> str | None:
        app = web.Application()
        app.router.add_get("/people/{id}", one)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        held = socket.socket()
        held.bind(("127.0.0.1", 0))
        await web.SockSite(runner, held).start()
        provider = make(folder, f"http://127.0.0.1:{held.getsockname()[1]}", **options)
        try:
            for _ in told:
                await provider.ask(Question("find", ("name",), ({"id_number": "p1"},)))
            return await provider.changed()
        finally:
            await provider.close()
            await runner.cleanup()

    return asyncio.run(run())


def test_an_interface_that_says_nothing_of_its_last_change_is_unknown(tmp_path: Path) -> None:
    assert heard(tmp_path, (None, {})) is None
    assert heard(tmp_path, ("yesterday", {})) is None
    assert heard(tmp_path, (None, {"updated": "soon"}), changed="/updated") is None


def test_the_latest_last_modified_counts(tmp_path: Path) -> None:
    first, second = "Mon, 02 Nov 2026 01:00:00 GMT", "Tue, 03 Nov 2026 01:00:00 GMT"
    assert heard(tmp_path, (first, {})) == "2026-11-02T01:00:00+00:00"
    assert heard(tmp_path, (second, {}), (first, {})) == "2026-11-03T01:00:00+00:00"


def test_a_configured_member_goes_before_the_header(tmp_path: Path) -> None:
    header = "Mon, 02 Nov 2026 01:00:00 GMT"
    told = heard(tmp_path, (header, {"updated": "2026-10-31"}), changed="/updated")
    assert told == "2026-10-31"
    later = {"updated": "2026-11-01T08:00:00"}
    told = heard(tmp_path, (None, {"updated": "2026-10-31"}), (None, later), changed="/updated")
    assert told == "2026-11-01T08:00:00"
    assert heard(tmp_path, (header, {}), changed="/updated") is None


def test_a_clock_that_runs_ahead_makes_nothing_fresh(tmp_path: Path) -> None:
    ahead = format_datetime(clock.now() + timedelta(hours=2))
    assert heard(tmp_path, (ahead, {})) is None
    today = clock.now().date()
    assert heard(tmp_path, (None, {"updated": today.isoformat()}), changed="/updated") == str(today)
    week = {"updated": (today + timedelta(days=7)).isoformat()}
    assert heard(tmp_path, (None, week), changed="/updated") is None


def test_changed_is_a_pointer(tmp_path: Path) -> None:
    for wrong in ("updated", 3):
        with pytest.raises(ProviderConfigInvalid, match="JSON pointer"):
            make(tmp_path, "https://people.example", changed=wrong)


# --- the row filter, from a real interface through real nodes


class Register(BaseHTTPRequestHandler):
    """The police's interface: it gives whatever it is asked for, and knows no grants."""

    def do_GET(self) -> None:
        place = urlsplit(self.path)
        listed = [
            {"id": person(number), "name": f"王{number}", "district": district}
            for number, district in enumerate(DISTRICTS.values())
        ]
        told: Any = {"items": listed, "next": None}
        if place.path != "/people":
            name = place.path.rpartition("/")[2]
            told = next((one for one in listed if one["id"] == name), None)
        else:
            assert parse_qs(place.query)["limit"]
        self.send_response(200 if told else http.client.NOT_FOUND)
        body = canonical(told or {})
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """Give nodes whose population lies behind HTTP; the grant opens one district."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Register)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    made = Network(tmp_path_factory.mktemp("http"))
    made.grants = (grant(1, bulk=True, fields=["name"], filter={"region": ["330106"]}),)
    made.publish()
    police = made.police
    (police.folder / "people.yaml").write_text(yaml.safe_dump(DESCRIPTION))
    text = police.config.read_text(encoding="utf-8")
    text = text[: text.index("[providers.population]")]
    base = f"http://127.0.0.1:{server.server_address[1]}"
    police.config.write_text(
        f'{text}[providers.population]\nkind = "http"\nbase = "{base}"\nallow_private = true\n'
        'description = "people.yaml"\nkey = ["id_number"]\n'
        'fields = {id_number = "id", name = "name", region = "district"}\n'
        '[providers.population.operations.find]\noperation = "one"\n'
        'path = {id_number = "id"}\nabsent = [404]\n'
        '[providers.population.operations.walk]\noperation = "many"\n'
        'cursor = "query:after"\nlimit = "query:limit"\nrecords = "/items"\nnext = "/next"\n',
        encoding="utf-8",
    )
    try:
        made.start(made.police, made.bureau)
        yield made
    finally:
        made.stop()
        server.shutdown()
        server.server_close()


def test_records_outside_the_row_filter_do_not_leave(network: Network) -> None:
    def find(number: int) -> Any:
        body = {"fields": ["name"], "key": {"id_number": person(number)}}
        answer = network.bureau.call(POPULATION, "find", body)
        assert answer.status == 200, answer
        return answer.body["records"]

    assert find(0) == [{"name": "王0"}]
    assert find(1) == []
    assert find(9) == []
    walk = {"fields": ["name"], "after": None, "limit": 10}
    answer = network.bureau.call(POPULATION, "walk", walk, purpose=ITEM)
    assert answer.body["records"] == [{"name": "王0"}, {"name": "王2"}]
    among = {"fields": ["name"], "keys": [{"id_number": person(n)} for n in (0, 1, 2)]}
    answer = network.bureau.call(POPULATION, "among", among)
    assert answer.body["records"] == [{"name": "王0"}, {"name": "王2"}]


def test_a_provider_itself_drops_what_the_filter_of_a_question_leaves_out(tmp_path: Path) -> None:
    async def many(_: web.Request) -> web.StreamResponse:
        items = [{"id": k, "name": k, "district": d} for k, d in DISTRICTS.items()]
        return web.json_response({"items": items})

    async def run(*rows: dict[str, frozenset[Any]]) -> list[Any]:
        app = web.Application()
        app.router.add_get("/people", many)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        held = socket.socket()
        held.bind(("127.0.0.1", 0))
        await web.SockSite(runner, held).start()
        provider = make(tmp_path, f"http://127.0.0.1:{held.getsockname()[1]}")
        try:
            fields = ("id_number", "region")
            found = await provider.ask(Question("walk", fields, (), None, 10, tuple(rows)))
            return [record["id_number"] for record in found.records]
        finally:
            await provider.close()
            await runner.cleanup()

    assert asyncio.run(run()) == ["p1", "p2", "p3"]
    assert asyncio.run(run({"region": frozenset({"330106"})})) == ["p1", "p3"]
    either = ({"region": frozenset({"330113"})}, {"id_number": frozenset({"p1"})})
    assert asyncio.run(run(*either)) == ["p1", "p2"]
