"""Pages of sharing: withdrawing a consent, requests for data and their queue, opening a file.

Server rendered, without script; every act is a form of its own, and a withdrawal asks once before
it is done. What a page offers is what the API would not refuse.
"""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tongban.apps.cases import services as cases
from tongban.apps.cases.errors import CaseError
from tongban.apps.exchange import consents, files, queries, requests
from tongban.apps.exchange.domain.requests import WORDS as STATES
from tongban.apps.exchange.domain.requests import Action, ActionRefused
from tongban.apps.parties import queries as parties
from tongban.infra.access.domain import Subject
from tongban.kernel.facts import Words

from .components import Field, Option
from .data import consent_view, owner, tabs
from .languages import words
from .pages import language, page, subject_of, view_of
from .words import WORDS

_SIGNS = {
    "granted": ("done", "✔"),
    "refused": ("stop", "✖"),
    "withdrawn": ("quiet", "○"),
    "lapsed": ("quiet", "○"),
    "draft": ("quiet", "○"),
}
_LIGHTS = {"green": "●", "amber": "▲", "red": "✖"}
_LISTED = 100


def _missing(request: HttpRequest, subject: Subject | None) -> HttpResponse:
    return page(request, "missing", {"subject": subject}, status=404)


@require_http_methods(["GET", "POST"])
def withdraw(request: HttpRequest, number: str) -> HttpResponse:
    """Ask once, then withdraw; the page says what stays and how consent is given again."""
    subject = subject_of(request)
    if subject is None or not number.isprintable():
        return _missing(request, subject)
    try:
        one = consents.consent_of(subject, number)
    except consents.ConsentUnknown:
        return _missing(request, subject)
    if request.method == "POST":
        consents.withdraw(number, subject)
        return redirect("consents")
    return page(request, "withdraw", {"subject": subject, **consent_view(one, language(request))})


@require_POST
def consent_again(request: HttpRequest, number: str) -> HttpResponse:
    """Consent anew to what an open case of one's own reads."""
    subject = subject_of(request)
    if subject is None or not number.isprintable():
        return _missing(request, subject)
    try:
        cases.consent_again(subject, number)
    except CaseError as refused:
        return _refused(request, subject, {"": (refused.zh, refused.en)})
    return redirect("consents")


def _refused(
    request: HttpRequest, subject: Subject, told: Mapping[str, tuple[str, str]]
) -> HttpResponse:
    at = 1 if language(request) == "en" else 0
    lines = [f"{name}: {both[at]}" if name else both[at] for name, both in told.items()]
    return page(request, "refused", {"subject": subject, "lines": lines}, status=409)


# requests for data


def _line(row: requests.Row, lang: str) -> dict[str, Any]:
    stands = requests.how_late(row, queries.catalogue())
    tone, sign = _SIGNS.get(row.state, ("wait", "●"))
    return {
        "row": row,
        "resource": row.service.rpartition("/")[2],
        "asking": parties.department_name(row.asking, lang),
        "provider": parties.department_name(row.provider, lang) if row.provider else row.sent_to,
        "state": STATES[row.state].of(lang),
        "tone": tone,
        "sign": sign,
        "clock": stands and f"{_LIGHTS[stands.light]} {stands.en if lang == 'en' else stands.zh}",
    }


@require_GET
def requests_page(request: HttpRequest) -> HttpResponse:
    """Show the requests that the visitor's posts may see: the queue of reviewer and provider."""
    subject = subject_of(request)
    if subject is None or not subject.posts:
        return _missing(request, subject)
    lang = language(request)
    rows = requests.requests_of(subject)[:_LISTED]
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
        return _missing(request, subject)
    try:
        if request.method == "POST":
            return _act(request, subject, number)
        row = requests.look(subject, number)
    except requests.RequestUnknown:
        return _missing(request, subject)
    lang = language(request)
    catalogue = queries.catalogue()
    shown = _line(row, lang) | {
        "labels": _labels(row, lang),
        "actions": [
            (action.value, STATES[action].of(lang)) for action in requests.actions_of(subject, row)
        ],
        "refusals": [
            (one.slug, f"{one.label.of(lang)}（{one.title} {one.article}）")
            for one in catalogue.governance.refusals.values()
        ],
        "ground": WORDS[row.basis].of(lang),
    }
    return page(request, "request", {"subject": subject, **shown})


def _labels(row: requests.Row, lang: str) -> list[str]:
    catalogue = queries.catalogue()
    contract = catalogue.contracts.get(row.service.rpartition("/")[2])
    if contract is None:
        return list(row.fields)
    shapes = catalogue.vocabulary.kinds[contract.resource.kind]
    return [shapes[name].label.of(lang) if name in shapes else name for name in row.fields]


def _act(request: HttpRequest, subject: Subject, number: str) -> HttpResponse:
    try:
        requests.act(
            subject,
            number,
            Action(request.POST.get("action", "")),
            ground=request.POST.get("ground", ""),
            note=request.POST.get("note", "")[:2000],
        )
    except ActionRefused as refused:
        return _refused(request, subject, {"": (refused.zh, refused.en)})
    except requests.RequestInvalid as wrong:
        return _refused(request, subject, wrong.fields)
    except (ValueError, requests.RequestMoved):
        moved = Words("申请刚刚被他人办理，请刷新", "somebody else just handled it; reload")
        return _refused(request, subject, {"": (moved.zh, moved.en)})
    return redirect("request", number)


@require_http_methods(["GET", "POST"])
def new_request(request: HttpRequest) -> HttpResponse:
    """Show the form of a resource's items, and take a request for some of them."""
    subject = subject_of(request)
    departments = [p.department for p in subject.posts if p.role == "clerk"] if subject else []
    if subject is None or not departments:
        return _missing(request, subject)
    lang = language(request)
    catalogue = queries.catalogue()
    slug = (request.POST if request.method == "POST" else request.GET).get("resource", "")
    contract = catalogue.contracts.get(slug)
    if contract is None:
        rows = [(key, one.resource.name.of(lang)) for key, one in catalogue.contracts.items()]
        return page(request, "new_request", {"subject": subject, "resources": sorted(rows)})
    if request.method == "POST":
        return _ask(request, subject, departments)
    shapes = catalogue.vocabulary.kinds[contract.resource.kind]
    shown = {
        "resource": slug,
        "name": contract.resource.name.of(lang),
        "provider": parties.department_name(contract.resource.department, lang),
        "attributes": [
            (name, shapes[name].label.of(lang)) for name in sorted(contract.resource.attributes)
        ],
        "departments": [(key, parties.department_name(key, lang)) for key in departments],
    }
    return page(request, "new_request", {"subject": subject, **shown})


def _ask(request: HttpRequest, subject: Subject, departments: list[str]) -> HttpResponse:
    told = request.POST
    try:
        number = requests.ask(
            subject,
            requests.NewRequest(
                service=told["resource"],
                fields=told.getlist("fields"),
                item=told.get("item", ""),
                basis=told.get("basis", ""),
                legal_basis=told.get("legal_basis", "")[:2000],
                reason=told.get("reason", "")[:2000],
                department=told.get("department", departments[0]),
                system=told.get("system", ""),
            ),
        )
    except ActionRefused as refused:
        return _refused(request, subject, {"": (refused.zh, refused.en)})
    except requests.RequestInvalid as wrong:
        return _refused(request, subject, wrong.fields)
    return redirect("request", number)


# one file a person, one file a company


@require_http_methods(["GET", "POST"])
def my_file(request: HttpRequest) -> HttpResponse:
    """Show the visitor's own file; a look is a post, because it is told."""
    subject = owner(request)
    if not isinstance(subject, Subject):
        return subject
    shown = {"subject": subject, "own": True, "tabs": tabs(request)}
    if request.method == "GET":
        return page(request, "file", shown)
    return _opened(request, subject, shown, "person", parties.id_number(subject.person_id))


@require_http_methods(["GET", "POST"])
def file_page(request: HttpRequest) -> HttpResponse:
    """Ask an official whose file is opened and why, then show it."""
    subject = subject_of(request)
    if subject is None or not any(post.role == "reviewer" for post in subject.posts):
        return _missing(request, subject)
    shown = {"subject": subject, "own": False, "fields": _file_fields(request)}
    if request.method == "GET":
        return page(request, "file", shown)
    kind = "company" if request.POST.get("kind") == "company" else "person"
    return _opened(request, subject, shown, kind, request.POST.get("number", ""))


def _file_fields(request: HttpRequest) -> list[Field]:
    t, told = words(view_of(request).language.tag), request.POST
    kinds = (Option("person", t["file_person"]), Option("company", t["file_company"]))
    return [
        Field(
            "kind",
            t["file_person_or_company"],
            "choice",
            value=told.get("kind", "person"),
            options=kinds,
        ),
        Field("number", t["file_number"], "identity", value=told.get("number", ""), most=18),
        Field("purpose", t["file_purpose"], value=told.get("purpose", ""), most=60),
        Field("reason", t["request_reason"], "long", value=told.get("reason", ""), most=2000),
    ]


def _opened(
    request: HttpRequest, subject: Subject, shown: Mapping[str, Any], kind: str, number: str
) -> HttpResponse:
    try:
        found = files.open_file(
            "company" if kind == "company" else "person",
            number,
            subject,
            purpose=request.POST.get("purpose", ""),
            reason=request.POST.get("reason", "")[:2000],
        )
    except (files.FileInvalid, ActionRefused) as refused:
        return _refused(request, subject, {"": (refused.zh, refused.en)})
    lang = language(request)
    sections = [
        {
            "department": parties.department_name(one.department, lang),
            "resource": one.resource,
            "status": WORDS[f"file_{one.status}"].of(lang),
            "values": _shown(one, lang),
        }
        for one in found.sections
    ]
    return page(request, "file", {**shown, "sections": sections, "law": found.legal_basis})


def _shown(section: files.Section, lang: str) -> list[tuple[str, str]]:
    catalogue = queries.catalogue()
    shapes = catalogue.vocabulary.kinds[catalogue.contracts[section.resource].resource.kind]
    return [
        (shapes[name].label.of(lang), WORDS["no_value"].of(lang) if value is None else str(value))
        for name, value in section.values.items()
    ]
