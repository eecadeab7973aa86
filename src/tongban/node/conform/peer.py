"""The clauses of a node's outer listener (tongban-r1), tried on the real listener.

Without credentials only what every stranger may try is tried. With a client's key the profile of
signatures is tried too, by requests that are signed right but for one thing.
"""

import json
import re
import secrets
import uuid
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tongban.kernel.events import canonical
from tongban.kernel.suites import Signer, Verifier, suite
from tongban.kernel.wire.addresses import write_caller, write_path
from tongban.kernel.wire.digests import content_digest
from tongban.kernel.wire.signatures import signed_request, verify_response
from tongban.kernel.wire.words import (
    STATUS,
    Caller,
    Headers,
    Identifier,
    Plain,
    Request,
    WireRefused,
)
from tongban.node.conform.raw import Answered, Unreachable, send
from tongban.node.conform.words import Clause, Finding, Findings

CLAUSES = (
    Clause("R1", "未签名的请求：401", "an unsigned request is refused: 401",
           "先验签，再作任何答复", "verify the signature before anything is answered"),
    Clause("R2", "协议请求头重复：400", "a protocol header that stands twice: 400",
           "逐一检查请求头，不取最后一个", "refuse repeated headers; never take the last"),
    Clause("R3", "路径含编码斜杠：400", "an encoded slash in the path: 400",
           "按原始路径判断，不先解码", "judge the raw path, undecoded"),
    Clause("R4", "路径含点段：400", "dot segments in the path: 400",
           "不规整路径，直接拒绝", "refuse such a path; do not normalise it"),
    Clause("R5", "路径含空段：400", "an empty segment in the path: 400",
           "不合并斜杠，直接拒绝", "refuse such a path; do not merge slashes"),
    Clause("R6", "路径含非 ASCII 字符：400", "characters beyond ASCII in the path: 400",
           "拒绝原始路径中的非 ASCII 字节", "refuse raw bytes beyond ASCII"),
    Clause("R7", "未签的 X-Road 请求头：400", "an X-Road header beyond the profile: 400",
           "拒绝协议之外的 X-Road/Tb 请求头", "refuse X-Road and Tb headers beyond the profile"),
    Clause("R8", "正文过大：413，且不先读完", "a body too large: 413, before it was read",
           "按 Content-Length 先行拒绝", "refuse by Content-Length"),
    Clause("R9", "错误为约定格式", "errors have the agreed shape",
           "答复 application/problem+json，含 type、status、zh、en",
           "answer application/problem+json with type, status, zh, en"),
    Clause("R10", "未签名者无从得知有哪些服务", "a stranger does not learn which services exist",
           "验签之前不查服务", "look for the service after the signature held"),
    Clause("R11", "未登记的密钥：401", "a key that nobody registered: 401",
           "只认快照中的公钥", "take keys from the snapshot alone"),
    Clause("S1", "签名正确的请求得到答复", "a request signed right is answered: 200",
           "检查密钥登记、授权与数源", "see to key, grant and source"),
    Clause("S2", "答复有签名并与请求绑定", "the answer is signed and bound to its request",
           "答复签名须覆盖请求的各组成部分", "cover the request's components in the answer"),
    Clause("S3", "同一随机数只接受一次：401", "a nonce is accepted once: 401",
           "随机数与日志同一事务入库", "keep the nonce in the log's own transaction"),
    Clause("S4", "正文被改：401", "a changed body: 401",
           "核对 Content-Digest", "check Content-Digest against the body"),
    Clause("S5", "声明算法的签名：401", "a signature that names its algorithm: 401",
           "算法由密钥决定，不由报文决定", "let the key decide the algorithm, never the message"),
    Clause("S6", "未覆盖摘要的签名：401", "a signature that leaves the digest uncovered: 401",
           "要求覆盖全部规定部分", "demand every component of the profile"),
    Clause("S7", "过期的签名：401", "an expired signature: 401",
           "核对 created 与 expires", "check created and expires"),
    Clause("S8", "有效期超过 60 秒：401", "a lifetime over 60 s: 401",
           "拒绝过长的有效期", "refuse longer lifetimes"),
    Clause("S9", "挪用到另一路径的签名：401", "a signature moved to another path: 401",
           "签名须覆盖 @path", "cover @path"),
    Clause("S10", "摘要算法与密钥不符：401", "a digest of another suite than the key's: 401",
           "std 密钥配 sha-256，gm 密钥配 sm3", "sha-256 with std keys, sm3 with gm keys"),
    Clause("S11", "未授权的字段与不存在的服务答复一致",
           "an unknown field and an unknown service are refused alike",
           "统一拒绝文字，除调用编号外逐字节相同",
           "refuse both in one text, equal but for the call's number"),
    Clause("S12", "对已验签请求的拒绝也有签名", "a refusal of a signed request is signed too",
           "验签之后的错误同样签名", "sign errors once the request's identity held"),
)  # fmt: skip
_PROBLEM = "application/problem+json"
_HUGE = 1 << 30


@dataclass(frozen=True, slots=True)
class Credentials:
    """A client of the network: who asks, its key, and one question that is granted to it.

    ``peers`` gives the verifier of the node's own keys by id (none: answers are not verified).
    """

    caller: Caller
    keyid: str
    suite: str
    signer: Signer
    key: Mapping[str, Plain]
    fields: tuple[str, ...]
    peers: Mapping[str, tuple[str, Verifier]]


@dataclass(frozen=True, slots=True)
class _Key:
    suite: str
    verifier: Verifier


async def conform_peer(
    base: str, service: Identifier, credentials: Credentials | None, clock: Callable[[], datetime]
) -> list[Finding]:
    """Try every clause on the listener at ``base``; ``service`` is one that it serves."""
    found = Findings(CLAUSES)
    tried = _Peer(base, service, found, clock)
    try:
        there = await tried.as_a_stranger()
        if credentials is None:
            for clause in CLAUSES:
                if clause.id.startswith("S"):
                    found.skip(clause.id, "no client's key was given (--client, --key-file)")
        elif there:
            await _Client(tried, credentials).everything()
    except Unreachable as gone:
        found.hold("R1", f"it stopped answering: {gone}", met=False)
    return found.all()


class _Peer:
    def __init__(
        self, base: str, service: Identifier, found: Findings, clock: Callable[[], datetime]
    ) -> None:
        self.base = base
        self.service = service
        self.found = found
        self.clock = clock
        self.path = write_path(service, "find")

    async def post(self, path: str, headers: Headers, body: bytes) -> Answered:
        return await send(self.base, "POST", path, headers, body)

    async def hold(self, clause: str, sent: Awaitable[Answered], status: int) -> Answered | None:
        """Send, and hold the clause to a status; None where there was no answer at all."""
        try:
            answered = await sent
        except Unreachable as gone:
            self.found.hold(clause, str(gone), met=False)
            return None
        self.found.hold(clause, f"status {answered.status}", met=answered.status == status)
        return answered

    def unsigned(self) -> Headers:
        nobody = replace(self.service.owner, subsystem="conform")
        return write_caller(Caller(nobody, uuid.uuid4().hex, ("conform",)))

    async def as_a_stranger(self) -> bool:
        """Try what every stranger may; tell whether anybody answers."""
        headers, body = self.unsigned(), b"{}"
        plain = await self.hold("R1", self.post(self.path, headers, body), 401)
        if plain is None:
            return False  # nobody is there
        self._shape(plain)
        again = next((n, v) for n, v in headers if n == "x-road-client")
        await self.hold("R2", self.post(self.path, (*headers, again), body), 400)
        for clause, path in (
            ("R3", self.path.replace("/data/", "/data%2F", 1).replace("/find", "%2Ffind")),
            ("R4", self.path.replace("/find", "/./find")),
            ("R4", self.path.replace("/find", "/x/../find")),
            ("R5", self.path.replace("/find", "//find")),
            ("R6", self.path.replace("/find", "/查询")),
        ):
            await self.hold(clause, self.post(path, headers, body), 400)
        more = (*headers, ("x-road-security-server", "x"))
        await self.hold("R7", self.post(self.path, more, body), 400)
        huge = send(self.base, "POST", self.path, headers, b"", declared=_HUGE)
        await self.hold("R8", huge, 413)
        await self._reveals(headers, body)
        await self._forged()
        return True

    def _shape(self, answered: Answered) -> None:
        try:
            told = json.loads(answered.response.body)
            good = (
                answered.header("content-type") == _PROBLEM
                and STATUS.get(str(told["type"]).removeprefix("tongban:")) == answered.status
                and told["status"] == answered.status
                and bool(told["zh"] and told["en"])
            )
        except (ValueError, KeyError, TypeError):
            good = False
        self.found.hold("R9", answered.header("content-type") or "no content type", met=good)

    async def _reveals(self, headers: Headers, body: bytes) -> None:
        other = write_path(replace(self.service, service="no-such-service"), "find")
        one = await self.post(self.path, headers, body)
        two = await self.post(other, headers, body)
        alike = (one.status, one.response.body) == (two.status, two.response.body)
        told = f"status {one.status} and {two.status}, bodies {'equal' if alike else 'differ'}"
        self.found.hold("R10", told, met=alike)

    async def _forged(self) -> None:
        by = suite("std")
        signer = by.signer(secrets.token_bytes(32))
        keyid = f"{self.service.member}/std/{by.digest(signer.public).hex()[:16]}"
        request = Request("POST", self.path, "", self.unsigned(), b"{}")
        signed, _ = signed_request(request, keyid, signer, self.clock(), secrets.token_urlsafe(18))
        await self.hold("R11", self.post(signed.path, signed.headers, signed.body), 401)


class _Client:
    """Requests of a registered client that are right but for one thing."""

    def __init__(self, peer: _Peer, credentials: Credentials) -> None:
        self._peer = peer
        self._own = credentials

    def _request(self, path: str = "", fields: tuple[str, ...] = ()) -> Request:
        body = {"fields": list(fields or self._own.fields), "key": dict(self._own.key)}
        caller = replace(self._own.caller, call=uuid.uuid4().hex)
        headers = write_caller(caller)
        return Request("POST", path or self._peer.path, "", headers, canonical(body))

    def _signed(self, request: Request, created: datetime | None = None) -> tuple[Request, str]:
        signed, claims = signed_request(
            request,
            self._own.keyid,
            self._own.signer,
            created or self._peer.clock(),
            secrets.token_urlsafe(18),
        )
        return signed, claims.base

    def _altered(self, request: Request, alter: Callable[[str], str]) -> Request:
        """Sign by another profile: ``alter`` changes the base, and the header with it."""
        signed, base = self._signed(request)
        changed = alter(base)
        parameters = changed.rpartition('"@signature-params": ')[2]
        signature = self._own.signer.sign(changed.encode())
        return _with(
            signed,
            {"signature-input": f"tb={parameters}", "signature": f"tb={_bytes(signature)}"},
        )

    async def _send(self, request: Request) -> Answered:
        return await self._peer.post(request.path, request.headers, request.body)

    async def everything(self) -> None:
        peer = self._peer
        request, _ = self._signed(self._request())
        answered = await peer.hold("S1", self._send(request), 200)
        if answered is None or answered.status != 200:
            return  # what follows would be refused for another reason
        self._bound("S2", answered, request)
        await peer.hold("S3", self._send(request), 401)
        fresh, _ = self._signed(self._request())
        await peer.hold("S4", self._send(replace(fresh, body=fresh.body + b" ")), 401)
        named = self._altered(self._request(), lambda base: base + ';alg="hmac-sha256"')
        await peer.hold("S5", self._send(named), 401)
        bare = self._altered(self._request(), _uncovered)
        await peer.hold("S6", self._send(bare), 401)
        late, _ = self._signed(self._request(), peer.clock() - timedelta(minutes=10))
        await peer.hold("S7", self._send(late), 401)
        await peer.hold("S8", self._send(self._altered(self._request(), _long_lived)), 401)
        moved, _ = self._signed(self._request())
        other = write_path(peer.service, "among")
        await peer.hold("S9", self._send(replace(moved, path=other)), 401)
        await peer.hold("S10", self._send(self._other_digest()), 401)
        await self._alike()

    def _other_digest(self) -> Request:
        request = self._request()
        wrong = content_digest(suite("gm" if self._own.suite == "std" else "std"), request.body)
        signed, base = self._signed(request)
        right = next(v for n, v in signed.headers if n == "content-digest")
        signature = self._own.signer.sign(base.replace(right, wrong).encode())
        return _with(signed, {"content-digest": wrong, "signature": f"tb={_bytes(signature)}"})

    async def _alike(self) -> None:
        nothing = write_path(replace(self._peer.service, service="no-such-service"), "find")
        first = self._signed(self._request(fields=("no_such_field",)))[0]
        second = self._signed(self._request(nothing))[0]
        one, two = await self._send(first), await self._send(second)
        calls = [next(v for n, v in r.headers if n == "x-road-id") for r in (first, second)]
        texts = [
            a.response.body.replace(c.encode(), b"") for a, c in zip((one, two), calls, strict=True)
        ]
        alike = one.status == two.status == 403 and texts[0] == texts[1]
        told = f"status {one.status} and {two.status}, bodies {'equal' if alike else 'differ'}"
        self._peer.found.hold("S11", told, met=alike)
        self._bound("S12", one, first)

    def _bound(self, clause: str, answered: Answered, request: Request) -> None:
        if not self._own.peers:
            present = bool(answered.header("signature") and answered.header("signature-input"))
            if present:
                self._peer.found.skip(clause, "signed; the node's key was not given (--public)")
            else:
                self._peer.found.hold(clause, "no signature", met=False)
            return

        def key_of(keyid: str) -> _Key | None:
            held = self._own.peers.get(keyid)
            return None if held is None else _Key(*held)

        try:
            verify_response(answered.response, request, key_of, self._peer.clock())
        except WireRefused as refused:
            self._peer.found.hold(clause, refused.detail, met=False)
        else:
            self._peer.found.hold(clause, "the signature holds", met=True)


def _with(request: Request, changed: Mapping[str, str]) -> Request:
    headers = tuple((n, changed.get(n, v)) for n, v in request.headers)
    return replace(request, headers=headers)


def _bytes(raw: bytes) -> str:
    return f":{b64encode(raw).decode()}:"


def _uncovered(base: str) -> str:
    """Leave the digest out of what is signed."""
    lines = [line for line in base.split("\n") if not line.startswith('"content-digest":')]
    return "\n".join(lines).replace(' "content-digest"', "")


def _long_lived(base: str) -> str:
    """Let the signature live for an hour."""
    return re.sub(r";expires=(\d+)", lambda found: f";expires={int(found[1]) + 3600}", base)
