"""What the page of a case shows, made ready for the template: signs, words, instants, options.

Everything comes out of ``cases.disclosure``; nothing is read or decided here.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tongban.apps.cases import disclosure
from tongban.apps.cases.disclosure import Sight
from tongban.infra.access.domain import ROLES
from tongban.kernel.facts import UnknownFact, Vocabulary

from .words import WORDS

Row = dict[str, Any]

# State → (tone of the style sheet, sign): the colour never speaks alone.
_SIGNS = {
    "granted": ("done", "✔"),
    "refused": ("stop", "✖"),
    "impossible": ("stop", "✖"),
    "correction": ("wait", "▲"),
    "reconfirm": ("wait", "▲"),
    "withdrawn": ("quiet", "○"),
    "not_applicable": ("quiet", "○"),
}
_RUNNING = ("wait", "●")
_YES_NO = {True: {"zh": "是", "en": "yes"}, False: {"zh": "否", "en": "no"}}


def shown(sight: Sight, lang: str) -> dict[str, Any]:
    """Give everything that the template ``case.html`` needs."""
    case = disclosure.case(sight, lang)
    definitions = sight.loaded.ground.definitions
    names = {item: definitions[item].name.of(lang) for item in sight.loaded.case.branches}
    vocabulary = sight.loaded.ground.vocabulary
    facts = [
        fact | {"shown": _value(fact, vocabulary, lang)} for fact in disclosure.facts(sight, lang)
    ]
    calls = [
        call | {"at": _instant(call["occurred"]), "ground": WORDS[call["basis"]].of(lang)}
        for call in disclosure.calls(sight, lang)
    ]
    timeline = disclosure.timeline(sight, lang)
    events = [
        event
        | {
            "at": _instant(event["occurred"]),
            "item_name": names.get(event["item"], ""),
            "who": WORDS[event["actor"]].of(lang),
        }
        for event in timeline["events"]
    ]
    return {
        "case": case,
        "submitted": _instant(case["submitted"]),
        "branches": [_branch(branch, names, lang) for branch in case["branches"]],
        "known": [fact for fact in facts if fact["origin"] == "login"],
        "given": [fact for fact in facts if fact["origin"] == "applicant"],
        "fetched": _by_department([fact for fact in facts if fact["origin"] == "source"]),
        "assigned": [fact for fact in facts if fact["origin"] == "assigned"],
        "calls": calls,
        "timeline": timeline,
        "events": events,
    }


def _branch(branch: Row, names: dict[str, str], lang: str) -> Row:
    tone, sign = _SIGNS.get(branch["state"], _RUNNING)
    return branch | {
        "tone": tone,
        "sign": sign,
        "decided_by_words": _decided_by(branch, lang),
        "after": [names.get(item, item) for item in branch["started_after"]],
        "waiting_for": []
        if branch["state"] == "waiting"  # said by "after" already
        else [_post(waited, lang) for waited in branch["waiting_for"]],
        "again": branch["unavailable_until"] and _instant(branch["unavailable_until"]),
    }


def _decided_by(branch: Row, lang: str) -> str:
    """Say whether a rule or a person decided; nothing where that is over, or not to be told."""
    if not branch["decided"]:
        return WORDS["by_nobody"].of(lang)
    return WORDS[f"by_{branch['decided_by']}"].of(lang) if branch["decided_by"] else "—"


def _post(waited: str, lang: str) -> str:
    """Name a post in words; departments and items have theirs already."""
    if waited not in ROLES:
        return waited
    zh, en = ROLES[waited]
    return f"the {en}" if lang == "en" else f"{zh}岗位"


def _by_department(facts: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for fact in facts:
        found.setdefault(fact["department"], []).append(fact)
    return found


def _instant(written: str) -> datetime:
    return datetime.fromisoformat(written)


def _value(fact: Row, vocabulary: Vocabulary, lang: str) -> str:
    """Write a value as a person reads it: an option by its label, yes or no, else as it is."""
    value = fact["value"]
    if value is None:
        return WORDS["no_value"].of(lang)
    if isinstance(value, bool):
        return _YES_NO[value][lang]
    try:
        options = vocabulary.fact(fact["fact"]).options
    except UnknownFact:
        options = ()
    return next((o.label.of(lang) for o in options if o.value == value), str(value))
