"""Pages of translators (指南译文): guides of one's department, a guide's pieces, one of them.

A clerk proposes, an approver who is somebody else signs; what is signed is shown to everybody. Each
piece (name and summary, a computed section, a written paragraph) has a page of its own: what it
says in Chinese and English, what waits, and the form.
"""

from collections.abc import Container, Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods

from tongban.apps.items import queries as items
from tongban.apps.items import translating
from tongban.apps.items.domain.guides import Guide
from tongban.apps.items.domain.pieces import Piece, pieces
from tongban.apps.items.errors import TranslationDenied, TranslationRefused
from tongban.infra.access.domain import Subject
from tongban.web.components import Field, gather
from tongban.web.languages import Language, languages
from tongban.web.pages import language, missing, words_of

from .forms import wrong
from .frame import address, official, said, show

_ROLES = ("clerk", "approver")
_OWN = frozenset({"zh", "en"})


def _offered() -> dict[str, Language]:
    """Give the languages to translate into: those that a pack of words names."""
    return {tag: one for tag, one in languages().items() if tag not in _OWN}


def _chosen(request: HttpRequest) -> Language | None:
    """Give the language that an address names, else the first there is."""
    offered = _offered()
    asked = request.GET.get("language", "")
    return offered.get(asked) or next(iter(offered.values()), None)


@require_GET
@official(*_ROLES)
def guides(request: HttpRequest, subject: Subject) -> HttpResponse:
    """List the guides of one's departments with how far they are in a language."""
    into, lang = _chosen(request), language(request)
    t = words_of(request)
    mine = {post.department for post in subject.posts if post.role in _ROLES}
    found = translating.of_departments(mine, into.tag) if into else []
    rows = [
        {
            "name": one.guide.name.of(lang),
            "url": address("desk-translation", one.guide.slug, language=into.tag if into else ""),
            "hint": str(t["translate_progress"]).format(done=one.signed, all=one.pieces),
            "tone": _tone(one),
            "state": _state(one, t),
        }
        for one in found
    ]
    shown = {"rows": rows, "into": into, "into_tabs": _tabs("desk-translations", ())}
    return show(request, subject, "desk_translations", shown)


def _tone(one: translating.Progress) -> str:
    return "done" if one.signed == one.pieces else "wait" if one.waiting else "quiet"


def _state(one: translating.Progress, t: Mapping[str, str]) -> str:
    if one.signed == one.pieces:
        return t["translate_whole"]
    return str(t["translate_waits"]).format(n=one.waiting) if one.waiting else t["translate_open"]


def _tabs(name: str, parts: Sequence[str]) -> list[tuple[str, str, str]]:
    return [(address(name, *parts, language=tag), tag, one.name) for tag, one in _offered().items()]


def _guide(subject: Subject, slug: str) -> Guide | None:
    """Give a guide that this official translates or signs; None where it may do neither."""
    try:
        found = items.guide(slug)
        translating.allow_either(subject, found)
    except (items.NotPublished, TranslationDenied):
        return None
    return found


@require_GET
@official(*_ROLES)
def guide(request: HttpRequest, subject: Subject, slug: str) -> HttpResponse:
    """List the pieces of a guide with what is signed, what waits and what changed since."""
    found, into = _guide(subject, slug), _chosen(request)
    if found is None or into is None:
        return missing(request)
    lang, t = language(request), words_of(request)
    signed = translating.signed(found, into.tag)
    waiting = {one.paragraph for one in translating.waiting(slug) if one.language == into.tag}
    stale = translating.stale(found, into.tag)
    states = [
        ("done", t["translate_signed"], signed),
        ("wait", t["translate_to_sign"], waiting),
        ("alert", t["translate_stale"], stale),
    ]
    rows = [
        {
            "name": one.heading.of(lang),
            "url": address("desk-paragraph", slug, one.id, language=into.tag),
            "hint": one.text.of(lang)[:80],
            "tone": tone,
            "state": state,
        }
        for one in pieces(found)
        for tone, state in [_first(states, one.id, t)]
    ]
    shown = {
        "rows": rows,
        "name": found.name.of(lang),
        "edition": found.edition,
        "into": into,
        "into_tabs": _tabs("desk-translation", (slug,)),
        "back": address("desk-translations", language=into.tag),
    }
    return show(request, subject, "desk_translation", shown)


def _first(
    states: Sequence[tuple[str, str, Container[str]]], id_: str, t: Mapping[str, str]
) -> tuple[str, str]:
    found = ((tone, state) for tone, state, ids in states if id_ in ids)
    return next(found, ("quiet", t["translate_open"]))


@require_http_methods(["GET", "POST"])
@official(*_ROLES)
def paragraph(request: HttpRequest, subject: Subject, slug: str, paragraph: str) -> HttpResponse:
    """Show one piece; take a translation of it, or the signature under one."""
    found, into = _guide(subject, slug), _chosen(request)
    one = next((p for p in pieces(found) if p.id == paragraph), None) if found else None
    if found is None or into is None or one is None:
        return missing(request)
    t = words_of(request)
    fields = [
        Field("heading", t["translate_heading"], most=200),
        Field("text", t["translate_text"], "long", most=translating.LONGEST),
    ]
    if request.method == "GET":
        return _paragraph(request, subject, found, one, into, fields)
    sent, signs = gather(fields, request.POST), request.POST.get("act") == "sign"
    of = request.POST.get("of", "")
    waits = {str(p.number) for p in translating.waiting(slug) if p.paragraph == one.id}
    if signs and of not in waits:
        return missing(request)
    amiss = {name: t["answer_needed"] for name, text in sent.items() if not text.strip()}
    if amiss and not signs:
        again = wrong(fields, sent, amiss)
        return _paragraph(request, subject, found, one, into, again, status=422)
    try:
        if signs:
            translating.sign(subject, int(of))
        else:
            translating.propose(subject, slug, one.id, into.tag, sent["heading"], sent["text"])
    except TranslationRefused as refused:
        kept, lines = wrong(fields, sent, {}), [said(request, refused)]
        return _paragraph(request, subject, found, one, into, kept, lines=lines, status=409)
    return redirect(address("desk-paragraph", slug, one.id, language=into.tag))


def _paragraph(
    request: HttpRequest,
    subject: Subject,
    guide: Guide,
    one: Piece,
    into: Language,
    fields: Sequence[Field],
    *,
    lines: Sequence[str] = (),
    status: int = 200,
) -> HttpResponse:
    signs = translating.may(subject, "guide.sign", guide)
    waiting = [
        {"one": proposal, "signs": signs and proposal.translator_id != subject.user_id}
        for proposal in translating.waiting(guide.slug)
        if (proposal.paragraph, proposal.language) == (one.id, into.tag)
    ]
    shown: dict[str, Any] = {
        "guide": guide.name.of(language(request)),
        "paragraph": one,
        "into": into,
        "signed": translating.signed(guide, into.tag).get(one.id),
        "waiting": waiting,
        "fields": fields if translating.may(subject, "guide.translate", guide) else [],
        "lines": lines,
        "here": address("desk-paragraph", guide.slug, one.id, language=into.tag),
        "back": address("desk-translation", guide.slug, language=into.tag),
    }
    return show(request, subject, "desk_paragraph", shown, status)
