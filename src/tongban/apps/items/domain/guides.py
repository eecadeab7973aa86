"""The service guide (办事指南): what a person should know before applying, ready for a page.

What the definition and its data plan say is computed here and written nowhere else; only what
nobody could compute comes from the guide's file. Nothing here is about one person.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from tongban.apps.exchange.domain import law, words
from tongban.apps.items.domain.charges import fee_words
from tongban.apps.items.domain.words import Definition, LifeEvent
from tongban.kernel.facts import Fact, Value, Words
from tongban.kernel.feel import Condition
from tongban.kernel.feel.telling import tell_condition
from tongban.kernel.forms import DataPlan, LegalBasis, Material

Of = Literal["item", "life-event"]
Audience = Literal["person", "company"]
Plain = Mapping[str, Any]
#: Gives a department's name by its key.
Named = Callable[[str], Words]

#: The sections that every guide has, in the order of the page, by their stable ids.
SECTIONS: Mapping[str, Words] = {
    "who": Words("谁可以办", "Who can apply"),
    "refused": Words("什么情况办不了", "When it is refused"),
    "known": Words("我们已经知道的", "What we already know"),
    "asked": Words("需要您回答的", "What you are asked"),
    "bring": Words("需要您带的", "What you bring"),
    "time": Words("多久办好", "How long it takes"),
    "fee": Words("收费", "Fee"),
    "decided": Words("怎样决定", "How it is decided"),
    "result": Words("办好后得到什么", "What you get"),
    "law": Words("法律依据", "Legal basis"),
}


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of a guide; its id stays the same from version to version."""

    id: str
    heading: Words
    text: Words
    legal_basis: LegalBasis | None = None


@dataclass(frozen=True, slots=True)
class Theme:
    """A theme by which services are listed (办事主题); the elder view offers ``elders`` first."""

    slug: str
    audience: Audience
    name: Words
    place: int
    icon: str = ""
    elders: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What one department already knows, and on which ground it may be read."""

    department: str
    name: Words
    facts: tuple[Words, ...]
    consent: bool


@dataclass(frozen=True, slots=True)
class Bring:
    """A document: handed in, or not asked for because of what stands for it (``by``).

    ``when`` is empty where everybody needs it.
    """

    item: str
    code: str
    name: Words
    status: Literal["asked", "shared", "waived"]
    necessity: Literal["required", "optional"]
    when: Words
    by: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Days:
    """The working days of one item: promised, and by law."""

    item: str
    name: Words
    promised: int
    statutory: int


@dataclass(frozen=True, slots=True)
class Guide:
    """One version of a service guide; ``edition`` 0 means that nobody wrote one.

    ``version`` is that of the item or life event it explains, ``published`` the day on which the
    guide's words came into force. ``sections`` are computed, ``paragraphs`` written.
    """

    of: Of
    slug: str
    version: int
    edition: int
    published: datetime
    name: Words
    summary: Words
    aliases: tuple[str, ...]
    audience: Audience
    region: str
    department: str
    themes: tuple[Theme, ...]
    items: tuple[str, ...]
    apply: tuple[str, ...]
    known: tuple[Known, ...]
    asked: tuple[Words, ...]
    bring: tuple[Bring, ...]
    days: tuple[Days, ...]
    laws: tuple[LegalBasis, ...]
    sections: tuple[Paragraph, ...]
    paragraphs: tuple[Paragraph, ...]

    def paragraph(self, id_: str) -> Paragraph:
        """Give a section or paragraph by its id; raises `KeyError`."""
        for one in (*self.sections, *self.paragraphs):
            if one.id == id_:
                return one
        raise KeyError(id_)


@dataclass(frozen=True, slots=True)
class Ground:
    """What a guide is computed from: definitions in the order of the page, plan and words."""

    definitions: tuple[Definition, ...]
    plan: DataPlan
    labels: Mapping[str, Words]
    fact: Callable[[str], Fact]
    named: Named
    region: str
    licences: Mapping[str, Words]


def written(raw: Plain) -> tuple[Paragraph, ...]:
    """Read the written paragraphs of a guide's file."""
    return tuple(
        Paragraph(
            one["id"],
            words(one["heading"]),
            words(one["text"]),
            law(one["legal_basis"]) if "legal_basis" in one else None,
        )
        for one in raw.get("paragraphs", ())
    )


def themes(content: Plain) -> tuple[Theme, ...]:
    """Read the themes of a published guide."""
    return tuple(
        Theme(
            slug,
            one["audience"],
            words(one["name"]),
            one["place"],
            one.get("icon", ""),
            one.get("elders", False),
        )
        for slug, one in content["themes"].items()
    )


def guide(
    of: Of,
    subject: Definition | LifeEvent,
    content: Plain | None,
    published: datetime,
    ground: Ground,
    apply: tuple[str, ...],
) -> Guide:
    """Compute a guide; ``content`` is what its file says, None where nobody wrote one."""
    raw: Plain = content["data"] if content else {}
    first = ground.definitions[0]
    known, bring = _known(ground), _bring(ground)
    return Guide(
        of=of,
        slug=subject.slug,
        version=subject.version,
        edition=raw.get("version", 0),
        published=published,
        name=subject.name,
        summary=words(raw["summary"]) if raw else subject.name,
        aliases=tuple(raw.get("aliases", ())),
        audience=first.service_object,
        region=ground.region,
        department=first.department,
        themes=themes(content) if content else (),
        items=tuple(one.slug for one in ground.definitions),
        apply=apply,
        known=known,
        asked=tuple(field.fact.title for field in _asked(ground)),
        bring=bring,
        days=tuple(
            Days(one.slug, one.name, one.promised_days, one.statutory_days)
            for one in ground.definitions
        ),
        laws=tuple(dict.fromkeys(b for one in ground.definitions for b in one.legal_basis)),
        sections=_sections(ground, known, bring),
        paragraphs=written(raw),
    )


def _asked(ground: Ground) -> list[Any]:
    mine = {one.slug for one in ground.definitions}
    return [field for field in ground.plan.ask if mine & set(field.items)]


def _known(ground: Ground) -> tuple[Known, ...]:
    mine = {one.slug for one in ground.definitions}
    found: dict[str, dict[str, bool]] = {}
    for call in ground.plan.calls:
        for use in call.uses:
            if use.item in mine:
                facts = found.setdefault(call.department, {})
                for fact in use.facts:
                    facts[fact] = facts.get(fact, True) and use.basis == "consent"
    return tuple(
        Known(
            department,
            ground.named(department),
            tuple(ground.labels[fact] for fact in sorted(facts)),
            consent=all(facts.values()),
        )
        for department, facts in found.items()
    )


def _bring(ground: Ground) -> tuple[Bring, ...]:
    names = {one.slug: one.name for one in ground.definitions} | dict(ground.licences)
    mine = {one.slug for one in ground.definitions}
    return tuple(
        Bring(
            material.item,
            material.spec.code,
            material.spec.name,
            material.status,
            material.spec.necessity,
            _when(material, ground),
            tuple(names.get(key) or ground.named(key) for key in material.by),
        )
        for material in ground.plan.materials
        if material.item in mine
    )


def _when(material: Material, ground: Ground) -> Words:
    condition = material.spec.when
    return Words("", "") if condition is None else _told(condition, ground)


def _told(condition: Condition, ground: Ground) -> Words:
    """Tell a condition with the labels of its facts and of their options."""

    def shown(lang: str) -> Callable[[str, Value], str]:
        def one(name: str, value: Value) -> str:
            options = ground.fact(name).options if name else ()
            return next((o.label.of(lang) for o in options if o.value == value), str(value))

        return one

    zh = tell_condition(condition, "zh", {n: w.zh for n, w in ground.labels.items()}, shown("zh"))
    en = tell_condition(condition, "en", {n: w.en for n, w in ground.labels.items()}, shown("en"))
    return Words(zh, en)


def _sections(
    ground: Ground, known: tuple[Known, ...], bring: tuple[Bring, ...]
) -> tuple[Paragraph, ...]:
    found = {
        "who": _rows(ground, "grant"),
        "refused": _rows(ground, "refuse"),
        "known": _lines(
            Words(
                f"{one.name.zh}：{_zh(one.facts)}{'（须您同意）' if one.consent else ''}",
                f"{one.name.en}: {_en(one.facts)}{' (if you agree)' if one.consent else ''}",
            )
            for one in known
        ),
        "asked": _lines(field.fact.title for field in _asked(ground))
        or Words("不问任何问题。", "Nothing is asked."),
        "bring": _brought(bring),
        "time": _time(ground),
        "fee": fee_words(ground.definitions, lambda condition: _told(condition, ground)),
        "decided": _decided(ground),
        "result": _results(ground),
        "law": _lines(
            Words(f"《{b.title}》{b.article}", f"{b.title} {b.article}".strip())
            for b in dict.fromkeys(b for one in ground.definitions for b in one.legal_basis)
        ),
    }
    return tuple(
        Paragraph(name, heading, text)
        for name, heading in SECTIONS.items()
        if (text := found[name])
    )


def _zh(parts: Iterable[Words]) -> str:
    return "、".join(dict.fromkeys(part.zh for part in parts))


def _en(parts: Iterable[Words]) -> str:
    return ", ".join(dict.fromkeys(part.en for part in parts))


def _lines(lines: Iterable[Words]) -> Words | None:
    told = list(lines)
    if not told:
        return None
    return Words("\n".join(one.zh for one in told), "\n".join(one.en for one in told))


def _rows(ground: Ground, outcome: str) -> Words | None:
    """Give the words of the rows with this outcome, of each item's rules."""
    several = len(ground.definitions) > 1
    found = []
    for one in ground.definitions:
        for rule in one.rules.values():
            table = rule.table
            place = next((i for i, o in enumerate(table.outputs) if o.name == "outcome"), None)
            for row in table.rules:
                if place is None or row.outputs[place] != outcome:
                    continue
                zh, en = row.annotations.get("zh", ""), row.annotations.get("en", "")
                before = (f"{one.name.zh}：", f"{one.name.en}: ") if several else ("", "")
                found.append(Words(before[0] + zh, before[1] + en))
    return _lines(dict.fromkeys(found))


def _brought(bring: tuple[Bring, ...]) -> Words:
    asked = [one for one in bring if one.status == "asked" and one.necessity == "required"]
    spared = [one for one in bring if one.status == "waived"]
    zh, en = [], []
    for one in asked:
        zh.append(f"{one.name.zh}（{one.when.zh}时）" if one.when.zh else one.name.zh)
        en.append(f"{one.name.en} (if {one.when.en})" if one.when.en else one.name.en)
    if not asked:
        zh.append("什么都不用带。")
        en.append("You bring nothing.")
    if spared:
        zh.append(f"以下材料免提交：{_zh(one.name for one in spared)}。")
        en.append(f"Not asked for: {_en(one.name for one in spared)}.")
    return Words("\n".join(zh), "\n".join(en))


def _time(ground: Ground) -> Words:
    several = len(ground.definitions) > 1
    told = _lines(
        Words(
            (f"{one.name.zh}：" if several else "")
            + f"承诺 {one.promised_days} 个工作日，法定 {one.statutory_days} 个工作日。",
            (f"{one.name.en}: " if several else "")
            + f"promised within {one.promised_days} working days, {one.statutory_days} by law.",
        )
        for one in ground.definitions
    )
    return told or Words("", "")


def _decided(ground: Ground) -> Words:
    steps = [step for one in ground.definitions for step in one.net.steps.values()]
    human = any(step.kind in {"user", "manual"} for step in steps)
    if not any(step.kind == "rule" for step in steps):
        return Words("由工作人员审查决定。", "People examine and decide.")
    if not human:
        return Words("按公开的规则即时决定。", "Decided at once by published rules.")
    return Words(
        "按公开的规则即时决定，并告诉您理由；规则不能决定的，由工作人员在承诺时限内审查。",
        "Decided at once by published rules, with the reasons; what they cannot settle is examined "
        "by people within the promised time.",
    )


def _results(ground: Ground) -> Words | None:
    found = []
    for one in ground.definitions:
        if one.licence_kind:
            kind = one.licence_kind.name
            found.append(Words(f"电子证照：{kind.zh}", f"electronic licence: {kind.en}"))
        elif one.payment:
            found.append(Words(f"资金拨付：{one.name.zh}", f"payment: {one.name.en}"))
        elif one.record.zh:
            found.append(one.record)
    return _lines(found)
