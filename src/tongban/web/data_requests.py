"""Pages of requests for data between departments: the queue, one request, a new one.

Server rendered, without script; every act is a form of its own. What a page offers is what the API
would not refuse.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from tongban.apps.exchange import queries, requests
from tongban.apps.exchange.domain.requests import WORDS as STATES
from tongban.apps.exchange.domain.requests import Action, ActionRefused
from tongban.apps.parties import queries as parties
from tongban.infra.access.domain import Subject
from tongban.kernel.facts import Words

from .components import Field, Option
from .pages import language, missing, page, refused, subject_of, words_of

_TONES = {
    "granted": "done",
    "refused": "stop",
    "withdrawn": "quiet",
    "lapsed": "quiet",
    "draft": "quiet",
}
_LIGHTS = {"green": "●", "amber": "▲", "red": "✖"}
_FORWARD = {Action.SUBMIT, Action.TAKE, Action.FORWARD, Action.GRANT}
_LISTED = 100
_CODES = {"request_client", "request_item"}
_Wrong = dict[str, tuple[str, str]]


def _line(row: requests.Row, lang: str) -> dict[str, Any]:
    stands = requests.how_late(row, queries.catalogue())
    asking = parties.department_name(row.asking, lang)
    provider = parties.department_name(row.provider, lang) if row.provider else row.sent_to
    clock = stands and f"{_LIGHTS[stands.light]} {stands.en if lang == 'en' else stands.zh}"
    return {
        "name": _resource_name(row.service.rpartition("/")[2], lang),
        "url": reverse("request", args=[row.number]),
        "hint": f"{asking} → {provider}" + (f" · {clock}" if clock else ""),
        "asking": asking,
        "provider": provider,
        "state": STATES[row.state].of(lang),
        "tone": _TONES.get(row.state, "wait"),
        "clock": clock,
    }


def _resource_name(slug: str, lang: str) -> str:
    contract = queries.catalogue().contracts.get(slug)
    return contract.resource.name.of(lang) if contract else slug


@require_GET
def requests_page(request: HttpRequest) -> HttpResponse:
    """Show the requests that the visitor's posts may see: the queue of reviewer and provider."""
    subject = subject_of(request)
    if subject is None or not subject.posts:
        return missing(request)
    lang = language(request)
    rows = requests.requests_of(subject, _LISTED)
    lines = [_line(row, lang) | {"mine": requests.actions_of(subject, row)} for row in rows]
    asks = any(post.role == "clerk" for post in subject.posts)
    shown = {
        "waiting": [line for line in lines if set(line["mine"]) - {Action.WITHDRAW}],
        "others": [line for line in lines if not set(line["mine"]) - {Action.WITHDRAW}],
    }
    return page(request, "requests", {"subject": subject, "asks": asks, **shown})


@require_http_methods(["GET", "POST"])
def request_page(request: HttpRequest, number: str) -> HttpResponse:
    """Show one request with its clock in words, and do what is offered."""
    subject = subject_of(request)
    if subject is None or not number.isprintable():
        return missing(request)
    lang, t = language(request), words_of(request)
    wrong = _Wrong()
    try:
        row = requests.look(subject, number)
        if request.method == "POST":
            _act(subject, number, request.POST)
            return redirect("request", number)
    except requests.RequestUnknown:
        return missing(request)
    except ActionRefused as no:
        return refused(request, [Words(no.zh, no.en).of(lang)])
    except requests.RequestInvalid as invalid:
        wrong = invalid.fields
    except (ValueError, requests.RequestMoved):
        return refused(request, [t["request_moved"]])
    actions = [
        {
            "value": action.value,
            "words": STATES[action].of(lang),
            "kind": "" if action in _FORWARD else "danger",
            "fields": _sent(_act_fields(action, lang, t), request, wrong)
            if action == request.POST.get("action")
            else _act_fields(action, lang, t),
        }
        for action in requests.actions_of(subject, row)
    ]
    shown = {"row": row, "told": _told(row, lang, t), "actions": actions, "subject": subject}
    shown["wrong"] = [one for action in actions for one in action["fields"]]
    return page(request, "request", _line(row, lang) | shown, 422 if wrong else 200)


def _act(subject: Subject, number: str, told: QueryDict) -> None:
    action = Action(told.get("action", ""))
    note = told.get("note", "")[:2000]
    requests.act(subject, number, action, ground=told.get("ground", ""), note=note)


def _act_fields(action: Action, lang: str, t: Mapping[str, str]) -> list[Field]:
    key = f"note-{action}"
    note = Field("note", t["note"], "long", most=2000, optional=True, key=key)
    if action is not Action.REFUSE:
        return [note]
    grounds = tuple(
        Option(
            one.slug,
            t["in_brackets"].format(text=one.label.of(lang), more=f"{one.title} {one.article}"),
        )
        for one in queries.catalogue().governance.refusals.values()
    )
    return [Field("ground", t["request_refusal"], "select", options=grounds), note]


def _sent(fields: Iterable[Field], request: HttpRequest, wrong: _Wrong) -> list[Field]:
    """Give the fields as they were sent, each with what is wrong with it."""
    at = 1 if language(request) == "en" else 0
    told = request.POST
    return [
        replace(
            one,
            value="" if one.kind == "checks" else told.get(one.name, one.value),
            values=frozenset(told.getlist(one.name)) if one.kind == "checks" else one.values,
            error=wrong[one.name][at] if one.name in wrong else "",
        )
        for one in fields
    ]


def _told(row: requests.Row, lang: str, t: Mapping[str, str]) -> list[dict[str, Any]]:
    """Give what a request says, a line each; empty lines are left out."""
    refusal = row.refusal
    lines = [
        ("request_asking", parties.department_name(row.asking, lang), False),
        (
            "request_provider",
            parties.department_name(row.provider, lang) if row.provider else row.sent_to,
            False,
        ),
        ("request_client", row.client, True),
        ("item", t["comma"].join(_labels(row, lang)), True),
        ("request_item", row.item, False),
        ("basis", t[row.basis], False),
        ("request_law", row.legal_basis, True),
        ("request_reason", row.reason, True),
        (
            "request_rows",
            t["semicolon"].join(
                f"{name}{t['colon']}{t['comma'].join(values)}" for name, values in row.rows.items()
            ),
            True,
        ),
        (
            "request_refusal",
            t["in_brackets"].format(
                text=refusal["zh"], more=f"{refusal['title']} {refusal['article']}"
            )
            if refusal
            else "",
            True,
        ),
        ("note", row.note, True),
    ]
    return [
        {
            "label": t[name],
            "shown": shown,
            "long": wide,
            "code": name in _CODES,
        }
        for name, shown, wide in lines
        if shown
    ]


def _labels(row: requests.Row, lang: str) -> list[str]:
    catalogue = queries.catalogue()
    contract = catalogue.contracts.get(row.service.rpartition("/")[2])
    if contract is None:
        return list(row.fields)
    shapes = catalogue.vocabulary.kinds[contract.resource.kind]
    return [shapes[name].label.of(lang) if name in shapes else name for name in row.fields]


@require_http_methods(["GET", "POST"])
def new_request(request: HttpRequest) -> HttpResponse:
    """Show the form of a resource's items, and take a request for some of them."""
    subject = subject_of(request)
    departments = [p.department for p in subject.posts if p.role == "clerk"] if subject else []
    if subject is None or not departments:
        return missing(request)
    lang = language(request)
    catalogue = queries.catalogue()
    slug = (request.POST if request.method == "POST" else request.GET).get("resource", "")
    contract = catalogue.contracts.get(slug)
    if contract is None:
        rows = [
            {
                "name": one.resource.name.of(lang),
                "url": f"?resource={key}",
                "hint": parties.department_name(one.resource.department, lang),
            }
            for key, one in sorted(catalogue.contracts.items())
        ]
        return page(request, "new_request", {"subject": subject, "resources": rows})
    wrong = _Wrong()
    try:
        if request.method == "POST":
            return redirect("request", _ask(subject, request.POST, departments))
    except ActionRefused as no:
        return refused(request, [no.en if language(request) == "en" else no.zh])
    except requests.RequestInvalid as invalid:
        wrong = invalid.fields
    shapes = catalogue.vocabulary.kinds[contract.resource.kind]
    attributes = [
        Option(name, shapes[name].label.of(lang)) for name in sorted(contract.resource.attributes)
    ]
    own = [Option(key, parties.department_name(key, lang)) for key in departments]
    fields = _request_fields(attributes, own, words_of(request))
    shown = {
        "subject": subject,
        "resource": slug,
        "name": contract.resource.name.of(lang),
        "provider": parties.department_name(contract.resource.department, lang),
        "fields": _sent(fields, request, wrong) if wrong else fields,
        "lines": [
            both[1 if lang == "en" else 0]
            for name, both in wrong.items()
            if name not in {one.name for one in fields}
        ],
    }
    return page(request, "new_request", shown, 422 if wrong else 200)


def _request_fields(
    attributes: Iterable[Option], departments: Sequence[Option], t: Mapping[str, str]
) -> list[Field]:
    bases = tuple(Option(name, t[name]) for name in ("statutory", "consent"))
    return [
        Field("fields", t["item"], "checks", options=tuple(attributes)),
        Field(
            "department",
            t["request_asking"],
            "choice",
            value=departments[0].value,
            options=tuple(departments),
        ),
        Field("system", t["request_client"], value="tongban", most=60),
        Field("item", t["request_item"], most=60),
        Field("basis", t["basis"], "choice", value="statutory", options=bases),
        Field("legal_basis", t["request_law"], most=2000),
        Field("reason", t["request_reason"], "long", most=2000),
    ]


def _ask(subject: Subject, told: QueryDict, departments: Sequence[str]) -> str:
    return requests.ask(
        subject,
        requests.NewRequest(
            service=told.get("resource", ""),
            fields=told.getlist("fields"),
            item=told.get("item", ""),
            basis=told.get("basis", ""),
            legal_basis=told.get("legal_basis", "")[:2000],
            reason=told.get("reason", "")[:2000],
            department=told.get("department", departments[0]),
            system=told.get("system", ""),
        ),
    )
