"""Verbs of acting for another (代理): grant, record, end; and the subject of who acts.

A citizen grants what is its own to give, an official records guardians and whom it helps itself at
a counter. Every delegation ends by itself; whoever is acted for sees each and ends it at once.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time

from django.db import transaction
from django.db.models import Q

from tongban.infra import clock
from tongban.infra.access.domain import (
    BARE,
    EVERYTHING,
    Behalf,
    Context,
    Ruling,
    Subject,
    judge,
)
from tongban.infra.access.models import User
from tongban.infra.access.refusing import refuse
from tongban.infra.trail.services import tell
from tongban.kernel.codes import IdentityNumber
from tongban.kernel.events import Draft

from . import queries, services
from .domain import RULES, DelegationRefused, Kind, adult_on, check
from .models import Company, Delegation, Person

GRANTED = "tongban.parties.delegation_granted.v1"
ENDED = "tongban.parties.delegation_ended.v1"
#: Begins what stands in place of a delegation's number where a company acts by its representative.
ITSELF = "company:"


@dataclass(frozen=True, slots=True)
class Named:
    """A person as a form names it: both must be right, and a wrong one is not told apart."""

    id_number: str
    name: str


@dataclass(frozen=True, slots=True)
class Scope:
    """What a delegation covers and until when; ``events`` are slugs of life events."""

    actions: Collection[str]
    events: Collection[str]
    ends: datetime


def _allow(subject: Subject, action: str, resource: dict[str, str]) -> None:
    ruling = judge(subject, action, resource)
    if not ruling.allowed:
        refuse(subject, action, resource, ruling)
        raise DelegationRefused(ruling.zh, ruling.en)


def _found(named: Named) -> Person:
    person = services.person_with(named.id_number)
    if person is None or person.user is None or person.name != named.name:
        raise DelegationRefused(
            "没有此人，或姓名与号码不符",
            "nobody with an account has this name and number",
            about="agent",
        )
    return person


def grant(subject: Subject, agent: Named, scope: Scope, *, company: str = "") -> str:
    """Let somebody act for the subject, or for a company it represents; give the number.

    Raises `DelegationRefused`, StepUpNeeded.
    """
    _allow(subject, "delegation.grant", {"applicant": subject.person_id})
    firm = None
    if company:
        firm = next((one for one in companies_of(subject) if one.pk == company), None)
        if firm is None:
            raise DelegationRefused(
                "您不是该企业的法定代表人", "you do not represent this company", about="company"
            )
    principal = Person.objects.get(pk=int(subject.person_id))
    user = _found(agent).user
    kind: Kind = "company" if firm is not None else "agent"
    return _make(kind, principal, user, scope, made_by=subject.user_id, company=firm)


def record_guardian(
    subject: Subject, ward: Named, guardian: Named, scope: Scope, *, department: str, basis: str
) -> str:
    """Record by an official that a guardian acts for a ward; ``basis`` is the document seen.

    A minor's guardian ends on the day the ward comes of age (民法典 第十七条). The ward needs no
    account. Raises `DelegationRefused`, ``kernel.codes.CodeError``, StepUpNeeded.
    """
    _at_counter(subject, department)
    number = IdentityNumber.parse(ward.id_number)
    adult = datetime.combine(adult_on(number.birth_date), time(), clock.SHANGHAI)
    if clock.now() < adult < scope.ends:
        raise DelegationRefused(
            f"被监护人{adult:%Y-%m-%d}成年，期限不得超过该日",
            f"the ward comes of age on {adult:%Y-%m-%d}: end it by then",
        )
    user = _found(guardian).user
    principal = _person(ward)
    return _make(
        "guardian",
        principal,
        user,
        scope,
        made_by=subject.user_id,
        department=department,
        basis=basis,
    )


def record_assistance(
    subject: Subject, helped: Named, scope: Scope, *, department: str, basis: str
) -> str:
    """Record that the official itself helps somebody at a counter, for a day at most (帮办代办).

    ``basis`` names the consent that was signed. Raises as `record_guardian`.
    """
    _at_counter(subject, department)
    IdentityNumber.parse(helped.id_number)
    user = User.objects.get(pk=int(subject.user_id))
    return _make(
        "assisted",
        _person(helped),
        user,
        scope,
        made_by=subject.user_id,
        department=department,
        basis=basis,
    )


def _at_counter(subject: Subject, department: str) -> None:
    region = queries.department_region(department)
    _allow(subject, "delegation.record", {"department": department, "region": region})


def _person(named: Named) -> Person:
    person = services.ensure_person(named.id_number, named.name)
    if person.name != named.name:
        raise DelegationRefused("没有此人，或姓名与号码不符", "nobody has this name and number")
    return person


def _make(
    kind: Kind,
    principal: Person,
    agent: User | None,
    scope: Scope,
    *,
    made_by: str,
    company: Company | None = None,
    department: str = "",
    basis: str = "",
) -> str:
    now = clock.now()
    check(kind, scope.actions, scope.events, now, scope.ends, basis)
    if agent is None or principal.user_id == agent.pk:
        raise DelegationRefused("不能委托本人", "nobody acts for itself", about="agent")
    number = uuid.uuid4().hex
    with transaction.atomic():
        Delegation.objects.create(
            number=number,
            kind=kind,
            principal=principal,
            company=company,
            agent=agent,
            actions=sorted(set(scope.actions)),
            events=sorted(set(scope.events)),
            basis=basis,
            made_by_id=int(made_by),
            department=department,
            begins=now,
            ends=scope.ends,
        )
        tell(
            Draft(
                type=GRANTED,
                chain=f"delegation:{number}",
                actor=made_by,
                organisation=department,
                on_behalf_of=str(principal.pk),
                authority=RULES[kind].law,
                data={
                    "delegation": number,
                    "kind": kind,
                    "agent": str(agent.pk),
                    "company": company.pk if company is not None else "",
                    "actions": sorted(set(scope.actions)),
                    "events": sorted(set(scope.events)),
                    "until": scope.ends.isoformat(),
                    "basis": basis,
                },
            )
        )
    return number


def end(subject: Subject, number: str, *, reason: str) -> None:
    """End a delegation now, by who is acted for, who acts, or the office that recorded it.

    A second time does nothing. Raises `DelegationRefused` where it is none of the subject's.
    """
    row = Delegation.objects.filter(number=number).first()
    ours = row is not None and (
        str(row.principal_id) == subject.person_id
        or str(row.agent_id) == subject.user_id
        or (bool(row.department) and _recorded_here(subject, row.department))
    )
    if row is None or not ours or subject.behalf is not None:
        no = Ruling(allowed=False, zh="没有此代理关系", en="there is no such delegation of yours")
        refuse(subject, "delegation.end", {"delegation": number[:32]}, no)
        raise DelegationRefused(no.zh, no.en)
    with transaction.atomic():
        if not Delegation.objects.filter(pk=number, ended=None).update(ended=clock.now()):
            return
        tell(
            Draft(
                type=ENDED,
                chain=f"delegation:{number}",
                actor=subject.user_id,
                on_behalf_of=str(row.principal_id),
                reason=reason,
                data={"delegation": number},
            )
        )


def _recorded_here(subject: Subject, department: str) -> bool:
    region = queries.department_region(department)
    return judge(subject, "delegation.end", {"department": department, "region": region}).allowed


def acting(user: User, number: str, context: Context = BARE) -> Subject:
    """Give the user as acting for whom this delegation names; raise `DelegationRefused`.

    The subject is the person acted for, with the user's own id: the trail shows both. Posts are
    left at home. ``company:`` and a credit code is the user's own company, which its legal
    representative acts for without a delegation (民法典 第六十一条).
    """
    if number.startswith(ITSELF):
        return _as_company(user, number, context)
    now = clock.now()
    row = (
        Delegation.objects.select_related("principal")
        .filter(number=number, agent=user, ended=None, begins__lte=now, ends__gt=now)
        .first()
    )
    if row is None:
        raise _not_in_force(user, number, context)
    principal = str(row.principal_id)
    behalf = Behalf(
        number,
        row.kind,
        row.company_id or principal,
        frozenset(row.actions),
        frozenset(row.events),
    )
    name = user.first_name or user.username
    return Subject(str(user.pk), name, "citizen", principal, context=context, behalf=behalf)


def _as_company(user: User, number: str, context: Context) -> Subject:
    own = Company.objects.filter(representative__user=user)
    firm = own.filter(pk=number.removeprefix(ITSELF)).first()
    if firm is None:
        raise _not_in_force(user, number, context)
    everything = frozenset({EVERYTHING})
    behalf = Behalf(number, "company", firm.pk, RULES["company"].actions, everything)
    name = user.first_name or user.username
    principal = str(firm.representative_id)
    return Subject(str(user.pk), name, "citizen", principal, context=context, behalf=behalf)


def _not_in_force(user: User, number: str, context: Context) -> DelegationRefused:
    no = Ruling(allowed=False, zh="代理关系不存在或已终止", en="no such delegation is in force")
    asking = queries.subject_of(user, context)
    refuse(asking, "delegation.use", {"delegation": number[:32]}, no)
    return DelegationRefused(no.zh, no.en)


def basis_of(number: str) -> str:
    """Give the document that a delegation stands on, as it was recorded."""
    return str(Delegation.objects.values_list("basis", flat=True).get(number=number))


def companies_of(subject: Subject) -> Sequence[Company]:
    """List the companies for which the subject may name agents."""
    if not subject.person_id:
        return ()
    return list(Company.objects.filter(representative_id=int(subject.person_id)).order_by("pk"))


def given_by(subject: Subject) -> Sequence[Delegation]:
    """List the delegations that others hold of this person, the newest first."""
    if not subject.person_id:
        return ()
    rows = Delegation.objects.filter(principal_id=int(subject.person_id))
    related = rows.select_related("principal", "agent", "company")
    return list(related.order_by("-begins"))


def held_by(user: User) -> Sequence[Delegation]:
    """List the delegations by which this user may act now."""
    now = clock.now()
    rows = Delegation.objects.filter(Q(agent=user) & Q(ended=None) & Q(ends__gt=now))
    return list(rows.select_related("principal", "agent", "company").order_by("begins"))
