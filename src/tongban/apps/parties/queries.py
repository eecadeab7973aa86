"""Reads of parties: who is asking, and for whom they may act."""

from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet

from tongban.infra.access.domain import BARE, RAISED, Context, Subject
from tongban.infra.access.domain import Post as Office
from tongban.infra.access.elevation import raised
from tongban.infra.access.models import User
from tongban.infra.keys import own_secret
from tongban.infra.secrecy.fields import holding
from tongban.kernel.suites import suite

from .models import Company, Delegation, Department, Person, Post
from .sign_on.claims import pairwise


def subject_of(user: User, context: Context = BARE) -> Subject:
    """Give the subject that ``access.judge`` judges: a citizen, an official, or both posts.

    ``context`` says how the call comes; without one nothing is known but that somebody signed in.
    """
    posts = tuple(
        Office(department=p.department_id, role=p.role, region=p.department.region)
        for p in Post.objects.filter(user=user).select_related("department").order_by("pk")
    )
    person = Person.objects.filter(user=user).first()
    return Subject(
        user_id=str(user.pk),
        name=user.first_name or user.username,
        kind="official" if posts else "citizen",
        person_id=str(person.pk) if person else "",
        posts=posts,
        context=context,
        raised=raised(user) if any(post.role in RAISED for post in posts) else frozenset(),
    )


def officials(department: str, role: str) -> tuple[User, ...]:
    """Give the users who hold this post, oldest first."""
    posts = Post.objects.filter(department_id=department, role=role).select_related("user")
    return tuple(p.user for p in posts.order_by("pk"))


def numbered(number: str) -> QuerySet[Person]:
    """Give the person with this identity number, if there is one; the number is sealed."""
    return Person.objects.filter(holding(Person, "id_number", number))


def user_of(person: str) -> str:
    """Give the user id of a person by the opaque id of a subject; empty where it has no account."""
    user = Person.objects.filter(pk=int(person)).values_list("user_id", flat=True).first()
    return "" if user is None else str(user)


def name_of(person: str) -> str:
    """Give the name of a person by the opaque id of a subject."""
    return str(Person.objects.get(pk=int(person)).name)


def acted_for(subject: Subject) -> str:
    """Give the name of the company or person for which a subject acts; empty where for itself."""
    behalf = subject.behalf
    if behalf is None:
        return ""
    if behalf.kind == "company":
        return str(Company.objects.get(pk=behalf.principal).name)
    return name_of(subject.person_id)


def pseudonym(user: str, sector: str) -> str:
    """Give under which name the systems of one sector know a user or person; 43 characters."""
    secret = own_secret(Path(settings.HOME), "pairwise", "secret", bytes)
    return pairwise(suite(settings.SUITE), secret, sector, user)


def agents_of(person: str) -> frozenset[str]:
    """Give the user ids of everybody who ever could act for this person."""
    rows = Delegation.objects.filter(principal_id=int(person)).values_list("agent_id", flat=True)
    return frozenset(map(str, rows))


def id_number(person: str) -> str:
    """Give the identity number of a registered person by the opaque id of a subject."""
    return str(Person.objects.get(pk=int(person)).id_number)


@lru_cache(maxsize=256)
def _department(key: str) -> Department:
    """Give a department; one that is unknown is looked up again each time."""
    if not key:  # who acts by no department is nobody's
        raise Department.DoesNotExist
    return Department.objects.get(key=key)


def forget_departments() -> None:
    """Let this process read departments afresh: their names or regions have changed."""
    _department.cache_clear()


def departments() -> tuple[str, ...]:
    """Name the keys of all departments."""
    return tuple(Department.objects.order_by("key").values_list("key", flat=True))


def department_region(key: str) -> str:
    """Give the division in which a department acts; empty where it is unknown."""
    try:
        return _department(key).region
    except Department.DoesNotExist:
        return ""


def department_name(key: str, lang: str) -> str:
    """Give a department's name in ``zh`` or ``en``; the key itself where it is unknown."""
    try:
        row = _department(key)
    except Department.DoesNotExist:
        return key
    return row.name_en if lang == "en" else row.name_zh


def department_code(key: str) -> str:
    """Give a department's unified social credit code (统一社会信用代码)."""
    return _department(key).uscc
