"""Verbs of consent: give one receipt a life event, withdraw it, show who looked at whose data.

A consent is never changed. It is withdrawn by a row of its own and by an entry in the feed of
revocations, in one transaction, so that every node stops within seconds.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import transaction

from tongban.apps.exchange import network, queries, subject_keys
from tongban.apps.exchange.domain import receipts
from tongban.apps.exchange.events import (
    CALLED,
    CONSENT_WITHDRAWN,
    CONSENTED,
    consent_chain,
    file_chain,
)
from tongban.apps.exchange.models import Consent, Look, Withdrawal
from tongban.infra import clock
from tongban.infra.access.domain import Subject
from tongban.infra.trail import queries as told
from tongban.infra.trail import services as trail
from tongban.kernel.events import Draft
from tongban.kernel.forms import DataPlan
from tongban.kernel.suites import SUITES, Suite, suite
from tongban.kernel.wire.documents import write_token
from tongban.kernel.wire.words import Identifier, IdentifierInvalid

_MARK = 32  # hex digits of a subject's mark, as nodes write it
_MOST = 500


class ConsentUnknown(LookupError):
    """There is no such consent, or it is another person's."""


class NothingToConsent(ValueError):
    """The plan reads nothing that needs the person's consent."""


def until_from(given: datetime) -> datetime:
    """Give the end of a consent that is given now: what the consent panel shows beforehand."""
    return given + timedelta(days=queries.catalogue().governance.consent_days)


def give_consent(
    case: str,
    life_event: str,
    subject: Subject,
    plan: DataPlan,
    items: Collection[str] | None = None,
) -> Consent:
    """Keep a person's consent to the data plan of a case, in the caller's transaction.

    ``items`` are those of the life event that were applied for (None: all).
    The receipt lists every line, statutory ones for information; both it and the token that travels
    with calls are signed by this instance. Raises `NothingToConsent`.
    """
    catalogue = queries.catalogue()
    rules = catalogue.governance
    lines = receipts.lines(plan, rules, items)
    if not receipts.needs_consent(lines):
        raise NothingToConsent("NothingToConsent: nothing in this plan needs consent; do not ask")
    number, given = uuid.uuid4().hex, clock.now()
    until = until_from(given)
    receipt = receipts.receipt(number, case, life_event, lines, catalogue, given, until)
    token = receipts.token(number, case, str(rules.platform), lines, until)
    row = Consent.objects.create(
        number=number,
        case=case,
        life_event=life_event,
        person=subject.person_id,
        receipt=network.sign(receipt),
        token=write_token(network.sign(token)),
        given=given,
        until=until,
    )
    trail.tell(
        Draft(
            type=CONSENTED,
            chain=consent_chain(number),
            actor=subject.user_id,
            on_behalf_of=subject.person_id,
            authority="中华人民共和国个人信息保护法 第十三条",
            data={
                "consent": number,
                "case": case,
                "life_event": life_event,
                "until": receipt["until"],
                "lines": [
                    {
                        "department": line.department,
                        "basis": line.basis,
                        "facts": list(line.facts),
                        "purposes": sorted({purpose for _, purpose in line.reads}),
                    }
                    for line in lines
                ],
            },
        )
    )
    return row


@transaction.atomic
def withdraw(consent: str, subject: Subject) -> None:
    """Withdraw a consent of one's own; a second time does nothing. Raises `ConsentUnknown`.

    What was read before stays lawful and stays in the case (个人信息保护法 第十五条); statutory
    reads go on.
    """
    row = (
        Consent.objects.select_for_update().filter(number=consent, person=subject.person_id).first()
    )
    if row is None or not subject.person_id:
        raise ConsentUnknown(f"ConsentUnknown: you gave no consent {consent[:32]}")
    if not Withdrawal.objects.filter(consent=row).exists():
        _end(row, subject.user_id, "本人撤回", "withdrawn by the person")


@transaction.atomic
def lapse(case: str, actor: str) -> None:
    """End what was consented to for a case that will not be made: nothing is read on it again.

    The purpose is over, so nothing is to be judged; where none stands, nothing happens.
    """
    standing = Consent.objects.filter(case=case, until__gt=clock.now(), withdrawal=None)
    for row in standing.select_for_update(of=("self",)):
        _end(row, actor, "不再办理", "no longer applied for")


def _end(row: Consent, actor: str, zh: str, en: str) -> None:
    Withdrawal.objects.create(consent=row, at=clock.now())
    network.revoke("consent", row.number, row.until, f"{zh} / {en}")
    trail.tell(
        Draft(
            type=CONSENT_WITHDRAWN,
            chain=consent_chain(row.number),
            actor=actor,
            on_behalf_of=row.person,
            authority="中华人民共和国个人信息保护法 第十五条",
            data={"consent": row.number, "case": row.case},
        )
    )


def _in_force(case: str) -> tuple[str, str]:
    """Give number and token of the consent that a case stands on now; empty where none does.

    It is the newest that neither ended nor was withdrawn: a consent that was given again after a
    withdrawal so takes the place of the old one.
    """
    standing = Consent.objects.filter(case=case, until__gt=clock.now(), withdrawal=None)
    return standing.order_by("-pk").values_list("number", "token").first() or ("", "")


def in_force(case: str) -> bool:
    """Say whether the person's consent stands for this case now."""
    return bool(standing(case))


def standing(case: str) -> str:
    """Give the number of the consent that stands for this case now; empty where none does."""
    number, _ = _in_force(case)
    return number


def token_for(case: str) -> str:
    """Give the token that goes with a call for this case; empty where no consent stands."""
    _, token = _in_force(case)
    return token


@lru_cache(maxsize=4096)
def consent_token(consent: str) -> str:
    """Give the token of a consent, whether or not it was withdrawn; raises `ConsentUnknown`."""
    found = Consent.objects.filter(number=consent).values_list("token", flat=True).first()
    if found is None:
        raise ConsentUnknown(f"ConsentUnknown: no consent {consent[:32]}")
    return str(found)


@dataclass(frozen=True, slots=True)
class Given:
    """A consent as the person sees it; ``withdrawn`` is None while it stands."""

    number: str
    case: str
    life_event: str
    given: datetime
    until: datetime
    withdrawn: datetime | None
    lines: Sequence[Mapping[str, Any]]
    receipt: Mapping[str, Any]

    def stands(self, now: datetime) -> bool:
        """Say whether calls may be made on it."""
        return self.withdrawn is None and now < self.until


def consents_of(subject: Subject) -> tuple[Given, ...]:
    """Give the consents that this person gave, newest first."""
    if not subject.person_id:
        return ()
    rows = Consent.objects.filter(person=subject.person_id).select_related("withdrawal")
    return tuple(_given(row) for row in rows.order_by("-pk")[:_MOST])


def consent_of(subject: Subject, consent: str) -> Given:
    """Give one consent of this person; raises `ConsentUnknown`."""
    row = (
        Consent.objects.filter(number=consent, person=subject.person_id)
        .select_related("withdrawal")
        .first()
    )
    if row is None or not subject.person_id:
        raise ConsentUnknown(f"ConsentUnknown: you gave no consent {consent[:32]}")
    return _given(row)


def chains_of(case: str) -> tuple[str, ...]:
    """Give the chains of the trail on which the consents of a case are told, oldest first."""
    numbers = Consent.objects.filter(case=case).order_by("pk").values_list("number", flat=True)
    return tuple(consent_chain(number) for number in numbers)


def _given(row: Consent) -> Given:
    withdrawal: Withdrawal | None = getattr(row, "withdrawal", None)  # none: not withdrawn
    return Given(
        row.number,
        row.case,
        row.life_event,
        row.given,
        row.until,
        withdrawal.at if withdrawal else None,
        row.receipt["document"]["lines"],
        row.receipt,
    )


# Who looked at whose data (谁查了我).


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at a person's data: who, at what, for what, on which ground, what came of it.

    ``department`` asked and ``provider`` was asked, by keys of this instance or codes of others.
    """

    at: datetime
    call: str
    department: str
    provider: str
    resource: str
    facts: Sequence[str]
    purposes: Sequence[str]
    basis: str
    case: str
    outcome: str


def looks(cases: Iterable[str], numbers: Sequence[str]) -> tuple[Seen, ...]:
    """Give every look at a person, newest first: in these cases, and in the nodes' logs.

    ``cases`` are the person's own, ``numbers`` the person's identity or credit numbers. Statutory
    looks are here like all others. A call that both tell of is given once.
    """
    found: dict[str, Seen] = {}
    for event in told.of_type(CALLED, list(cases)):
        if not event.erased:
            data = event.data
            found[data["call"]] = Seen(
                event.occurred,
                data["call"],
                queries.catalogue().governance.operator,
                data["department"],
                data["resource"],
                tuple(data["facts"]),
                tuple(data["items"]),
                data["basis"],
                event.chain,
                data["outcome"],
            )
    for number in numbers:
        found |= _openings(number)
    for row in Look.objects.filter(mark__in=_marks(numbers)).order_by("-at")[:_MOST]:
        found.setdefault(row.call or f"{row.node}:{row.row}", _seen(row))
    return tuple(sorted(found.values(), key=lambda seen: seen.at, reverse=True))


def _openings(number: str) -> dict[str, Seen]:
    """Give who opened the file of the person or company with this number."""
    return {
        f"{event.id}:{section['resource']}": Seen(
            event.occurred,
            event.id,
            event.organisation,
            section["department"],
            section["resource"],
            tuple(section["fields"]),
            (event.data["purpose"],),
            "statutory",
            event.data["case"],
            section["status"],
        )
        for kind in ("person", "company")
        for by in SUITES.values()  # the instance may have changed its suite
        for event in told.history(file_chain(_file_mark(kind, number, by)))
        if not event.erased
        for section in event.data["sections"]
    }


def file_mark(kind: str, number: str) -> str:
    """Give the mark of a person or company, which names its chain and tells no number."""
    return _file_mark(kind, number, suite(settings.SUITE))


def _file_mark(kind: str, number: str, by: Suite) -> str:
    key = by.digest(f"tongban.exchange.file{settings.SECRET_KEY}".encode())
    return by.mac(key, f"{kind}:{number}".encode()).hex()[:_MARK]


def _seen(row: Look) -> Seen:
    return Seen(
        row.at,
        row.call,
        _who(row.client),
        _who(row.service),
        row.service.rpartition("/")[2],
        (),
        tuple(row.purposes),
        "consent" if row.consent else "statutory",
        row.issue,
        "value" if row.status < 300 else "refused",
    )


def _who(identifier: str) -> str:
    """Name the department behind an identifier, else its credit code."""
    try:
        named = Identifier.parse(identifier)
    except IdentifierInvalid:
        return identifier
    rules = queries.catalogue().governance
    own = rules.department(named.member) if named.instance == rules.instance else ""
    return own or named.member


def _marks(numbers: Iterable[str]) -> set[str]:
    """Give under which marks the nodes would have logged these numbers."""
    catalogue = queries.catalogue()
    keys = {name for c in catalogue.contracts.values() for name in c.resource.key}
    written = [f"{name}={number}".encode() for number in numbers for name in sorted(keys)]
    marks: set[str] = set()
    for name, key in subject_keys.every():
        marks.update(suite(name).mac(key, text).hex()[:_MARK] for text in written)
    return marks
