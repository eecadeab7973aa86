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


def shown(sight: Sight, lang: str, t: Mapping[str, str]) -> dict[str, Any]:
    """Give everything that the template ``case.html`` needs."""
    case = disclosure.case(sight, lang)
    definitions = sight.loaded.ground.definitions
    names = {item: definitions[item].name.of(lang) for item in sight.loaded.case.branches}
    acts = acts_of(sight)
    facts = [_fact(sight, fact, acts, lang, t) for fact in disclosure.facts(sight, lang)]
    calls = [
        call | {"at": _instant(call["occurred"]), "ground": t[call["basis"]]}
        for call in disclosure.calls(sight, lang)
    ]
    timeline = disclosure.timeline(sight, lang)
    events = [
        event
        | {
            "at": _instant(event["occurred"]),
            "item_name": names.get(event["item"], ""),
            "who": t[event["actor"]],
        }
        for event in timeline["events"]
    ]
    ratings = voice.of_case(case["number"]) if "rate" in acts else {}
    branches = [
        _branch(branch, names, lang, t)
        | {
            "story": _story(branch, events, t),
            "urges": "correct" in acts and branch["state"] in _URGED,
            "rates": ratings.get(branch["item"], True) is None,
            "rated": _rated(ratings.get(branch["item"]), t),
        }
        for branch in case["branches"]
    ]
    return {
        "case": case,
        "submitted": _instant(case["submitted"]),
        "branches": branches,
        "now": _now(case["number"], branches, acts, t),
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


def _now(
    number: str, branches: Sequence[Row], acts: frozenset[str], t: Mapping[str, str]
) -> list[Row]:
    """List what waits for the visitor, each with the page on which it is done."""
    if "correct" not in acts:
        return []
    found = []
    if asking := [branch["name"] for branch in branches if branch["asked"]]:
        found.append(
            {
                "name": t["now_answer"],
                "url": reverse("case-answer", args=[number]),
                "hint": t["comma"].join(asking),
            }
        )
    found += [
        {
            "name": t["now_pay"],
            "url": reverse("fee", args=[branch["fee"]]),
            "hint": branch["name"],
        }
        for branch in branches
        if branch["state"] == "payment" and branch["fee"]
    ]
    return found


def _story(branch: Row, events: Sequence[Row], t: Mapping[str, str]) -> list[Row]:
    """Tell one item's own events, and at the end the day that was promised, while it is open."""
    told = [
        {
            "at": event["at"],
            "words": f"{event['words']}{t['colon']}{event['step_name']}"
            if event["step_name"]
            else event["words"],
            "who": event["who"],
            "more": event["reason"],
        }
        for event in events
        if event["item"] == branch["item"]
    ]
    if branch["promised_date"] and not branch["decided"]:
        promised = t["story_promised"]
        told.append({"day": branch["promised_date"], "words": promised, "tone": "wait"})
    return told


def _rated(rating: Mapping[str, Any] | None, t: Mapping[str, str]) -> str:
    return t[f"rating_{rating['level']}"] if rating else ""


def _fact(sight: Sight, fact: Row, acts: frozenset[str], lang: str, t: Mapping[str, str]) -> Row:
    """Make the row of a fact: its value in words, its source, and whether it is doubted."""
    told = fact | {
        "shown": value_words(fact, sight.loaded.ground.vocabulary, lang, t),
        "doubted": fact["doubt"],
    }
    if fact["origin"] != "source":
        return told
    address = reverse("case-doubt", args=[sight.loaded.case.number, fact["fact"]])
    doubts = "correct" in acts
    notes = [t["unverified"]] if fact["unverified"] else []
    if fact["doubt"]:
        said = fact["doubt"]["shown"] or fact["doubt"]["why"]
        notes.append(f"{t['doubt_stands']}{t['colon']}{said}")
    return told | {
        "source": fact["department"],
        "as_of": day_of(fact["as_of"]),
        "note": " · ".join(notes),
        "doubt": address if doubts and not fact["doubt"] else "",
        "act": address if doubts and fact["doubt"] else "",
        "act_words": t["doubt_see"],
    }


def day_of(instant: str) -> str:
    """Give the day in China of an instant as it is written; empty where there is none."""
    return f"{_instant(instant).astimezone(clock.SHANGHAI):%Y-%m-%d}" if instant else ""


def _branch(branch: Row, names: dict[str, str], lang: str, t: Mapping[str, str]) -> Row:
    tone, sign = _SIGNS.get(branch["state"], _RUNNING)
    return branch | {
        "tone": tone,
        "sign": sign,
        "decided_by_words": _decided_by(branch, t),
        "after": [names.get(item, item) for item in branch["started_after"]],
        "waiting_for": []
        if branch["state"] == "waiting"  # said by "after" already
        else [_post(waited, lang, t) for waited in branch["waiting_for"]],
        "again": branch["unavailable_until"] and _instant(branch["unavailable_until"]),
        "urged_words": t["urged_times"].format(n=branch["urged"]) if branch["urged"] else "",
    }


def _decided_by(branch: Row, t: Mapping[str, str]) -> str:
    """Say whether a rule or a person decided; nothing where that is over, or not to be told."""
    if not branch["decided"]:
        return t["by_nobody"]
    return t[f"by_{branch['decided_by']}"] if branch["decided_by"] else "—"


def _post(waited: str, lang: str, t: Mapping[str, str]) -> str:
    """Name a post in words; departments and items have theirs already."""
    if waited not in ROLES:
        return waited
    return t["a_post"].format(role=ROLES[waited][1 if lang == "en" else 0])


def _instant(written: str) -> datetime:
    return datetime.fromisoformat(written)


def yuan(fen: int, t: Mapping[str, str]) -> str:
    """Write an amount of fen in yuan.

    >>> yuan(24_005, {"yuan": "{n} yuan"}), yuan(-5, {"yuan": "{n} yuan"})
    ('240.05 yuan', '-0.05 yuan')
    """
    sign, whole = "-" if fen < 0 else "", abs(fen)
    return t["yuan"].format(n=f"{sign}{whole // 100}.{whole % 100:02d}")


def value_words(
    fact: Mapping[str, Any], vocabulary: Vocabulary, lang: str, t: Mapping[str, str]
) -> str:
    """Write a value as a person reads it: an option by its label, yes or no, money in yuan."""
    value = fact["value"]
    if value is None:
        return t["no_value"]
    if isinstance(value, bool):
        return t["yes" if value else "no"]
    if fact["fact"].endswith("_fen") and isinstance(value, int):
        return yuan(value, t)
    try:
        known = vocabulary.fact(fact["fact"])
    except UnknownFact:
        return str(value)
    if known.placed:
        return written_out(str(value))
    return next((o.label.of(lang) for o in known.options if o.value == value), str(value))
