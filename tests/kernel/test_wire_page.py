"""The page about the exchange protocol: its example is made anew and compared, letter by letter."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tongban.kernel.suites import Suite, suite
from tongban.kernel.wire.addresses import read_caller, read_target, write_caller, write_path
from tongban.kernel.wire.documents import key_id
from tongban.kernel.wire.signatures import (
    read_request,
    read_response,
    sign_request,
    sign_response,
    verify_request,
    verify_response,
)
from tongban.kernel.wire.words import STATUS, Caller, Headers, Identifier, Request, Response

PAGE = Path(__file__).parents[2] / "docs" / "standards" / "exchange-protocol.md"
CLIENT, PROVIDER = "11330100MB1A23019Q", "11330100002501028W"
CLIENT_SECRET, PROVIDER_SECRET = bytes(range(32)), bytes(range(32, 64))
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
NONCE = "AAECAwQFBgcICQoLDA0ODw"
CALLER = Caller(
    client=Identifier("CN-330100", "GOV", CLIENT, "tongban"),
    call="8d1f6c0a4b5e4f7a9c3d2e1f00112233",
    purposes=("household-registration",),
    issue="330100-2026-000123",
)
SERVICE = Identifier("CN-330100", "GOV", PROVIDER, "data", "births")
PLAIN = Request(
    "POST",
    write_path(SERVICE, "find"),
    "",
    write_caller(CALLER),
    b'{"fields":["birth_date","weight"],"key":{"number":"P330100001"}}',
)
FOUND = Response(
    200,
    (("content-type", "application/json"),),
    b'{"records":[{"birth_date":"2026-02-27","weight":3350}]}',
)


class Key:
    def __init__(self, by: Suite, member: str, secret: bytes) -> None:
        self.suite, self.signer = by.name, by.signer(secret)
        self.verifier = by.verifier(self.signer.public)
        self.id = key_id(member, by, self.signer.public)

    def of(self, keyid: str) -> "Key | None":
        return self if keyid == self.id else None


OURS = Key(suite("std"), CLIENT, CLIENT_SECRET)
THEIRS = Key(suite("std"), PROVIDER, PROVIDER_SECRET)
REQUEST = sign_request(PLAIN, OURS.id, OURS.signer, AT, NONCE)
RESPONSE = sign_response(FOUND, REQUEST, THEIRS.id, THEIRS.signer, AT)


def sent(begin: str, headers: Headers, body: bytes) -> str:
    lines = [f"{name.title()}: {value}" for name, value in headers]
    return "\n".join([begin, *lines, "", body.decode()])


def blocks(kind: str) -> list[str]:
    return re.findall(
        rf"^```{kind}\n(.*?)\n```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )


def test_the_worked_example_is_what_the_code_signs_and_holds():
    assert blocks("http") == [
        sent(f"POST {REQUEST.path} HTTP/1.1", REQUEST.headers, REQUEST.body),
        sent("HTTP/1.1 200 OK", RESPONSE.headers, RESPONSE.body),
    ]
    bases = [read_request(REQUEST).base, read_response(RESPONSE, REQUEST).base]
    assert blocks("text")[:2] == bases
    assert verify_request(REQUEST, OURS.of, AT).member == CLIENT
    assert verify_response(RESPONSE, REQUEST, THEIRS.of, AT).member == PROVIDER
    assert read_caller(REQUEST.headers) == CALLER
    assert read_target(REQUEST).service == SERVICE


def test_the_client_on_the_page_makes_the_same_request():
    (source,) = blocks("python")
    told: dict[str, Any] = {}
    exec(compile(source, str(PAGE), "exec"), told)  # noqa: S102  the page's own client
    made = told["sign"](
        CLIENT_SECRET,
        OURS.id,
        PLAIN.method,
        PLAIN.path,
        PLAIN.query,
        dict(PLAIN.headers),
        PLAIN.body,
        int(AT.timestamp()),
        NONCE,
    )
    assert tuple(made.items()) == REQUEST.headers


def test_the_sm2_signature_on_the_page_holds():
    national = Key(suite("gm"), CLIENT, CLIENT_SECRET)
    made = sign_request(PLAIN, national.id, national.signer, AT, NONCE)
    (printed,) = blocks("text")[2:]
    told = dict(line.split(": ", 1) for line in printed.split("\n"))
    ours = {name.title(): value for name, value in made.headers}
    assert told["Content-Digest"] == ours["Content-Digest"]
    assert told["Signature-Input"] == ours["Signature-Input"]
    headers = tuple(
        (name, told["Signature"] if name == "signature" else value) for name, value in made.headers
    )
    assert verify_request(replace(made, headers=headers), national.of, AT).keyid == national.id


def test_every_refusal_is_on_the_page():
    text = PAGE.read_text("utf-8")
    for code, status in STATUS.items():
        (row,) = [line for line in text.split("\n") if line.startswith("|") and f"`{code}`" in line]
        assert str(status) in row.split("|")[1]
