"""Verbs of requests for data (共享申请): ask, review, grant, refuse, withdraw; what time does.

Every verb saves and tells the trail in one transaction. Who may do what, and when, is decided by
``domain.requests`` alone, for the API and the pages alike.
"""

import secrets
from collections.abc import Mapping
from functools import cache
from itertools import chain, islice
from typing import Any, TypeAlias

from django.conf import settings
from django.db import transaction

from tongban.apps.exchange import nodes, queries
from tongban.apps.exchange.asking import NewRequest, RequestInvalid, wanted
from tongban.apps.exchange.domain import Catalogue
from tongban.apps.exchange.domain.governance import GOVERNMENT
from tongban.apps.exchange.domain.levels import Decision
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
from tongban.apps.exchange.models import GrantRequest, Resource
from tongban.infra import clock
from tongban.infra.access.domain import Ruling, Subject, judge
from tongban.infra.access.refusing import refuse
from tongban.infra.calendar import load_calendar
from tongban.infra.packs import find_packs
from tongban.infra.trail import services as trail
from tongban.kernel.events import Draft
from tongban.kernel.wire.words import Identifier
from tongban.kernel.workdays import Calendar, Status

__all__ = [
    "NewRequest",
    "RequestInvalid",
    "RequestMoved",
    "RequestUnknown",
    "Row",
    "act",
    "actions_of",
    "ask",
    "calendar",
    "decided_abroad",
    "from_abroad",
    "how_late",
    "lapse",
    "look",
    "requests_of",
    "tell_overdue",
    "withdrawn_abroad",
]

Row: TypeAlias = GrantRequest
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


class RequestUnknown(LookupError):
    """There is no such request, or it is not for this person to see."""


class RequestMoved(RuntimeError):
    """Somebody else moved the request first; look again and decide anew."""


@cache
def calendar() -> Calendar:
    """Give the official calendar of the installed region packs, read once a process."""
    return load_calendar(*find_packs(settings.PACKS))


@transaction.atomic
def ask(subject: Subject, new: NewRequest, *, submit: bool = True) -> str:
    """Make a request for data, and submit it unless it is to stay a draft; give its number.

    An unconditional resource is granted at once, one that is not shared refused at once with its
    ground; both are told. Raises `RequestInvalid`, `NotForYou`.
    """
    catalogue = queries.catalogue()
    ruling = judge(subject, "exchange.request", place_of(new.department))
    if not ruling.allowed:
        refuse(subject, "exchange.request", place_of(new.department), ruling)
        raise NotForYou(ruling.zh, ruling.en)
    service, contract, told = wanted(new, catalogue)
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
        if isinstance(refused, NotForYou):
            denied = Ruling(allowed=False, zh=refused.zh, en=refused.en, needs=refused.needs)
            refuse(subject, f"exchange.{action}", {"request": number}, denied)
        raise refused
    if action is Action.REFUSE:
        legal = catalogue.governance.refusals.get(ground)
        if legal is None:
            grounds = sorted(catalogue.governance.refusals.values(), key=lambda one: one.slug)
            zh = "、".join(one.label.zh for one in grounds)
            en = ", ".join(one.slug for one in grounds)
            raise RequestInvalid(
                {"ground": (f"须引用法定依据：{zh}", f"cite a legal ground: {en}")}
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


def from_abroad(told: Mapping[str, Any], origin: str) -> GrantRequest:
    """Keep a request of another instance as submitted here; raises `RequestInvalid`.

    Whether its fields and filters exist is judged as for one of our own.
    """
    catalogue = queries.catalogue()
    new = NewRequest(
        told["service"],
        told["fields"],
        told["item"],
        told["basis"],
        told["legal_basis"],
        told["reason"],
        "",
        Identifier.parse(told["client"]).subsystem,
        told["rows"],
        told["bulk"],
        told["calls"],
        told["records"],
        told["valid_until"],
        told["flow_back"],
    )
    _, contract, more = wanted(new, catalogue)
    row = GrantRequest.objects.create(
        **{name: value for name, value in told.items() if name not in {"withdrawn", "purpose"}},
        purpose=code(new.item, new.basis),
        asking="",
        provider=contract.resource.department if contract else "",
        state=State.DRAFT,
        entered=clock.today(),
        asked_by=origin,
        origin=origin,
        created=clock.now(),
    )
    _told(row, "", State.DRAFT, origin, {"fields": row.fields, "origin": origin, **more})
    _move(row, Action.SUBMIT, origin)
    return row


def withdrawn_abroad(row: GrantRequest, origin: str) -> None:
    """Withdraw a request here because the instance that sent it did."""
    _move(row, Action.WITHDRAW, origin)


def decided_abroad(row: GrantRequest, action: Action, instance: str, decided: Decision) -> None:
    """Take over what the owning instance decided on a request that was sent there."""
    row.refusal, row.note = dict(decided.refusal), decided.note or row.note
    _move(row, action, instance)


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


def requests_of(subject: Subject, most: int = 1000) -> list[GrantRequest]:
    """Give at most so many of the requests that this person may see.

    Open ones come first, the oldest step before all; then those that ended, the latest first.
    """
    mine = {post.department for post in subject.posts}
    operator = queries.catalogue().governance.operator
    found = GrantRequest.objects.all()
    if operator not in mine:
        found = found.filter(asking__in=mine) | found.filter(provider__in=mine)
    standing = found.exclude(state__in=ENDED).order_by("entered", "pk")
    over = found.filter(state__in=ENDED).order_by("-entered", "-pk")
    rows = chain(standing.iterator(most), over.iterator(most))
    return list(islice((row for row in rows if _sees(subject, row)), most))


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
