"""What the page of a case shows, made ready for the template: signs, words, instants, options.

Everything comes out of ``cases.disclosure``; nothing is read or decided here.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse

from tongban.apps.cases import disclosure
from tongban.apps.cases.disclosure import Sight
from tongban.apps.voice import queries as voice
from tongban.infra import clock
from tongban.infra.access.domain import ROLES
from tongban.kernel.facts import UnknownFact, Vocabulary

from .components import written_out
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
# where an office works: only there does urging reach anybody
_URGED = frozenset({"gathering", "examining", "processing"})
_YES_NO = {True: {"zh": "是", "en": "yes"}, False: {"zh": "否", "en": "no"}}


def shown(sight: Sight, lang: str) -> dict[str, Any]:
    """Give everything that the template ``case.html`` needs."""
    case = disclosure.case(sight, lang)
    definitions = sight.loaded.ground.definitions
    names = {item: definitions[item].name.of(lang) for item in sight.loaded.case.branches}
    acts = acts_of(sight)
    facts = [_fact(sight, fact, acts, lang) for fact in disclosure.facts(sight, lang)]
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
    ratings = voice.of_case(case["number"]) if "rate" in acts else {}
    branches = [
        _branch(branch, names, lang)
        | {
            "story": _story(branch, events, lang),
            "urges": "correct" in acts and branch["state"] in _URGED,
            "rates": ratings.get(branch["item"], True) is None,
            "rated": _rated(ratings.get(branch["item"]), lang),
        }
        for branch in case["branches"]
    ]
    return {
        "case": case,
        "submitted": _instant(case["submitted"]),
        "branches": branches,
        "now": _now(case["number"], branches, acts, lang),
        "acts": acts,
        "known": [fact for fact in facts if fact["origin"] == "login"],
        "given": [fact for fact in facts if fact["origin"] == "applicant"],
        "fetched": [fact for fact in facts if fact["origin"] == "source"],
        "assigned": [fact for fact in facts if fact["origin"] == "assigned"],
        "calls": calls,
        "timeline": timeline,
        "events": events,
    }


def acts_of(sight: Sight) -> frozenset[str]:
    """Name what the visitor may do: ``correct`` and ``withdraw`` while the case is open, ``rate``.

    Only the applicant rates, and nobody in its place.
    """
    subject, case = sight.subject, sight.loaded.case
    found = set()
    if not case.ended:
        found |= {verb for verb in ("correct", "withdraw") if disclosure.may(sight, f"case.{verb}")}
    if subject.behalf is None and subject.person_id and subject.person_id == case.applicant:
        found.add("rate")
    return frozenset(found)


def _now(number: str, branches: Sequence[Row], acts: frozenset[str], lang: str) -> list[Row]:
    """List what waits for the visitor, each with the page on which it is done."""
    if "correct" not in acts:
        return []
    found = []
    if asking := [branch["name"] for branch in branches if branch["asked"]]:
        found.append(
            {
                "name": WORDS["now_answer"].of(lang),
                "url": reverse("case-answer", args=[number]),
                "hint": ("、" if lang == "zh" else ", ").join(asking),
            }
        )
    found += [
        {
            "name": WORDS["now_pay"].of(lang),
            "url": reverse("fee", args=[branch["fee"]]),
            "hint": branch["name"],
        }
        for branch in branches
        if branch["state"] == "payment" and branch["fee"]
    ]
    return found


def _story(branch: Row, events: Sequence[Row], lang: str) -> list[Row]:
    """Tell one item's own events, and at the end the day that was promised, while it is open."""
    told = [
        {
            "at": event["at"],
            "words": f"{event['words']}：{event['step_name']}"
            if event["step_name"]
            else event["words"],
            "who": event["who"],
            "more": event["reason"],
        }
        for event in events
        if event["item"] == branch["item"]
    ]
    if branch["promised_date"] and not branch["decided"]:
        promised = WORDS["story_promised"].of(lang)
        told.append({"day": branch["promised_date"], "words": promised, "tone": "wait"})
    return told


def _rated(rating: Mapping[str, Any] | None, lang: str) -> str:
    return WORDS[f"rating_{rating['level']}"].of(lang) if rating else ""


def _fact(sight: Sight, fact: Row, acts: frozenset[str], lang: str) -> Row:
    """Make the row of a fact: its value in words, its source, and whether it is doubted."""
    told = fact | {
        "shown": value_words(fact, sight.loaded.ground.vocabulary, lang),
        "doubted": fact["doubt"],
    }
    if fact["origin"] != "source":
        return told
    address = reverse("case-doubt", args=[sight.loaded.case.number, fact["fact"]])
    doubts = "correct" in acts
    notes = [WORDS["unverified"].of(lang)] if fact["unverified"] else []
    if fact["doubt"]:
        said = fact["doubt"]["shown"] or fact["doubt"]["why"]
        notes.append(f"{WORDS['doubt_stands'].of(lang)}{':' if lang == 'en' else '：'} {said}")
    return told | {
        "source": fact["department"],
        "as_of": day_of(fact["as_of"]),
        "note": " · ".join(notes),
        "doubt": address if doubts and not fact["doubt"] else "",
        "act": address if doubts and fact["doubt"] else "",
        "act_words": WORDS["doubt_see"].of(lang),
    }


def day_of(instant: str) -> str:
    """Give the day in China of an instant as it is written; empty where there is none."""
    return f"{_instant(instant).astimezone(clock.SHANGHAI):%Y-%m-%d}" if instant else ""


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
        "urged_words": WORDS["urged_times"].of(lang).format(n=branch["urged"])
        if branch["urged"]
        else "",
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


def _instant(written: str) -> datetime:
    return datetime.fromisoformat(written)


def yuan(fen: int, lang: str) -> str:
    """Write an amount of fen in yuan.

    >>> yuan(24_005, "en"), yuan(-5, "zh")
    ('240.05 yuan', '-0.05 元')
    """
    sign, whole = "-" if fen < 0 else "", abs(fen)
    return WORDS["yuan"].of(lang).format(n=f"{sign}{whole // 100}.{whole % 100:02d}")


def value_words(fact: Mapping[str, Any], vocabulary: Vocabulary, lang: str) -> str:
    """Write a value as a person reads it: an option by its label, yes or no, money in yuan."""
    value = fact["value"]
    if value is None:
        return WORDS["no_value"].of(lang)
    if isinstance(value, bool):
        return _YES_NO[value][lang]
    if fact["fact"].endswith("_fen") and isinstance(value, int):
        return yuan(value, lang)
    try:
        known = vocabulary.fact(fact["fact"])
    except UnknownFact:
        return str(value)
    if known.placed:
        return written_out(str(value))
    return next((o.label.of(lang) for o in known.options if o.value == value), str(value))
