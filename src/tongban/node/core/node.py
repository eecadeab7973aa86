"""The node without any input or output: messages in, decisions, signed answers and log entries out.

A provider's node hears a request, judges it and answers it; a consumer's node prepares a request
and accepts the answer. Denies by default; what it refuses, it refuses in words that tell a stranger
nothing of what exists. Whoever drives it commits each entry before the response leaves.
"""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta

from tongban.kernel.wire import bodies
from tongban.kernel.wire.addresses import read_caller, read_target, write_caller, write_path
from tongban.kernel.wire.judging import Permit, project
from tongban.kernel.wire.rows import RowDraft
from tongban.kernel.wire.signatures import (
    Claims,
    signed_request,
    signed_response,
    verify_request,
    verify_response,
)
from tongban.kernel.wire.words import (
    Caller,
    Found,
    Headers,
    Identifier,
    Question,
    Request,
    Response,
    WireRefused,
)
from tongban.node.core.drafts import Ended, Message, Told, rows
from tongban.node.core.words import Accepted, Asked, Heard, Identity, Outcome, Prepared, View
from tongban.node.store import Entry, Nonce, Usage

_MICRO = timedelta(microseconds=1)


def unavailable(detail: str) -> WireRefused:
    """Refuse because the source gives no answer; why is for the node's own log alone."""
    return WireRefused(
        "unavailable",
        "数源系统暂时无法答复，请稍后重试",
        "the source does not answer now; ask again later",
        detail,
    )


def unreachable(detail: str) -> WireRefused:
    """Refuse because the other node gives no answer."""
    return WireRefused(
        "unavailable",
        "对方节点暂时无法答复，请稍后重试",
        "the other node does not answer now; ask again later",
        detail,
    )


def _not_served(detail: str) -> WireRefused:
    # the very words of the judge: whoever may not read does not learn what is served where
    return WireRefused(
        "not_granted",
        "没有有效授权可以这样读取；请向数源部门申请授权",
        "no grant in force allows this; ask the owning department for one",
        detail,
    )


def replayed() -> WireRefused:
    """Refuse a request whose nonce this key used before."""
    return WireRefused(
        "replayed",
        "此请求已收到过；请重新签名后发送",
        "this request was received before; sign it anew",
    )


def limited(zh: str, en: str) -> WireRefused:
    """Refuse what is beyond a limit or quota."""
    return WireRefused("limited", zh, en)


def no_network() -> WireRefused:
    """Refuse because no snapshot was ever read."""
    return WireRefused(
        "snapshot_old",
        "本节点尚未取得授权快照；请检查与管理平面的连接",
        "this node has no snapshot of grants yet; see to its link to the control plane",
    )


def bare(refused: WireRefused, call: str = "") -> Response:
    """Give the unsigned answer to what is not logged: garbage, or a log that does not work."""
    return Response(
        refused.status,
        (("content-type", bodies.PROBLEM),),
        bodies.write_problem(refused, call),
    )


class Node:
    """Both sides of one node, over frozen data.

    ``view`` gives what is known of the network now (None: nothing yet); ``served`` are the ids of
    the services whose provider is here.
    """

    def __init__(
        self, identity: Identity, view: Callable[[], View | None], served: Collection[str]
    ) -> None:
        self.identity = identity
        self.served = frozenset(served)
        self._view = view

    # The provider's side

    def receive(self, request: Request, now: datetime) -> Accepted | Outcome:
        """Hear a request from another node: what may be asked of the provider, or a refusal."""
        try:
            heard = self._heard(request, now)
        except WireRefused as refused:
            return Outcome(bare(refused), None, refused.code, refused.detail)
        try:
            question = self._question(heard)
            # from here on a refusal, too, says on the log who was asked for
            heard = replace(heard, question=question)
            return self._judged(heard, question, now)
        except WireRefused as refused:
            return self.refuse(heard, refused, now)

    def _heard(self, request: Request, now: datetime) -> Heard:
        target = read_target(request)
        caller = read_caller(request.headers)
        view = self._known()
        claims = verify_request(request, view.keys(now), now)
        return Heard(request, claims, caller, target.service, target.operation, now)

    def _judged(self, heard: Heard, question: Question, now: datetime) -> Accepted:
        view = self._known()
        if not view.speaks_for(heard.claims.keyid, heard.caller.client.member):
            raise WireRefused(
                "signature",
                "签名密钥不属于 X-Road-Client 所示成员",
                "the signing key is not that of the member in x-road-client",
            )
        permit = self._permit(heard.caller, heard.service, question, view, now)
        return Accepted(
            heard.request,
            heard.claims,
            heard.caller,
            heard.service,
            heard.operation,
            heard.at,
            question,
            permit,
        )

    def _known(self) -> View:
        view = self._view()
        if view is None:
            raise no_network()
        return view

    def _question(self, heard: Heard) -> Question:
        asked = read_target(heard.request).question
        if asked is None:
            return bodies.read_question(heard.operation, heard.request.body)
        service = self._known().snapshot.services.get(str(heard.service))
        if service is None:
            return asked
        kinds = service.fields
        return replace(
            asked,
            keys=tuple(
                {name: bodies.typed(value, kinds.get(name, "")) for name, value in key.items()}
                for key in asked.keys
            ),
        )

    def _permit(
        self, caller: Caller, service: Identifier, question: Question, view: View, now: datetime
    ) -> Permit:
        if str(service) not in self.served:
            raise _not_served("no provider of it is here")
        return view.judge(caller, service, question, now)

    def answer(self, accepted: Accepted, found: Found, now: datetime) -> Outcome:
        """Give exactly the granted items of what the provider found, signed."""
        try:
            shown = project(accepted.permit, found)
            body = bodies.write_found(accepted.operation, shown)
        except WireRefused as wrong:
            return self.refuse(accepted, unavailable(f"bad answer: {wrong.detail}"), now)
        except ValueError as wrong:
            return self.refuse(accepted, unavailable(f"bad answer: {type(wrong).__name__}"), now)
        count = len(shown.records)
        usage = tuple(
            Usage(grant=grant, calls=1, records=count, most_calls=calls, most_records=records)
            for grant, calls, records in accepted.permit.quotas
        )
        return self._ended(accepted, 200, bodies.JSON, body, now, count, usage, found=shown)

    def refuse(
        self, heard: Heard, refused: WireRefused, now: datetime, *, replay: bool = False
    ) -> Outcome:
        """Refuse what was heard, signed; ``replay``: its nonce is on the log already."""
        return self._ended(
            heard,
            refused.status,
            bodies.PROBLEM,
            bodies.write_problem(refused, heard.caller.call),
            now,
            refused=refused,
            replay=replay,
        )

    def _ended(
        self,
        heard: Heard,
        status: int,
        kind: str,
        body: bytes,
        now: datetime,
        count: int = 0,
        usage: tuple[Usage, ...] = (),
        *,
        refused: WireRefused | None = None,
        found: Found | None = None,
        replay: bool = False,
    ) -> Outcome:
        by = self.identity
        plain = Response(status, (("content-type", kind),), body)
        response, signed = signed_response(plain, heard.request, by.keyid, by.signer, now)
        code = refused.code if refused else ""
        permit = heard.permit
        made = rows(
            by,
            Told(
                "provider",
                heard.caller,
                heard.service,
                heard.operation,
                heard.question,
                permit.grants if permit else (),
                permit.consent if permit else "",
            ),
            (heard.request.headers, heard.claims),
            (response.headers, signed),
            Ended(status, code, count, (now - heard.at) // _MICRO),
        )
        claims = heard.claims
        nonce = None if replay else Nonce(claims.keyid, claims.nonce, claims.expires)
        entry = Entry(rows=made, nonce=nonce, usage=usage)
        detail = refused.detail if refused else ""
        return Outcome(response, entry, code, detail, found, heard)

    # The consumer's side

    def ask(self, request: Request, client: Identifier, call: str) -> Asked:
        """Read what a system of the node's own asks; raise `WireRefused` (malformed).

        ``client`` is the subsystem that its token stands for; ``call`` the number to give the call
        where it brings none.
        """
        headers = dict(_own(request.headers))
        headers.setdefault("content-type", bodies.JSON)
        headers.setdefault("x-road-client", str(client))
        headers.setdefault("x-road-id", call)
        target = read_target(request)
        caller = read_caller(tuple(headers.items()))
        if caller.client != client:
            raise WireRefused(
                "malformed",
                "X-Road-Client 与令牌不符",
                "x-road-client is not the subsystem that the token stands for; leave it out",
            )
        question = target.question
        if question is None:
            question = bodies.read_question(target.operation, request.body)
        return Asked(caller, target.service, question)

    def prepare(self, asked: Asked, nonce: str, now: datetime) -> Prepared | Outcome:
        """Judge a question early by what is known here, and sign it for the owner's node.

        ``nonce`` is base64url of 16 random bytes. A refusal is logged too.
        """
        try:
            view = self._known()
            view.judge(asked.caller, asked.service, asked.question, now)
            address = view.snapshot.address_of(asked.service)
            if address is None:
                raise unreachable("no node is known for the owner")
            path = write_path(asked.service, asked.question.operation)
            plain = Request(
                "POST",
                path,
                "",
                write_caller(asked.caller),
                bodies.write_question(asked.question),
            )
            by = self.identity
            request, claims = signed_request(plain, by.keyid, by.signer, now, nonce)
        except WireRefused as refused:
            return self._told(asked, refused, now, now, ((), None), ((), None))
        return Prepared(asked, request, claims, address, now)

    def accept(self, prepared: Prepared, response: Response, now: datetime) -> Outcome:
        """Take the other node's answer if it is the answer to exactly this request."""
        asked = prepared.asked
        try:
            claims = self._verified(prepared, response, now)
            if response.status == 200:
                found = bodies.read_found(asked.question, response.body)
            else:
                found = Found(())
        except WireRefused as refused:
            return self.fail(prepared, refused, now)
        kind = bodies.JSON if response.status == 200 else bodies.PROBLEM
        given = Response(
            response.status,
            (("content-type", kind), ("x-road-id", asked.caller.call)),
            response.body,
        )
        code = "" if response.status == 200 else bodies.read_problem(response.body)
        made = self._consumer_rows(
            asked,
            (prepared.request.headers, prepared.claims),
            (response.headers, claims),
            Ended(response.status, code, len(found.records), (now - prepared.at) // _MICRO),
        )
        served = found if response.status == 200 else None
        return Outcome(given, Entry(rows=made, nonce=None, usage=()), code, "", served)

    def _verified(self, prepared: Prepared, response: Response, now: datetime) -> Claims:
        view = self._known()
        signed = any(name == "signature" for name, _ in response.headers)
        if not signed and response.status >= 400:
            # nobody vouches for it, so the client is told no more than that there is no answer
            code = bodies.read_problem(response.body)
            raise unreachable(f"unsigned refusal {response.status} {code!a}")
        claims = verify_response(response, prepared.request, view.keys(now), now)
        if not view.speaks_for(claims.keyid, prepared.asked.service.member):
            raise WireRefused(
                "bad_answer",
                "答复由其他成员签名，已弃用",
                "another member's key signed the answer; it was dropped",
                f"signed by {claims.keyid}",
            )
        return claims

    def fail(self, prepared: Prepared, refused: WireRefused, now: datetime) -> Outcome:
        """End a call that was sent and not answered, or not as it must be."""
        return self._told(
            prepared.asked,
            refused,
            prepared.at,
            now,
            (prepared.request.headers, prepared.claims),
            ((), None),
        )

    def _told(
        self,
        asked: Asked,
        refused: WireRefused,
        began: datetime,
        now: datetime,
        sent: Message,
        got: Message,
    ) -> Outcome:
        call = asked.caller.call
        plain = bare(refused, call)
        response = Response(plain.status, (*plain.headers, ("x-road-id", call)), plain.body)
        ended = Ended(refused.status, refused.code, 0, (now - began) // _MICRO)
        made = self._consumer_rows(asked, sent, got, ended)
        return Outcome(
            response, Entry(rows=made, nonce=None, usage=()), refused.code, refused.detail
        )

    def _consumer_rows(
        self, asked: Asked, sent: Message, got: Message, ended: Ended
    ) -> tuple[RowDraft, RowDraft]:
        question = asked.question
        told = Told("consumer", asked.caller, asked.service, question.operation, question)
        return rows(self.identity, told, sent, got, ended)


_OWN = frozenset(
    {
        "content-type",
        "x-road-client",
        "x-road-id",
        "x-road-userid",
        "x-road-issue",
        "x-road-represented-party",
        "tb-purpose",
        "tb-consent",
    }
)


def _own(headers: Headers) -> Headers:
    return tuple((name, value) for name, value in headers if name in _OWN)
