"""Pages of licences: my own, what I choose to show, and the page on which anybody verifies.

Server rendered, without script. The pages for verifiers need no account, keep no cookie and change
nothing of the visitor's.
"""

from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tongban.apps.licences import facing, queries, services
from tongban.apps.licences.domain import REASONS
from tongban.apps.licences.errors import LicenceError, LicenceUnknown, NotAllowed, ShowingEnded
from tongban.apps.licences.models import Licence
from tongban.apps.licences.services import counter, wallets
from tongban.apps.licences.verifying import Verdict
from tongban.apps.parties import queries as parties
from tongban.infra import clock
from tongban.infra.access.domain import Subject
from tongban.kernel.sdjwt import Binding
from tongban.kernel.sdjwt.strict import LONGEST

from .components import Field, Option
from .pages import acting_subject, language, page, subject_of, words_of

_SIGNS = {
    "valid": ("done", "✔"),
    "suspended": ("wait", "▲"),
    "superseded": ("quiet", "○"),
    "revoked": ("stop", "✖"),
}
_LISTED = 100


def _page(
    request: HttpRequest, template: str, shown: Mapping[str, Any], status: int = 200
) -> HttpResponse:
    words = words_of(request, "licences")
    return page(request, template, {"subject": subject_of(request), "c": words, **shown}, status)


def _missing(request: HttpRequest) -> HttpResponse:
    return _page(request, "missing", {}, 404)


def _refused(request: HttpRequest, refused: LicenceError) -> HttpResponse:
    if isinstance(refused, LicenceUnknown):
        return _missing(request)
    line = refused.en if language(request) == "en" else refused.zh
    return _page(request, "refused", {"lines": [line]}, 409)


def _line(request: HttpRequest, row: Licence) -> dict[str, Any]:
    lang, (tone, sign) = language(request), _SIGNS[row.state]
    return {
        "row": row,
        "name": queries.kind_of(row).name.of(lang),
        "department": parties.department_name(row.department, lang),
        "state": words_of(request, "licences")[row.state],
        "tone": tone,
        "sign": sign,
    }


@require_GET
def own(request: HttpRequest) -> HttpResponse:
    """Show the licences that the visitor holds or keeps for another, or acts for."""
    subject = acting_subject(request)
    if subject is None or not subject.person_id:
        return _missing(request)
    try:
        lines = [_line(request, row) for row in queries.listed(subject, _LISTED)]
    except NotAllowed as refused:
        return _refused(request, refused)
    return _page(request, "licences", {"subject": subject, "lines": lines})


def _mine(request: HttpRequest, identifier: str) -> tuple[Subject, Licence]:
    subject = acting_subject(request)
    if subject is None or not identifier.isprintable():
        raise LicenceUnknown
    return subject, queries.look(subject, identifier)


@require_GET
def licence(request: HttpRequest, identifier: str) -> HttpResponse:
    """Show one licence, with all that may be shown of it to tick."""
    try:
        subject, row = _mine(request, identifier)
    except LicenceUnknown:
        return _missing(request)
    lang, c = language(request), words_of(request, "licences")
    told = queries.told(queries.uri_of(row), queries.could_show(row))
    claims = [(one.name, one.label.of(lang), one.text) for one in told]
    # to show a licence is its holder's own act: no delegation covers it
    own = subject.behalf is None and queries.mine(subject).filter(pk=row.pk).exists()
    choose = Field(
        "claims",
        c["choose"],
        "checks",
        hint=c["choose_help"],
        options=tuple(Option(key, label, value) for key, label, value in claims),
    )
    shown = {"claims": claims, "choose": choose, "usable": own and row.state == Licence.State.VALID}
    return _page(request, "licence", {"subject": subject, **_line(request, row), **shown})


@require_GET
def face(request: HttpRequest, identifier: str) -> HttpResponse:
    """Give the sealed PDF."""
    try:
        _, row = _mine(request, identifier)
        made = facing.face_of(row)
    except LicenceError as refused:
        return _refused(request, refused)
    response = HttpResponse(made, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{row.number}.pdf"'
    return response


def _picture(text: str) -> str:
    return f"data:image/svg+xml;base64,{b64encode(facing.qr_svg(text).encode()).decode()}"


@require_POST
def show(request: HttpRequest, identifier: str) -> HttpResponse:
    """Show the code that leads to what was ticked, for two minutes."""
    names = request.POST.getlist("claims")
    try:
        subject, row = _mine(request, identifier)
        link = services.show(subject, identifier, names)
    except LicenceError as refused:
        return _refused(request, refused)
    lang = language(request)
    told = queries.told(queries.uri_of(row), queries.could_show(row))
    shown = {
        "picture": _picture(link.address),
        "address": link.address,
        "expires": link.expires,
        "claims": [(one.label.of(lang), one.text) for one in told if one.name in names],
    }
    return _page(request, "licence_code", {**_line(request, row), **shown})


@require_POST
def offer(request: HttpRequest, identifier: str) -> HttpResponse:
    """Show the code by which the visitor's wallet takes the licence, and its PIN."""
    try:
        subject, row = _mine(request, identifier)
        made = services.offer(subject, identifier)
    except LicenceError as refused:
        return _refused(request, refused)
    link = wallets.link(made.document)
    shown = {"picture": _picture(link), "pin": made.pin, "expires": made.expires}
    return _page(request, "licence_offer", {**_line(request, row), **shown})


# for whoever verifies


def _verdict(request: HttpRequest, found: Verdict, *, paper: bool = False) -> HttpResponse:
    lang = language(request)
    told = queries.told(found.kind, found.claims)
    shown = {
        "found": found,
        "words": REASONS[found.reason].of(lang),
        "expires": found.expires and datetime.fromtimestamp(found.expires - 1, UTC),
        "claims": [(one.label.of(lang), one.text) for one in told],
        "paper": paper,
        "at": clock.now(),
    }
    return _page(request, "verdict", shown)


@require_GET
def shown(request: HttpRequest, secret: str) -> HttpResponse:
    """Show whoever scanned a code what its holder chose to show."""
    try:
        return _verdict(request, services.shown(secret))
    except ShowingEnded as ended:
        return _verdict(request, Verdict("ended", ended.en))


@require_GET
def paper(request: HttpRequest, identifier: str, code: str) -> HttpResponse:
    """Show whoever scanned the code on a face what stands on it, and its state now."""
    return _verdict(request, services.face(identifier, code), paper=True)


@csrf_exempt  # it acts for nobody, and must work where no cookie is kept
@require_http_methods(["GET", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Take what a shop or counter was handed: a link, a presentation, or a file of one."""
    if request.method == "GET":
        asked = {"audience": counter.audience(), "nonce": counter.question()}
        return _page(request, "verify", asked)
    text = request.POST.get("presented", "").strip()
    file = request.FILES.get("file")
    if file is not None and not text:
        text = file.read(LONGEST + 1).decode(errors="replace").strip()
    if not text:
        return redirect(reverse("verify"))
    binding = None
    if request.POST.get("proved"):
        binding = Binding(counter.audience(), request.POST.get("nonce", ""))
    return _verdict(request, services.verify(text, binding), paper="/licences/face/" in text[:200])
