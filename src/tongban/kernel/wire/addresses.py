"""Addresses and headers of a call: the paths of the X-Road REST message protocol r1 (服务地址).

Reads a raw path, query and headers into who is asked, for what, by whom and why, and writes them.
Refuses, never repairs: whatever a proxy and a node could take differently (dot segments, encoded
slashes, doubled slashes, repeated parameters, spaces written as plus) is malformed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import get_args

from tongban.kernel.wire.headers import REQUEST, protocol_fields
from tongban.kernel.wire.words import (
    Caller,
    Headers,
    Identifier,
    IdentifierInvalid,
    Operation,
    Question,
    Request,
    WireRefused,
)

JSON = "application/json"
_LONGEST_QUERY = 4096
_MOST_PURPOSES = 16
_OPERATIONS: frozenset[str] = frozenset(get_args(Operation))
_PATH = re.compile(
    r"/r1/(CN-[0-9]{6}/[A-Z]{2,8}/[0-9A-Z]{18}/[a-z0-9-]{1,60}/[a-z0-9-]{1,60})(?:/([a-z]+))?",
    re.ASCII,
)
_CLIENT = re.compile(r"CN-[0-9]{6}/[A-Z]{2,8}/[0-9A-Z]{18}/[a-z0-9-]{1,60}", re.ASCII)
_CALL = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)
_PURPOSE = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*(?:\.consent)?", re.ASCII)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}", re.ASCII)
#: What may stand in a query value as it is (RFC 3986 unreserved, and what dates and codes need).
_VALUE = re.compile(r"(?:[A-Za-z0-9._~:@!$'()*;/?-]|%[0-9A-Fa-f]{2})*", re.ASCII)
_ENCODED = re.compile(r"(?:%[0-9A-Fa-f]{2})+", re.ASCII)
_RESERVED = re.compile(r"[^A-Za-z0-9._~-]+", re.ASCII)
_LONGEST_TEXT = 255


@dataclass(frozen=True, slots=True)
class Target:
    """What a request addresses: a service and the operation on it.

    ``question`` is what a GET asks by its query (key values are text there); a POST asks by its
    body.
    """

    service: Identifier
    operation: Operation
    question: Question | None = None


def read_target(request: Request) -> Target:
    """Read method, path and query; raise `WireRefused` (malformed).

    >>> path = "/r1/CN-330100/GOV/11330100MB1A23019Q/data/births/find"
    >>> read_target(Request("POST", path, "", (), b"{}")).service.service
    'births'
    """
    service, operation = _read_path(request.path)
    if request.method == "POST":
        if operation is None:
            raise _malformed("地址缺少操作", "the path has no operation; end it with /find")
        if request.query:
            raise _malformed("POST 请求不带查询串", "a POST has no query; ask in the body")
        return Target(service, operation)
    if request.method != "GET":
        raise _malformed("只用 POST 或 GET", "the method; use POST or GET")
    if operation is not None:
        raise _malformed("GET 地址不带操作", "a GET names no operation; it is always find")
    if request.body:
        raise _malformed("GET 请求不带正文", "a GET has no body; ask in the query")
    return Target(service, "find", _read_query(request.query))


@lru_cache(maxsize=4096)
def _read_path(path: str) -> tuple[Identifier, Operation | None]:
    found = _PATH.fullmatch(path)
    if not found:
        raise _malformed(
            f"地址须为 /r1/实例/类别/成员/子系统/服务/操作：{_path_fault(path)}",
            f"the path is not /r1/instance/class/member/subsystem/service/operation: "
            f"{_path_fault(path)}",
        )
    try:
        service = Identifier.parse(found[1])
    except IdentifierInvalid as wrong:
        raise _malformed("地址中的标识有误", f"the path: {wrong}") from None
    if found[2] is not None and found[2] not in _OPERATIONS:
        raise _malformed(
            f"没有操作 {found[2][:20]}，可用 find、among、walk",
            f"no operation {found[2][:20]}; there are find, among and walk",
        )
    return service, _operation(found[2])


def _operation(name: str | None) -> Operation | None:
    return next((known for known in get_args(Operation) if known == name), None)


def _path_fault(path: str) -> str:
    if not path.isascii() or not path.isprintable():
        return "control or non-ASCII characters"
    if "%" in path:
        return "percent signs; no part of an address needs them"
    if "//" in path or path.endswith("/"):
        return "an empty segment"
    if {".", ".."} & set(path.split("/")):
        return "a dot segment"
    return "wrong parts"


def _read_query(query: str) -> Question:
    if len(query) > _LONGEST_QUERY:
        raise _malformed("查询串过长", f"the query is longer than {_LONGEST_QUERY} characters")
    given: dict[str, str] = {}
    for pair in query.split("&"):
        name, equals, value = pair.partition("=")
        if not _NAME.fullmatch(name) or not equals:
            raise _malformed(
                f"查询串 {pair[:40]!a} 须为 属性=值",
                f"{pair[:40]!a} in the query; write attr=value",
            )
        if name in given:
            raise _malformed(f"查询串中 {name} 出现两次", f"{name} stands twice in the query")
        given[name] = value if name == "fields" else _decoded(value)
    fields = tuple(given.pop("fields", "").split(","))
    if not all(map(_NAME.fullmatch, fields)) or len(set(fields)) != len(fields):
        raise _malformed(
            "查询串须有 fields=甲,乙，不得重复", "the query needs fields=a,b, each named once"
        )
    if not given:
        raise _malformed("查询串缺少主键属性", "the query has no key attribute; write attr=value")
    return Question("find", fields, (given,))


def _decoded(value: str) -> str:
    if not _VALUE.fullmatch(value):
        raise _malformed(
            "查询串的值须百分号编码（空格为 %20）",
            "a value in the query is not percent-encoded; write a space as %20, a plus as %2B",
        )
    try:
        text = _ENCODED.sub(lambda run: bytes.fromhex(run[0].replace("%", "")).decode(), value)
    except UnicodeDecodeError:
        raise _malformed("查询串的值不是 UTF-8", "a value in the query is not UTF-8") from None
    if not text.isprintable():
        raise _malformed("查询串的值含控制字符", "a value in the query has control characters")
    return text


def write_path(service: Identifier, operation: Operation | None) -> str:
    """Write the path of an operation on a service; None: that of a GET."""
    return f"/r1/{service}/{operation}" if operation else f"/r1/{service}"


def write_query(fields: tuple[str, ...], key: Mapping[str, str]) -> str:
    """Write the query of a GET; key values are text there.

    >>> write_query(("name", "birth_date"), {"id_number": "11010519491231002X"})
    'id_number=11010519491231002X&fields=name,birth_date'
    """
    pairs = [f"{name}={_RESERVED.sub(_encoded, value)}" for name, value in key.items()]
    return "&".join([*pairs, f"fields={','.join(fields)}"])


def _encoded(run: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in run[0].encode())


def read_caller(headers: Headers) -> Caller:
    """Read who asks, and why, from the headers of a request; raise `WireRefused` (malformed)."""
    fields = protocol_fields(headers, REQUEST)
    if fields.get("content-type") != JSON:
        raise _malformed(f"Content-Type 须为 {JSON}", f"content-type is not {JSON}")
    call = fields.get("x-road-id", "")
    if not _CALL.fullmatch(call):
        raise _malformed(
            "X-Road-Id 须为 1 至 64 个字母、数字或连字符",
            "x-road-id is not 1 to 64 letters, digits and dashes",
        )
    purposes = tuple(fields.get("tb-purpose", "").split(","))
    if len(purposes) > _MOST_PURPOSES or len(set(purposes)) != len(purposes):
        raise _malformed(
            f"Tb-Purpose 至多 {_MOST_PURPOSES} 项，不得重复",
            f"tb-purpose has more than {_MOST_PURPOSES} codes, or one twice",
        )
    if not all(map(_PURPOSE.fullmatch, purposes)):
        raise _malformed(
            "Tb-Purpose 须为用途代码，逗号分隔、不留空格",
            "tb-purpose is not a list of purpose codes with bare commas",
        )
    issue, user, represented = (
        fields.get(name, "") for name in ("x-road-issue", "x-road-userid", _REPRESENTED)
    )
    if max(map(len, (issue, user, represented))) > _LONGEST_TEXT:
        raise _malformed(
            f"请求头过长，至多 {_LONGEST_TEXT} 个字符",
            f"x-road-issue, x-road-userid or {_REPRESENTED} has over {_LONGEST_TEXT} characters",
        )
    return Caller(
        client=_read_client(fields.get("x-road-client", "")),
        call=call,
        purposes=purposes,
        consent=fields.get("tb-consent", ""),
        issue=issue,
        user=user,
        represented=represented,
    )


_REPRESENTED = "x-road-represented-party"


@lru_cache(maxsize=4096)
def _read_client(text: str) -> Identifier:
    try:
        if _CLIENT.fullmatch(text):
            return Identifier.parse(text)
    except IdentifierInvalid:
        pass
    raise _malformed(
        "X-Road-Client 须为 实例/类别/成员/子系统",
        "x-road-client is not instance/class/member/subsystem",
    )


def write_caller(caller: Caller) -> Headers:
    """Write the headers of a request that this caller makes, Content-Type among them."""
    told = (
        ("content-type", JSON),
        ("x-road-client", str(caller.client)),
        ("x-road-id", caller.call),
        ("x-road-userid", caller.user),
        ("x-road-issue", caller.issue),
        (_REPRESENTED, caller.represented),
        ("tb-purpose", ",".join(caller.purposes)),
        ("tb-consent", caller.consent),
    )
    return tuple((name, value) for name, value in told if value)


def _malformed(zh: str, en: str) -> WireRefused:
    return WireRefused("malformed", f"请求格式有误：{zh}", f"the request is malformed: {en}")
