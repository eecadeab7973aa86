"""Attacks at the door: forged forms, ways out to other hosts, bombs, guesses, text that would run.

Each goes over every address or every page of the list, so that a new one is tried as it joins.
"""

import io
import json
import resource
import struct
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse, HttpResponseRedirect
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse
from lxml import html

from browser.pages import PAGES
from testkit.browsers import signed_in
from testkit.clock import Clock
from testkit.office import Office
from testkit.servers import Fresh
from testkit.states import furnish
from tongban.apps.items import services as publishing
from tongban.infra.access import limits
from tongban.infra.access.models import User
from tongban.infra.packs import read_packs, shipped_packs
from tongban.infra.packs.documents import document_of
from tongban.web import operators, sign_on_urls, urls

PASSWORD = "plum blossom in snow"
ELSEWHERE = ("https://evil.example/", "//evil.example", "/\\evil.example", "https:evil.example")
#: Forms that act for nobody and keep no cookie: a forged one does what its forger can do alone.
#: Those of the OpenID provider are a program's, which shows its own secret.
FOR_NOBODY = {"verify"} | {
    f"oauth2_provider:{name}" for name in ("token", "revoke-token", "user-info")
}


def addresses() -> Iterator[tuple[str, str]]:
    """Give every address that a browser opens by its name, with something in each place."""
    yield from _named("", urls.urlpatterns)
    yield from _named("oauth2_provider:", sign_on_urls.urlpatterns)
    yield from _named("admin:", operators.site.get_urls())


def _named(space: str, patterns: Sequence[URLPattern | URLResolver]) -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _named(space, pattern.url_patterns)
        elif pattern.name:
            places = pattern.pattern.regex.groupindex
            of = pattern.pattern.converters
            given = {name: 1 if "Int" in type(of.get(name)).__name__ else "x" for name in places}
            if "app_label" in given:
                given["app_label"] = "trail"
            yield space + pattern.name, reverse(space + pattern.name, kwargs=given)


@pytest.fixture
def quick_hashes(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def test_no_form_without_its_token_is_taken(fresh_sqlite: Fresh, clock: Clock) -> None:
    User.objects.create_user("li", password=PASSWORD)
    for browser in (Client(enforce_csrf_checks=True), Client(enforce_csrf_checks=True)):
        taken = {
            name for name, path in addresses() if browser.post(path, {"a": "b"}).status_code != 403
        }
        # what answers 405 takes no form at all
        refusing = {n for n, path in addresses() if browser.post(path).status_code == 405}
        assert taken - refusing == FOR_NOBODY
        browser.force_login(User.objects.get())


@pytest.mark.slow
def test_no_page_leads_to_another_host(office: Office, quick_hashes: None) -> None:
    user = User.objects.get(pk=office.applicant("newborn").user_id)
    user.set_password(PASSWORD)
    user.save()
    browsers = Client(), Client(), signed_in(office.appoint("data-bureau", "operator", "ops"))
    browsers[1].force_login(user)
    for elsewhere, browser in product(ELSEWHERE, browsers):
        asked = dict.fromkeys(("next", "back", "return", "url"), elsewhere)
        for name, path in addresses():
            if name in {"leave", "admin:logout"}:
                continue
            for answer in (browser.get(path, asked), browser.post(path, asked)):
                assert stays(answer), (name, elsewhere)
        form = {"username": user.username, "password": PASSWORD, "next": elsewhere}
        assert Client().post("/sign-in", form)["Location"] == "/"


def stays(answer: Any) -> bool:
    """Say whether neither the answer nor a link, form or hidden field of it leads elsewhere."""
    to = answer.headers.get("Location", "/")
    led = [to]
    if answer["Content-Type"].startswith("text/html") and answer.content:
        page = html.fromstring(answer.content.decode())
        led += page.xpath("//@href | //@action | //@formaction | //input/@value")
    return to.startswith("/") and not [one for one in led if one.startswith(ELSEWHERE)]


def test_a_page_that_leads_elsewhere_is_seen() -> None:
    for way in ('<a href="//evil.example">', '<input name="next" value="https://evil.example/x">'):
        assert not stays(HttpResponse(way))
    assert not stays(HttpResponseRedirect("https://other.example/"))
    assert stays(HttpResponse('<a href="/?next=//evil.example">'))


def zip_bomb() -> bytes:
    """Give 400 kB that unpack to 400 MB."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as into:
        zeros = bytes(100 * 1024 * 1024)
        for name in ("manifest.txt", "checkpoint", "events.jsonl", "documents/01-a.pdf"):
            into.writestr(name, zeros)
    return made.getvalue()


def picture_bomb() -> bytes:
    """Give 2 MB of PNG that say they are 60,000 pixels wide and high."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(60_001) * 4_000, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


BOMBS: dict[str, Callable[[], bytes]] = {
    "archive.zip": zip_bomb,
    "picture.png": picture_bomb,
    "large.pdf": lambda: b"%PDF-1.7\n" + bytes(40 * 1024 * 1024),
    "deep.json": lambda: b"[" * 200_000,
    "deep.xml": lambda: (
        b'<!DOCTYPE a [<!ENTITY a "xxxxxxxxxx">'
        + b"".join(b'<!ENTITY %c "&%c;&%c;">' % (n, n - 1, n - 1) for n in range(98, 123))
        + b"]><a>&z;</a>"
    ),
    "\x00..%2f..%2fetc": lambda: b"",
}


def upload_forms(office: Office) -> Iterator[tuple[str, Client, str, dict[str, Any], list[str]]]:
    """Give each form of the list that takes files: page, browser, address, values, file fields."""
    states = furnish(office)
    for shown in PAGES:
        if shown.act is not None or shown.status != 200:
            continue
        browser = signed_in(states.people[shown.role]) if shown.role else Client()
        path = shown.path.format_map(states.numbers)
        page = html.fromstring(browser.get(path).content.decode(), base_url="http://testserver/")
        for form in page.forms:
            if files := form.xpath(".//input[@type='file']/@name"):
                yield shown.name, browser, form.action or path, dict(form.form_values()), files


#: Every page of the list with a form that takes files; one that joins is tried as well.
TAKING_FILES = {
    "design",
    "design-flow",
    "design-flow-wrong",
    "evidence",
    "form-documents",
    "styleguide",
    "verify",
}


@pytest.mark.slow
def test_an_upload_bomb_is_refused_in_little_time_and_room(office: Office) -> None:
    tried = set()
    for page, browser, path, values, files in upload_forms(office):
        for name, make in BOMBS.items():
            content = make()
            sent = {field: SimpleUploadedFile(name, content) for field in files}
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            began = time.process_time()
            answer = browser.post(path, {**values, **sent})
            assert answer.status_code < 500, (page, name)
            assert time.process_time() - began < 10, (page, name)
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            assert grown < 256 * 1024, (page, name)
            tried.add(page)
    assert tried == TAKING_FILES


def test_a_flood_of_fields_or_of_text_is_refused(fresh_sqlite: Fresh, clock: Clock) -> None:
    for flood in (
        {f"f{number}": "x" for number in range(2_000)},
        {"username": "x" * (25 * 1024 * 1024)},
    ):
        assert Client().post("/sign-in", flood).status_code in {400, 413}


@pytest.mark.parametrize("path", ["/licences/verify", "/evidence", "/sign-in"])
def test_what_no_page_takes_is_refused_by_its_length_alone(
    fresh_sqlite: Fresh, clock: Clock, path: str
) -> None:
    kind = "multipart/form-data; boundary=x"
    for length in (str(64 * 1024 * 1024), "-1", "many"):
        answer = Client().post(path, b"--x--", content_type=kind, CONTENT_LENGTH=length)
        assert answer.status_code == 413, length
        assert "请求过大" in answer.content.decode()
    assert Client().post(path, b"--x--", content_type=kind).status_code != 413


def test_guesses_from_one_address_end_whatever_the_names(
    fresh_sqlite: Fresh, clock: Clock, quick_hashes: None
) -> None:
    User.objects.create_user("li", password=PASSWORD)
    right = {"username": "li", "password": PASSWORD}

    def tries(address: str, form: dict[str, str]) -> int:
        return Client().post("/sign-in", form, REMOTE_ADDR=address).status_code

    for number in range(limits.ADDRESS.most):
        assert tries("203.0.113.9", {"username": f"n{number}", "password": "x"}) == 403
    assert tries("203.0.113.9", right) == 403
    assert tries("203.0.113.10", right) == 302
    clock.move(minutes=16)
    assert tries("203.0.113.9", right) == 302


PROBE = "\"'><tb-probe onerror=alert(7)></tb-probe>{{7*7}}"


VERSIONED = {"guides", "items", "licences", "life-events", "policies"}  # folders of what is frozen


def _marked(given: Any) -> Any:
    """Append the probe to every text that is given in two languages."""
    if isinstance(given, dict):
        both = set(given) == {"zh", "en"} and all(isinstance(v, str) for v in given.values())
        return {key: one[:40] + PROBE if both else _marked(one) for key, one in given.items()}
    return [_marked(one) for one in given] if isinstance(given, list) else given


def spoiled_packs(folder: Path) -> list[Path]:
    """Copy the shipped packs with the probe in every label, name, guide and help text."""
    for source in (shipped_packs() / "base", shipped_packs() / "sample"):
        for path in source.rglob("*"):
            copy = folder / source.name / path.relative_to(source)
            if path.is_file():
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(path.read_bytes())
            if path.suffix == ".yaml":
                told = _marked(document_of(path.read_bytes(), path.name).data)
                if path.parent.name in VERSIONED:
                    told["version"] = told.get("version", 1) + 1
                # JSON is YAML in which no text can be read as a number
                copy.write_text(json.dumps(told, default=str), encoding="utf-8")
    return [folder / "base", folder / "sample"]


@pytest.mark.slow
def test_labels_and_names_that_would_run_stay_text(office: Office, tmp_path: Path) -> None:
    publishing.publish(read_packs(spoiled_packs(tmp_path / "spoiled")), actor="test")
    states = furnish(office)
    User.objects.update(first_name=f"李{PROBE}")
    seen = 0
    looked_at = [shown for shown in PAGES if shown.act is None]
    for lang, shown in product(("zh", "en"), looked_at):
        browser = signed_in(states.people[shown.role]) if shown.role else Client()
        path = shown.path.format_map(states.numbers)
        answer = browser.get(path, {**_query(path), "lang": lang})
        assert answer.status_code == shown.status, shown
        page = html.fromstring(answer.content.decode())
        assert not page.xpath("//tb-probe | //*[@onerror]"), shown
        assert ">49" not in page.text_content(), shown
        seen += "<tb-probe" in page.text_content()
    assert seen >= len(looked_at)  # the probe has reached the pages: every second one at least


def _query(path: str) -> dict[str, str]:
    return dict(parse_qsl(path.partition("?")[2], keep_blank_values=True))


@pytest.mark.slow
def test_a_script_in_the_address_stays_text(office: Office) -> None:
    browser = signed_in(office.official("medical-insurance", "clerk"))
    for name, path in addresses():
        answer = browser.get(path, dict.fromkeys(("q", "login", "next", "resource"), PROBE))
        if answer["Content-Type"].startswith("text/html") and answer.content:
            page = html.fromstring(answer.content.decode())
            assert not page.xpath("//tb-probe | //*[@onerror]"), name
