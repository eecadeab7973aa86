"""What one subject may see of a case: the applicant everything, an official its own items.

An official learns of the items of other departments only that they exist and where they stand
(最小必要). Whoever may see nothing does not learn that the case exists. The API and the pages both
read through here, so that neither shows more than the other.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from tongban.apps.exchange import consents
from tongban.apps.exchange import queries as exchange
from tongban.apps.items import queries as items
from tongban.apps.parties import queries as parties
from tongban.infra.access.domain import Subject, judge
from tongban.infra.trail import queries as trail
from tongban.kernel.events import Event
from tongban.kernel.facts import Words

from . import events as say
from . import notices, papers, queries, services
from .domain import engine
from .domain.ground import department_of
from .domain.state import Case, Json
from .errors import CaseUnknown

_LOOKED_THROUGH = 100
# What a branch shows to those who may not look into it.
_CLOSED: dict[str, Json] = {
    "outcome": "",
    "decided_by": "",
    "reasons": [],
    "rules": [],
    "licence": "",
    "asked": [],
    "unavailable_until": "",
    "waiting_for": [],
    "note": "",
    "fee": "",
}
HAPPENED = {
    say.SUBMITTED: Words("提交申请", "submitted"),
    say.FACTS_RECEIVED: Words("收到部门数据", "data received from departments"),
    say.ENTERED: Words("进入办理", "begun"),
    say.SOURCE_UNAVAILABLE: Words("数据来源暂不可用", "a source did not answer"),
    say.CORRECTION_ASKED: Words("一次性告知补正", "correction asked"),
    say.HELD_FOR_EXAMINATION: Words("转人工核验材料", "documents await a clerk"),
    say.ANSWERED: Words("提交补正", "correction answered"),
    say.ACCEPTED: Words("受理", "accepted"),
    say.STEPPED: Words("完成步骤", "step done"),
    say.HANDED: Words("转人工办理", "handed to a person"),
    say.RECONFIRM_ASKED: Words("请申请人确认", "applicant asked to confirm"),
    say.ASSIGNED: Words("赋码", "numbers assigned"),
    say.PAYMENT_ORDERED: Words("发出拨付指令", "payment ordered"),
    say.FEE_ASKED: Words("请缴费", "a fee is asked"),
    say.FEE_PAID: Words("已缴费", "the fee is paid"),
    say.SUSPENDED: Words("启动特别程序", "special procedure begun"),
    say.RESUMED: Words("结束特别程序", "special procedure ended"),
    say.EXTENSION_ASKED: Words("申请延长办理期限", "more time was asked for"),
    say.EXTENDED: Words("延长办理期限", "time extended"),
    say.EXTENSION_REFUSED: Words("不同意延长办理期限", "more time was refused"),
    say.URGED: Words("催办", "urged"),
    say.CLAIMED: Words("认领", "claimed by an official"),
    say.RELEASED: Words("释放", "let go of by an official"),
    say.TRANSFER_ASKED: Words("申请转办", "a move was asked for"),
    say.TRANSFERRED: Words("转办", "moved to another desk"),
    say.TRANSFER_REFUSED: Words("不同意转办", "the move was refused"),
    say.DUE_SOON: Words("临近承诺办结日", "the promised day is near"),
    say.DOUBTED: Words("申请人对数据提出异议", "the applicant doubts a fact"),
    say.DOUBT_WITHDRAWN: Words("撤回异议", "the doubt was taken back"),
    say.ENDED: Words("办结", "decided"),
    say.DELIVERED: Words("送达", "delivered"),
    say.CLOSED: Words("全部办结", "case closed"),
    say.SIGNED: Words("申请人签名", "signed by the applicant"),
    say.NOTICED: Words("制作决定书并用印", "notice of the decision made and sealed"),
    "tongban.exchange.called.v1": Words("向部门调取数据", "a department was asked"),
    "tongban.exchange.disagreed.v1": Words("部门数据不一致", "sources disagree on a fact"),
    "tongban.licences.issued.v1": Words("颁发证照", "licence issued"),
}


@dataclass(frozen=True)
class Sight:
    """A case as one subject may see it; ``items`` are those it may look into."""

    subject: Subject
    loaded: queries.Loaded
    items: frozenset[str]

    @cached_property
    def whole(self) -> bool:
        """Say whether nothing of the case is closed to this subject."""
        return self.items == self.loaded.case.branches.keys()

    @cached_property
    def facts(self) -> frozenset[str]:
        """Name the facts that the items in sight may use."""
        definitions = self.loaded.ground.definitions
        return frozenset().union(*(definitions[item].wanted for item in self.items))


def look(subject: Subject, number: str) -> Sight:
    """Open a case for a subject; raises `CaseUnknown` where it may see none of it."""
    services.allowed(subject, number, "case.read")
    loaded = queries.load(number)
    items = frozenset(
        item
        for item in loaded.case.branches
        if _readable(subject, loaded.case, department_of(loaded.case.branches[item], loaded.ground))
    )
    if not items:
        raise CaseUnknown(number)
    return Sight(subject, loaded, items)


def _readable(subject: Subject, case: Case, department: str) -> bool:
    resource = {
        "applicant": case.applicant,
        "company": case.on_behalf_of,
        "life_event": case.life_event,
        "department": department,
        "region": parties.department_region(department),
    }
    return judge(subject, "case.read", resource).allowed


def may(sight: Sight, action: str) -> bool:
    """Say whether the subject may do this to the case, if need be after it has proved more."""
    case = sight.loaded.case
    about = {
        "applicant": case.applicant,
        "agent": case.agent,
        "company": case.on_behalf_of,
        "life_event": case.life_event,
    }
    ruling = judge(sight.subject, action, about)
    return ruling.allowed or ruling.needs > 0


def case(sight: Sight, lang: str) -> dict[str, Json]:
    """Show where a case stands, branch by branch."""
    found = queries.track(sight.loaded.case.number, lang)
    found["branches"] = [
        branch if branch["item"] in sight.items else branch | _CLOSED
        for branch in found["branches"]
    ]
    return found


def facts(sight: Sight, lang: str) -> list[dict[str, Json]]:
    """Show the facts with their sources: all to the applicant, those of its items to others."""
    rows = queries.facts_view(sight.loaded, lang)
    return rows if sight.whole else [row for row in rows if row["fact"] in sight.facts]


def calls(sight: Sight, lang: str) -> list[dict[str, Json]]:
    """Show who was asked for what, for which items and on which ground."""
    labels = sight.loaded.ground.life_event.labels(lang)
    return [
        {
            "department": parties.department_name(call["department"], lang),
            "resource": call["resource"],
            "facts": [labels.get(name, name) for name in call["facts"]],
            "items": call["items"],
            "basis": call["basis"],
            "outcome": call["outcome"],
            "occurred": call["occurred"],
        }
        for call in queries.resources_called(sight.loaded.case.number)
        if sight.whole or sight.items.intersection(call["items"])
    ]


def timeline(sight: Sight, lang: str) -> dict[str, Json]:
    """Show the events of a case with their hashes, and whether the chain holds.

    Of an event on an item out of sight only its kind and hash are told, so that the chain can
    still be followed.
    """
    number = sight.loaded.case.number
    person = sight.loaded.case.applicant
    parts = dict.fromkeys(parties.agents_of(person), "agent")
    parts |= {parties.user_of(person): "applicant", "": "system", "system": "system"}
    return {
        "verified": trail.verify(number) is None,
        "events": [_told(sight, event, parts, lang) for event in queries.timeline(number)],
    }


def _told(sight: Sight, event: Event, parts: Mapping[str, str], lang: str) -> dict[str, Json]:
    """Show an event; ``parts`` says in which part an actor acts, and names no official."""
    words = HAPPENED.get(event.type)
    open_ = not event.item or event.item in sight.items
    return {
        "seq": event.seq,
        "type": event.type,
        "words": words.of(lang) if words else event.type,
        "occurred": event.occurred.isoformat(),
        "actor": parts.get(event.actor, "official"),
        "organisation": event.organisation,
        "item": event.item,
        "step": event.step if open_ else "",
        "step_name": _step(sight, event, lang) if open_ else "",
        "authority": event.authority,
        "reason": event.reason if open_ else "",
        "previous": event.previous,
        "hash": event.hash,
        "erased": event.erased,
    }


def _step(sight: Sight, event: Event, lang: str) -> str:
    """Name the step of an event as its flow does."""
    if not event.step or event.item not in sight.loaded.ground.definitions:
        return ""
    step = sight.loaded.ground.definitions[event.item].net.steps[event.step]
    return step.attributes.get("name-en", step.name) if lang == "en" else step.name


def documents(sight: Sight) -> list[dict[str, Json]]:
    """List the documents of a case with who signed them.

    All to the applicant; to others the notices of their items and the materials that these want.
    """
    number, definitions = sight.loaded.case.number, sight.loaded.ground.definitions
    wanted = {spec.code for item in sight.items for spec in definitions[item].needs.materials}
    beside: dict[str, list[dict[str, Json]]] = {}
    for row in papers.signatures(number):
        told = json.loads(bytes(row.statement))["document"]
        beside.setdefault(row.digest, []).append(
            {
                "role": row.role,
                "signer": told["signer"],
                "key": row.signed_by,
                "signed": row.made,
                "zh": told["purpose"]["zh"],
                "en": told["purpose"]["en"],
            }
        )
    return [
        {
            "kind": paper.kind,
            "name": paper.name,
            "of": paper.of,
            "media_type": paper.media_type,
            "digest": paper.digest,
            "bytes": len(paper.content),
            "signatures": beside.get(paper.digest, []),
        }
        for paper in (*papers.handed_in(number), *papers.notices(number))
        if sight.whole or paper.of in (sight.items if paper.kind == "notice" else wanted)
    ]


def notice(sight: Sight, item: str) -> bytes:
    """Give the notice of a decision as PDF; raise `CaseUnknown`, and what ``notices.make`` does."""
    number = sight.loaded.case.number
    if item not in sight.items:
        raise CaseUnknown(number)
    return bytes(notices.make(number, item).content)


def tasks(sight: Sight) -> list[dict[str, Json]]:
    """List the work that waits for a post of this subject on this case."""
    case, ground = sight.loaded.case, sight.loaded.ground
    mine = {(post.department, post.role) for post in sight.subject.posts}
    return [
        {
            "item": task.item,
            "step": task.step,
            "name": task.name,
            "post": task.post,
            "rule": task.rule,
            "missing": list(task.missing),
            "message": task.message,
        }
        for task in engine.tasks(case, ground)
        if (department_of(case.branches[task.item], ground), task.post) in mine
    ]


def looks(subject: Subject, lang: str) -> list[dict[str, Json]]:
    """List every look at this person's data, newest first: its own cases', and the nodes' logs'.

    Looks on statute are here like those by consent, and those for drafts, sent or dropped. An
    official without an account of its own as a person sees nothing, nor does who only acts for
    somebody.
    """
    if not subject.person_id or subject.behalf is not None:
        return []
    cases = queries.cases_of(subject).values_list("number", flat=True)[:_LOOKED_THROUGH]
    numbers = {*cases, *queries.read_ahead_of(subject)[:_LOOKED_THROUGH]}
    labels = items.labels(lang)
    return [
        {
            "at": seen.at,
            "department": parties.department_name(seen.department, lang),
            "provider": parties.department_name(seen.provider, lang),
            "resource": seen.resource,
            "facts": [labels.get(fact) or _attribute(seen, fact, lang) for fact in seen.facts],
            "purposes": list(seen.purposes),
            "basis": seen.basis,
            "case": seen.case,
            "outcome": seen.outcome,
        }
        for seen in consents.looks(numbers, [parties.id_number(subject.person_id)])
    ]


def _attribute(seen: consents.Seen, name: str, lang: str) -> str:
    """Name an attribute of a resource that was read as a file, not as a fact of a case."""
    catalogue = exchange.catalogue()
    contract = catalogue.contracts.get(seen.resource)
    shape = catalogue.vocabulary.kinds[contract.resource.kind].get(name) if contract else None
    return shape.label.of(lang) if shape else name


def doubts(subject: Subject, lang: str) -> list[dict[str, Json]]:
    """List what this person doubts in its cases, the newest case first (更正请求)."""
    if not subject.person_id or subject.behalf is not None:
        return []
    found: list[dict[str, Json]] = []
    for row in queries.cases_of(subject)[:_LOOKED_THROUGH]:
        if row.state.get("doubts"):
            for fact in queries.facts_view(queries.load(row.number), lang):
                if doubt := fact["doubt"]:
                    said = {"says": doubt["shown"], "why": doubt["why"], "case": row.number}
                    found.append({**fact, **said})
    return found
