"""Notices of decisions (决定书): each decision in writing, with reasons and remedies, under seal.

Made once a decision, after it: what was decided stands whether or not a notice can be made here.
Where the department has no seal, or the software for papers is absent, there is none, and whoever
asks is told why.
"""

import logging
from datetime import date, datetime
from functools import cache

from django.db import transaction

from tongban.apps.evidence import seals
from tongban.apps.parties import queries as parties
from tongban.infra import clock, papers
from tongban.infra.trail import services as trail
from tongban.kernel.events import Draft
from tongban.kernel.statements import ORGANISATION

from . import queries
from .domain.state import Branch, Json, Stage
from .errors import CaseRefused
from .events import NOTICED, papers_chain
from .models import Case as Row
from .models import Notice
from .papers import PDF, digest_of
from .services.signing import keep

_say = logging.getLogger(__name__)
_TEMPLATE = "decision"
_DECIDED = frozenset({Stage.GRANTED, Stage.REFUSED})
_TITLES = {
    "granted": ("准予决定书", "Decision: granted"),
    "not_accepted": ("不予受理决定书", "Decision: not accepted"),
}
_REFUSED = ("不予决定书", "Decision: refused")
#: 行政许可法 第三十八条 wants reasons and remedies; the terms are those of the two procedural laws.
_REMEDIES = (
    "如不服本决定，可以自收到本决定书之日起六十日内依法申请行政复议（行政复议法第二十条），"
    "也可以在六个月内依法提起行政诉讼（行政诉讼法第四十六条）。"
)
_FOOTER = "本决定书附有部门电子印章，任何改动均可查出；办件存证包可离线校验，见 verify.py"
_LAW = "行政许可法 第三十八条"


class NoticeNotMade(CaseRefused):
    """There can be no notice here and now; the message says what is missing (409)."""


def make(number: str, item: str) -> Notice:
    """Give the notice of a decided branch; make it where there is none.

    Raise `CaseRefused` while it is not decided, `NoticeNotMade`, ``Case.DoesNotExist``.
    """
    if known := Notice.objects.filter(case=number, item=item).first():
        return known
    loaded = queries.load(number)
    branch = loaded.case.branches.get(item)
    if branch is None or branch.stage not in _DECIDED:
        raise CaseRefused(f"事项{item}尚无决定", f"item {item} is not decided")
    department = loaded.ground.definitions[item].department
    data = _data(loaded, branch)
    try:
        typesetter, seal = papers.typesetter(), seals.held(department)
        content = typesetter.make(
            papers.template(_TEMPLATE), data, clock.now(), seal.pdf, f"{data['title']} {number}"
        )
    except (seals.SealRefused, papers.PaperNotMade) as refused:
        raise NoticeNotMade(refused.zh, refused.en) from refused
    digest = digest_of(content)
    told = seal.state(
        digest,
        PDF,
        number,
        f"本部门于{data['day']}就办件{number}作出“{data['title']}”，并加盖电子印章。",
        f"This department made this decision ({data['title_en']}) on case {number} and seals it.",
    )
    with transaction.atomic():
        Row.objects.select_for_update().only("number", "key").get(pk=number)
        row, fresh = Notice.objects.get_or_create(
            case_id=number,
            item=item,
            defaults={"digest": digest, "content": content, "made": clock.now()},
        )
        if fresh:
            keep(number, ORGANISATION, seal.row.pk, digest, told)
            trail.tell(
                Draft(
                    type=NOTICED,
                    chain=papers_chain(number),
                    actor="system",
                    organisation=seal.row.subject["uscc"],
                    on_behalf_of=loaded.case.applicant,
                    authority=_LAW,
                    item=item,
                    data={
                        "document": digest,
                        "statement": digest_of(told),
                        "key": seal.row.pk,
                        "role": ORGANISATION,
                        "outcome": branch.outcome,
                    },
                )
            )
    return row


def ensure(number: str) -> tuple[str, ...]:
    """Make the notice of every decision of the case; give the items for which none can be made."""
    without = []
    for branch in queries.load(number).case.branches.values():
        if branch.stage in _DECIDED:
            try:
                make(number, branch.item)
            except NoticeNotMade as refused:
                _say_once(refused.en)
                without.append(branch.item)
    return tuple(without)


@cache
def _say_once(why: str) -> None:
    """Say once a process what is missing: it is missing at every decision until it is mended."""
    _say.warning("no notices of decisions: %s", why)


def _data(loaded: queries.Loaded, branch: Branch) -> dict[str, Json]:
    """Give what the template of a notice is given."""
    case, ground = loaded.case, loaded.ground
    definition = ground.definitions[branch.item]
    zh = queries.branch_view(case, branch, ground, "zh")
    title, title_en = _TITLES.get(branch.outcome, _REFUSED)
    granted = branch.stage is Stage.GRANTED
    submitted = datetime.fromisoformat(case.submitted).astimezone(clock.SHANGHAI)
    laws = "、".join(f"《{law.title}》{law.article}" for law in definition.legal_basis)
    verdict = {"granted": "准予", "not_accepted": "不予受理"}.get(branch.outcome, "不予批准")
    rows = [
        ("办件编号", case.number),
        ("事项名称", definition.name.zh),
        ("实施编码", definition.implementation_code),
        ("受理日期", _day(branch.accepted)),
        ("决定方式", "依据公开规则自动作出" if branch.decided_by == "rule" else "人工审查决定"),
        ("电子证照标识", zh["licence"]),
    ]
    return {
        "title": title,
        "title_en": title_en,
        "authority": parties.department_name(definition.department, "zh"),
        "uscc": parties.department_code(definition.department),
        "number": f"{case.number}-{[*case.branches].index(branch.item) + 1:02d}",
        "to": parties.name_of(case.applicant) or "申请人",
        "said": [
            f"您于{_day(submitted.date())}提交的“{definition.name.zh}”申请，本部门已经审查。",
            f"依据{laws}，决定{verdict}。",
        ],
        "rows": [row for row in rows if row[1]],
        "reasons": [*zh["reasons"], *([zh["note"]] if zh["note"] else [])],
        "remedies": [] if granted else [_REMEDIES],
        "day": _day(branch.decided),
        "footer": _FOOTER,
    }


def _day(day: date | None) -> str:
    return "" if day is None else f"{day.year}年{day.month}月{day.day}日"
