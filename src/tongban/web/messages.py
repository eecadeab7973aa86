"""Pages of messages (消息): the inbox, one message, and where else somebody wants to be told.

An inbox is one's own: who acts for another reads its own, never the other's.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tongban.infra.access.domain import Subject
from tongban.infra.messages import queries, services
from tongban.infra.messages.services import ChannelRefused

from .components import Field, Option
from .pages import language, missing, page, subject_of, words_of
from .stepping import Form, again, form_of, fresh_form

_SIZE = 20
_TABS = (("messages", "messages_inbox"), ("channels", "channels"))
_KINDS = ("email", "sms")
_LONGEST = 254
_HIGHEST = 2**53  # no message has a greater number, and no database a column for one


def _reader(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give a page of messages whose inbox it is; a stranger signs in first."""

    @wraps(view)
    def guarded(request: HttpRequest, **more: Any) -> HttpResponse:
        subject = subject_of(request)
        if subject is None:
            return redirect(f"{reverse('sign-in')}?{urlencode({'next': request.path})}")
        return view(request, subject, **more) if subject.person_id else missing(request)

    return guarded


def _tabs(request: HttpRequest) -> list[tuple[str, str, str]]:
    t = words_of(request)
    return [(reverse(name), name, t[word]) for name, word in _TABS]


@require_GET
@_reader
def inbox(request: HttpRequest, subject: Subject) -> HttpResponse:
    """List the messages, the latest first, a page at a time."""
    asked = request.GET.get("before", "")
    before = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 16 else 0
    rows = queries.inbox(subject.person_id, language(request), before=before, size=_SIZE + 1)
    more = rows[_SIZE - 1]["id"] if len(rows) > _SIZE else 0
    shown = {
        "subject": subject,
        "tabs": _tabs(request),
        "rows": rows[:_SIZE],
        "earlier": reverse("messages") if before else "",
        "later": f"?before={more}" if more else "",
    }
    return page(request, "messages", shown)


@require_GET
@_reader
def message(request: HttpRequest, subject: Subject, number: int) -> HttpResponse:
    """Show one message; opening it is reading it."""
    known = number < _HIGHEST
    row = queries.message(subject.person_id, number, language(request)) if known else None
    if row is None:
        return missing(request)
    if row["read"] is None:
        services.mark_read(subject.person_id, [number])
    t = words_of(request)
    sent = [
        {
            "name": t[f"channel_{one['kind']}"],
            "state": t[f"delivery_{one['state']}"],
            "tone": "done" if one["state"] == "sent" else "quiet",
        }
        for one in queries.deliveries(subject.person_id, number)
    ]
    # a message about a case leads there; one about a draft or a policy stands for itself
    case = row["chain"] if ":" not in row["chain"] else ""
    return page(request, "message", {"subject": subject, "row": row, "sent": sent, "case": case})


@require_POST
@_reader
def read_all(request: HttpRequest, subject: Subject) -> HttpResponse:  # noqa: ARG001 - the guard's face
    """Mark everything as read."""
    services.mark_read(subject.person_id, ())
    return redirect("messages")


# --- channels -------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@_reader
def channels(request: HttpRequest, subject: Subject) -> HttpResponse:
    """Show both channels, and set, confirm or drop one."""
    if request.method == "GET":
        return _channels(request, subject)
    kind, act = request.POST.get("kind", ""), request.POST.get("act", "save")
    if kind not in _KINDS:
        return missing(request)
    form = _form(request, kind, _held(subject))
    if act == "save" and not form.whole:
        return _channels(request, subject, kind, form)
    try:
        if act == "drop":
            services.drop_channel(subject.person_id, kind)
        elif act == "confirm":
            code = request.POST.get("code", "").strip()[:16]
            services.confirm_channel(subject.person_id, kind, code)
        else:
            address, wish = (one.value for one in form.fields)
            services.set_channel(
                subject.person_id,
                kind,
                address.strip()[:_LONGEST],
                wish=wish,
                lang=language(request),
            )
    except ChannelRefused as refused:
        line = refused.en if language(request) == "en" else refused.zh
        if act == "confirm":
            return _channels(request, subject, kind, code=line)
        return _channels(request, subject, kind, again(form, {"address": line}))
    return redirect("channels")


def _held(subject: Subject) -> dict[str, Any]:
    return {one["kind"]: one for one in queries.channels(subject.person_id)}


def _form(request: HttpRequest, kind: str, held: Mapping[str, Any], *, sent: bool = True) -> Form:
    """Make the form of a channel, with what was sent of it; an address is judged when it is set."""
    t = words_of(request)
    fields = [
        Field(
            "address",
            t[f"channel_address_{kind}"],
            "phone" if kind == "sms" else "text",
            # two forms on one page: names are the same, ids must not be
            key=f"{kind}-address",
            autocomplete="tel" if kind == "sms" else "email",
            most=_LONGEST,
        ),
        Field(
            "wish",
            t["channel_wish"],
            "choice",
            key=f"{kind}-wish",
            value=held[kind]["wish"] if kind in held else "all",
            options=(Option("all", t["wish_all"]), Option("lawful", t["wish_lawful"])),
        ),
    ]
    return form_of(request, fields) if sent else fresh_form(request, fields)


def _channels(
    request: HttpRequest, subject: Subject, kind: str = "", form: Form | None = None, code: str = ""
) -> HttpResponse:
    t = words_of(request)
    held = _held(subject)
    rows: list[dict[str, Any]] = [
        {
            "kind": one,
            "title": t[f"channel_{one}"],
            "held": held.get(one),
            "form": form if form and kind == one else _form(request, one, held, sent=False),
            "code": Field(
                "code",
                t["channel_code"],
                "number",
                key=f"{one}-code",
                autocomplete="one-time-code",
                most=6,
                error=code if kind == one else "",
            ),
        }
        for one in _KINDS
    ]
    every = [f for row in rows for f in (*row["form"].put, row["code"])]
    shown = {"subject": subject, "tabs": _tabs(request), "rows": rows, "fields": every}
    return page(request, "channels", shown, 422 if any(f.error for f in every) else 200)
