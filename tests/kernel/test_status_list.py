"""Token Status List: the draft's vectors, and lists that say nothing or too much."""

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.kernel import sdjwt
from tongban.kernel.sdjwt import PublicKey, SecretKey, StatusList, TokenRefused, jws, strict
from tongban.kernel.sdjwt import status as published
from tongban.kernel.suites import suite

VECTORS = json.loads(
    (Path(__file__).parent / "vectors" / "status-list-20.json").read_text(encoding="utf-8")
)
NOW = 1_790_000_000
ISSUER, URI = "https://tongban.example", "https://tongban.example/status/0"


def key(number: int = 7) -> SecretKey:
    return sdjwt.key_of_suite(suite("std").signer(number.to_bytes(32, "big")), "std")


def known(issuer: str, kid: str) -> PublicKey | None:
    ours = key().public
    return ours if (issuer, kid) == (ISSUER, ours.thumbprint) else None


def test_the_draft_s_small_lists_are_written_byte_for_byte() -> None:
    for vector in VECTORS["small"]:
        made = StatusList(vector["bits"], bytes.fromhex(vector["bytes"]))
        assert strict.decode(made.claim()["lst"]).hex() == vector["zlib"]
    assert StatusList(1, b"\xb9\xa3").claim()["lst"] == "eNrbuRgAAhcBXQ"


@pytest.mark.parametrize("vector", VECTORS["large"], ids=lambda v: f"{v['bits']} bits")
def test_the_draft_s_large_lists_are_read_entry_by_entry(vector: dict[str, Any]) -> None:
    found = sdjwt.read_list({"bits": vector["bits"], "lst": vector["lst"]})
    entries = {int(index): value for index, value in vector["entries"].items()}
    assert len(found) == 2**20
    assert {index: found.at(index) for index in entries} == entries
    assert found == StatusList.of(vector["bits"], 2**20, entries.items())


@given(st.sampled_from([1, 2, 4, 8]), st.data())
def test_every_entry_comes_back_and_no_other_is_touched(bits: int, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 200))
    entries = data.draw(st.dictionaries(st.integers(0, size - 1), st.integers(0, (1 << bits) - 1)))
    found = sdjwt.read_list(StatusList.of(bits, size, entries.items()).claim())
    assert [found.at(n) for n in range(size)] == [entries.get(n, 0) for n in range(size)]


@pytest.mark.parametrize("index", [-1, 16, 2**64])
def test_a_place_outside_the_list_is_no_statement(index: int) -> None:
    with pytest.raises(TokenRefused, match="outside the status list"):
        StatusList(1, b"\xb9\xa3").at(index)


BAD_LISTS: dict[str, Callable[[], Any]] = {
    "a bomb": lambda: {"bits": 1, "lst": strict.encode(zlib.compress(bytes(1 << 28), 9))},
    "cut off": lambda: {"bits": 1, "lst": strict.encode(zlib.compress(b"ab")[:-2])},
    "followed by garbage": lambda: {"bits": 1, "lst": strict.encode(zlib.compress(b"ab") + b"x")},
    "raw deflate": lambda: {"bits": 1, "lst": strict.encode(zlib.compress(b"ab")[2:-4])},
    "not zlib": lambda: {"bits": 1, "lst": "AAAA"},
    "of 3 bits": lambda: {"bits": 3, "lst": "eNrbuRgAAhcBXQ"},
    "of 16 bits": lambda: {"bits": 16, "lst": "eNrbuRgAAhcBXQ"},
    "of true bits": lambda: {"bits": True, "lst": "eNrbuRgAAhcBXQ"},
    "without bits": lambda: {"lst": "eNrbuRgAAhcBXQ"},
    "padded": lambda: {"bits": 1, "lst": "eNrbuRgAAhcBXQ=="},
    "no text": lambda: {"bits": 1, "lst": 7},
    "no object": list,
}


@pytest.mark.parametrize("fault", BAD_LISTS)
def test_a_list_is_refused_that_is(fault: str) -> None:
    with pytest.raises(TokenRefused):
        sdjwt.read_list(BAD_LISTS[fault]())


def token(**changed: Any) -> str:
    claims = {
        "iss": ISSUER,
        "sub": URI,
        "iat": NOW,
        "exp": NOW + 300,
        "ttl": 30,
        "status_list": StatusList(2, b"\xc9\x44\xf9").claim(),
    } | changed
    told = {name: value for name, value in claims.items() if value is not None}
    return jws.sign({"typ": published.TYPE, "kid": key().public.thumbprint}, told, key())


def test_a_published_list_is_read_with_the_time_it_may_be_kept() -> None:
    made = sdjwt.seal_list(
        StatusList(2, b"\xc9\x44\xf9"), key(), issuer=ISSUER, uri=URI, now=NOW, ttl=30, lifetime=300
    )
    assert made == token()
    found = sdjwt.open_list(made, known, issuer=ISSUER, uri=URI, now=NOW)
    assert (found.ttl, found.issued, found.list.at(1)) == (30, NOW, sdjwt.Status.SUSPENDED)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"iss": "https://evil.example"}, "issuer"),
        ({"sub": URI + "1"}, "status"),
        ({"sub": None}, "status"),
        ({"iat": None}, "status"),
        ({"iat": NOW + 31}, "early"),
        ({"exp": NOW - 30}, "expired"),
        ({"ttl": 0}, "status"),
        ({"ttl": "30"}, "claims"),
        ({"status_list": None}, "status"),
    ],
)
def test_a_published_list_is_refused_with(changed: dict[str, Any], reason: str) -> None:
    with pytest.raises(TokenRefused) as refused:
        sdjwt.open_list(token(**changed), known, issuer=ISSUER, uri=URI, now=NOW)
    assert refused.value.reason == reason


@given(st.data())
def test_no_changed_letter_of_a_published_list_passes(data: st.DataObject) -> None:
    good = token()
    place = data.draw(st.integers(0, len(good) - 1))
    changed = good[:place] + data.draw(st.characters(codec="ascii")) + good[place + 1 :]
    if changed == good:
        return
    with pytest.raises(TokenRefused):
        sdjwt.open_list(changed, known, issuer=ISSUER, uri=URI, now=NOW)
