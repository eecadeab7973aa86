"""One branch as an official has it on the desk (卷宗): what may be done, with which words, and why.

Nothing of an item out of sight is told, and an act that would be refused for certain is not
offered; what is offered is judged once more by its verb.
"""

from collections.abc import Mapping, Sequence

from tongban.apps.exchange.events import DISAGREED
from tongban.apps.items.domain.words import Template
from tongban.apps.parties import queries as parties
from tongban.infra.access.domain import Ruling, judge
from tongban.kernel import workdays
from tongban.kernel.events import Event
from tongban.kernel.facts import Words
from tongban.kernel.tables import Output

from .disclosure import Sight
from .domain import acceptance, clocks, engine, handling
from .domain.engine import Task
from .domain.ground import Ground, all_facts, department_of, offered, unverified
from .domain.state import ENDED, Branch, Json, Stage
from .errors import CaseUnknown
from .queries import STAGES, Loaded

LIGHTS = {
    "green": Words("正常", "in time"),
    "amber": Words("临期", "due soon"),
    "red": Words("逾期", "overdue"),
}
# what an act on a branch needs to be allowed
_NEEDS = {"accept": "case.accept", "ask": "case.ask", "review": "case.review",
          "decide": "case.decide"}  # fmt: skip


def docket(sight: Sight, item: str, lang: str) -> dict[str, Json]:
    """Give everything that the desk shows of one item of a case beside its facts and history.

    Raises `CaseUnknown` where the item is none of the case's, or out of the subject's sight.
    """
    if item not in sight.items:
        raise CaseUnknown(sight.loaded.case.number)
    case, ground = sight.loaded.case, sight.loaded.ground
    branch, definition = case.branches[item], ground.definitions[item]
    rulings = _rulings(sight, branch)
    work = _work(sight, branch, lang)
    held = handling.holder(branch, ground.now)
    labels = ground.life_event.labels(lang)
    doubtful = unverified(case, branch, ground, definition.wanted)
    return {
        "item": item,
        "name": definition.name.of(lang),
        "state": branch.stage.value,
        "state_words": STAGES[branch.stage].of(lang),
        "department": department_of(branch, ground),
        "clock": clock(sight.loaded, branch, lang),
        "claimed": "" if not held else "mine" if held == sight.subject.user_id else "other",
        "claimed_until": branch.claimed_until if held else "",
        "urged": branch.urged,
        "facts": sorted(definition.wanted),
        "unverified": [labels.get(name, name) for name in doubtful],
        "suspended": _suspended(branch, lang),
        "move": _move(branch, lang),
        "extension_asked": branch.extension_asked[:2] if branch.extension_asked else None,
        "work": work,
        "acts": _acts(branch, rulings, mine=bool(work), by=sight.subject.user_id),
        "step_up": max((r.needs for r in rulings.values() if not r.allowed), default=0),
        "reasons": {
            use: reasons(definition.desk.reasons, use, lang) for use in ("grant", "refuse")
        },
        "checklist": checklist(sight.loaded, item, lang),
    }


def clock(loaded: Loaded, branch: Branch, lang: str) -> dict[str, str] | None:
    """Give the clock that a desk works against: its light, the word for it, and how long is left.

    None where no clock runs.
    """
    ledger = clocks.desk_clock(branch, loaded.ground)
    if ledger is None or branch.stage in ENDED:
        return None
    status = workdays.status(loaded.ground.calendar, ledger, loaded.ground.today)
    return {
        "light": status.light,
        "word": LIGHTS[status.light].of(lang),
        "words": status.zh if lang == "zh" else status.en,
    }


def _rulings(sight: Sight, branch: Branch) -> dict[str, Ruling]:
    case = sight.loaded.case
    department = department_of(branch, sight.loaded.ground)
    resource = {
        "applicant": case.applicant,
        "agent": case.agent,
        "company": case.on_behalf_of,
        "life_event": case.life_event,
        "department": department,
        "region": parties.department_region(department),
    }
    return {name: judge(sight.subject, action, resource) for name, action in _NEEDS.items()}


def _acts(branch: Branch, rulings: Mapping[str, Ruling], *, mine: bool, by: str) -> list[str]:
    """Name the acts to offer; one that only asks to prove more first is offered too."""
    may = {name for name, ruling in rulings.items() if ruling.allowed or ruling.needs}
    stage = branch.stage
    running = stage is Stage.PROCESSING and branch.accepted is not None
    stopped = bool(branch.suspensions) and branch.suspensions[-1].end is None
    offers = {
        "accept": mine and stage is Stage.EXAMINING and "accept" in may,
        "ask": stage in {Stage.EXAMINING, Stage.GATHERING} and "ask" in may and not branch.asked,
        "decide": mine and stage is Stage.PROCESSING and not stopped,
        "claim": mine,
        "suspend": running and "review" in may and not stopped,
        "resume": running and "review" in may and stopped,
        "extend": mine
        and running
        and branch.extension is None
        and not stopped
        and not branch.extension_asked,
        "transfer": mine and not branch.move,
        "settle": bool(branch.move) and "decide" in may and branch.move[2] != by,
        "settle-extension": running
        and branch.extension_asked is not None
        and "decide" in may
        and branch.extension_asked[2] != by,
    }
    return [name for name, offer in offers.items() if offer]


def _work(sight: Sight, branch: Branch, lang: str) -> list[dict[str, Json]]:
    """List the work on this branch that waits for a post of the subject."""
    case, ground = sight.loaded.case, sight.loaded.ground
    mine = {(post.department, post.role) for post in sight.subject.posts}
    here = department_of(branch, ground)
    definition = ground.definitions[branch.item]
    steps = {step.id: step for step in offered(branch, ground)}
    labels = ground.life_event.labels(lang)
    found = []
    for task in engine.tasks(case, ground):
        if task.item != branch.item or (here, task.post) not in mine:
            continue
        step = steps.get(task.step)
        outputs: Sequence[Output] = ()
        if task.rule and step is not None:
            outputs = definition.rules[step.attributes["rule"]].table.outputs
        done = dict(branch.done_by).get(task.not_by, "")
        found.append(
            {
                "step": task.step,
                "name": task_name(task, branch, ground, lang),
                "post": task.post,
                "rule": task.rule,
                "message": task.message,
                "missing": [labels.get(name, name) for name in task.missing],
                "second_hand": bool(task.not_by) and done == sight.subject.user_id,
                "outputs": [
                    {"name": o.name, "label": o.label or o.name, "type": o.type,
                     "allowed": list(o.allowed)}
                    for o in outputs
                ],
            }
        )  # fmt: skip
    return found


def task_name(task: Task, branch: Branch, ground: Ground, lang: str) -> str:
    """Name the step of a task as its flow does; acceptance is no step of any flow."""
    if lang != "en":
        return task.name
    english = {step.id: step.attributes.get("name-en", "") for step in offered(branch, ground)}
    return english.get(task.step) or task.step


def _suspended(branch: Branch, lang: str) -> dict[str, str] | None:
    last = branch.suspensions[-1] if branch.suspensions else None
    if last is None or last.end is not None:
        return None
    zh, en = workdays.SPECIAL_PROCEDURES[last.kind]
    return {"kind": en if lang == "en" else zh, "since": last.start.isoformat()}


def _move(branch: Branch, lang: str) -> dict[str, str] | None:
    if not branch.move:
        return None
    department, post, _ = branch.move
    return {"department": parties.department_name(department, lang), "post": post}


def checklist(loaded: Loaded, item: str, lang: str) -> dict[str, Json]:
    """Give everything that may be asked of the applicant for an item, and how each point stands."""
    case, ground = loaded.case, loaded.ground
    branch, definition = case.branches[item], ground.definitions[item]
    facts = all_facts(case, ground)
    missing = dict(acceptance.problems(case, branch, ground, facts))
    required = {spec.code for spec in acceptance.documents(branch, ground, facts)}
    labels = ground.life_event.labels(lang)
    return {
        "asked_on": branch.asked_on,
        "may_ask": not branch.asked,
        "fields": [
            _point(spec.fact, labels.get(spec.fact, spec.fact), missing, given=spec.fact in facts)
            for spec in definition.needs.fields
        ],
        "materials": [
            {
                **_point(
                    spec.code,
                    spec.name.of(lang),
                    missing,
                    given=spec.code in case.materials,
                ),
                "required": spec.code in required,
                "waived": acceptance.waived(spec, case),
            }
            for spec in definition.needs.materials
        ],
        "reasons": reasons(definition.desk.reasons, "correct", lang),
    }


def _point(name: str, label: str, missing: Mapping[str, str], *, given: bool) -> dict[str, Json]:
    return {"name": name, "label": label, "given": given, "missing": missing.get(name, "")}


def reasons(templates: tuple[Template, ...], use: str, lang: str) -> list[dict[str, str]]:
    """Give the reasons of an item that may be chosen for one use."""
    return [{"slug": t.slug, "text": t.text.of(lang)} for t in templates if t.use == use]


def conflicts(sight: Sight, item: str, history: Sequence[Event], lang: str) -> list[dict[str, str]]:
    """List on which facts of this item the departments do not agree, and whose value counts.

    The trail holds no value in clear: the difference is told, and where to look.
    """
    wanted = sight.loaded.ground.definitions[item].wanted
    labels = sight.loaded.ground.life_event.labels(lang)
    comma = ", " if lang == "en" else "、"
    found: dict[str, dict[str, str]] = {}
    for event in history:
        if event.type != DISAGREED or event.erased or event.data["fact"] not in wanted:
            continue
        fact = event.data["fact"]
        sources = dict.fromkeys(source["department"] for source in event.data["sources"])
        found[fact] = {
            "label": labels.get(fact, fact),
            "sources": comma.join(parties.department_name(one, lang) for one in sources),
            "counts": parties.department_name(event.data["counts"]["department"], lang),
        }
    return list(found.values())
