"""What people do to a case: answer, accept, ask for correction, decide, withdraw, stop the clock.

Each act is judged, sees stale sources read again first, and is saved with its event in one
transaction. Whoever comes second is refused; his act is never tried again behind his back.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from tongban.apps.cases import first_pages
from tongban.apps.cases.domain import clocks, engine, human
from tongban.apps.cases.domain.fold import Said
from tongban.apps.cases.domain.ground import Ground, all_facts, department_of
from tongban.apps.cases.domain.state import Case, Json
from tongban.apps.cases.errors import CaseError, CaseMoved, CaseRefused, SubmissionInvalid
from tongban.apps.cases.models import Document
from tongban.apps.items import queries as items
from tongban.apps.items.domain import Definition
from tongban.apps.parties import queries as parties
from tongban.infra.access.domain import Subject
from tongban.infra.trail.services import ChainMoved
from tongban.kernel.events import Draft

from .holding import stand_in
from .papers import Paper, Upload, documents_of, read_paper, see_paper
from .reading import read_answers
from .turns import (
    TRIES,
    allowed,
    calls_kept,
    carry_on,
    drafts_of,
    finish,
    ground_for,
    load,
    prepared,
)

# the post that a step names → what its holder must be allowed to do
POSTS = {"clerk": "case.accept", "reviewer": "case.review", "approver": "case.decide"}


def act_on(
    subject: Subject,
    number: str,
    action: str,
    item: str,
    act: Callable[[Case, Ground], Sequence[Said]],
    *,
    documents: Sequence[Document] = (),
    deciding: str = "",
) -> Case:
    """Let a person do something: judge, re-read stale sources, act, advance, save, once.

    Whoever comes second is refused with `CaseMoved`; his act is never tried again behind his back.
    """
    allowed(subject, number, action, item)
    before, case, ground, drafts = prepared(number, deciding)
    if deciding and case.branches[deciding].stage is not before.branches[deciding].stage:
        _finish(before, case, ground, drafts)
        raise CaseRefused(
            "来源数据已变化，已请申请人确认，请稍后再办",
            "a source has changed; the applicant was asked to confirm: decide after that",
        )
    try:
        said = act(case, ground)
    except CaseError:
        if drafts:  # the act is refused, and the sources were called all the same
            _finish(before, case, ground, drafts)
        raise
    for event in said:
        case = engine.tell(case, event)
    drafts += drafts_of(case, ground, said)
    _finish(before, case, ground, drafts, documents)
    return carry_on(number)


def _finish(
    before: Case,
    case: Case,
    ground: Ground,
    drafts: list[Draft],
    documents: Sequence[Document] = (),
) -> None:
    """Save what a person did; try again only where another case took the same running number."""
    with calls_kept(drafts):
        for attempt in range(TRIES):
            for document in documents:
                document.pk = None
            try:
                with transaction.atomic():
                    Document.objects.bulk_create(documents)
                    first_pages.ask(case.number, documents)
                    finish(before, case, ground, drafts)
            except (ChainMoved, IntegrityError) as clash:
                # who comes second may fail at a licence or payment that the first one has made
                if load(case.number).sequence != before.sequence:
                    raise CaseMoved(case.number) from clash
                if attempt == TRIES - 1:
                    raise
            else:
                return


def answer(
    subject: Subject,
    number: str,
    answers: Mapping[str, Json],
    uploads: Sequence[Upload | Paper] = (),
) -> Case:
    """Answer a correction or confirm a changed value (提交补正、确认).

    A file that nobody looked at before is looked at now.
    """
    allowed(subject, number, "case.correct", "")  # before anything is looked at for anybody
    values = read_answers(answers, None, items.vocabulary())
    papers = [one if isinstance(one, Paper) else read_paper(one) for one in uploads]
    seen = [paper if paper.seen is not None else see_paper(paper) for paper in papers]
    documents = documents_of(number, seen)
    materials = {d.material: d.digest for d in documents}

    def act(case: Case, ground: Ground) -> Sequence[Said]:
        known = {**all_facts(case, ground), **values}
        held = stand_in(subject, ground, case.branches, known)
        told = human.answer(case, ground, values, materials, actor=subject.user_id, held=held)
        return (told,)

    return act_on(subject, number, "case.correct", "", act, documents=documents)


def accept(subject: Subject, number: str, item: str, *, accept: bool, reason: str = "") -> Case:
    """Accept or refuse acceptance after looking at the documents (受理)."""

    def act(case: Case, ground: Ground) -> Sequence[Said]:
        return (
            human.accept(case, ground, item, accept=accept, actor=subject.user_id, reason=reason),
        )

    return act_on(subject, number, "case.accept", item, act)


def ask_correction(
    subject: Subject, number: str, item: str, asked: Sequence[tuple[str, str]]
) -> Case:
    """Ask the applicant for correction, once and completely (一次性告知补正)."""

    def act(case: Case, ground: Ground) -> Sequence[Said]:
        return (human.ask_correction(case, ground, item, asked, actor=subject.user_id),)

    return act_on(subject, number, "case.ask", item, act)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person decides at a step: outputs such as ``outcome``, and why.

    ``template`` names one of the item's reasons; ``reason`` then adds to it, and may be empty.
    """

    outputs: Mapping[str, Json]
    reason: str
    accept_unverified: bool = False
    template: str = ""


def decide(subject: Subject, number: str, item: str, step: str, verdict: Verdict) -> Case:
    """Decide a step by a person (审批); stale sources are read again first."""
    allowed(subject, number, "case.read", item)
    case = load(number)
    if item not in case.branches:
        raise CaseRefused(f"本办件没有事项{item}", f"this case has no item {item}")
    standing = ground_for(case)
    task = human.task_of(case, standing, item, step)
    organisation = parties.department_code(department_of(case.branches[item], standing))
    zh, en = _reasons(standing.definitions[item], verdict)

    def act(case: Case, ground: Ground) -> Sequence[Said]:
        outputs = human.read_outputs(case, ground, item, step, verdict.outputs)
        return (
            human.decide(
                case,
                ground,
                item,
                step,
                outputs,
                actor=subject.user_id,
                organisation=organisation,
                reason=zh,
                reason_en=en,
                accept_unverified=verdict.accept_unverified,
            ),
        )

    return act_on(subject, number, POSTS[task.post], item, act, deciding=item)


def _reasons(definition: Definition, verdict: Verdict) -> tuple[str, str]:
    """Give the reason in both languages: the words of a template, and what the person adds."""
    if not verdict.template:
        return verdict.reason, verdict.reason
    use = {"grant": "grant", "refuse": "refuse"}.get(str(verdict.outputs.get("outcome", "")))
    for template in definition.desk.reasons:
        if template.slug == verdict.template and template.use == use:
            added = verdict.reason.strip()
            texts = (template.text.zh, template.text.en)
            return (f"{texts[0]}；{added}", f"{texts[1]}; {added}") if added else texts
    raise SubmissionInvalid({"template": ("没有此理由模板", "the item has no such reason")})


def withdraw(subject: Subject, number: str, chosen: Sequence[str], reason: str = "") -> Case:
    """Withdraw what is still open (撤回申请)."""

    def act(case: Case, ground: Ground) -> Sequence[Said]:
        return human.withdraw(case, ground, chosen, actor=subject.user_id, reason=reason)

    return act_on(subject, number, "case.withdraw", "", act)


def suspend(subject: Subject, number: str, item: str, kind: str, reason: str) -> Case:
    """Begin a special procedure (特别程序); the decision clock stops."""

    def act(case: Case, ground: Ground) -> Sequence[Said]:
        return (
            clocks.suspend(case, ground, item, kind=kind, reason=reason, actor=subject.user_id),
        )

    return act_on(subject, number, "case.review", item, act)


def resume(subject: Subject, number: str, item: str) -> Case:
    """End the special procedure; the clock runs again."""

    def act(case: Case, ground: Ground) -> Sequence[Said]:
        return (clocks.resume(case, ground, item, actor=subject.user_id),)

    return act_on(subject, number, "case.review", item, act)


def urge(subject: Subject, number: str, item: str) -> Case:
    """Urge a branch on (催办)."""

    def act(case: Case, ground: Ground) -> Sequence[Said]:
        return (human.urge(case, ground, item, actor=subject.user_id),)

    return act_on(subject, number, "case.correct", item, act)
