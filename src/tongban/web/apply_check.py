"""The end of applying: agree to what is fetched, look once more, say what is not right, and send.

Agreeing has the departments asked at once. The last page shows what they said, who said it and
when, and waits for none of them: what did not come in time is asked for again after sending.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from tongban.apps.cases import prefilled, services
from tongban.apps.cases.errors import CaseError, DraftMoved, DraftUnknown, SubmissionInvalid
from tongban.apps.cases.prefilled import Prefilled
from tongban.apps.exchange import consents
from tongban.apps.exchange import queries as exchange
from tongban.apps.items import queries as items
from tongban.infra import clock
from tongban.kernel.facts import UnknownFact

from .apply_frame import (
    ANSWERS,
    CHECK,
    CONSENT,
    DOCUMENTS,
    Desk,
    at,
    fields_of,
    fresh,
    in_lang,
    licences_of,
    named,
    refused,
    show,
)
from .components import Field, written_out
from .doubting import About, doubt_page
from .looks import looked
from .pages import missing, page, words_of
from .shown import day_of, value_words

_LOOK_AGAIN = "2"  # seconds; a page without script looks by itself whether the answers are there


@require_http_methods(["GET", "POST"])
@at
def consent(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Show who will be asked for what; agreeing has them asked, and leads on to the last look."""
    asks = services.asks_consent(desk.event)
    shown = {"lines": _consent(desk, words_of(request)), "asks": asks, "fields": []}
    if request.method == "GET":
        return show(request, desk, CONSENT, shown)
    if asks and request.POST.get("consent") != "yes":
        t = words_of(request)
        field = Field("consent", t["consent_agree"], "check", error=t["consent_wanted"])
        return show(request, desk, CONSENT, {**shown, "fields": [field]}, status=422)
    if desk.open:
        return redirect(desk.here(ANSWERS))
    services.read_ahead(desk.subject, _number(desk), consent=True)
    return redirect(desk.here(CHECK))


def _number(desk: Desk) -> str:
    """Give the number of the draft, which is begun here where nothing was asked before."""
    kept = desk.draft["number"] or services.save_draft(desk.subject, desk.event.slug, {}).number
    return str(kept)


def _consent(desk: Desk, t: Mapping[str, str]) -> list[dict[str, Any]]:
    labels = desk.event.labels(desk.lang)
    departments = exchange.departments()
    until = consents.until_from(clock.now()).date().isoformat()
    return [
        {
            "department": departments[line.department].name.of(desk.lang),
            "basis": line.basis,
            "facts": [labels.get(fact, fact) for fact in line.facts],
            "purpose": str(t["comma"]).join(
                items.item(slug).name.of(desk.lang) for slug in line.items
            ),
            "until": until,
            "law": t["semicolon"].join(
                t["law_article"].format(title=law.title, article=law.article)
                for law in line.legal_basis
            ),
        }
        for line in desk.event.plan.consent
    ]


@require_http_methods(["GET", "POST"])
@at
def check(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Show everything once more; while departments are being asked, say so for some seconds."""
    return _check(request, desk, waits="now" not in request.GET)


def _check(
    request: HttpRequest,
    desk: Desk,
    *,
    amiss: Sequence[str] = (),
    status: int = 200,
    waits: bool = False,
) -> HttpResponse:
    if desk.open:
        return redirect(desk.here(ANSWERS))
    number = _number(desk)
    found = prefilled.of(desk.subject, number, desk.lang)
    if CONSENT in desk.steps and found.state == "none":
        return redirect(desk.here(CONSENT))
    desk = fresh(desk)
    t = words_of(request)
    if waits and found.state == "reading":
        here = desk.here(CHECK)
        told = {"look": here, "skip": f"{here}?now=1", "later": found.later}
        answer = show(request, desk, CHECK, {**told, "waiting": True, "fields": []})
        answer["Refresh"] = _LOOK_AGAIN
        return answer
    shown = {
        "rows": _answered(desk, found, t),
        "files": _files(desk, t),
        "read": found,
        "read_at": found.read,
        "groups": _groups(desk, found.facts, t),
        "number": number,
        "amiss": amiss,
        "fields": [],
    }
    return show(request, desk, CHECK, shown, status)


def _answered(desk: Desk, found: Prefilled, t: Mapping[str, str]) -> list[dict[str, Any]]:
    """Make the rows of what was typed, each beside what a department says of the same."""
    beside = {one["fact"]: one for one in found.differs}
    rows = []
    for field in fields_of(desk, desk.asked):
        row: dict[str, Any] = {
            "label": field.label,
            "shown": _chosen(field) or "—",
            "act": f"{desk.here(ANSWERS)}?at={field.name}#{field.id}",
            "act_words": t["change"],
        }
        if (said := beside.get(field.name)) is not None:
            row |= {"source": said["department"], "as_of": day_of(said["as_of"])}
            if said["differs"]:
                told = _said(field.name, said["value"], said["shown"], desk.lang, t)
                row["note"] = str(t["check_differs"]).format(shown=told)
        rows.append(row)
    return rows


def _files(desk: Desk, t: Mapping[str, str]) -> list[dict[str, Any]]:
    """Make the rows of the documents, each with what a look at it finds by now."""
    documents = desk.draft["documents"]
    looks = services.looks(desk.subject, desk.draft["number"]) if documents else {}
    rows = []
    for one in documents:
        look = looks[one["material"]]
        row = {
            "label": named(desk, one["material"]),
            "shown": one["filename"],
            "act": desk.here(DOCUMENTS),
            "act_words": t["change"],
        }
        if look.well:
            row["shown"] += f" · {t['look_well']}"
        else:
            row["note"] = " ".join(line["words"] for line in looked(look, desk.lang, t))
        rows.append(row)
    shown = t["paper_licensed"]
    rows += [{"label": paper, "shown": f"{shown} · {of}"} for paper, of in licences_of(desk)]
    return rows


def _chosen(field: Field) -> str:
    if field.kind == "address":
        return written_out(field.value)
    return next((o.label for o in field.options if o.value == field.value), field.value)


def _said(fact: str, value: Any, shown: str, lang: str, t: Mapping[str, str]) -> str:
    """Write a value as the page of a case does."""
    try:
        return value_words({"fact": fact, "value": value}, items.vocabulary(), lang, t)
    except UnknownFact:
        return shown


def _groups(
    desk: Desk, facts: Iterable[Mapping[str, Any]], t: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Group what departments said by department, as the page of a case shows its facts."""
    found: dict[str, list[dict[str, Any]]] = {}
    for fact in facts:
        address = reverse("apply-doubt", args=[desk.event.slug, fact["fact"]])
        row: dict[str, Any] = {
            "label": fact["label"],
            "shown": value_words(fact, items.vocabulary(), desk.lang, t),
            "source": fact["department"],
            "as_of": day_of(fact["as_of"]),
        }
        if doubt := fact["doubt"]:
            row["note"] = f"{t['doubt_stands']}{t['colon']}{doubt['shown'] or doubt['why']}"
            row |= {"act": address, "act_words": t["doubt_see"]}
        elif fact["status"] == "value":
            row["doubt"] = address
        found.setdefault(fact["department"], []).append(row)
    return [{"department": name, "rows": rows} for name, rows in sorted(found.items())]


# --- not right? -----------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@at
def doubt(request: HttpRequest, desk: Desk, fact: str) -> HttpResponse:
    """Take what a fact should be, before anything is sent; show what was said, to be taken back."""
    number = desk.draft["number"]
    facts = prefilled.of(desk.subject, number, desk.lang).facts if number else ()
    row = next((one for one in facts if one["fact"] == fact), None)
    if row is None:
        return missing(request)
    about = About(
        name=desk.event.name.of(desk.lang),
        number="",
        back=desk.here(CHECK),
        back_words=words_of(request)["doubt_back_check"],
        take_back=reverse("apply-doubt-back", args=[desk.event.slug, fact]),
        help="doubt_help_ahead",
    )
    try:
        return doubt_page(
            request,
            desk.subject,
            about,
            row,
            lambda told: services.doubt_ahead(desk.subject, number, fact, told),
        )
    except CaseError as error:
        return refused(request, desk.subject, error)


@require_POST
@at
def doubt_back(request: HttpRequest, desk: Desk, fact: str) -> HttpResponse:
    """Take a doubt back before it is sent."""
    try:
        services.withdraw_doubt_ahead(desk.subject, desk.draft["number"], fact)
    except DraftUnknown:
        return missing(request)
    except CaseError as error:
        return refused(request, desk.subject, error)
    return redirect(desk.here(CHECK))


# --- sending --------------------------------------------------------------------------------------


@require_POST
@at
def send(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Send the draft and show the receipt; a second click finds the same case.

    Whether the applicant agreed is read from what stands, never from what the page sends.
    """
    number, version = request.POST.get("number", ""), request.POST.get("version", "")
    try:
        case = services.submit_draft(
            desk.subject,
            number,
            version=int(version) if version.isascii() and version.isdecimal() else 0,
            consent=CONSENT not in desk.steps,
        )
    except DraftUnknown:
        return missing(request)
    except DraftMoved:
        t = words_of(request)
        return _check(request, fresh(desk), amiss=[t["draft_moved"]], status=409)
    except SubmissionInvalid as invalid:
        lines = list(in_lang(invalid.fields, desk.lang).values())
        return _check(request, desk, amiss=lines, status=422)
    except CaseError as error:
        return refused(request, desk.subject, error)
    return redirect("receipt", number=case)


@require_http_methods(["GET", "POST"])
@at
def drop(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Ask once, then drop the draft with all it holds."""
    if request.method == "GET":
        shown = {"subject": desk.subject, "name": desk.event.name.of(desk.lang), "desk": desk}
        return page(request, "apply_drop", shown)
    if desk.draft["number"]:
        services.drop_draft(desk.subject, desk.draft["number"])
    return redirect("guide", slug=desk.event.slug)
