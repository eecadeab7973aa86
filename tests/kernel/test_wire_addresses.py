"""Addresses and callers: what is written reads back, and nothing ambiguous is repaired."""

import contextlib
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.kernel.codes import USCC
from tongban.kernel.wire.addresses import (
    read_caller,
    read_target,
    write_caller,
    write_path,
    write_query,
)
from tongban.kernel.wire.words import (
    Caller,
    Identifier,
    IdentifierInvalid,
    Question,
    Request,
    WireRefused,
)

MEMBER = "11330100MB1A23019Q"
SERVICE = Identifier("CN-330100", "GOV", MEMBER, "data", "births")
AT = f"/r1/CN-330100/GOV/{MEMBER}/data/births"
CALLER = Caller(
    Identifier("CN-330100", "GOV", MEMBER, "tongban"), "4f1c", ("household-registration",)
)

slugs = st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,8}){0,3}", fullmatch=True)
members = st.builds(
    USCC.make,
    st.sampled_from("159"),
    st.sampled_from("123"),
    st.from_regex(r"[1-6][0-9]{5}", fullmatch=True),
    st.from_regex(r"[0-9A-HJ-NPQRTUWXY]{8}", fullmatch=True),
).map(str)
owners = st.builds(
    Identifier,
    st.from_regex(r"CN-[0-9]{6}", fullmatch=True),
    st.sampled_from(["GOV", "COM", "ORG"]),
    members,
    slugs,
)
services = st.builds(lambda owner, slug: replace(owner, service=slug), owners, slugs)
names = st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True).filter(lambda n: n != "fields")
ascii_text = st.text([chr(code) for code in range(0x21, 0x7F)], max_size=30)
callers = st.builds(
    Caller,
    client=owners,
    call=st.from_regex(r"[A-Za-z0-9-]{1,64}", fullmatch=True),
    purposes=st.lists(
        st.builds(str.__add__, slugs, st.sampled_from(["", ".consent"])),
        min_size=1,
        max_size=16,
        unique=True,
    ).map(tuple),
    consent=ascii_text,
    issue=ascii_text,
    user=ascii_text,
    represented=ascii_text,
)


def refused(request: Request) -> str:
    with pytest.raises(WireRefused) as caught:
        read_target(request)
    assert (caught.value.code, caught.value.status) == ("malformed", 400)
    assert caught.value.zh
    return caught.value.en


def post(path: str, query: str = "") -> Request:
    return Request("POST", path, query, (), b"{}")


def get(query: str, path: str = AT) -> Request:
    return Request("GET", path, query, (), b"")


@given(services, st.sampled_from(["find", "among", "walk"]))
def test_an_address_reads_back(service, operation):
    target = read_target(post(write_path(service, operation)))
    assert (target.service, target.operation, target.question) == (service, operation, None)


@given(
    services,
    st.lists(names, min_size=1, max_size=4, unique=True).map(tuple),
    st.dictionaries(names, st.text().filter(str.isprintable), min_size=1, max_size=3),
)
def test_a_question_in_a_query_reads_back_here_and_elsewhere(service, fields, key):
    query = write_query(fields, key)
    if len(query) > 4096:
        return
    target = read_target(get(query, write_path(service, None)))
    assert target.service == service
    assert target.operation == "find"
    assert target.question == Question("find", fields, (key,))
    theirs = parse_qs(urlsplit(f"http://node/?{query}").query, keep_blank_values=True)
    assert theirs == {
        **{name: [value] for name, value in key.items()},
        "fields": [",".join(fields)],
    }


@given(callers)
def test_a_caller_reads_back(caller):
    assert read_caller(write_caller(caller)) == caller


@pytest.mark.parametrize(
    ("path", "why"),
    [
        (AT.replace("data", "..") + "/find", "a dot segment"),
        (AT.replace("data", ".") + "/find", "a dot segment"),
        (f"/r1/../r1{AT[3:]}/find", "a dot segment"),
        (AT.replace("/data/", "/data%2F") + "/find", "percent signs"),
        (AT.replace("/data/", "/data%2f") + "/find", "percent signs"),
        (AT.replace("/data/", "/data%5C") + "/find", "percent signs"),
        (AT.replace("data", "%64ata") + "/find", "percent signs"),
        (AT.replace("data", "%2e%2e") + "/find", "percent signs"),
        (AT.replace("/data", "//data") + "/find", "an empty segment"),
        ("/" + AT + "/find", "an empty segment"),
        (AT + "/find/", "an empty segment"),
        (AT + "//find", "an empty segment"),
        (AT + "/find\n", "control"),
        (AT + "/fi\x00nd", "control"),
        (AT + "/find\x7f", "control"),
        (AT.replace("births", "出生") + "/find", "non-ASCII"),
        (AT.replace("births", "bírths") + "/find", "non-ASCII"),
        (AT + "/find;v=1", "wrong parts"),
        (AT + "/find/more", "wrong parts"),
        (AT + "\\find", "wrong parts"),
        (AT.replace("births", "Births") + "/find", "wrong parts"),
        (AT.replace("/r1/", "/R1/") + "/find", "wrong parts"),
        (AT.replace("/r1/", "/r2/") + "/find", "wrong parts"),
        (AT.replace("CN-330100", "CN-33010") + "/find", "wrong parts"),
        (AT.replace(MEMBER, MEMBER.lower()) + "/find", "wrong parts"),
        (AT.replace("births", "b" * 61) + "/find", "wrong parts"),
        (f"/r1/CN-330100/GOV/{MEMBER}/data", "wrong parts"),
        ("http://node" + AT + "/find", "an empty segment"),
        ("", "wrong parts"),
        ("/", "an empty segment"),
        ("*", "wrong parts"),
    ],
)
def test_a_path_that_two_readers_could_take_differently_is_refused(path, why):
    assert why in refused(post(path))


def test_a_member_without_its_right_check_character_is_refused():
    assert "last character should be Q" in refused(
        post(AT.replace(MEMBER, MEMBER[:17] + "A") + "/find")
    )
    for slug in ("births-", "-births", "bir--ths", "1births"):
        assert "single dashes" in refused(post(AT.replace("births", slug) + "/find"))


@pytest.mark.parametrize(
    "text", [MEMBER.lower(), f" {MEMBER}", MEMBER[:9] + " " + MEMBER[9:], MEMBER + "\n"]
)
def test_no_member_has_a_second_name(text):
    with pytest.raises(IdentifierInvalid, match="capital letters"):
        Identifier("CN-330100", "GOV", text, "data")


def test_operations_and_methods_beyond_the_three_reads_are_refused():
    assert "there are find, among and walk" in refused(post(AT + "/delete"))
    assert "no operation; end it" in refused(post(AT))
    for method in ("PUT", "DELETE", "HEAD", "post", "PATCH", ""):
        assert "use POST or GET" in refused(replace(post(AT + "/find"), method=method))
    assert "names no operation" in refused(get("a=1&fields=b", AT + "/find"))
    assert "has no query" in refused(post(AT + "/find", "sort=name"))
    assert "has no body" in refused(replace(get("a=1&fields=b"), body=b"{}"))


@pytest.mark.parametrize(
    "query",
    [
        "",
        "fields=b",
        "a=1",
        "a=1&fields=",
        "a=1&fields=b,b",
        "a=1&fields=b,",
        "a=1&fields=b&fields=c",
        "a=1&a=1&fields=b",
        "a=1&a=2&fields=b",
        "a&fields=b",
        "=1&fields=b",
        "A=1&fields=b",
        "%61=1&fields=b",
        "a=1&&fields=b",
        "a=1&fields=b&",
        "a=1;fields=b",
        "a=1+2&fields=b",
        "a=1 2&fields=b",
        "a=%&fields=b",
        "a=%4&fields=b",
        "a=%zz&fields=b",
        "a=%ff&fields=b",
        "a=%c0%af&fields=b",
        "a=%ed%a0%80&fields=b",
        "a=%00&fields=b",
        "a=%0a&fields=b",
        "a=值&fields=b",
        'a="1"&fields=b',
        "a=1#b&fields=b",
        "a[gt]=1&fields=b",
        "a=1&fields=b%2Cc",
        "a=" + "1" * 4096 + "&fields=b",
    ],
)
def test_a_query_that_two_readers_could_take_differently_is_refused(query):
    refused(get(query))


@given(st.text(max_size=60), st.text(max_size=30))
def test_any_target_reads_or_is_refused_by_name(path, query):
    for request in (post(path), get(query, path), get(query), post(AT + path)):
        with contextlib.suppress(WireRefused):
            target = read_target(request)
            written = write_path(
                target.service, None if request.method == "GET" else target.operation
            )
            assert written == request.path


def headers(**changed: str | None):
    told = {"content-type": "application/json", "x-road-client": str(CALLER.client)}
    told |= {"x-road-id": "4f1c", "tb-purpose": "household-registration"}
    told |= {name.replace("_", "-"): value for name, value in changed.items()}
    return tuple((name, value) for name, value in told.items() if value is not None)


@pytest.mark.parametrize(
    "changed",
    [
        {"content_type": None},
        {"content_type": "application/json; charset=utf-8"},
        {"content_type": "text/plain"},
        {"x_road_client": None},
        {"x_road_client": f"{CALLER.client}/births"},
        {"x_road_client": f"CN-330100/GOV/{MEMBER}"},
        {"x_road_client": str(CALLER.client).replace("Q/", "A/")},
        {"x_road_client": str(CALLER.client).lower()},
        {"x_road_client": str(CALLER.client) + "/"},
        {"x_road_client": str(CALLER.client).replace("/", "%2F")},
        {"x_road_client": f"{CALLER.client}, {CALLER.client}"},
        {"x_road_id": None},
        {"x_road_id": "a" * 65},
        {"x_road_id": "a b"},
        {"x_road_id": "a_b"},
        {"tb_purpose": None},
        {"tb_purpose": "a, b"},
        {"tb_purpose": "a,a"},
        {"tb_purpose": "a,"},
        {"tb_purpose": "A"},
        {"tb_purpose": "a.other"},
        {"tb_purpose": ",".join(f"a{at}" for at in range(17))},
        {"x_road_issue": "a" * 256},
        {"x_road_userid": "a" * 256},
        {"x_road_represented_party": "a" * 256},
        {"x_road_userid": "张三"},
        {"x_road_service": "births"},
    ],
)
def test_a_caller_that_does_not_say_who_and_why_is_refused(changed):
    assert read_caller(headers()) == CALLER
    with pytest.raises(WireRefused) as caught:
        read_caller(headers(**changed))
    assert caught.value.code == "malformed"


def test_a_header_that_stands_twice_is_refused():
    for name, value in headers():
        with pytest.raises(WireRefused, match="stands twice"):
            read_caller((*headers(), (name, value)))
