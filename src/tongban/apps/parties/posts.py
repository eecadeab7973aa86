"""Posts and roles (岗位与角色): who holds what in which department, given and ended by people.

An administrator whose role is raised does it, with a reason, never for itself. What a pack names is
appointed at setup; a post that was ended here is not brought back by it.
"""

from dataclasses import dataclass

from django.db import transaction

from tongban.apps.parties import queries, services
from tongban.apps.parties.models import Department, EndedPost, Post
from tongban.apps.parties.services import DutiesConflict
from tongban.infra import clock
from tongban.infra.access import users
from tongban.infra.access.domain import ROLES, Subject, judge
from tongban.infra.access.refusing import refuse
from tongban.infra.access.users import NotYours, UserUnknown
from tongban.infra.trail.services import tell
from tongban.kernel.events import Draft

GIVEN = "tongban.parties.post.given.v1"
ENDED = "tongban.parties.post.ended.v1"
_LONGEST = 500
_NAMES = 150


class PostRefused(Exception):
    """A post that cannot be given or ended so."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(f"PostRefused: {en}")


@dataclass(frozen=True, slots=True)
class Held:
    """A post and who holds it; ``open`` tells whether that account may sign in."""

    number: int
    login: str
    name: str
    department: str
    role: str
    open: bool


def held(subject: Subject, department: str) -> tuple[Held, ...]:
    """Give the posts of a department, by role and login; raises `NotYours`."""
    ruling = judge(subject, "user.read", {})
    if not ruling.allowed:
        refuse(subject, "user.read", {}, ruling)
        raise NotYours(ruling.zh, ruling.en)
    rows = Post.objects.filter(department_id=department).select_related("user")
    made = [
        Held(
            row.pk,
            row.user.username,
            row.user.get_full_name(),
            department,
            row.role,
            row.user.is_active,
        )
        for row in rows
    ]
    order = list(ROLES)
    return tuple(sorted(made, key=lambda one: (order.index(one.role), one.login)))


@transaction.atomic
def give(
    subject: Subject, login: str, department: str, role: str, *, reason: str, name: str = ""
) -> None:
    """Give a post to an official; an account that is not there yet is made for ``name``.

    Raises `PostRefused`, `NotYours`, `StepUpNeeded`.
    """
    login, name = login.strip(), " ".join(name.split())
    try:
        users.allow(subject, login)
    except UserUnknown:
        if not (name and 0 < len(login) <= _NAMES and login.isprintable()):
            raise PostRefused(
                "没有此账号；新建账号请同时填写登录名和姓名",
                "there is no such account; to make one give a login and a name",
            ) from None
    _reasoned(reason)
    if role not in ROLES or not Department.objects.filter(key=department).exists():
        raise PostRefused("没有这个部门或角色", "there is no such department or role")
    if Post.objects.filter(user__username=login, department_id=department, role=role).exists():
        raise PostRefused("此人已任该岗位", "this post is held by them already")
    try:
        user = services.appoint(login, name, department, role)
    except DutiesConflict as error:
        raise PostRefused(
            "岗位互斥：管理、审计、运维须由不同的人担任，也不得兼任办件岗位", str(error)
        ) from error
    EndedPost.objects.filter(login=login, department=department, role=role).delete()
    _tell(GIVEN, subject, str(user.pk), department, role, reason)


@transaction.atomic
def end(subject: Subject, number: int, *, reason: str) -> None:
    """End a post, but not that of the last administrator.

    Raises `PostRefused`, `NotYours`, `StepUpNeeded`.
    """
    row = Post.objects.select_for_update().select_related("user").filter(pk=number).first()
    if row is None:
        raise PostRefused("该岗位已被免去", "this post has ended already")
    users.allow(subject, row.user.username)
    _reasoned(reason)
    others = Post.objects.filter(role=row.role, user__is_active=True).exclude(user=row.user)
    if row.role == "admin" and not others.exists():
        raise PostRefused("这是最后一位管理员，不能免去", "this is the last administrator")
    EndedPost.objects.update_or_create(
        login=row.user.username,
        department=row.department_id,
        role=row.role,
        defaults={"ended_at": clock.now()},
    )
    row.delete()
    _tell(ENDED, subject, str(row.user_id), row.department_id, row.role, reason)


def appoint_named(login: str, name: str, department: str, role: str) -> None:
    """Appoint whom a pack names, unless somebody ended that post."""
    if not EndedPost.objects.filter(login=login, department=department, role=role).exists():
        services.appoint(login, name, department, role)


def departments(lang: str) -> tuple[tuple[str, str], ...]:
    """Give the departments with their names in ``zh`` or ``en``, by key."""
    return tuple((key, queries.department_name(key, lang)) for key in queries.departments())


def _reasoned(reason: str) -> None:
    if not 0 < len(reason.strip()) <= _LONGEST:
        raise PostRefused(
            f"请用1至{_LONGEST}字说明理由", f"give a reason of 1 to {_LONGEST} characters"
        )


def _tell(type_: str, subject: Subject, user: str, department: str, role: str, reason: str) -> None:
    tell(
        Draft(
            type=type_,
            chain=f"user:{user}",
            actor=subject.user_id,
            organisation=department,
            reason=reason.strip(),
            data={"department": department, "role": role},
        )
    )
