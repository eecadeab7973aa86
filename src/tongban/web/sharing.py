"""Pages of sharing: withdrawing a consent, consenting again, opening a file.

Server rendered, without script; every act is a form of its own, and a withdrawal asks once before
it is done. What a page offers is what the API would not refuse.
"""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from tongban.apps.cases import services as cases
from tongban.apps.cases.errors import CaseError
from tongban.apps.exchange import consents, files, queries
from tongban.apps.exchange.domain.requests import ActionRefused
from tongban.apps.parties import queries as parties
from tongban.infra.access.domain import Subject

from .components import Field, Option
from .data import consent_view, owner, tabs
from .pages import language, missing, page, refused, subject_of, words_of


@require_http_methods(["GET", "POST"])
def withdraw(request: HttpRequest, number: str) -> HttpResponse:
    """Ask once, then withdraw; the page says what stays and how consent is given again."""
    subject = subject_of(request)
    if subject is None or not number.isprintable():
        return missing(request)
    try:
        one = consents.consent_of(subject, number)
    except consents.ConsentUnknown:
        return missing(request)
    if request.method == "POST":
        consents.withdraw(number, subject)
        return redirect("consents")
    return page(
        request,
        "withdraw",
        {"subject": subject, **consent_view(one, language(request), words_of(request))},
    )


@require_POST
def consent_again(request: HttpRequest, number: str) -> HttpResponse:
    """Consent anew to what an open case of one's own reads."""
    subject = subject_of(request)
    if subject is None or not number.isprintable():
        return missing(request)
    try:
        cases.consent_again(subject, number)
    except CaseError as no:
        return refused(request, [no.en if language(request) == "en" else no.zh])
    return redirect("consents")


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
        return missing(request)
    shown = {"subject": subject, "own": False, "fields": _file_fields(request)}
    if request.method == "GET":
        return page(request, "file", shown)
    kind = "company" if request.POST.get("kind") == "company" else "person"
    return _opened(request, subject, shown, kind, request.POST.get("number", ""))


def _file_fields(request: HttpRequest) -> list[Field]:
    t, told = words_of(request), request.POST
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
    except (files.FileInvalid, ActionRefused) as no:
        return refused(request, [no.en if language(request) == "en" else no.zh])
    lang, t = language(request), words_of(request)
    sections = [
        {
            "department": parties.department_name(one.department, lang),
            "resource": one.resource,
            "status": t[f"file_{one.status}"],
            "values": _shown(one, lang, t),
        }
        for one in found.sections
    ]
    return page(request, "file", {**shown, "sections": sections, "law": found.legal_basis})


def _shown(section: files.Section, lang: str, t: Mapping[str, str]) -> list[tuple[str, str]]:
    catalogue = queries.catalogue()
    shapes = catalogue.vocabulary.kinds[catalogue.contracts[section.resource].resource.kind]
    return [
        (shapes[name].label.of(lang), t["no_value"] if value is None else str(value))
        for name, value in section.values.items()
    ]
