"""Answers from a department's own HTTP/JSON interface, as its OpenAPI description says (接口).

Follows no redirect, reaches no address that was not judged, reads no more than it must, and lets an
answer that breaks its description pass nowhere. Each provider has its own session and connections.
"""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar

import aiohttp
from yarl import URL

from tongban.kernel.clocks import SHANGHAI
from tongban.kernel.events import EventInvalid, canonical
from tongban.kernel.wire.words import Found, Operation, Plain, Question
from tongban.node import clock
from tongban.node.providers import openapi
from tongban.node.providers.base import ProviderFailed, Setting, Wrong, check_common
from tongban.node.providers.binding import Binding, check_bindings, read_bindings
from tongban.node.providers.cursors import Cursors
from tongban.node.providers.reaching import AddressRefused, JudgedResolver, may_reach
from tongban.node.providers.strict_json import JsonRefused, read_json
from tongban.node.providers.tables import plain

_OWN = frozenset(
    {
        "base", "description", "operations", "allow_private", "secret_file", "client_certificate",
        "client_key", "ca", "changed", "largest", "connections", "connecting",
    }
)  # fmt: skip
_FILES = ("description", "secret_file", "client_certificate", "client_key", "ca")
_AHEAD = timedelta(minutes=5)
_DAY = 10  # characters of an ISO day
_AT_ONCE = 4  # finds that stand in for an `among` that the interface lacks


@dataclass(frozen=True, slots=True)
class Got:
    """What came back: status, media type, coding, bytes and Last-Modified as they came."""

    status: int
    media: str
    coding: str
    raw: bytes
    modified: str = ""


class Http:
    """One service of an HTTP/JSON interface.

    Options: ``base`` (where it is; the description's servers are not believed), ``description``
    (a file, JSON or YAML), ``operations`` (see `binding`), ``allow_private``, ``secret_file`` (a
    bearer token), ``client_certificate`` and ``client_key``, ``ca``, ``changed`` (a JSON pointer
    into an answer, to the ISO day or instant of the last change; without it the header
    Last-Modified, RFC 9110 section 8.8.2), ``largest`` (bytes of an answer, 1 MiB), ``connections``
    (16), ``connecting`` (2 s).
    """

    hears: ClassVar[bool] = True

    def __init__(self, setting: Setting) -> None:
        """Take a setting that `check_config` finds nothing in."""
        options = setting.options
        self._setting = setting
        self._base = str(options["base"]).rstrip("/")
        self._allow_private = bool(options.get("allow_private", False))
        self._largest = int(options.get("largest", 1 << 20))
        self._description = openapi.load(setting.path("description"))
        self._bindings = read_bindings(setting, self._description)
        self._sources = {n: _steps(where) for n, where in setting.sources("member").items()}
        self._types = setting.declared()
        self._cursors = Cursors(setting.secret, setting.name)
        self._session: aiohttp.ClientSession | None = None
        self._where_changed = openapi.steps(str(options["changed"])) if "changed" in options else ()
        self._changed: str | None = None

    @classmethod
    def check_config(cls, setting: Setting) -> list[Wrong]:
        """Say what is wrong with the options and the description; connect to nothing."""
        faults = [*check_common(setting, _OWN, "member"), *_check_own(setting)]
        return faults or check_bindings(setting)

    def idempotent(self, question: Question) -> bool:
        """Tell whether the operation is a GET, or declared ``safe``."""
        binding = self._bindings.get(question.operation) or self._bindings["find"]
        return binding.operation.method == "GET" or binding.safe

    def at_once(self, question: Question) -> Found | None:  # noqa: ARG002 - the protocol's face
        """Give nothing: another machine answers."""
        return None

    async def ask(self, question: Question) -> Found:
        """Answer; raise `ProviderFailed`, or `WireRefused` for a cursor that is not its own."""
        binding = self._bindings.get(question.operation)
        if binding is None:
            if question.operation == "among":
                return await self._one_by_one(question)
            raise ProviderFailed("bad_answer", f"no operation is bound to {question.operation}")
        after = None
        if question.after is not None:
            after = self._cursors.open(question.after)[0]
        answer = await self._call(binding, question, after)
        if answer is None:
            return Found([])
        records = [self._record(question.fields, r) for r in records_of(binding, answer)]
        if question.rows:  # an interface knows nothing of the grant's filter
            records = [record for record in records if _passes(record, question.rows)]
        if question.operation != "walk":
            return Found(records)
        following = _at(answer, binding.next)
        if following is None or following in ("", False):
            return Found(records)
        if isinstance(following, bool) or not isinstance(following, str | int):
            raise ProviderFailed("bad_answer", "its cursor is no text", pointer=binding.next_text)
        return Found(records, self._cursors.seal([following]))

    async def changed(self) -> str | None:
        """Give the latest change that an answer told of: never more than the source said."""
        return self._changed

    def _hear(self, modified: str, answer: Any) -> None:
        told = _at(answer, self._where_changed) if self._where_changed else _iso(modified)
        at = _instant(told)
        if at is None or at > clock.now() + (_AHEAD if len(told) > _DAY else timedelta(days=1)):
            return  # no instant, or that of a clock that runs ahead: it says nothing
        known = _instant(self._changed)
        if known is None or at > known:
            self._changed = told

    async def close(self) -> None:
        """Close the session and its connections."""
        if self._session is not None:
            await self._session.close()

    async def _one_by_one(self, question: Question) -> Found:
        """Stand in for an ``among`` that the interface lacks, with a few finds at a time."""
        places = asyncio.Semaphore(_AT_ONCE)

        async def one(key: Mapping[str, Plain]) -> Sequence[Mapping[str, Plain]]:
            async with places:
                return (await self.ask(Question("find", question.fields, (key,)))).records

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(key)) for key in question.keys]
        except* ProviderFailed as failures:
            failure = failures.exceptions[0]
            while isinstance(failure, ExceptionGroup):
                failure = failure.exceptions[0]
            raise failure from None
        return Found([record for task in tasks for record in task.result()])

    async def _call(self, binding: Binding, question: Question, after: Plain) -> Any:
        got = await self.get(binding, question, after)
        if got.status in binding.absent:
            return None
        if 300 <= got.status < 400:
            raise ProviderFailed("bad_answer", f"it redirects ({got.status}); not followed")
        if got.status != 200:
            raise ProviderFailed("unavailable", f"it answers {got.status}")
        if got.coding != "identity":
            raise ProviderFailed("bad_answer", "it packs its answer although it was asked not to")
        if not got.media.endswith(("/json", "+json")):
            raise ProviderFailed("bad_answer", "its answer is not of a JSON type")
        answer = self.hold(binding, got.raw)
        self._hear(got.modified, answer)
        return answer

    @property
    def names(self) -> frozenset[str]:
        """The names that the description's schemas know."""
        return self._description.names

    def binding(self, operation: Operation) -> Binding | None:
        """Give what a question is bound to, if it is."""
        return self._bindings.get(operation)

    async def get(
        self, binding: Binding, question: Question, after: Plain, *, secret: bool = True
    ) -> Got:
        """Send one request and give what came, whatever it is; raise `ProviderFailed`."""
        target, body = binding.request(self._base, question, after, self._setting.key)
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            try:
                data = canonical(body)
            except EventInvalid as wrong:
                raise ProviderFailed("bad_answer", "a key cannot be written as JSON") from wrong
        if secret and "secret_file" in self._setting.options:
            headers["Authorization"] = f"Bearer {self._secret()}"
        try:
            async with self._open().request(
                binding.operation.method,
                URL(target, encoded=True),
                headers=headers,
                data=data,
                allow_redirects=False,
            ) as response:
                return Got(
                    response.status,
                    response.content_type,
                    response.headers.get("Content-Encoding", "identity").lower(),
                    await self._read(response),
                    response.headers.get("Last-Modified", ""),
                )
        except TimeoutError as error:
            raise ProviderFailed("timeout", "its system does not answer in time") from error
        except aiohttp.ClientConnectorCertificateError as error:
            raise ProviderFailed("unavailable", "its certificate does not hold") from error
        except (aiohttp.ClientConnectorError, aiohttp.ServerDisconnectedError) as error:
            refused = isinstance(getattr(error, "os_error", None), AddressRefused)
            detail = "it is at an address that is not allowed" if refused else "no connection"
            raise ProviderFailed("unavailable", detail, connecting=not refused) from error
        except (aiohttp.ClientError, OSError) as error:
            raise ProviderFailed("unavailable", f"it broke off ({type(error).__name__})") from error

    def _secret(self) -> str:
        try:
            return self._setting.path("secret_file").read_text(encoding="ascii").strip()
        except (OSError, ValueError) as wrong:
            raise ProviderFailed("unavailable", "its secret cannot be read") from wrong

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        raw = bytearray()
        async for chunk in response.content.iter_any():
            raw += chunk
            if len(raw) > self._largest:
                response.close()
                raise ProviderFailed("bad_answer", f"it answers more than {self._largest} bytes")
        return bytes(raw)

    def hold(self, binding: Binding, raw: bytes) -> Any:
        """Read an answer and hold it to the description; raise `ProviderFailed` (bad_answer)."""
        try:
            answer = read_json(raw)
            pointer = openapi.drift(self._description, binding.operation, answer)
        except JsonRefused as wrong:
            raise ProviderFailed("bad_answer", f"its JSON is refused: {wrong}") from wrong
        except openapi.DescriptionInvalid as wrong:
            raise ProviderFailed("bad_answer", str(wrong)) from wrong
        if pointer is not None:
            raise ProviderFailed("bad_answer", "it does not fit its description", pointer=pointer)
        return answer

    def _record(self, fields: Sequence[str], raw: Any) -> dict[str, Plain]:
        made: dict[str, Plain] = {}
        for name in fields:
            if name not in self._sources:
                raise ProviderFailed("bad_answer", f"no member for field {name}; map it")
            value = _at(raw, self._sources[name])
            try:
                made[name] = plain(value, self._types.get(name, ""))
            except ValueError as wrong:
                raise ProviderFailed("bad_answer", str(wrong), pointer=f"/{name}") from None
        return made

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            options = self._setting.options
            connector = aiohttp.TCPConnector(
                limit=int(options.get("connections", 16)),
                resolver=JudgedResolver(allow_private=self._allow_private),
                ttl_dns_cache=10,
                ssl=_context(self._setting) if self._base.startswith("https:") else True,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                timeout=aiohttp.ClientTimeout(sock_connect=float(options.get("connecting", 2.0))),
            )
        return self._session


def _context(setting: Setting) -> ssl.SSLContext:
    options = setting.options
    context = ssl.create_default_context(cafile=setting.path("ca") if "ca" in options else None)
    if "client_certificate" in options:
        key = setting.path("client_key") if "client_key" in options else None
        context.load_cert_chain(setting.path("client_certificate"), key)
    return context


def _passes(record: Mapping[str, Plain], rows: Sequence[Mapping[str, AbstractSet[Plain]]]) -> bool:
    return any(all(record.get(name) in values for name, values in one.items()) for one in rows)


def _iso(header: str) -> str:
    """Read an HTTP date as ISO text; empty where it is none."""
    try:
        return parsedate_to_datetime(header).isoformat() if header else ""
    except ValueError:
        return ""


def _instant(text: Any) -> datetime | None:
    """Read an ISO day (its end) or instant (without zone: China's); None where it is neither."""
    if not isinstance(text, str) or len(text) < _DAY:
        return None
    try:
        found = datetime.fromisoformat(f"{text}T23:59:59" if len(text) == _DAY else text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=SHANGHAI)


def _steps(where: str) -> tuple[str, ...]:
    """Read a member's name, or a JSON pointer to it."""
    return openapi.steps(where) if where.startswith("/") else (where,)


def _at(value: Any, steps: Sequence[str]) -> Any:
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def records_of(binding: Binding, answer: Any) -> Sequence[Any]:
    """Give the records of an answer as they came; raise `ProviderFailed`."""
    found = _at(answer, binding.records)
    if found is None:
        return []
    records = found if isinstance(found, list) else [found]
    if not all(isinstance(record, dict) for record in records):
        raise ProviderFailed("bad_answer", "a record is no object", pointer=binding.records_text)
    return records


def _check_own(setting: Setting) -> list[Wrong]:
    options = setting.options
    faults = []
    base = URL(str(options.get("base", "")))
    if base.scheme not in {"http", "https"} or not base.host or base.query or base.user:
        faults.append(Wrong("base", "no address", "write https://host or https://host/path"))
    elif not isinstance(options.get("allow_private", False), bool):
        faults.append(Wrong("allow_private", "neither true nor false", "write one of them"))
    else:
        private = bool(options.get("allow_private", False))
        # a literal address never meets the resolver, so it is judged here
        literal = base.host.replace(".", "").isdigit() or ":" in base.host
        if literal and not may_reach(base.host, allow_private=private):
            faults.append(
                Wrong("base", "an address that is not allowed", "name a host, or set allow_private")
            )
        if base.scheme == "http" and not private:
            faults.append(Wrong("base", "not encrypted", "write https, or set allow_private"))
    faults += [
        Wrong(name, "no such file", "name a file next to the configuration")
        for name in _FILES
        if name in options and not setting.path(name).is_file()
    ]
    where = options.get("changed", "/x")
    if not isinstance(where, str) or not where.startswith("/"):
        faults.append(Wrong("changed", "no JSON pointer", "write /updated, or leave it out"))
    if "description" not in options:
        faults.append(Wrong("description", "missing", "name the file of the OpenAPI description"))
    for name, most in (("largest", 1 << 26), ("connections", 1000), ("connecting", 60)):
        value = options.get(name, 1)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= most:
            faults.append(Wrong(name, f"{value!r} does not fit", f"write a number up to {most}"))
    if not faults and options.keys() & {"ca", "client_certificate"}:
        try:
            _context(setting)
        except (OSError, ssl.SSLError) as wrong:
            faults.append(
                Wrong("client_certificate", f"does not load ({wrong})", "give PEM files that fit")
            )
    return faults
