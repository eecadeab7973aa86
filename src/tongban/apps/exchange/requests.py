"""Verbs of requests for data (共享申请): ask, review, grant, refuse, withdraw; what time does.

Every verb saves and tells the trail in one transaction. Who may do what, and when, is decided by
``domain.requests`` alone, for the API and the pages alike.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, TypeAlias

from django.conf import settings
from django.db import transaction

from tongban.apps.exchange import nodes, queries
from tongban.apps.exchange.domain import Catalogue, Contract
from tongban.apps.exchange.domain.governance import GOVERNMENT, PLATFORM
from tongban.apps.exchange.domain.purposes import code
from tongban.apps.exchange.domain.requests import (
    ENDED,
    MOVES,
    Action,
    NotForYou,
    Request,
    State,
    after,
    available_actions,
    why_not,
)
from tongban.apps.exchange.domain.requests import clock as clock_of
from tongban.apps.exchange.events import REQUEST_MOVED, REQUEST_OVERDUE, request_chain
from tongban.apps.exchange.grants import give, place_of, regions
from tongban.apps.exchange.models import GrantRequest, Instance, Purpose, Resource
from tongban.infra import clock
from tongban.infra.access.domain import Subject, judge
from tongban.infra.calendar import load_calendar
from tongban.infra.packs import find_packs
from tongban.infra.trail import services as trail
from tongban.kernel.events import Draft
from tongban.kernel.wire.words import Identifier, IdentifierInvalid
from tongban.kernel.workdays import Calendar, Status

Row: TypeAlias = GrantRequest
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


class RequestInvalid(ValueError):
    """A request that cannot be made, with a sentence (zh, en) for each faulty field."""

    def __init__(self, fields: Mapping[str, tuple[str, str]]) -> None:
        self.fields = dict(fields)
        super().__init__("; ".join(f"{name}: {en}" for name, (_, en) in fields.items()))


class RequestUnknown(LookupError):
    """There is no such request, or it is not for this person to see."""


class RequestMoved(RuntimeError):
    """Somebody else moved the request first; look again and decide anew."""


@cache
def calendar() -> Calendar:
    """Give the official calendar of the installed region packs, read once a process."""
    return load_calendar(*find_packs(settings.PACKS))


@dataclass(frozen=True, slots=True)
class NewRequest:
    """What somebody asks for: attributes of a service, for an item, on a basis, for a system.

    ``service`` is the slug of a resource here, or the identifier of another instance's service;
    ``system`` the asking department's subsystem.
    """

    service: str
    fields: Sequence[str]
    item: str
    basis: str
    legal_basis: str
    reason: str
    department: str
    system: str = PLATFORM
    rows: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    bulk: bool = False
    calls: int = 0
    records: int = 0
    valid_until: datetime | None = None
    flow_back: bool = False


@transaction.atomic
def ask(subject: Subject, new: NewRequest, *, submit: bool = True) -> str:
    """Make a request for data, and submit it unless it is to stay a draft; give its number.

    An unconditional resource is granted at once, one that is not shared refused at once with its
    ground; both are told. Raises `RequestInvalid`, `NotForYou`.
    """
    catalogue = queries.catalogue()
    ruling = judge(subject, "exchange.request", place_of(new.department))
    if not ruling.allowed:
        raise NotForYou(ruling.zh, ruling.en)
    service, contract, told = _wanted(new, catalogue)
    rules = catalogue.governance
    member = rules.members[new.department]
    row = GrantRequest.objects.create(
        number=_number(rules.instance),
        client=str(Identifier(rules.instance, GOVERNMENT, member, new.system)),
        service=str(service),
        fields=sorted(set(new.fields)),
        purpose=code(new.item, new.basis),
        item=new.item,
        basis=new.basis,
        legal_basis=new.legal_basis,
        reason=new.reason,
        rows={name: list(values) for name, values in sorted(new.rows.items())},
        bulk=new.bulk,
        calls=new.calls,
        records=new.records,
        valid_until=new.valid_until,
        flow_back=new.flow_back,
        asking=new.department,
        provider=contract.resource.department if contract else "",
        state=State.DRAFT,
        entered=clock.today(),
        asked_by=subject.user_id,
        sent_to="" if contract else service.instance,
        created=clock.now(),
    )
    _told(row, "", State.DRAFT, subject.user_id, {"fields": row.fields, **told})
    if submit:
        _move(row, Action.SUBMIT, subject.user_id)
    return str(row.number)


def _number(instance: str) -> str:
    drawn = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    return f"{instance.removeprefix('CN-')}-{clock.today():%Y%m%d}-{drawn}"


def _wanted(
    new: NewRequest, catalogue: Catalogue
) -> tuple[Identifier, Contract | None, dict[str, Any]]:
    """Check a request as a whole; raises `RequestInvalid` with every fault."""
    faults: dict[str, tuple[str, str]] = {}
    service, known, contract = _service(new.service, catalogue)
    if service is None or not known:
        raise RequestInvalid(
            {"service": ("目录中没有此资源", "the catalogue has no such resource")}
        )
    for name in sorted(set(new.fields) - known):
        faults[f"fields.{name}"] = ("资源没有此信息项", "the resource has no such field")
    for name in sorted(new.rows.keys() - known):
        faults[f"rows.{name}"] = ("资源没有此信息项", "the resource has no such field")
    if not new.fields:
        faults["fields"] = ("请列明所需信息项", "name the fields that are needed")
    if new.basis not in {"statutory", "consent"}:
        faults["basis"] = ("依据为法定职责或本人同意", "the basis is statutory or consent")
    if not new.item or not new.legal_basis.strip() or not new.reason.strip():
        faults["legal_basis"] = (
            "请写明事项、法定依据与理由",
            "state the item, the legal basis and the reason",
        )
    if new.basis == "consent" and new.bulk:
        faults["bulk"] = ("凭同意不得批量读取", "consent opens no whole register")
    if new.valid_until is not None and new.valid_until <= clock.now():
        faults["valid_until"] = ("有效期已过", "it ends before now")
    for place, slug in (("system", new.system), ("item", new.item)):
        try:
            Identifier(service.instance, service.member_class, service.member, slug)
        except IdentifierInvalid as wrong:
            faults[place] = ("标识由小写字母、数字和短横线组成", str(wrong))
    if faults:
        raise RequestInvalid(faults)
    registered = Purpose.objects.filter(code=code(new.item, new.basis), ended=None).first()
    most = set(registered.fields.get(str(service), ())) if registered else set()
    beyond = sorted(set(new.fields) - most)
    return service, contract, {"beyond_the_registered_purpose": beyond}


def _service(
    text: str, catalogue: Catalogue
) -> tuple[Identifier | None, frozenset[str], Contract | None]:
    """Find a service here by slug or identifier, or abroad; with the fields that it has."""
    rules = catalogue.governance
    if "/" not in text:
        contract = catalogue.contracts.get(text)
        if contract is None:
            return None, frozenset(), None
        service = rules.service(contract.resource.department, text)
        return service, contract.resource.attributes, contract
    try:
        service = Identifier.parse(text)
    except IdentifierInvalid:
        return None, frozenset(), None
    if service.instance == rules.instance:
        contract = catalogue.contracts.get(service.service)
        own = contract and rules.service(contract.resource.department, service.service)
        if contract is None or own != service:
            return None, frozenset(), None
        return service, contract.resource.attributes, contract
    abroad = Instance.objects.filter(name=service.instance).exclude(issued=None).first()
    told = abroad.card.get("services", ()) if abroad else ()
    fields = next((frozenset(s["fields"]) for s in told if s["id"] == text), frozenset())
    return service, fields, None


@transaction.atomic
def act(
    subject: Subject, number: str, action: Action, *, ground: str = "", note: str = ""
) -> State:
    """Do one thing to a request; give the state it is in then.

    ``ground`` is the slug of a legal ground, without which nothing is refused. Raises
    `RequestUnknown`, `ActionRefused`, `RequestInvalid`, `RequestMoved`.
    """
    row = look(subject, number)
    catalogue = queries.catalogue()
    refused = why_not(action, _course(row), subject, catalogue.governance, regions(catalogue))
    if refused is not None:
        raise refused
    if action is Action.REFUSE:
        legal = catalogue.governance.refusals.get(ground)
        if legal is None:
            known = "、".join(sorted(catalogue.governance.refusals))
            raise RequestInvalid(
                {"ground": (f"须引用法定依据：{known}", f"cite a legal ground: {known}")}
            )
        row.refusal = {
            "slug": legal.slug,
            "title": legal.title,
            "article": legal.article,
            "zh": legal.label.zh,
            "en": legal.label.en,
        }
    row.note = note or row.note
    return _move(row, action, subject.user_id)


def _move(row: GrantRequest, action: Action, actor: str) -> State:
    """Take a request on by one action, with all that follows from it."""
    before = State(row.state)
    now_in = after(before, action)
    seen = row.version
    row.state, row.version = now_in, seen + 1
    # the review's clock runs from the submission on, whenever somebody takes it up
    if action is not Action.TAKE:
        row.entered = clock.today()
    row.told_overdue = ""
    if action in {Action.TAKE, Action.FORWARD}:
        row.reviewed_by = actor
    if action in {Action.GRANT, Action.REFUSE}:
        row.decided_by = actor
    moved = GrantRequest.objects.filter(pk=row.pk, version=seen).update(
        **{
            name: getattr(row, name)
            for name in (
                *("state", "version", "entered", "told_overdue", "reviewed_by", "decided_by"),
                *("refusal", "note"),
            )
        }
    )
    if not moved:
        raise RequestMoved("RequestMoved: somebody moved the request first; look again")
    _told(row, before, now_in, actor, {"action": action.value, "refusal": row.refusal})
    if action is Action.SUBMIT:
        return _at_once(row, actor)
    if action is Action.GRANT and not row.sent_to:
        give(row, "request", actor)
    return now_in


def _at_once(row: GrantRequest, actor: str) -> State:
    """Decide what needs nobody: unconditional resources are granted, unshared ones refused."""
    contract = queries.catalogue().contracts.get(Identifier.parse(row.service).service)
    if row.sent_to or contract is None or contract.sharing == "conditional":
        return State(row.state)
    if contract.sharing == "unconditional":
        granted, action = State.GRANTED, "granted-at-once"
    else:
        granted, action = State.REFUSED, "refused-at-once"
        known = Resource.objects.filter(slug=contract.resource.slug).first()
        row.refusal = {
            "slug": "not-shared",
            "title": (known.condition_zh if known else "") or "目录所列不予共享的依据",
            "article": "",
            "zh": "该资源不予共享",
            "en": "this resource is not shared",
        }
    before = row.state
    row.state, row.version, row.decided_by = granted, row.version + 1, "system"
    row.save(update_fields=["state", "version", "decided_by", "refusal"])
    _told(row, before, granted, "system", {"action": action, "refusal": row.refusal})
    if granted is State.GRANTED:
        give(row, "automatic", actor)
    return granted


def lapse() -> int:
    """Let requests lapse whose wanted time has passed undecided; give how many."""
    open_ = [state.value for state in MOVES if state not in ENDED]
    found = GrantRequest.objects.filter(state__in=open_, valid_until__lte=clock.now())
    for row in found:
        with transaction.atomic():
            _move(row, Action.LAPSE, "system")
    return len(found)


def tell_overdue() -> int:
    """Tell on the trail, once a step, each request whose step is past its day; give how many."""
    catalogue = queries.catalogue()
    told = 0
    running = [State.SUBMITTED, State.REVIEW, State.PROVIDER, State.GRANTED]
    for row in GrantRequest.objects.filter(state__in=running):
        stands = how_late(row, catalogue)
        if stands is None or stands.light != "red" or row.told_overdue == row.state:
            continue
        with transaction.atomic():
            same = GrantRequest.objects.filter(pk=row.pk, version=row.version, told_overdue="")
            if not same.update(told_overdue=row.state):
                continue
            owing = row.provider if row.state in {State.PROVIDER, State.GRANTED} else ""
            trail.tell(
                Draft(
                    type=REQUEST_OVERDUE,
                    chain=request_chain(row.number),
                    actor="system",
                    organisation=owing or catalogue.governance.operator,
                    data={"state": row.state, "zh": stands.zh, "en": stands.en},
                )
            )
            told += 1
    return told


def how_late(row: GrantRequest, catalogue: Catalogue) -> Status | None:
    """Tell how the clock of a request's present step stands; None where none runs."""
    served = True
    if row.state == State.GRANTED:
        member = catalogue.governance.members.get(row.provider, "")
        served = not row.provider or any(member in node.members for node in nodes.nodes())
        served = served or not nodes.nodes()  # without nodes the embedded one serves all
    return clock_of(
        State(row.state),
        row.entered,
        catalogue.governance,
        calendar(),
        clock.today(),
        served=served,
    )


def look(subject: Subject, number: str) -> GrantRequest:
    """Give a request to who may see it; raises `RequestUnknown` to everyone else."""
    row = GrantRequest.objects.filter(number=number).first()
    if row is None or not _sees(subject, row):
        raise RequestUnknown(f"RequestUnknown: no request {number} for you to see")
    return row


def _sees(subject: Subject, row: GrantRequest) -> bool:
    parties = {row.asking, row.provider, queries.catalogue().governance.operator} - {""}
    return any(judge(subject, "exchange.read", place_of(name)).allowed for name in sorted(parties))


def requests_of(subject: Subject) -> list[GrantRequest]:
    """Give the requests that this person may see, the oldest step first; ended ones last."""
    mine = {post.department for post in subject.posts}
    operator = queries.catalogue().governance.operator
    found = GrantRequest.objects.all()
    if operator not in mine:
        found = found.filter(asking__in=mine) | found.filter(provider__in=mine)
    rows = [row for row in found.order_by("entered", "pk")[:1000] if _sees(subject, row)]
    return sorted(rows, key=lambda row: row.state in ENDED)


def actions_of(subject: Subject, row: GrantRequest) -> tuple[Action, ...]:
    """Give what this person may do to the request now."""
    catalogue = queries.catalogue()
    return available_actions(_course(row), subject, catalogue.governance, regions(catalogue))


def _course(row: GrantRequest) -> Request:
    return Request(
        State(row.state),
        row.asking,
        row.provider,
        row.asked_by,
        row.reviewed_by,
        waits_abroad=bool(row.sent_to) and row.state == State.PROVIDER,
    )


def _told(row: GrantRequest, before: str, now_in: str, actor: str, data: Mapping[str, Any]) -> None:
    trail.tell(
        Draft(
            type=REQUEST_MOVED,
            chain=request_chain(row.number),
            actor=actor,
            authority=row.legal_basis,
            item=row.item,
            reason=row.note,
            data={
                "number": row.number,
                "from": str(before),
                "to": str(now_in),
                "service": row.service,
                "client": row.client,
                **data,
            },
        )
    )
