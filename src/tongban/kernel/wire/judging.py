"""Judges a call against the network's snapshot, and lets exactly the granted items through.

Denies by default, in one sentence that tells a stranger nothing of what exists. The same judgement
is made at the provider's node for every call, at the client's node for an early answer, and again
at the delivery of every event.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tongban.kernel.wire.snapshot import (
    Grant,
    Revocations,
    Service,
    Snapshot,
    foreign_consent,
)
from tongban.kernel.wire.words import (
    Caller,
    Found,
    Identifier,
    Plain,
    Question,
    Record,
    WireRefused,
)

CONSENT = "tongban-consent/1"
MOST_KEYS = 400
MOST_WALKED = 2000
_NONE: frozenset[str] = frozenset()


def _not_granted(detail: str) -> WireRefused:
    return WireRefused(
        "not_granted",
        "没有有效授权可以这样读取；请向数源部门申请授权",
        "no grant in force allows this; ask the owning department for one",
        detail,
    )


@dataclass(frozen=True, slots=True)
class Consent:
    """A person's consent (授权同意) as its token states it; whoever reads it checked the signature.

    ``lines`` maps (service, purpose) to the fields that may be read until ``until``, for the case
    ``issue`` and by ``client`` alone. ``instance`` is the other instance that signed it (empty: the
    own one).
    """

    id: str
    issue: str
    client: str
    until: datetime
    lines: Mapping[tuple[str, str], frozenset[str]]
    instance: str = ""


def read_consent(document: Mapping[str, Any], instance: str = "") -> Consent:
    """Read the document of a consent token; raise `WireRefused` (consent_unfit).

    ``instance`` is the other instance whose key signed it. It speaks for its own clients only.
    """
    try:
        lines: dict[tuple[str, str], frozenset[str]] = {}
        for line in document["lines"]:
            for purpose in line["purposes"]:
                place = (str(line["service"]), str(purpose))
                lines[place] = lines.get(place, _NONE) | frozenset(map(str, line["fields"]))
        found = Consent(
            str(document["id"]),
            str(document["issue"]),
            str(document["client"]),
            datetime.fromisoformat(document["until"]),
            lines,
            instance,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as wrong:
        raise _unfit(f"it does not read: {wrong!r}") from wrong
    if document.get("format") != CONSENT or found.until.tzinfo is None:
        raise _unfit("it is of another format, or ends at a time without zone")
    if instance and found.client.partition("/")[0] != instance:
        raise _unfit(f"{instance} gives no consent to {found.client}")
    return found


def _unfit(detail: str) -> WireRefused:
    return WireRefused(
        "consent_unfit",
        "授权同意书与此次调用不符；请重新取得同意",
        "the consent does not fit this call; ask the person anew",
        detail,
    )


@dataclass(frozen=True, slots=True)
class Cell:
    """What one grant lets through: these fields of the records that pass ``rows``."""

    fields: frozenset[str]
    rows: Mapping[str, frozenset[Plain]]


@dataclass(frozen=True, slots=True)
class Permit:
    """A call that may be made: what to ask the provider for, and what of it may leave.

    ``question`` names every column that the judgement needs (fields, key, filters); ``asked`` are
    the fields of the answer in order. ``quotas`` gives (grant, calls a day, records a day) where
    there is a limit.
    """

    service: Service
    question: Question
    asked: tuple[str, ...]
    cells: tuple[Cell, ...]
    grants: tuple[str, ...]
    quotas: tuple[tuple[str, int, int], ...]
    consent: str


def judge(
    caller: Caller,
    service: Identifier,
    question: Question,
    snapshot: Snapshot,
    revoked: Revocations | None,
    now: datetime,
    consent: Consent | None = None,
) -> Permit:
    """Say what of a question may be answered; raise `WireRefused`.

    ``revoked`` is None where no feed was ever read; ``consent`` is the token of the call after its
    signature was checked. All fields must be granted, or nothing is.
    """
    found = snapshot.services.get(str(service))
    if found is None or found.sharing == "none":
        raise _not_granted("no such service, or one that is not shared")
    if snapshot.member_of(caller.client) is None:
        raise _not_granted("the client is no member's subsystem")
    if not caller.purposes or not snapshot.purposes.keys() >= set(caller.purposes):
        raise _not_granted("a purpose is not registered")
    if found.sharing == "unconditional":
        cells: tuple[Cell, ...] = (Cell(frozenset(found.fields), {}),)
        used: tuple[Grant, ...] = ()
        bulk = True
    else:
        pairs = _used(caller, found, question, snapshot, revoked, now, consent)
        used = tuple(grant for grant, _ in pairs)
        cells = tuple(Cell(fields, grant.rows) for grant, fields in pairs)
        bulk = all(g.bulk for g in used)
        _covered(found, question, cells)
    _well_asked(found, question, bulk=bulk)
    if found.sharing == "conditional" and now - snapshot.issued > snapshot.snapshot_age:
        raise WireRefused(
            "snapshot_old",
            "本节点的授权快照已过期，有条件共享暂停；请检查与管理平面的连接",
            "this node's snapshot of grants is too old; see to its link to the control plane",
        )
    by_consent = any(g.basis == "consent" for g in used)
    return Permit(
        found,
        Question(
            question.operation,
            tuple(sorted({*question.fields, *found.key, *(n for c in cells for n in c.rows)})),
            question.keys,
            question.after,
            question.limit,
            tuple(c.rows for c in cells) if all(c.rows for c in cells) else (),
        ),
        question.fields,
        cells,
        tuple(g.id for g in used),
        tuple((g.id, g.calls, g.records) for g in used if g.calls or g.records),
        consent.id if by_consent and consent is not None else "",
    )


def _in_force(
    caller: Caller,
    service: Service,
    snapshot: Snapshot,
    revoked: Revocations | None,
    now: datetime,
) -> Iterator[Grant]:
    ended = revoked.grants if revoked is not None else {}
    for grant in snapshot.grants.get((str(caller.client), service.id), ()):
        if (
            grant.purpose in caller.purposes
            and grant.since <= now < grant.until
            and grant.id not in ended
        ):
            yield grant


_Used = tuple[Grant, frozenset[str]]


def _used(
    caller: Caller,
    service: Service,
    question: Question,
    snapshot: Snapshot,
    revoked: Revocations | None,
    now: datetime,
    consent: Consent | None,
) -> list[_Used]:
    """Give the grants that the call stands on with what each lets through.

    Statutory ones first; consent is looked at only where they leave a field uncovered.
    """
    wanted = set(question.fields) - set(service.key)
    grounds: dict[str, list[_Used]] = {"statutory": [], "consent": []}
    for grant in _in_force(caller, service, snapshot, revoked, now):
        fields = grant.fields & snapshot.purposes[grant.purpose].fields.get(service.id, _NONE)
        if wanted & fields or (fields and not wanted):
            grounds[grant.basis].append((grant, fields))
    lawful = grounds["statutory"]
    lacking = wanted - _union(lawful)
    agreed = [(grant, fields & lacking) for grant, fields in grounds["consent"] if fields & lacking]
    if not agreed:
        return lawful
    if lacking - _union(agreed):
        raise _not_granted("a field is not granted")
    given = _consented(caller, snapshot, revoked, now, consent)
    agreed = [
        (grant, fields & given.lines.get((service.id, grant.purpose), _NONE))
        for grant, fields in agreed
    ]
    if lacking - _union(agreed):
        raise _unfit("it does not cover a field, service or purpose")
    return [*lawful, *((grant, fields) for grant, fields in agreed if fields)]


def _union(used: Iterable[_Used]) -> frozenset[str]:
    return _NONE.union(*(fields for _, fields in used))


def _consented(
    caller: Caller,
    snapshot: Snapshot,
    revoked: Revocations | None,
    now: datetime,
    consent: Consent | None,
) -> Consent:
    """Give the consent if this caller may rely on it now; raise `WireRefused`."""
    if consent is None:
        raise WireRefused(
            "consent_missing",
            "此项数据须经本人同意；请附上授权同意书",
            "this needs the person's consent; send it with the call",
        )
    if revoked is None or now - revoked.issued > snapshot.feed_age:
        raise WireRefused(
            "feed_old",
            "撤销清单过旧，凭同意的调用暂停；依法调用不受影响",
            "the feed of revocations is too old: calls by consent wait, statutory ones go on",
        )
    number = consent.id
    if consent.instance:
        heard = revoked.others.get(consent.instance)
        if heard is None or now - heard > snapshot.feed_age:
            raise WireRefused(
                "feed_old",
                f"{consent.instance}的撤销清单过旧，凭其同意书的调用暂停；依法调用不受影响",
                f"the feed of revocations of {consent.instance} is too old: calls by its consents"
                " wait, statutory ones go on",
            )
        number = foreign_consent(consent.instance, consent.id)
    if number in revoked.consents:
        raise WireRefused(
            "consent_withdrawn", "本人已撤回同意", "the person has withdrawn this consent"
        )
    if now >= consent.until or consent.client != str(caller.client):
        raise _unfit("it has ended, or was given to another client")
    if not consent.issue or consent.issue != caller.issue:
        raise _unfit("it was given for another case")
    return consent


def _covered(service: Service, question: Question, cells: Iterable[Cell]) -> None:
    granted = _NONE.union(*(cell.fields for cell in cells))
    if not granted or set(question.fields) - granted - set(service.key):
        raise _not_granted("a field is not granted")


def _malformed(zh: str, en: str) -> WireRefused:
    return WireRefused("malformed", zh, en)


def _well_asked(service: Service, question: Question, *, bulk: bool) -> None:
    """Refuse a question that is not of the protocol; only one who may read gets this far."""
    if not set(question.fields) <= service.fields.keys():
        raise _not_granted("no such field")
    if not question.fields or len(set(question.fields)) != len(question.fields):
        raise _malformed("请列明所需字段，各一次", "name the fields you need, each once")
    if any(key.keys() != set(service.key) for key in question.keys):
        raise _malformed("只能按主键查询", "only the record key may select")
    if question.operation == "walk":
        if not bulk:
            raise _not_granted("a grant in use does not allow a walk")
        if question.keys or not 0 < question.limit <= MOST_WALKED:
            raise _malformed("批量读取的参数不正确", f"a walk takes a limit of 1 to {MOST_WALKED}")
    elif question.operation == "find":
        if len(question.keys) != 1:
            raise _malformed("请给出一个主键", "give one record key")
    elif not 0 < len(question.keys) <= MOST_KEYS:
        raise _malformed("主键过多或没有", f"give 1 to {MOST_KEYS} record keys")


def project(permit: Permit, found: Found) -> Found:
    """Give exactly the granted items of the records that were asked for, whatever came.

    A record with another key than asked, or that no grant's row filter lets through, is left out;
    so is each field that only other records' grants cover. Raise `WireRefused` (bad_answer) for
    what is no plain value.
    """
    key = permit.service.key
    asked = {tuple(one[name] for name in key) for one in permit.question.keys}
    records = []
    for record in found.records:
        if asked and tuple(record.get(name) for name in key) not in asked:
            continue
        passed = [cell.fields for cell in permit.cells if _passes(cell, record)]
        if not passed:
            continue
        allowed = _NONE.union(*passed, key)
        records.append(_projected(permit, record, allowed))
    if permit.question.operation != "among":
        records = records[: permit.question.limit]
    return Found(records, found.after if permit.question.operation == "walk" else None)


def _passes(cell: Cell, record: Record) -> bool:
    return all(record.get(name) in values for name, values in cell.rows.items())


def _projected(permit: Permit, record: Record, allowed: frozenset[str]) -> dict[str, Plain]:
    masks = permit.service.masks
    made: dict[str, Plain] = {}
    for name in permit.asked:
        if name not in allowed:
            continue
        value = record.get(name)
        if not (value is None or isinstance(value, (str, int))):
            raise WireRefused(
                "bad_answer",
                "数源系统的答复不符合约定",
                "the source answered what its description does not allow",
                f"{name} is {type(value).__name__}",
            )
        made[name] = mask(masks[name], value) if name in masks else value
    return made


def mask(rule: str, value: Plain) -> Plain:
    """Hide part of a text (脱敏): ``keep:a,b`` shows its first a and last b characters.

    >>> mask("keep:3,4", "13800138000")
    '138****8000'
    >>> mask("keep:1,0", "王䶮")
    '王*'
    """
    first, _, last = rule.removeprefix("keep:").partition(",")
    if not isinstance(value, str):
        return None
    shown, end = int(first), int(last)
    if len(value) <= shown + end:
        return "*" * len(value)
    return value[:shown] + "*" * (len(value) - shown - end) + value[len(value) - end :]
