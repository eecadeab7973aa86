"""Reads of licences: whose they are, who may see them, and what one could show."""

from collections.abc import Mapping
from datetime import date
from itertools import islice
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from tongban.apps.items import queries as items
from tongban.apps.items.domain import LicenceKind
from tongban.apps.parties import queries as parties
from tongban.infra import clock
from tongban.infra.access.domain import Subject, judge
from tongban.infra.access.refusing import refuse
from tongban.infra.secrecy.fields import holding
from tongban.kernel import sdjwt

from . import domain, keys
from .composing import compose, kept_credential
from .errors import LicenceUnknown, NotAllowed
from .models import Licence

READ = "licence.read"


def of_case(case: str) -> QuerySet[Licence]:
    """Give the licences that a case issued, oldest first."""
    return Licence.objects.filter(case=case).order_by("pk")


def held_by(holder: str) -> QuerySet[Licence]:
    """Give the licences of a person or company, newest first."""
    return Licence.objects.filter(holding(Licence, "holder", holder)).order_by("-pk")


def _own(subject: Subject) -> Q:
    number = parties.id_number(subject.person_id)
    return holding(Licence, "holder", number) | Q(keeper=subject.person_id)


def mine(subject: Subject) -> QuerySet[Licence]:
    """Give the licences that a subject holds or keeps for another, newest first."""
    if not subject.person_id:
        return Licence.objects.none()
    return Licence.objects.filter(_own(subject)).order_by("-pk")


def valid_of(subject: Subject, kinds: frozenset[str], today: date) -> QuerySet[Licence]:
    """Give the licences of these kinds that a subject could show today, newest first."""
    standing = Q(valid_until__isnull=True) | Q(valid_until__gte=today)
    return mine(subject).filter(standing, kind__in=kinds, state=Licence.State.VALID)


def listed(subject: Subject, most: int) -> list[Licence]:
    """Give at most so many of `mine`, newest first: by a delegation, those that it covers.

    Raises `NotAllowed` where the delegation lets nobody see licences at all.
    """
    allow_agent(subject, READ)
    return _covered(subject, mine(subject), most)


def ending(subject: Subject, today: date, most: int) -> list[Licence]:
    """Give at most so many of `mine` that are valid until a day to come, the next to end first.

    By a delegation only those that it covers: none where it lets nobody see licences.
    """
    if subject.behalf is not None and READ not in subject.behalf.actions:
        return []
    running = mine(subject).filter(state=Licence.State.VALID, valid_until__gte=today)
    return _covered(subject, running.order_by("valid_until", "pk"), most)


def _covered(subject: Subject, rows: QuerySet[Licence], most: int) -> list[Licence]:
    if subject.behalf is None:
        return list(rows[:most])
    covered = (r for r in rows if judge(subject, READ, _about(subject, r, own=True)).allowed)
    return list(islice(covered, most))


def allow_agent(subject: Subject, action: str) -> None:
    """Let pass who asks for itself, or by a delegation that names this; raise `NotAllowed`.

    What the delegation covers is judged licence by licence.
    """
    if subject.behalf is None or action in subject.behalf.actions:
        return
    ruling = judge(subject, action, {})
    refuse(subject, action, {}, ruling)
    raise NotAllowed(ruling.zh, ruling.en)


def _about(subject: Subject, licence: Licence, *, own: bool) -> dict[str, str]:
    """Say what the judge asks of a licence, and no number of its holder: a no is on the trail."""
    about = {
        "applicant": subject.person_id if own else "",
        "department": licence.department,
        "region": parties.department_region(licence.department),
    }
    behalf = subject.behalf
    if behalf is None:
        return about
    # a licence knows its item: whoever may act in a life event of that item sees what it gave
    covered = (items.life_event(e) for e in items.life_events() if e in behalf.events)
    event = next((e.slug for e in covered if licence.item in {b.item for b in e.branches}), "")
    company = behalf.principal if licence.holder == behalf.principal else ""
    return about | {"life_event": event, "company": company}


def look(subject: Subject, identifier: str, action: str = READ) -> Licence:
    """Give a licence to whom may do this to it.

    Raises `LicenceUnknown`, also where the subject may not even see it, `NotAllowed`, and
    `StepUpNeeded`; each no is told on the trail.
    """
    licence = Licence.objects.filter(identifier=identifier).first()
    if licence is None:
        raise LicenceUnknown
    own = bool(subject.person_id) and mine(subject).filter(pk=licence.pk).exists()
    resource = _about(subject, licence, own=own)
    ruling = judge(subject, action, resource)
    if ruling.allowed:
        return licence
    seen = judge(subject, READ, resource).allowed
    refuse(subject, action, {**resource, "licence": identifier}, ruling, step_up=seen)
    if seen:
        raise NotAllowed(ruling.zh, ruling.en)
    raise LicenceUnknown


def kind_of(licence: Licence) -> LicenceKind:
    """Give the kind of a licence in the version it was issued under."""
    return items.licence_kind(licence.kind, licence.kind_version)


def uri_of(licence: Licence) -> str:
    """Give the ``vct`` of a licence."""
    return domain.kind_uri(settings.BASE_URL, licence.kind, licence.kind_version)


def could_show(licence: Licence) -> Mapping[str, Any]:
    """Give every claim that the holder may show today, by name."""
    kind, now = kind_of(licence), clock.now()
    credential = kept_credential(licence)
    key = keys.kept(licence.identifier).public
    held = sdjwt.hold(compose(licence, kind, key, credential.serial, now))
    return {d.name: d.value for d in held.disclosures if d.name is not None}


def told(uri: str, claims: Mapping[str, Any]) -> list[domain.Told]:
    """Tell claims of a credential of this kind as a person reads them."""
    named = domain.kind_of(uri) if uri.startswith(settings.BASE_URL + "/") else None
    kind = items.licence_kind(*named) if named else None
    return [] if kind is None else list(domain.told(claims, kind, items.vocabulary()))
