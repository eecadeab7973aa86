"""Sign what was handed in (申请人签名): by the applicant itself, in the words it was shown.

The signature is made on the person's order; the trail says how surely it was known then, and which
sign-in proves it. Nobody signs for another: no delegation covers it. A document that was signed by
this person already is passed over.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction

from tongban.apps.cases.errors import CaseRefused, SubmissionInvalid
from tongban.apps.cases.events import SIGNED, papers_chain
from tongban.apps.cases.models import Case as Row
from tongban.apps.cases.models import Signature
from tongban.apps.cases.papers import Paper, digest_of, handed_in, signatures
from tongban.apps.evidence import signers
from tongban.apps.items import queries as items
from tongban.infra import clock
from tongban.infra.access.domain import Subject
from tongban.infra.trail import services as trail
from tongban.kernel.events import Draft
from tongban.kernel.statements import APPLICANT

from .turns import allowed

_LAW = "电子签名法 第十三条"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person is asked to sign: the documents, the words, and what was signed before."""

    papers: tuple[Paper, ...]
    zh: str
    en: str
    signed: frozenset[str]
    services: tuple[str, ...]


def to_sign(subject: Subject, number: str) -> Asked:
    """Show the applicant what its signature would stand under; raise as `services.allowed` does."""
    row = allowed(subject, number, "case.sign")
    name = items.life_event(row.life_event, row.version).name
    return Asked(
        handed_in(number),
        f"本人确认：以下文件由本人提交，内容真实、完整，用于办理“{name.zh}”（办件编号{number}）。",
        "I confirm: I hand in the documents below, they are true and complete, and they are for "
        f"“{name.en}” (case {number}).",
        frozenset(one.digest for one in signatures(number) if one.role == APPLICANT),
        tuple(signers.services()),
    )


def sign(
    subject: Subject, number: str, digests: Collection[str], service: str = signers.OWN
) -> tuple[Signature, ...]:
    """Sign these documents, named by their digests as they were shown; give what is new.

    ``service`` names an outside signing service (empty: the key kept here). Raise `CaseUnknown`,
    `NotAllowed`, ``StepUpNeeded``, `SubmissionInvalid` for a digest that is none of the case's,
    `CaseRefused` where no signature came of it.
    """
    asked = to_sign(subject, number)
    papers = {paper.digest: paper for paper in asked.papers}
    if unknown := set(digests) - papers.keys():
        fault = ("办件没有此文件，请重新查看", "the case has no such document: look again")
        raise SubmissionInvalid(dict.fromkeys(sorted(unknown), fault))
    wanted = [paper for digest, paper in papers.items() if digest in {*digests} - asked.signed]
    if not wanted:
        return ()
    try:
        pen = signers.pen(subject.person_id, service, actor=subject.user_id)
        made = [
            (one, pen.state(one.digest, one.media_type, number, asked.zh, asked.en))
            for one in wanted
        ]
    except signers.SigningFailed as failed:
        raise CaseRefused(failed.zh, failed.en) from failed
    with transaction.atomic():
        # two windows of one person meet here; the second finds what the first has signed
        row = Row.objects.select_for_update().only("number", "applicant", "key").get(pk=number)
        before = {one.digest for one in signatures(number) if one.role == APPLICANT}
        kept = [(paper, told) for paper, told in made if paper.digest not in before]
        rows = [keep(number, APPLICANT, pen.row.pk, paper.digest, told) for paper, told in kept]
        trail.append(
            [
                Draft(
                    type=SIGNED,
                    chain=papers_chain(number),
                    actor=subject.user_id,
                    on_behalf_of=row.applicant,
                    authority=_LAW,
                    data={
                        "document": paper.digest,
                        "statement": digest_of(told),
                        "key": pen.row.pk,
                        "role": APPLICANT,
                        "level": subject.context.level,
                        "proof": subject.context.proof,
                        "service": service,
                    },
                )
                for paper, told in kept
            ]
        )
    return tuple(rows)


def keep(number: str, role: str, key: str, digest: str, statement: bytes) -> Signature:
    """Keep a statement beside its document, in the caller's transaction."""
    return Signature.objects.create(
        case_id=number,
        role=role,
        signed_by=key,
        digest=digest,
        statement=statement,
        made=clock.now(),
    )
