"""Verbs of parties: install departments, register people, appoint officials."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.db import transaction

from tongban.infra.access.assurance import NAMED, SEEN
from tongban.infra.access.domain import Post as Office
from tongban.infra.access.domain import conflict
from tongban.infra.access.models import User
from tongban.infra.secrecy.ring import held
from tongban.kernel.codes import IdentityNumber

from . import queries
from .models import Company, Department, Person, Post, Relation
from .queries import numbered


class DutiesConflict(ValueError):
    """Two duties that one person may not hold together."""


@dataclass(frozen=True, slots=True)
class DepartmentRow:
    """A department (部门) as a region pack describes it."""

    key: str
    uscc: str
    name_zh: str
    name_en: str
    region: str


def install_departments(rows: Iterable[DepartmentRow]) -> None:
    """Write the departments of a pack; a known key is brought up to date."""
    Department.objects.bulk_create(
        [
            Department(
                key=r.key, uscc=r.uscc, name_zh=r.name_zh, name_en=r.name_en, region=r.region
            )
            for r in rows
        ],
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=["uscc", "name_zh", "name_en", "region"],
    )
    queries.forget_departments()


def _user(login: str, name: str) -> User:
    user, created = get_user_model().objects.get_or_create(
        username=login, defaults={"first_name": name}
    )
    if created:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    return user


@transaction.atomic
def register_person(login: str, name: str, id_number: str, proof: int = NAMED) -> User:
    """Give a natural person (自然人) an account; the same person twice is one account.

    ``proof`` says how the person was proofed (实名、实人); it never falls. Raises
    ``kernel.codes.CodeError`` where the identity number is not valid.
    """
    number = str(IdentityNumber.parse(id_number))
    held()  # two who register one person at a time meet at the blind index
    person, _ = (
        numbered(number)
        .select_for_update()
        .get_or_create(defaults={"id_number": number, "name": name})
    )
    if person.user is None:
        person.name, person.user = name, _user(login, name)
        person.save()
    _prove(person.user, proof)
    return person.user


def person_with(number: str) -> Person | None:
    """Give the person with this identity number, or nobody."""
    return numbered(number).select_related("user").first()


@transaction.atomic
def ensure_person(number: str, name: str) -> Person:
    """Give the person with this identity number; one without an account where there was none."""
    held()
    return numbered(number).get_or_create(defaults={"id_number": number, "name": name})[0]


def _prove(user: User, proof: int) -> None:
    if user.proof < proof:
        user.proof = proof
        user.save(update_fields=["proof"])


@transaction.atomic
def appoint(login: str, name: str, department: str, role: str) -> User:
    """Give an official (工作人员) a post (岗位) in a department; who appoints has seen the person.

    Raises `DutiesConflict`: administer, audit and operate are three hands (三员分立).
    """
    user = _user(login, name)
    held = Post.objects.filter(user=user).values_list("department_id", "role")
    offices = [Office(d, r, "") for d, r in {*held, (department, role)}]
    if double := conflict(offices):
        raise DutiesConflict(f"DutiesConflict: {login} may not be {double} at once; use two people")
    Post.objects.get_or_create(user=user, department_id=department, role=role)
    _prove(user, SEEN)
    if user.kind != User.Kind.OFFICIAL:
        user.kind = User.Kind.OFFICIAL
        user.save(update_fields=["kind"])
    return user


def marry(first: str, second: str) -> None:
    """Record that two registered people are spouses, in both directions (配偶)."""
    a, b = (numbered(n).get() for n in (first, second))
    for person, other in ((a, b), (b, a)):
        Relation.objects.get_or_create(person=person, other=other, kind=Relation.Kind.SPOUSE)


def register_company(uscc: str, name: str, representative: str) -> None:
    """Record a legal person (法人) with the identity number of its representative."""
    Company.objects.update_or_create(
        uscc=uscc,
        defaults={
            "name": name,
            "representative": numbered(representative).get(),
        },
    )
