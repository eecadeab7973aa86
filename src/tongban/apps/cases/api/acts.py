"""Acts: what applicants and officials do to a case. Each answers with the case as it then stands.

Whoever comes second is told so (409) and nothing of his is half-saved.
"""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja.responses import Status

from tongban.apps.cases import disclosure, services, uploads
from tongban.apps.parties.asking import acting
from tongban.infra.access.domain import Subject
from tongban.infra.api import Lang, Slug, speaks

from .common import READ, WRITE, refusals, router, seen
from .schemas.acts import (
    AcceptanceIn,
    AnswerIn,
    CorrectionIn,
    DecisionIn,
    SigningIn,
    SuspensionIn,
    ToSignOut,
    WithdrawalIn,
)
from .schemas.base import FactName, Number, Step
from .schemas.drafts import TakenOut
from .schemas.intake import DoubtIn, SubmissionIn, UploadIn
from .schemas.showing import CaseOut

_TAGS = ["acts · 办理"]
_BRANCH = "/cases/{number}/branches/{item}"
_ANSWERS = {200: CaseOut, **refusals(WRITE)}


def _now(request: HttpRequest, caller: Subject, number: str, lang: Lang | None) -> Any:
    return disclosure.case(disclosure.look(caller, number), speaks(request, lang))


def _taken(
    request: HttpRequest, caller: Subject, number: str, lang: Lang | None, given: list[UploadIn]
) -> Any:
    """Show the case, and of the files that came just now what a look at them found."""
    sight, words = disclosure.look(caller, number), speaks(request, lang)
    came = {one.material for one in given}
    looks = [
        {"material": one["code"], "name": one["name"], "filename": one["filename"]}
        | seen(one["look"])
        for one in (uploads.listed(sight, sight.items, words) if came else ())
        if one["code"] in came and one["look"] is not None
    ]
    return disclosure.case(sight, words) | {"looks": looks}


def _uploads(given: list[UploadIn]) -> list[services.Upload]:
    return [services.Upload(u.material, u.filename, u.media_type, u.content) for u in given]


def doubts(given: Mapping[str, DoubtIn]) -> dict[str, services.Doubted]:
    """Read what is doubted."""
    return {fact: services.Doubted(one.says, one.why) for fact, one in given.items()}


def verdict(body: DecisionIn) -> services.Verdict:
    """Read what a person decides."""
    return services.Verdict(body.outputs, body.reason, body.accept_unverified, body.template)


@router.post(
    "/cases",
    response={201: TakenOut, **refusals(WRITE)},
    summary="提交申请 · Apply once",
    operation_id="submit",
    tags=_TAGS,
)
def submit(
    request: HttpRequest, response: HttpResponse, body: SubmissionIn, lang: Lang | None = None
) -> Any:
    """Submit once for every item of a life event; what rules can decide is decided at once.

    ``looks`` says of each file what a clerk would: too dark, blurred, another paper, an old one.
    """
    caller = acting(request, "case.submit")
    number = services.submit(
        caller,
        services.Submission(
            life_event=body.life_event,
            answers=body.answers,
            consent=body.consent,
            seen=body.seen,
            items=body.items,
            uploads=_uploads(body.uploads),
            doubts=doubts(body.doubts),
        ),
    )
    response["Location"] = f"{request.path}/{number}"
    return Status(201, _taken(request, caller, number, lang, body.uploads))


@router.post(
    "/cases/{number}/answers",
    response={200: TakenOut, **refusals(WRITE)},
    summary="提交补正、确认 · Answer a correction",
    operation_id="answer",
    tags=_TAGS,
)
def answer(request: HttpRequest, number: Number, body: AnswerIn, lang: Lang | None = None) -> Any:
    """Give what was asked for, and nothing else; ``looks`` says what files of it lack."""
    caller = acting(request, "case.correct")
    services.answer(caller, number, body.answers, _uploads(body.uploads))
    return _taken(request, caller, number, lang, body.uploads)


@router.post(
    "/cases/{number}/facts/{fact}/doubt",
    response=_ANSWERS,
    summary="数据有误，申请更正 · Not right?",
    operation_id="doubt",
    tags=_TAGS,
)
def doubt(
    request: HttpRequest, number: Number, fact: FactName, body: DoubtIn, lang: Lang | None = None
) -> Any:
    """Doubt what a department says; the case goes on with it, and the department is asked."""
    caller = acting(request, "case.correct")
    services.doubt(caller, number, fact, services.Doubted(body.says, body.why))
    return _now(request, caller, number, lang)


@router.delete(
    "/cases/{number}/facts/{fact}/doubt",
    response=_ANSWERS,
    summary="撤回更正请求 · Take a doubt back",
    operation_id="withdraw_doubt",
    tags=_TAGS,
)
def withdraw_doubt(
    request: HttpRequest, number: Number, fact: FactName, lang: Lang | None = None
) -> Any:
    """Take a doubt back."""
    caller = acting(request, "case.correct")
    services.withdraw_doubt(caller, number, fact)
    return _now(request, caller, number, lang)


@router.post(
    _BRANCH + "/acceptance",
    response=_ANSWERS,
    summary="受理或不予受理 · Accept or not",
    operation_id="accept",
    tags=_TAGS,
)
def accept(
    request: HttpRequest, number: Number, item: Slug, body: AcceptanceIn, lang: Lang | None = None
) -> Any:
    """Accept after looking at the documents (clerk)."""
    caller = acting(request, "case.accept")
    services.accept(caller, number, item, accept=body.accept, reason=body.reason)
    return _now(request, caller, number, lang)


@router.post(
    _BRANCH + "/correction",
    response=_ANSWERS,
    summary="一次性告知补正 · Ask for correction, once",
    operation_id="ask_correction",
    tags=_TAGS,
)
def ask_correction(
    request: HttpRequest, number: Number, item: Slug, body: CorrectionIn, lang: Lang | None = None
) -> Any:
    """Name everything that is to be corrected, at once (clerk)."""
    caller = acting(request, "case.ask")
    services.ask_correction(caller, number, item, [(a.name, a.why) for a in body.asked])
    return _now(request, caller, number, lang)


@router.post(
    _BRANCH + "/steps/{path:step}/decision",
    response=_ANSWERS,
    summary="审查、决定 · Decide a step",
    operation_id="decide",
    tags=_TAGS,
)
def decide(
    request: HttpRequest,
    number: Number,
    item: Slug,
    step: Step,
    body: DecisionIn,
    lang: Lang | None = None,
) -> Any:
    """Decide a step as the post that the flow names; sources are read again first."""
    caller = acting(request, *services.POSTS.values())
    services.decide(caller, number, item, step, verdict(body))
    return _now(request, caller, number, lang)


@router.post(
    _BRANCH + "/suspension",
    response=_ANSWERS,
    summary="启动特别程序 · Stop the clock for a special procedure",
    operation_id="suspend",
    tags=_TAGS,
)
def suspend(
    request: HttpRequest, number: Number, item: Slug, body: SuspensionIn, lang: Lang | None = None
) -> Any:
    """Begin a procedure of article 45; no other reason stops the clock (reviewer)."""
    caller = acting(request, "case.review")
    services.suspend(caller, number, item, body.kind, body.reason)
    return _now(request, caller, number, lang)


@router.post(
    _BRANCH + "/resumption",
    response=_ANSWERS,
    summary="结束特别程序 · Let the clock run again",
    operation_id="resume",
    tags=_TAGS,
)
def resume(request: HttpRequest, number: Number, item: Slug, lang: Lang | None = None) -> Any:
    """End the special procedure (reviewer)."""
    caller = acting(request, "case.review")
    services.resume(caller, number, item)
    return _now(request, caller, number, lang)


@router.post(
    _BRANCH + "/urge",
    response=_ANSWERS,
    summary="催办 · Urge on",
    operation_id="urge",
    tags=_TAGS,
)
def urge(request: HttpRequest, number: Number, item: Slug, lang: Lang | None = None) -> Any:
    """Remind those who have the work; it is counted and shown in their queue (applicant)."""
    caller = acting(request, "case.correct")
    services.urge(caller, number, item)
    return _now(request, caller, number, lang)


@router.post(
    "/cases/{number}/withdrawal",
    response=_ANSWERS,
    summary="撤回申请 · Withdraw",
    operation_id="withdraw",
    tags=_TAGS,
)
def withdraw(
    request: HttpRequest, number: Number, body: WithdrawalIn, lang: Lang | None = None
) -> Any:
    """Withdraw what is still open; what was granted stays granted (applicant)."""
    caller = acting(request, "case.withdraw")
    services.withdraw(caller, number, body.items, body.reason)
    return _now(request, caller, number, lang)


@router.post(
    "/cases/{number}/consent",
    response=_ANSWERS,
    summary="重新同意 · Consent again",
    operation_id="consent_again",
    tags=_TAGS,
)
def consent_again(request: HttpRequest, number: Number, lang: Lang | None = None) -> Any:
    """Consent anew to what this open case reads, after a withdrawal or its end (applicant)."""
    caller = acting(request, "case.correct")
    services.consent_again(caller, number)
    return _now(request, caller, number, lang)


def _to_sign(caller: Subject, number: str) -> dict[str, Any]:
    asked = services.to_sign(caller, number)
    lines = [
        {
            "kind": paper.kind,
            "name": paper.name,
            "media_type": paper.media_type,
            "digest": paper.digest,
            "signed": paper.digest in asked.signed,
        }
        for paper in asked.papers
    ]
    return {"zh": asked.zh, "en": asked.en, "documents": lines, "services": asked.services}


@router.get(
    "/cases/{number}/signature",
    response={200: ToSignOut, **refusals(READ)},
    summary="待签文件 · What there is to sign, and in which words",
    operation_id="to_sign",
    tags=_TAGS,
)
def to_sign(request: HttpRequest, number: Number) -> Any:
    """Show the applicant what its signature would stand under (two factors)."""
    return _to_sign(acting(request, "case.sign"), number)


@router.post(
    "/cases/{number}/signature",
    response={200: ToSignOut, **refusals(WRITE)},
    summary="签名 · Sign what was handed in",
    operation_id="sign",
    tags=_TAGS,
)
def sign(request: HttpRequest, number: Number, body: SigningIn) -> Any:
    """Sign these documents in the words that were shown (applicant itself, two factors)."""
    caller = acting(request, "case.sign")
    services.sign(caller, number, body.documents, body.service)
    return _to_sign(caller, number)
