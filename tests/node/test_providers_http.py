"""A department's HTTP interface, on real servers: asked as described, believed no further."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from tongban.config.servers import free_port
from tongban.kernel.wire.words import Question, WireRefused
from tongban.node.providers import ProviderConfigInvalid, ProviderFailed, Setting
from tongban.node.providers.base import KINDS
from tongban.node.providers.http import Http
from tongban.node.providers.reaching import AddressRefused, JudgedResolver, may_reach
from tongban.node.providers.strict_json import JsonRefused, read_json

SECRET = bytes(range(32))
RECORDS = {
    "91330113MA2H3X5K7Q": {
        "code": "91330113MA2H3X5K7Q",
        "name": "安和茶业",
        "rent": 12.50,
        "open": True,
    },
    "a/b?c": {"code": "a/b?c", "name": None, "rent": 1, "open": False},
}
DESCRIPTION: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "premises", "version": "1"},
    "paths": {
        "/premises/{code}": {
            "parameters": [{"name": "code", "in": "path", "required": True}],
            "get": {
                "operationId": "one",
                "parameters": [{"name": "fields", "in": "query"}],
                "responses": {"200": {"$ref": "#/components/responses/One"}},
            },
        },
        "/premises": {
            "get": {
                "operationId": "many",
                "parameters": [{"name": n, "in": "query"} for n in ("after", "limit")],
                "responses": {
                    "200": {
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "required": ["data"],
                                    "properties": {
                                        "next": {"type": ["string", "null"]},
                                        "data": {
                                            "type": "object",
                                            "properties": {
                                                "items": {
                                                    "type": "array",
                                                    "items": {"$ref": "#/components/schemas/Place"},
                                                }
                                            },
                                        },
                                    },
                                }
                            }
                        }
                    }
                },
            }
        },
    },
    "components": {
        "responses": {
            "One": {
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Place"}}}
            }
        },
        "schemas": {
            "Place": {
                "type": "object",
                "required": ["code"],
                "properties": {
                    "code": {"type": "string"},
                    "name": {"type": ["string", "null"]},
                    "rent": {"type": "number", "minimum": 0},
                    "open": {"type": "boolean"},
                },
            }
        },
    },
}
OPERATIONS: dict[str, Any] = {
    "find": {
        "operation": "one",
        "path": {"uscc": "code"},
        "fields": "query:fields",
        "absent": [404],
    },
    "walk": {
        "operation": "many",
        "cursor": "query:after",
        "limit": "query:limit",
        "records": "/data/items",
        "next": "/next",
    },
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def one(request: web.Request) -> web.StreamResponse:
    record = RECORDS.get(request.match_info["code"])
    return web.json_response(record) if record else web.Response(status=404)


async def many(request: web.Request) -> web.StreamResponse:
    start, limit = int(request.query.get("after", 0)), int(request.query["limit"])
    items = list(RECORDS.values())
    following = str(start + limit) if start + limit < len(items) else None
    return web.json_response({"data": {"items": items[start : start + limit]}, "next": following})


@asynccontextmanager
async def department(*handlers: tuple[str, Handler]) -> AsyncIterator[str]:
    """Run a department's server on loopback; give its address."""
    app = web.Application()
    for path, handler in handlers or (("/premises/{code}", one), ("/premises", many)):
        app.router.add_route("*", path, handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    held = socket.socket()
    held.bind(("127.0.0.1", 0))
    await web.SockSite(runner, held).start()
    try:
        yield f"http://127.0.0.1:{held.getsockname()[1]}"
    finally:
        await runner.cleanup()


def make(
    folder: Path,
    base: str,
    description: Mapping[str, Any] = DESCRIPTION,
    **options: Any,
) -> Http:
    (folder / "premises.yaml").write_text(yaml.safe_dump(dict(description), allow_unicode=True))
    whole = {
        "kind": "http",
        "base": base,
        "description": "premises.yaml",
        "allow_private": True,
        "key": ["uscc"],
        "fields": {"uscc": "code", "name": "/name", "rent": "rent", "open": "open"},
        "operations": OPERATIONS,
    } | options
    provider = KINDS.build(Setting("premises", whole, folder, SECRET))
    assert isinstance(provider, Http)
    return provider


def find(code: str, *fields: str) -> Question:
    return Question("find", fields or ("uscc", "name", "rent", "open"), ({"uscc": code},))


def ask_of(folder: Path, handler: Handler, question: Question, **options: Any) -> Any:
    """Ask a department that answers everything by this one handler."""

    async def run() -> Any:
        async with department(("/{rest:.*}", handler)) as base:
            provider = make(folder, base, **options)
            try:
                return await provider.ask(question)
            finally:
                await provider.close()

    return asyncio.run(run())


def failure_of(
    folder: Path, handler: Handler, question: Question, **options: Any
) -> ProviderFailed:
    with pytest.raises(ProviderFailed) as failed:
        ask_of(folder, handler, question, **options)
    return failed.value


def answers(body: Any, **more: Any) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return web.Response(**({"body": raw, "content_type": "application/json"} | more))

    return handler


def test_find_among_and_walk_go_where_they_are_bound(tmp_path: Path) -> None:
    async def run() -> None:
        async with department() as base:
            provider = make(tmp_path, base)
            first, second = RECORDS
            found = await provider.ask(find(first))
            assert found.records == [
                {"uscc": first, "name": "安和茶业", "rent": "12.5", "open": True}
            ]
            assert (await provider.ask(find(second, "name"))).records == [{"name": None}]
            for nobody in ("nobody", "..%2F", "x/../y"):
                assert (await provider.ask(find(nobody))).records == []
            keys = tuple({"uscc": code} for code in ("nobody", second, first))
            among = await provider.ask(Question("among", ("uscc",), keys))
            assert [r["uscc"] for r in among.records] == [second, first]
            page = await provider.ask(Question("walk", ("uscc",), (), None, 1))
            assert [r["uscc"] for r in page.records] == [first]
            assert page.after not in (None, "1")
            page = await provider.ask(Question("walk", ("uscc",), (), page.after, 1))
            assert ([r["uscc"] for r in page.records], page.after) == ([second], None)
            with pytest.raises(WireRefused):
                await provider.ask(Question("walk", ("uscc",), (), "1", 1))
            await provider.close()

    asyncio.run(run())


def test_a_key_stays_one_segment_of_the_path(tmp_path: Path) -> None:
    seen: list[str] = []

    async def spy(request: web.Request) -> web.StreamResponse:
        seen.append(request.raw_path)
        return web.Response(status=404)

    ask_of(tmp_path, spy, find("../admin?x=1#y"))
    assert seen == ["/premises/..%2Fadmin%3Fx%3D1%23y?fields=uscc%2Cname%2Crent%2Copen"]
    for climbing in ("..", ".", ""):
        assert failure_of(tmp_path, spy, find(climbing)).kind == "bad_answer"
    assert len(seen) == 1


def test_the_secret_goes_along_and_the_description_of_3_0_holds_too(tmp_path: Path) -> None:
    old = json.loads(json.dumps(DESCRIPTION))
    old["openapi"] = "3.0.3"
    place = old["components"]["schemas"]["Place"]["properties"]
    place["name"] = {"type": "string", "nullable": True, "enum": ["安和茶业"]}
    place["rent"] = {"type": "number", "minimum": 0, "exclusiveMinimum": True}
    many_schema = old["paths"]["/premises"]["get"]["responses"]["200"]["content"]
    many_schema["application/json"]["schema"]["properties"]["next"] = {
        "type": "string",
        "nullable": True,
    }
    (tmp_path / "token").write_text("let-me-in\n")
    secret = {"secret_file": "token"}
    seen: list[str | None] = []

    async def spy(request: web.Request) -> web.StreamResponse:
        seen.append(request.headers.get("Authorization"))
        return web.json_response({"code": "x", "name": None, "rent": 1})

    found = ask_of(tmp_path, spy, find("x", "name"), description=old, **secret)
    assert (found.records, seen) == ([{"name": None}], ["Bearer let-me-in"])
    wrong = failure_of(tmp_path, answers({"code": "x", "rent": 0}), find("x"), description=old)
    assert (wrong.kind, wrong.pointer) == ("bad_answer", "/rent")


@pytest.mark.parametrize(
    ("answer", "pointer"),
    [
        ({"code": 7}, "/code"),
        ({"name": "13800138000"}, ""),
        ({"code": "x", "rent": "13800138000"}, "/rent"),
        ({"code": "x", "rent": -1}, "/rent"),
        (["13800138000"], ""),
    ],
)
def test_drift_is_a_pointer_and_never_a_value(tmp_path: Path, answer: Any, pointer: str) -> None:
    failed = failure_of(tmp_path, answers(answer), find("x"))
    assert (failed.kind, failed.pointer) == ("bad_answer", pointer)
    assert "13800138000" not in str(failed)


def test_drift_inside_a_list_and_below_an_unknown_name_tells_no_name_of_a_person(
    tmp_path: Path,
) -> None:
    changed = json.loads(json.dumps(DESCRIPTION))
    changed["components"]["schemas"]["Place"]["additionalProperties"] = {"type": "integer"}
    walk = Question("walk", ("uscc",), (), None, 2)
    listed = {"data": {"items": [{"code": "x"}, {"code": "y", "张三": "z"}]}}
    failed = failure_of(tmp_path, answers(listed), walk, description=changed)
    assert failed.pointer == "/data/items/*/?"


@pytest.mark.parametrize(
    ("handler", "kind"),
    [
        (answers(b'{"code": "x", "code": "y"}'), "bad_answer"),
        (answers(b'{"code": NaN}'), "bad_answer"),
        (answers(b"[" * 100_000), "bad_answer"),
        (answers(b'{"code": "x", "deep": ' + b"[" * 40 + b"]" * 40 + b"}"), "bad_answer"),
        (answers(b'{"code": "' + b"x" * 70_000 + b'"}'), "bad_answer"),
        (answers(b'{"code": "x"'), "bad_answer"),
        (answers(b"\xff\xfe"), "bad_answer"),
        (answers({"code": "x"}, content_type="text/html"), "bad_answer"),
        (answers(b"\x1f\x8b", headers={"Content-Encoding": "gzip"}), "bad_answer"),
        (answers(b"", status=302, headers={"Location": "/elsewhere"}), "bad_answer"),
        (answers({"code": "x"}, status=500), "unavailable"),
        (answers({"code": "x"}, status=401), "unavailable"),
    ],
)
def test_what_is_not_the_agreed_answer_is_refused(
    tmp_path: Path, handler: Handler, kind: str
) -> None:
    assert failure_of(tmp_path, handler, find("x"), largest=65_536).kind == kind


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    hits: list[str] = []

    async def elsewhere(request: web.Request) -> web.StreamResponse:
        hits.append(request.path)
        raise web.HTTPFound("/stolen")

    assert failure_of(tmp_path, elsewhere, find("x")).kind == "bad_answer"
    assert hits == ["/premises/x"]


def test_an_endless_answer_is_left_at_the_limit(tmp_path: Path) -> None:
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        while True:
            await response.write(b" " * 4096)
            sent += 4096

    assert failure_of(tmp_path, endless, find("x"), largest=65_536).kind == "bad_answer"
    assert sent < 50_000_000


def test_nobody_there_is_a_failure_of_the_connection(tmp_path: Path) -> None:
    base = f"http://127.0.0.1:{free_port()}"

    async def run() -> ProviderFailed:
        provider = make(tmp_path, base)
        with pytest.raises(ProviderFailed) as failed:
            await provider.ask(find("x"))
        await provider.close()
        return failed.value

    failure = asyncio.run(run())
    assert (failure.kind, failure.connecting) == ("unavailable", True)


def test_a_name_that_leads_inside_is_refused_before_a_connection(tmp_path: Path) -> None:
    async def run() -> tuple[ProviderFailed, int]:
        hits = 0

        async def spy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal hits
            hits += 1
            writer.close()

        server = await asyncio.start_server(spy, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        provider = make(tmp_path, f"https://localhost:{port}", allow_private=False)
        with pytest.raises(ProviderFailed) as failed:
            await provider.ask(find("x"))
        await provider.close()
        server.close()
        return failed.value, hits

    failure, hits = asyncio.run(run())
    assert (failure.kind, failure.connecting, hits) == ("unavailable", False, 0)
    assert "not allowed" in failure.detail


def test_a_name_is_refused_whole_if_one_of_its_addresses_is() -> None:
    async def run() -> None:
        resolver = JudgedResolver(allow_private=False)
        for inside in ("localhost", "127.1", "0x7f000001", "2130706433"):
            with pytest.raises(AddressRefused):
                await resolver.resolve(inside, 80)
        found = await JudgedResolver(allow_private=True).resolve("localhost", 80)
        assert {place["host"] for place in found} <= {"127.0.0.1", "::1"}

    asyncio.run(run())


INSIDE = [
    "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "127.0.0.1", "::1", "fd00::1",
    "::ffff:127.0.0.1", "2002:7f00:1::", "64:ff9b::a00:1", "fec0::1",
]  # fmt: skip
NEVER = [
    "169.254.169.254", "fe80::1", "224.0.0.1", "ff02::1", "0.0.0.0", "::", "240.0.0.1",  # noqa: S104
    "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe",
]  # fmt: skip


def test_addresses_are_judged_by_what_they_really_are() -> None:
    for address in INSIDE:
        assert not may_reach(address, allow_private=False), address
    for address in NEVER:
        assert not may_reach(address, allow_private=False), address
        assert not may_reach(address, allow_private=True), address
    for address in ("10.1.2.3", "127.0.0.1", "::1", "fd00::1"):
        assert may_reach(address, allow_private=True), address
    for address in ("8.8.8.8", "2400:3200::1", "::ffff:8.8.8.8"):
        assert may_reach(address, allow_private=False), address


@pytest.mark.parametrize(
    ("option", "changes"),
    [
        ("base", {"base": "ftp://x"}),
        ("base", {"base": "https://user:word@host"}),
        ("base", {"base": "https://127.0.0.1", "allow_private": False}),
        ("base", {"base": "https://[::1]", "allow_private": False}),
        ("base", {"base": "http://api.example", "allow_private": False}),
        ("operations", {"operations": {}}),
        (
            "operations.find.operation",
            {"operations": {"find": {"operation": "x", "path": {"uscc": "code"}}}},
        ),
        (
            "operations.find.path",
            {"operations": {"find": {"operation": "one", "query": {"uscc": "fields"}}}},
        ),
        (
            "operations.walk.cursor",
            {"operations": OPERATIONS | {"walk": {"operation": "many", "next": "/next"}}},
        ),
        (
            "operations.find",
            {"operations": {"find": OPERATIONS["find"] | {"fields": "query:felder"}}},
        ),
        ("secret_file", {"secret_file": "nowhere"}),
        ("bas", {"bas": "x"}),
    ],
)
def test_a_wrong_option_is_named(tmp_path: Path, option: str, changes: dict[str, Any]) -> None:
    with pytest.raises(ProviderConfigInvalid) as wrong:
        make(tmp_path, **({"base": "https://api.example"} | changes))
    assert [fault.option for fault in wrong.value.faults] == [option]


def test_a_description_that_is_not_there_is_named(tmp_path: Path) -> None:
    options = {"kind": "http", "base": "https://x.example", "description": "nowhere.yaml"}
    faults = Http.check_config(Setting("premises", options, tmp_path, SECRET))
    assert {fault.option for fault in faults} == {"description", "fields"}


def test_a_description_that_looks_elsewhere_is_refused(tmp_path: Path) -> None:
    for reference in ("https://evil.example/schema.json", "other.yaml#/x", "#/components/nothing"):
        changed = json.loads(json.dumps(DESCRIPTION))
        changed["components"]["schemas"]["Place"]["properties"]["code"] = {"$ref": reference}
        with pytest.raises(ProviderConfigInvalid, match="leads nowhere in this file"):
            make(tmp_path, "https://api.example", changed)


PLAIN_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(PLAIN_JSON)
def test_strict_reading_gives_what_json_gives(value: Any) -> None:
    assert read_json(json.dumps(value).encode()) == value


@given(PLAIN_JSON, st.integers(0, 40))
def test_depth_is_counted_exactly(value: Any, more: int) -> None:
    def depth(inner: Any) -> int:
        if isinstance(inner, dict):
            inner = list(inner.values())
        return 1 + max(map(depth, inner), default=0) if isinstance(inner, list) else 0

    for _ in range(more):
        value = [value]
    raw = json.dumps(value).encode()
    if depth(value) > 32 + 1:
        with pytest.raises(JsonRefused):
            read_json(raw)
    elif depth(value) <= 32:
        assert read_json(raw) == value


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_a_schema_that_refers_to_itself_is_held_at_every_depth(
    tmp_path: Path, version: str
) -> None:
    changed = json.loads(json.dumps(DESCRIPTION)) | {"openapi": version}
    place = changed["components"]["schemas"]["Place"]
    place["properties"] = {
        "code": {"type": "string"},
        "part_of": {"$ref": "#/components/schemas/Place"},
    }
    sound: dict[str, Any] = {"code": "x"}
    broken: dict[str, Any] = {"code": 7}
    for _ in range(5):
        sound, broken = {"code": "x", "part_of": sound}, {"code": "x", "part_of": broken}
    found = ask_of(tmp_path, answers(sound), find("x", "uscc"), description=changed)
    assert found.records == [{"uscc": "x"}]
    failed = failure_of(tmp_path, answers(broken), find("x", "uscc"), description=changed)
    assert failed.pointer == "/part_of" * 5 + "/code"


def test_what_stands_beside_a_reference_counts_in_3_1_and_not_in_3_0(tmp_path: Path) -> None:
    for version, kind in (("3.1.0", "bad_answer"), ("3.0.3", "")):
        changed = json.loads(json.dumps(DESCRIPTION)) | {"openapi": version}
        schemas = changed["components"]["schemas"]
        schemas["Code"] = {"type": "string"}
        schemas["Place"]["properties"] = {
            "code": {"$ref": "#/components/schemas/Code", "maxLength": 3}
        }
        options = {"description": changed}
        if kind:
            failed = failure_of(tmp_path, answers({"code": "long"}), find("x", "uscc"), **options)
            assert (failed.kind, failed.pointer) == (kind, "/code")
        else:
            found = ask_of(tmp_path, answers({"code": "long"}), find("x", "uscc"), **options)
            assert found.records == [{"uscc": "long"}]
