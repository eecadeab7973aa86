"""Which sources to ask now, and what their answers do to a case.

Only calls of the published data plan are ever made. A source that is down is asked again later; a
value that changed under an open branch is put to the applicant; a source that cannot confirm a
value leaves it marked unverified (未核验). Nothing of this happens in silence.
"""

from collections.abc import Mapping, Set
from dataclasses import replace
from datetime import datetime

from tongban.apps.cases import events as say
from tongban.kernel import forms
from tongban.kernel.feel import Value

from .acceptance import RETRY_FIRST
from .fold import Said
from .ground import Ground, all_facts, behind, offered, stale, unverified
from .state import ENDED, Branch, Case, Known, Stage, write_known

_EARLY = frozenset({Stage.WAITING, Stage.GATHERING, Stage.CORRECTION, Stage.EXAMINING})
#: What a source may still answer when it is asked again.
AGAIN = frozenset({"unavailable", "pending"})


def rule_is_next(branch: Branch, ground: Ground) -> bool:
    """Say whether a rule step of this branch would decide by itself now."""
    handed = {step for step, _ in branch.handed}
    return any(s.kind == "rule" and s.id not in handed for s in offered(branch, ground))


def wants(
    case: Case, ground: Ground, deciding: str = "", tried: Set[str] = frozenset()
) -> tuple[forms.Call, ...]:
    """Give the calls to make now: keys known and an answer missing, due for another try, or stale.

    All branches that can still run are served at once, because the applicant is asked once and
    completely. ``deciding`` names an item on which a person is about to decide; ``tried`` are facts
    that were asked for in this very turn.
    """
    facts = all_facts(case, ground)
    now = ground.now.isoformat()
    open_ = {b.item: b for b in case.branches.values() if b.stage not in ENDED}
    again = {
        item: stale(case, branch, ground)
        for item, branch in open_.items()
        if item == deciding or rule_is_next(branch, ground)
    }

    if deciding in again:  # a source that could not confirm a value may be back by now
        seen = ground.definitions[deciding].wanted
        again[deciding] |= frozenset(unverified(case, open_[deciding], ground, seen))

    def needed(item: str, name: str) -> bool:
        branch = open_.get(item)
        if branch is None:
            return False
        held = case.facts.get(name)
        if held is None or _only_typed(held):
            return branch.stage in _EARLY
        if held.status in AGAIN:
            due = branch.retry_at <= now if branch.retry_at else _rested(held, ground)
            return branch.stage in _EARLY and due
        return name in again.get(item, ())

    calls = []
    for call in ground.life_event.plan.calls:
        if not all(key in facts for key in call.keys):
            continue
        uses = tuple(
            replace(use, facts=wanted)
            for use in call.uses
            if (wanted := tuple(n for n in use.facts if n not in tried and needed(use.item, n)))
        )
        if uses:
            calls.append(replace(call, uses=uses))
    return tuple(calls)


def _rested(held: Known, ground: Ground) -> bool:
    """Say whether a source that was silent may be asked again by a branch that sets no time.

    Such a branch waits for another one, for the applicant or for a clerk.
    """
    return datetime.fromisoformat(held.as_of) + RETRY_FIRST <= ground.now


def _only_typed(held: Known) -> bool:
    """Say whether somebody typed a fact before its source was asked: the source goes first."""
    return held.origin == "applicant" and held.status == "value" and not held.as_of


def _typed(old: Known, new: Known) -> Known:
    """Weigh what was typed against a source: it stands only where the source has no value."""
    if new.status == "value":
        return new
    if new.status in AGAIN:
        return replace(new, value=old.value, origin="applicant")
    return replace(old, status="value", department="", resource="", reason="", as_of=new.as_of)


def received(
    case: Case, answers: Mapping[str, Known], calls: int, ground: Ground
) -> tuple[Said, ...]:
    """Say what came from the sources, and put changed values to the applicant again."""
    merged: dict[str, Known] = {}
    changed: dict[str, tuple[Value, Value]] = {}
    for name, new in answers.items():
        old = case.facts.get(name)
        if old is not None and old.origin == "applicant":
            merged[name] = _typed(old, new)
        elif old is None or old.status != "value" or old.origin != "source":
            if old is None or old.status != "value" or new.status == "value":
                merged[name] = new
        elif new.status == "value":
            merged[name] = new
            if new.value != old.value:
                changed[name] = (old.value, new.value)
        else:
            merged[name] = replace(old, unverified=True, reason=new.reason)
    written = {name: write_known(k) for name, k in merged.items()}
    said = [Said(say.FACTS_RECEIVED, ground.now, {"facts": written, "calls": calls})]
    for branch in case.branches.values():
        touched = changed.keys() & behind(ground.definitions[branch.item].wanted, ground)
        if branch.stage is Stage.PROCESSING and touched:
            asked = [[name, "changed-at-source"] for name in sorted(touched)]
            said.append(Said(say.RECONFIRM_ASKED, ground.now, {"asked": asked}, branch.item))
    return tuple(said)
