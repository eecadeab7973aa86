"""TLS between nodes and to departments: right, of another authority, expired, misnamed."""

import asyncio
import http.client
import shutil
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from testkit.certificates import Authority
from testkit.nodes import Network
from tongban.kernel.wire.words import Question
from tongban.node.config import ConfigInvalid, read_config
from tongban.node.providers import ProviderFailed, Setting
from tongban.node.providers.base import KINDS, ProviderConfigInvalid
from tongban.node.server import check_tls

HOST = "127.0.0.1"
#: name → hosts in the certificate, days of its life, whether the trusted authority signed it
CERTIFICATES = {
    "right": ((HOST, "localhost"), (-1, 30), True),
    "expired": ((HOST, "localhost"), (-2, -1), True),
    "not-yet": ((HOST, "localhost"), (1, 30), True),
    "misnamed": (("police.example", "10.0.0.1"), (-1, 30), True),
    "stranger": ((HOST, "localhost"), (-1, 30), False),
}
WRONG = sorted(set(CERTIFICATES) - {"right"})


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("trusted"), "trusted")


@pytest.fixture(scope="module")
def issued(
    trusted: Authority, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[Path, Path]]:
    """Give a certificate and its key by name."""
    stranger = Authority(tmp_path_factory.mktemp("stranger"), "stranger")
    return {
        name: (trusted if good else stranger).issue(name, hosts, days)
        for name, (hosts, days, good) in CERTIFICATES.items()
    }


# --- nodes


@dataclass
class Secured:
    """A network in which the police speak TLS, and the bureau pins an authority."""

    network: Network
    issued: dict[str, tuple[Path, Path]]

    def serve(self, name: str) -> None:
        """Let the police serve by this certificate."""
        police = self.network.police
        police.stop()
        for source, target in zip(self.issued[name], ("outer.crt", "outer.key"), strict=True):
            shutil.copyfile(source, police.folder / target)
        self.network.start(police)


@pytest.fixture(scope="module")
def secured(
    tmp_path_factory: pytest.TempPathFactory,
    trusted: Authority,
    issued: dict[str, tuple[Path, Path]],
) -> Iterator[Secured]:
    network = Network(tmp_path_factory.mktemp("network"))
    police = network.police
    listen = f'listen = "{HOST}:{police.outer}"'
    network.change(police, listen, f'{listen}\ncertificate = "outer.crt"\nkey = "outer.key"')
    police.tls = True
    police.card["address"] = f"https://{HOST}:{police.outer}"
    network.add(network.bureau, f'\n[peers]\nca = "{trusted.ca}"\nconnect = 2.0\ntimeout = 5.0\n')
    network.publish()
    try:
        network.start(network.bureau)
        yield Secured(network, issued)
    finally:
        network.stop()


def test_a_call_goes_over_tls_where_the_certificate_is_right(secured: Secured) -> None:
    secured.serve("right")
    answer = secured.network.find(1)
    assert (answer.status, answer.body["records"]) == (200, [{"name": "王1"}])


@pytest.mark.parametrize("name", WRONG)
def test_a_node_with_a_wrong_certificate_is_told_nothing(secured: Secured, name: str) -> None:
    """Neither question nor signature reaches it; whoever asked is told that there is no answer."""
    secured.serve(name)
    before = len(secured.network.police.rows())
    answer = secured.network.find(1)
    assert (answer.status, answer.code) == (503, "unavailable")
    assert len(secured.network.police.rows()) == before
    (asked, told) = secured.network.bureau.rows()[-2:]
    assert (asked["kind"], told["kind"], told["code"]) == ("request", "answer", "unavailable")


def test_the_outer_listener_speaks_nothing_but_tls_and_nothing_old(secured: Secured) -> None:
    secured.serve("right")
    port = secured.network.police.outer
    plain = http.client.HTTPConnection(HOST, port, timeout=5)
    plain.request("GET", "/health")
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        plain.getresponse()
    plain.close()
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        socket.create_connection((HOST, port), timeout=5) as link,
        pytest.raises((ssl.SSLError, ConnectionError)),
    ):
        old.wrap_socket(link)


def test_files_of_tls_that_do_not_fit_are_named_before_anything_listens(
    tmp_path: Path, issued: dict[str, tuple[Path, Path]]
) -> None:
    network = Network(tmp_path)
    config = network.police.config
    text = config.read_text(encoding="utf-8")
    listen = f'listen = "{HOST}:{network.police.outer}"'
    certificate, key = issued["right"]
    other = issued["misnamed"][1]
    for pair in (("none.crt", "none.key"), (str(certificate), str(other)), (str(key), str(key))):
        told = f'{listen}\ncertificate = "{pair[0]}"\nkey = "{pair[1]}"'
        config.write_text(text.replace(listen, told), encoding="utf-8")
        with pytest.raises(ConfigInvalid, match=r"outer\.certificate"):
            check_tls(read_config(config))
    for ca in ("none.pem", str(key)):
        config.write_text(f'{text}\n[peers]\nca = "{ca}"\n', encoding="utf-8")
        with pytest.raises(ConfigInvalid, match=r"peers\.ca"):
            check_tls(read_config(config))
    told = f'{listen}\ncertificate = "{certificate}"\nkey = "{key}"'
    config.write_text(text.replace(listen, told), encoding="utf-8")
    check_tls(read_config(config))


# --- a department's own interface


DESCRIPTION: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "t", "version": "1"},
    "paths": {
        "/people/{id}": {
            "get": {
                "operationId": "one",
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
                ],
                "responses": {
                    "200": {
                        "description": "one",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "properties": {
                                        "id": {"type": "string"},
                                        "name": {"type": "string"},
                                    },
                                    "required": ["id", "name"],
                                }
                            }
                        },
                    }
                },
            }
        }
    },
}


@asynccontextmanager
async def interface(
    certificate: tuple[Path, Path], clients: Path | None = None
) -> AsyncIterator[tuple[str, list[str]]]:
    """Run an interface over TLS, which may want certificates of its clients; give whom it saw."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    if clients is not None:
        context.load_verify_locations(clients)
        context.verify_mode = ssl.CERT_REQUIRED
    seen: list[str] = []

    async def one(request: web.Request) -> web.StreamResponse:
        seen.append(request.match_info["id"])
        return web.json_response({"id": request.match_info["id"], "name": "王"})

    app = web.Application()
    app.router.add_get("/people/{id}", one)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    held = socket.socket()
    held.bind((HOST, 0))
    await web.SockSite(runner, held, ssl_context=context).start()
    try:
        yield f"https://localhost:{held.getsockname()[1]}", seen
    finally:
        await runner.cleanup()


def setting(folder: Path, base: str, **options: str) -> Setting:
    (folder / "people.yaml").write_text(yaml.safe_dump(DESCRIPTION))
    told = {
        "kind": "http",
        "base": base,
        "description": "people.yaml",
        "allow_private": True,
        "key": ["id"],
        "fields": {"id": "id", "name": "name"},
        "operations": {"find": {"operation": "one", "path": {"id": "id"}}},
    }
    return Setting("people", told | options, folder, b"x" * 32)


def ask(
    folder: Path, certificate: tuple[Path, Path], clients: Path | None = None, **options: str
) -> tuple[Any, list[str]]:
    """Ask the interface once; give the records, or the failure, and whom it saw."""

    async def run() -> tuple[Any, list[str]]:
        async with interface(certificate, clients) as (base, seen):
            provider = KINDS.build(setting(folder, base, **options))
            try:
                found = await provider.ask(Question("find", ("name",), ({"id": "p1"},)))
            except ProviderFailed as failed:
                return failed, seen
            finally:
                await provider.close()
            return list(found.records), seen

    return asyncio.run(run())


def test_an_interface_is_asked_where_its_authority_is_pinned(
    tmp_path: Path, trusted: Authority, issued: dict[str, tuple[Path, Path]]
) -> None:
    records, seen = ask(tmp_path, issued["right"], ca=str(trusted.ca))
    assert (records, seen) == ([{"name": "王"}], ["p1"])


@pytest.mark.parametrize("name", [*WRONG, "unpinned"])
def test_an_interface_with_a_wrong_certificate_is_unavailable_and_sees_no_key(
    tmp_path: Path, trusted: Authority, issued: dict[str, tuple[Path, Path]], name: str
) -> None:
    options = {} if name == "unpinned" else {"ca": str(trusted.ca)}
    certificate = issued["right" if name == "unpinned" else name]
    failed, seen = ask(tmp_path, certificate, **options)
    assert isinstance(failed, ProviderFailed)
    assert failed.kind == "unavailable"
    assert seen == []


def test_a_client_certificate_is_shown_where_the_interface_wants_one(
    tmp_path: Path, trusted: Authority, issued: dict[str, tuple[Path, Path]]
) -> None:
    shown = dict(zip(("client_certificate", "client_key"), map(str, issued["right"]), strict=True))
    pinned = {"ca": str(trusted.ca)}
    records, _ = ask(tmp_path, issued["right"], trusted.ca, **pinned, **shown)
    assert records == [{"name": "王"}]
    for wrong in ({}, dict(zip(shown, map(str, issued["stranger"]), strict=True))):
        failed, seen = ask(tmp_path, issued["right"], trusted.ca, **pinned, **wrong)
        assert isinstance(failed, ProviderFailed)
        assert seen == []


def test_files_of_a_providers_tls_that_do_not_fit_are_named(
    tmp_path: Path, issued: dict[str, tuple[Path, Path]]
) -> None:
    certificate, _ = issued["right"]
    other = issued["misnamed"][1]
    for options in (
        {"client_certificate": str(certificate), "client_key": str(other)},
        {"ca": str(other)},
        {"ca": "none.pem"},
    ):
        with pytest.raises(ProviderConfigInvalid, match=r"PEM|no such file"):
            KINDS.build(setting(tmp_path, "https://localhost:1", **options))
