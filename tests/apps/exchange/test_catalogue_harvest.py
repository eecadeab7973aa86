"""Harvesting: nothing grows, nothing outlives its owner, nothing reaches where it may not."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from testkit.registry import entry, official, town
from tongban.apps.exchange.catalogue import exporting, fetching, harvesting, queries, services
from tongban.apps.exchange.catalogue.fetching import FetchRefused, Unreachable, fetch
from tongban.apps.exchange.catalogue.graphs import DocumentRefused
from tongban.apps.exchange.domain import dcat
from tongban.apps.exchange.domain.records import Entry, Organisation, Origin, Registered
from tongban.apps.exchange.events import harvest_chain
from tongban.apps.exchange.models import Peer, Resource, ResourceVersion
from tongban.config.servers import free_port
from tongban.infra import clock as port
from tongban.infra.trail import queries as trail
from tongban.kernel.facts import Words

OWN = "CN-330100"
COUNTY = "CN-330113"
PATIENCE = 120


@pytest.fixture
def city(tmp_path: Path, settings: Any, clock: Any, db: None) -> Path:
    settings.HOME = tmp_path / "home"
    settings.HARVEST_NETWORKS = ["127.0.0.0/8"]
    town(tmp_path / "packs")
    return tmp_path


def page(name: str, *told: tuple[Entry, str, tuple[str, ...], str]) -> dict[str, Any]:
    """Give a page of the instance ``name``: entry, owner, the way to ``name``, state."""
    who = Organisation("x", "11330100MB1A0001XH", Words("数据局", "bureau"))
    listed = [
        dcat.dataset(
            Registered(
                1, e, Origin(o, e.slug, dcat.iri(o, e.slug), way), "harvested", state, 1, port.now()
            ),
            name,
        )
        for e, o, way, state in told
    ]
    return {**dcat.catalogue(name, who.name, who), "dcat:dataset": listed}


def own(name: str, *entries: Entry) -> dict[str, Any]:
    return page(name, *((e, name, (), "published") for e in entries))


def take(folder: Path, document: dict[str, Any], peer: str = "county") -> harvesting.Harvest:
    path = folder / f"{peer}.jsonld"
    path.write_text(json.dumps(document), encoding="utf-8")
    return harvesting.harvest(str(path), peer, actor="test")


def held(owner: str, slug: str) -> Resource:
    return Resource.objects.get(iri=dcat.iri(owner, slug))


class TestOneHarvest:
    def test_a_record_keeps_its_owner_and_is_told_on(self, city: Path) -> None:
        done = take(city, own(COUNTY, entry()))
        assert (done.seen, done.changed) == (1, 1)
        row = held(COUNTY, "permits")
        assert (row.source, row.origin, row.path) == ("harvested", COUNTY, [COUNTY])
        assert row.slug.startswith("h-")
        out = {one["@id"]: one for one in json.loads("".join(exporting.jsonld()))["dcat:dataset"]}
        told = out[dcat.iri(COUNTY, "permits")]
        assert (told["tb:origin"], told["tb:path"]) == (COUNTY, {"@list": [COUNTY, OWN]})
        assert [hit.resource.id for hit in queries.search("犬只").hits] == [row.pk]

    def test_the_same_again_makes_no_version_and_no_news(self, city: Path) -> None:
        take(city, own(COUNTY, entry()))
        kept, told = ResourceVersion.objects.count(), len(trail.history(harvest_chain("county")))
        done = take(city, own(COUNTY, entry()))
        assert (done.seen, done.changed, done.withdrawn) == (1, 0, 0)
        assert ResourceVersion.objects.count() == kept
        assert len(trail.history(harvest_chain("county"))) == told == 1

    def test_what_left_is_withdrawn_and_may_come_back(self, city: Path) -> None:
        take(city, own(COUNTY, entry(), entry(slug="other")))
        assert take(city, own(COUNTY, entry(slug="other"))).withdrawn == 1
        assert held(COUNTY, "permits").state == "withdrawn"
        assert take(city, own(COUNTY, entry(), entry(slug="other"))).changed == 1
        assert held(COUNTY, "permits").state == "published"

    def test_what_was_withdrawn_over_there_is_withdrawn_here(self, city: Path) -> None:
        take(city, own(COUNTY, entry()))
        take(city, page(COUNTY, (entry(), COUNTY, (), "withdrawn")))
        assert held(COUNTY, "permits").state == "withdrawn"

    def test_ours_that_come_back_are_passed_over(self, city: Path) -> None:
        births = queries.get("births").entry
        done = take(city, page(COUNTY, (births, OWN, (OWN,), "published")))
        assert done.refused == []
        assert (done.own, done.changed) == (1, 0)
        assert queries.get("births").version == 1

    def test_a_peer_takes_no_name_of_ours(self, city: Path) -> None:
        forged = own(COUNTY, entry(slug="births"))
        forged["dcat:dataset"][0]["@id"] = dcat.iri(OWN, "births")
        done = take(city, forged)
        assert (len(done.refused), done.changed) == (1, 0)
        assert queries.get("births").source == "pack"

    def test_nobody_here_changes_a_harvested_record(self, city: Path) -> None:
        take(city, own(COUNTY, entry()))
        with pytest.raises(services.errors.ResourceDenied):
            services.withdraw(
                official("police", "approver"), held(COUNTY, "permits").slug, "not ours"
            )

    def test_a_faulty_record_is_refused_by_itself_and_told(self, city: Path) -> None:
        document = own(COUNTY, entry(), entry(slug="bad"))
        document["dcat:dataset"][1]["tb:classification"] = "L9"
        done = take(city, document)
        assert (done.changed, len(done.refused)) == (1, 1)
        assert "classification" in trail.history(harvest_chain("county"))[-1].data["refused"][0]


class TestManyInstances:
    def test_what_came_through_us_is_passed_over(self, city: Path) -> None:
        done = take(city, page("CN-330000", (entry(), COUNTY, (COUNTY, OWN), "published")), "up")
        assert (done.own, done.changed) == (1, 0)

    def test_the_shorter_way_wins_and_neither_peer_undoes_the_other(self, city: Path) -> None:
        far = page("CN-330000", (entry(), COUNTY, (COUNTY, "CN-330200"), "published"))
        near = own(COUNTY, entry(abstract={"zh": "本县直报"}))
        take(city, far, "up")
        take(city, near)
        assert held(COUNTY, "permits").abstract_zh == "本县直报"
        before = ResourceVersion.objects.count()
        for _ in range(2):
            assert take(city, far, "up").passed == 1
            assert take(city, near).changed == 0
        assert ResourceVersion.objects.count() == before

    def test_when_the_near_peer_stops_the_far_one_takes_over(self, city: Path) -> None:
        far = page("CN-330000", (entry(), COUNTY, (COUNTY, "CN-330200"), "published"))
        take(city, own(COUNTY, entry()))
        take(city, far, "up")
        take(city, own(COUNTY))
        assert held(COUNTY, "permits").state == "withdrawn"
        take(city, far, "up")
        assert held(COUNTY, "permits").state == "published"
        take(city, own(COUNTY))
        assert held(COUNTY, "permits").state == "published"


class Site(BaseHTTPRequestHandler):
    """Serves what the test says: path → status, headers, body, seconds between bytes."""

    pages: dict[str, tuple[int, dict[str, str], bytes]] = {}
    seen: list[dict[str, str]] = []

    def do_GET(self) -> None:
        self.seen.append(dict(self.headers))
        status, headers, body = self.pages.get(self.path, (404, {}, b""))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    Site.pages, Site.seen = {}, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


LOOPBACK = ["127.0.0.0/8"]
JSONLD = {"Content-Type": "application/ld+json"}


class TestFetching:
    def test_pages_are_followed_to_the_end(self, city: Path, site: str) -> None:
        first, second = own(COUNTY, entry()), own(COUNTY, entry(slug="other"))
        link = {"Link": '<?after=1>; rel="next"'}
        Site.pages = {
            harvesting.PATH: (200, JSONLD | link, json.dumps(first).encode()),
            f"{harvesting.PATH}?after=1": (200, JSONLD, json.dumps(second).encode()),
        }
        assert harvesting.harvest(site, "county", actor="test").changed == 2
        assert Peer.objects.get(name="county").outcome.startswith("2 seen, 2 changed")

    def test_a_harvest_that_breaks_off_withdraws_nothing(self, city: Path, site: str) -> None:
        take(city, own(COUNTY, entry(), entry(slug="other")))
        link = {"Link": f'<{harvesting.PATH}?after=1>; rel="next"'}
        Site.pages = {harvesting.PATH: (200, JSONLD | link, json.dumps(own(COUNTY)).encode())}
        with pytest.raises(FetchRefused, match="404"):
            harvesting.harvest(site, "county", actor="test")
        assert held(COUNTY, "permits").state == "published"
        assert "404" in Peer.objects.get(name="county").outcome

    def test_pages_without_end_are_refused(self, city: Path, site: str) -> None:
        link = {"Link": f'<{harvesting.PATH}>; rel="next"'}
        Site.pages = {harvesting.PATH: (200, JSONLD | link, json.dumps(own(COUNTY)).encode())}
        with pytest.raises(DocumentRefused, match="no end"):
            harvesting.harvest(site, "county", actor="test")

    def test_our_token_at_the_peer_is_shown(self, city: Path, site: str, settings: Any) -> None:
        Site.pages = {harvesting.PATH: (200, JSONLD, json.dumps(own(COUNTY)).encode())}
        (settings.HOME / "peers").mkdir(parents=True)
        (settings.HOME / "peers" / "county.token").write_text("tb_secret\n")
        harvesting.harvest(site, "county", actor="test")
        assert Site.seen[0]["Authorization"] == "Bearer tb_secret"

    @pytest.mark.parametrize(
        "url",
        [
            "ftp://data.example/x",
            "file:///etc/passwd",
            "http://user:pass@data.example/",
            "http://data.example/\r\nX: y",
            "http://",
            "http://127.0.0.1:99999/",
        ],
    )
    def test_only_plain_addresses_are_fetched(self, url: str) -> None:
        with pytest.raises(FetchRefused):
            fetch(url, networks=LOOPBACK)

    @pytest.mark.parametrize(
        "host", ["127.0.0.1", "10.1.2.3", "[::1]", "169.254.169.254", "100.64.0.1"]
    )
    def test_a_private_address_is_refused_unless_its_network_is_named(self, host: str) -> None:
        with pytest.raises(FetchRefused, match="private address"):
            fetch(f"http://{host}/x", networks=["192.168.0.0/16"])

    def test_a_redirect_is_not_followed(self, site: str) -> None:
        Site.pages = {"/x": (302, {"Location": f"{site}/y"}, b""), "/y": (200, JSONLD, b"{}")}
        with pytest.raises(FetchRefused, match="leads elsewhere"):
            fetch(f"{site}/x", networks=LOOPBACK)
        assert len(Site.seen) == 1

    def test_a_next_page_elsewhere_is_refused(self, site: str) -> None:
        link = {"Link": '<http://10.0.0.1/secret>; rel="next"'}
        Site.pages = {"/x": (200, JSONLD | link, b"{}")}
        with pytest.raises(FetchRefused, match="another server"):
            fetch(f"{site}/x", networks=LOOPBACK)

    def test_a_document_has_bounds(self, site: str, monkeypatch: pytest.MonkeyPatch) -> None:
        Site.pages = {"/x": (200, JSONLD, b"x" * 2000)}
        monkeypatch.setattr(fetching, "LARGEST", 1000)
        with pytest.raises(FetchRefused, match="more than 1000 bytes"):
            fetch(f"{site}/x", networks=LOOPBACK)

    def test_a_server_that_is_slow_or_away_is_given_up(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(fetching, "PATIENCE", 0.3)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            place = silent.getsockname()[1]
            with pytest.raises(Unreachable):
                fetch(f"http://127.0.0.1:{place}/", networks=LOOPBACK)
        with pytest.raises(Unreachable):
            fetch(f"http://127.0.0.1:{place}/", networks=LOOPBACK)

    def test_what_is_no_catalogue_is_refused(self, city: Path, site: str) -> None:
        Site.pages = {"/x.html": (200, {"Content-Type": "text/html"}, b"<html>")}
        with pytest.raises(DocumentRefused, match="text/html"):
            harvesting.harvest(f"{site}/x.html", "web", actor="test")


@contextmanager
def instance(home: Path, packs: Path | None) -> Iterator[tuple[str, dict[str, str]]]:
    """Run a whole installation: its own home, database and server process."""
    place = free_port()
    environment = {
        **os.environ,
        "TONGBAN_HOME": str(home),
        "TONGBAN_DATABASE": f"sqlite:///{home / 'tongban.sqlite3'}",
        "TONGBAN_PACKS": str(packs or ""),
        "TONGBAN_CATALOGUE_OPEN": "1",
        "TONGBAN_HARVEST_NETWORKS": "127.0.0.0/8",
    }
    home.mkdir()
    tongban = Path(sys.executable).with_name("tongban")
    server = subprocess.Popen(
        [tongban, "serve", "--port", str(place)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    base = f"http://127.0.0.1:{place}"
    try:
        _wait(f"{base}{harvesting.PATH}?limit=1", server)
        yield base, environment
    finally:
        server.terminate()
        server.communicate(timeout=PATIENCE)


def _wait(url: str, server: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        try:
            urlopen(url, timeout=5).close()  # noqa: S310 - our own server
        except URLError:
            time.sleep(0.2)
        else:
            return
    pytest.fail(f"no server at {url}")


def harvested(environment: dict[str, str], base: str, name: str) -> str:
    done = subprocess.run(
        [Path(sys.executable).with_name("tongban"), "catalogue", "harvest", base, "--name", name],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.slow
def test_two_instances_that_harvest_each_other_settle(tmp_path: Path) -> None:
    packs = tmp_path / "packs" / "county"
    packs.mkdir(parents=True)
    (packs / "pack.yaml").write_text(
        "schema: tongban/pack/1\nslug: county\nname: {zh: 县, en: county}\n"
        "region: '330113'\nextends: [sample]\n"
    )
    (packs / "exchange.yaml").write_text(
        "schema: tongban/exchange/1\ninstance: CN-330113\noperator: data-bureau\n"
    )
    with ExitStack() as running:
        city, in_city = running.enter_context(instance(tmp_path / "city", None))
        county, in_county = running.enter_context(instance(tmp_path / "county", packs.parent))
        assert harvested(in_city, county, "county").startswith(
            "county: 17 seen, 17 changed, 0 withdrawn, 0 own"
        )
        assert harvested(in_county, city, "city").startswith(
            "city: 34 seen, 17 changed, 0 withdrawn, 17 own"
        )
        for _ in range(3):
            assert harvested(in_city, county, "county").startswith(
                "county: 34 seen, 0 changed, 0 withdrawn, 17 own"
            )
            assert harvested(in_county, city, "city").startswith(
                "city: 34 seen, 0 changed, 0 withdrawn, 17 own"
            )


def test_an_entry_without_department_key_stays_the_same(city: Path) -> None:
    """A harvested record says the provider by code, since keys are names of one pack only."""
    take(city, own(COUNTY, entry()))
    found = queries.get(held(COUNTY, "permits").slug)
    assert found.entry.department == replace(entry().department, key="")
