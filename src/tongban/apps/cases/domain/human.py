"""What people may do to a case, as pure functions: each gives the events, or refuses and says why.

Separation of duties and the one correction are decided here, what stops and lengthens a clock in
`clocks`, so that a button, the API and a test ask the same question.
"""

from collections.abc import Mapping, Sequence

from tongban.apps.cases import events as say
from tongban.apps.cases.errors import CaseRefused, SubmissionInvalid
from tongban.kernel.feel import Value

from . import acceptance, engine, flow
from .engine import Task
from .fold import Said
from .ground import Ground, all_facts, offered, unverified
from .guards import branch_of, lawful, open_branch
from .handling import hands_off
from .state import ENDED, Branch, Case, Json, Stage, write_values


def _suspended(branch: Branch) -> bool:
    return bool(branch.suspensions) and branch.suspensions[-1].end is None


def task_of(case: Case, ground: Ground, item: str, step: str) -> Task:
    """Give the work offered to people at this step; refuses when it is not offered now."""
    open_branch(case, item, Stage.PROCESSING)
    for task in engine.tasks(case, ground):
        if task.item == item and task.step == step:
            return task
    raise CaseRefused(f"步骤{step}已办结或尚未开始", f"step {step} is done already or not yet open")


def read_outputs(
    case: Case, ground: Ground, item: str, step: str, outputs: Mapping[str, Json]
) -> dict[str, Value]:
    """Read what a person decides at a step: ``outcome`` for a task, a rule's own outputs for it.

    A rule that was handed over takes exactly the outputs of its table, of their types and among
    their allowed values; money is whole fen.
    """
    task = task_of(case, ground, item, step)
    if not task.rule:
        if set(outputs) != {"outcome"} or outputs["outcome"] not in {"grant", "refuse"}:
            raise SubmissionInvalid({"outcome": ("请选择准予或不予", "choose grant or refuse")})
        return {"outcome": outputs["outcome"]}
    here = {s.id: s for s in offered(case.branches[item], ground)}[step]
    table = ground.definitions[item].rules[here.attributes["rule"]].table
    expected = {output.name: output for output in table.outputs}
    wrong = dict.fromkeys(
        sorted(expected.keys() ^ outputs.keys()), ("须与规则的输出一致", "give this rule's outputs")
    )
    values: dict[str, Value] = {}
    for name in expected.keys() & outputs.keys():
        raw, output = outputs[name], expected[name]
        fits = {
            "string": isinstance(raw, str),
            "number": isinstance(raw, int) and not isinstance(raw, bool) and raw >= 0,
            "boolean": isinstance(raw, bool),
        }.get(output.type, False)
        if not fits or (output.allowed and raw not in output.allowed):
            wrong[name] = ("取值不符", f"give a {output.type} that the rule allows")
        else:
            values[name] = raw
    if wrong:
        raise SubmissionInvalid(wrong)
    return values


def decide(
    case: Case,
    ground: Ground,
    item: str,
    step: str,
    outputs: Mapping[str, Value],
    *,
    actor: str,
    organisation: str,
    reason: str,
    reason_en: str = "",
    accept_unverified: bool = False,
) -> Said:
    """Decide a step by a person (人工审批): outcome and further outputs, with a reason.

    Refuses a second hand where the flow wants another person, a fact that no source could confirm
    unless the person accepts that in so many words, and outputs the step does not have.
    """
    task = task_of(case, ground, item, step)
    branch = case.branches[item]
    hands_off(branch, ground, actor)
    if _suspended(branch):
        raise CaseRefused("特别程序期间不能作出决定", "end the special procedure first")
    if task.not_by and dict(branch.done_by).get(task.not_by) == actor:
        raise CaseRefused(
            "审查与决定不能由同一人办理",
            f"who did {task.not_by} may not do {step}: hand it to a colleague",
        )
    if not reason.strip():
        raise SubmissionInvalid({"reason": ("请写明理由", "give the reason")})
    definition = ground.definitions[item]
    doubtful = unverified(case, branch, ground, definition.wanted)
    if doubtful and not accept_unverified:
        raise CaseRefused(
            f"来源暂不可用或申请人有异议，未核验：{'、'.join(doubtful)}",
            "the source did not answer, or the applicant doubts it; unverified: "
            f"{', '.join(doubtful)}; wait for it, or decide with accept_unverified",
        )
    here = {s.id: s for s in offered(branch, ground)}[step]
    alias = here.attributes["rule"] if task.rule else step
    results = {f"{alias}.{name}": value for name, value in outputs.items()}
    sentence = {"table": "", "rule": step, "zh": reason, "en": reason_en or reason}
    decision: dict[str, Json] = {"by": "person", "reasons": [sentence]}
    if doubtful:
        decision["unverified"] = list(doubtful)
    return flow.stepped(
        branch,
        ground,
        all_facts(case, ground),
        step,
        results,
        decision=decision,
        actor=actor,
        organisation=organisation,
        reason=reason,
    )


def accept(case: Case, ground: Ground, item: str, *, accept: bool, actor: str, reason: str) -> Said:
    """Accept or not (受理、不予受理) after a clerk has looked at the documents.

    Only what was asked for and not given can stand against acceptance (行政许可法 art. 32).
    """
    branch = open_branch(case, item, Stage.EXAMINING)
    hands_off(branch, ground, actor)
    facts = all_facts(case, ground)
    if accept:
        return acceptance.accepted(branch, ground, facts, actor=actor)
    if not reason.strip():
        raise SubmissionInvalid({"reason": ("请写明理由", "give the reason")})
    if not branch.asked:
        raise CaseRefused(
            "不予受理前须先一次性告知补正",
            "ask for the correction first: nothing was asked of the applicant",
        )
    return flow.ended(branch, Stage.REFUSED, "not_accepted", ground, note=reason, actor=actor)


def ask_correction(
    case: Case, ground: Ground, item: str, asked: Sequence[tuple[str, str]], *, actor: str
) -> Said:
    """Ask for correction (补正): before acceptance, once, in time, with every point named.

    What the rules find missing is added to what the clerk names, so that the list is complete.
    """
    branch = open_branch(case, item, Stage.GATHERING, Stage.EXAMINING)
    hands_off(branch, ground, actor)
    if branch.asked:
        raise CaseRefused(
            f"行政许可法第三十二条：应当一次告知申请人需要补正的全部内容；已于{branch.asked_on}告知",
            "correction is asked once, completely (Administrative Licensing Law, article 32); it "
            f"was asked on {branch.asked_on}",
        )
    lawful(
        "已超过五个工作日的告知期限",
        lambda: acceptance.intake(branch).ask_correction(ground.calendar, ground.today),
    )
    found = acceptance.problems(case, branch, ground, all_facts(case, ground))
    every = dict([*found, *asked])
    if not every:
        raise SubmissionInvalid({"asked": ("请列出补正内容", "name what is to be corrected")})
    known = {spec.fact for spec in ground.definitions[item].needs.fields} | {
        spec.code for spec in ground.definitions[item].needs.materials
    }
    if strange := sorted(every.keys() - known):
        raise SubmissionInvalid(
            dict.fromkeys(strange, ("本事项没有此项", "the item has no such field or material"))
        )
    data = {"asked": [list(pair) for pair in every.items()], "on": ground.today.isoformat()}
    return Said(say.CORRECTION_ASKED, ground.now, data, item, actor=actor)


def answer(
    case: Case,
    ground: Ground,
    answers: Mapping[str, Value],
    materials: Mapping[str, str],
    *,
    actor: str,
    held: Mapping[str, str],
) -> Said:
    """Answer what was asked (提交补正): only points that an open branch has asked for.

    ``held`` are the applicant's licences that stand for documents, kind → identifier.

    What a department says may be confirmed, never overwritten: whoever disputes it asks the
    department to correct its record, or withdraws.
    """
    asked = {
        name
        for branch in case.branches.values()
        if branch.stage in {Stage.CORRECTION, Stage.RECONFIRM}
        for name, _ in branch.asked
    }
    if not asked:
        raise CaseRefused("目前没有需要补正的内容", "nothing is asked of you at present")
    if strange := sorted((answers.keys() | materials.keys()) - asked):
        raise SubmissionInvalid(dict.fromkeys(strange, ("此项未要求补正", "this was not asked")))
    facts = all_facts(case, ground)
    known = {n for n in answers if n in facts and not _typed(case, n)}
    if disputed := sorted(name for name in known if answers[name] != facts[name]):
        raise SubmissionInvalid(
            dict.fromkeys(
                disputed,
                (
                    "以部门数据为准；有误请先向该部门申请更正，或撤回申请",
                    "the department's record stands: confirm it, have it corrected, or withdraw",
                ),
            )
        )
    given = {name: value for name, value in answers.items() if name not in known}
    data = {
        "answers": write_values(given),
        "materials": dict(materials),
        "at": ground.now.isoformat(),
        **({"licences": dict(held)} if held else {}),
    }
    return Said(say.ANSWERED, ground.now, data, actor=actor)


def _typed(case: Case, name: str) -> bool:
    held = case.facts.get(name)
    return held is not None and held.origin == "applicant"


def withdraw(
    case: Case, ground: Ground, items: Sequence[str], *, actor: str, reason: str
) -> tuple[Said, ...]:
    """Withdraw open branches (撤回申请); what was granted stays granted."""
    chosen = [branch_of(case, item) for item in items] or [
        b for b in case.branches.values() if b.stage not in ENDED
    ]
    if ended := [b.item for b in chosen if b.stage in ENDED]:
        raise CaseRefused(
            f"已办结的事项不能撤回：{'、'.join(ended)}",
            f"already ended, so not withdrawn: {', '.join(ended)}",
        )
    if not chosen:
        raise CaseRefused("办件已办结", "the case has ended")
    data = {
        "stage": Stage.WITHDRAWN.value,
        "outcome": "withdrawn",
        "on": ground.today.isoformat(),
        "note": reason,
    }
    return tuple(Said(say.ENDED, ground.now, data, b.item, actor=actor) for b in chosen)


def urge(case: Case, ground: Ground, item: str, *, actor: str) -> Said:
    """Urge a branch on (催办); it is counted and shown in the queue."""
    branch = branch_of(case, item)
    if branch.stage in ENDED:
        raise CaseRefused("该事项已办结", "the item has ended")
    return Said(say.URGED, ground.now, {}, item, actor=actor)
