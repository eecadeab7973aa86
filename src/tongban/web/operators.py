"""Django's admin pages, for operators alone (运维): dead letters, background work, systems let in.

Whoever holds the post of an operator reads here, with two factors; trying something again needs the
role raised. Nothing is edited: what an operator does goes through the verb that the command calls.
``is_staff`` and Django's own permissions open nothing.
"""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django_tasks_db.models import DBTaskResult

from tongban.apps.parties.models import Client
from tongban.infra.access.domain import judge
from tongban.infra.access.refusing import refuse
from tongban.infra.jobs import services as jobs
from tongban.infra.trail import relay
from tongban.infra.trail.models import Parked

from .pages import subject_of

_READ = "job.read"


class Operations(admin.AdminSite):
    """The site; its door is that of every page, and who may not enter is sent there."""

    site_header = site_title = "通办运维 · Operations"
    index_title = "运维 · For operators"

    def has_permission(self, request: HttpRequest) -> bool:
        """Ask the judge; raises StepUpNeeded where a second factor would let the subject in."""
        return _may(request, _READ, step_up=True)

    def password_change(  # type: ignore[override]  # leads on, draws nothing
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the page of one's own account, which asks for the second factor."""
        del request, extra_context
        return redirect("account")


def _may(request: HttpRequest, action: str, *, step_up: bool = False) -> bool:
    subject = subject_of(request)
    if subject is None:
        return False
    ruling = judge(subject, action, {})
    if not ruling.allowed and step_up:
        refuse(subject, action, {"page": request.path[:200]}, ruling)
    return ruling.allowed


class _Read(admin.ModelAdmin):  # type: ignore[type-arg]  # the stubs alone make it generic
    """A list and its rows, to read; ``read`` is the action that shows it."""

    read = _READ
    list_per_page = 100
    show_full_result_count = False

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        del obj
        return _may(request, self.read)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return _may(request, self.read)

    def has_add_permission(self, request: HttpRequest) -> bool:
        del request
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        del request, obj
        return False

    def again(
        self,
        request: HttpRequest,
        action: str,
        rows: QuerySet[Any],
        verb: Callable[[Any, str], None],
    ) -> None:
        """Try each row again, in the name of who orders it; say what was refused and why."""
        subject = subject_of(request)
        if subject is None:
            raise PermissionDenied
        ruling = judge(subject, action, {})
        if not ruling.allowed:
            refuse(subject, action, {}, ruling)
            self.message_user(request, f"{ruling.zh} / {ruling.en}", messages.ERROR)
            return
        for row in rows:
            try:
                verb(row.pk, subject.user_id)
            except (jobs.NotDead, relay.NotParked) as error:
                self.message_user(request, str(error), messages.WARNING)
            else:
                self.message_user(request, f"{row.pk}: 已重新排队 / queued again")


class Jobs(_Read):
    """Background work (后台任务), with its arguments and the error of the last try."""

    list_display = ("id", "status", "queue_name", "enqueued_at", "finished_at")
    list_filter = ("status", "queue_name")
    ordering = ("-enqueued_at",)
    actions = ("try_again",)

    @admin.action(description="重新排队 · Try again")
    def try_again(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Let dead jobs be tried again from the first try."""
        self.again(
            request, "job.requeue", queryset, lambda key, who: jobs.requeue(str(key), actor=who)
        )


class Letters(_Read):
    """Events that a consumer has not handled (死信): to be tried again, or dead."""

    read = "relay.read"
    list_display = ("id", "consumer", "chain", "attempts", "due", "dead")
    list_filter = ("dead", "consumer")
    list_select_related = ("event",)
    ordering = ("id",)
    actions = ("try_again",)

    @admin.action(description="重新投递 · Deliver again")
    def try_again(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Let dead letters be delivered again from the first try."""
        self.again(
            request, "relay.requeue", queryset, lambda key, who: relay.requeue(key, actor=who)
        )


class Clients(_Read):
    """Systems that people sign in to through here (接入系统); commands add and end them."""

    list_display = ("name", "sector", "client_id", "created")
    fields = ("name", "sector", "client_id", "redirect_uris", "scopes", "created")
    ordering = ("pk",)


site = Operations()
site.register(DBTaskResult, Jobs)
site.register(Parked, Letters)
site.register(Client, Clients)
