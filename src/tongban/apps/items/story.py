"""Tells a definition or a data plan so that its author, who is no engineer, can judge it.

Only words: everything comes from the published definition. Chinese is the source language,
English is complete. Shows nothing about any person.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import zip_longest
from typing import Any, Literal

from tongban.apps.exchange.domain.impact import Impact
from tongban.apps.items.domain import Definition, LifeEvent
from tongban.apps.parties import queries as parties
from tongban.kernel.facts import Words, to_json
from tongban.kernel.forms import LegalBasis, Material
from tongban.kernel.tables import DecisionTable, render

Json = Any
Lang = Literal["zh", "en"]

_WORDS: Mapping[str, Words] = {
    "asked": Words("一、询问 {n} 项", "1. Asked: {n}"),
    "optional": Words("（可不填）", " (may be left empty)"),
    "fetched": Words("二、调取 {n} 次", "2. Fetched: {n} calls"),
    "call": Words("{department} {resource}：{facts}", "{department}, {resource}: {facts}"),
    "use": Words("{item}：{basis}，{law}", "{item}: {basis}, {law}"),
    "statutory": Words("依法", "by law"),
    "consent": Words("须本人同意", "with the person's consent"),
    "known": Words("三、已知：{facts}", "3. Known without asking: {facts}"),
    "materials": Words("四、材料 {n} 份", "4. Documents: {n}"),
    "waived": Words("{name}：免交（{by}）", "{name}: not asked for ({by})"),
    "waived-plain": Words("{name}：免交", "{name}: not asked for"),
    "shared": Words("{name}：与{by}共用一份", "{name}: shared with {by}"),
    "upload": Words("{name}：须上传", "{name}: to be uploaded"),
    "if": Words("（当 {condition}）", " (if {condition})"),
    "outcome": Words("决定", "the decision"),
    "reason": Words("理由：{text}", "reason: {text}"),
    "consented": Words("五、同意书 {n} 行", "5. Lines of the consent screen: {n}"),
    "line": Words("{department}：{facts}（{basis}）", "{department}: {facts} ({basis})"),
    "item": Words("{name} 第 {version} 版", "{name}, version {version}"),
    "department": Words(
        "{department}；实施编码 {code}", "{department}; implementation code {code}"
    ),
    "days": Words(
        "承诺 {promised} 个工作日，法定 {statutory} 个工作日",
        "promised within {promised} working days, {statutory} by law",
    ),
    "law": Words("依据：{law}", "legal basis: {law}"),
    "form": Words("可询问：{facts}", "may ask: {facts}"),
    "papers": Words("材料：{names}", "documents: {names}"),
    "licence": Words("结果：{name}", "result: {name}"),
    "impact": Words("{item} 个人信息保护影响评估", "{item}: privacy impact"),
    "impact-line": Words(
        "{fact}（{level}）：{department} {resource}；{basis}，{law}；用途 {purpose}；"
        "用于{parts}；随办件保存 {years} 年",
        "{fact} ({level}): {department}, {resource}; {basis}, {law}; purpose {purpose}; "
        "for {parts}; kept with the case for {years} years",
    ),
    "impact-asked": Words("本人填写：{facts}", "asked of the person: {facts}"),
    "too-much": Words(
        "超出必要：{resource} 的 {attribute}，没有规则、表单、材料或结果用到；请从授权中删除",
        "beyond need: {attribute} of {resource}; no rule, form, material or result uses it: "
        "remove it from the grant",
    ),
    "fits": Words("没有超出必要的授权", "nothing is granted beyond need"),
    "rule": Words("规则", "a rule"),
    "form-part": Words("表单", "the form"),
    "material": Words("材料", "a document"),
    "result": Words("结果", "the result"),
    "key": Words("检索", "finding another record"),
    "count": Words("计算", "a count"),
}


def _say(lang: Lang, key: str, **parts: object) -> str:
    return _WORDS[key].of(lang).format(**parts)


def _list(parts: Iterable[str], lang: Lang) -> str:
    return (", " if lang == "en" else "、").join(parts)


def _law(basis: LegalBasis) -> str:
    return f"{basis.title} {basis.article}".strip()


def plan_as_json(
    event: LifeEvent, definitions: Mapping[str, Definition], lang: Lang
) -> dict[str, Json]:
    """Give a life event's data plan as plain data, with every word in ``lang``."""
    plan = event.plan
    labels = event.labels(lang)
    names = {slug: definition.name.of(lang) for slug, definition in definitions.items()}
    return {
        "life_event": event.slug,
        "version": event.version,
        "name": event.name.of(lang),
        "asked": [
            {
                "fact": f.fact.name,
                "label": f.fact.title.of(lang),
                "type": f.fact.type,
                "required": f.required,
                "when": [condition.text for condition in f.when],
                "options": [to_json(option.value) for option in f.fact.options],
                "items": [names[item] for item in f.items],
            }
            for f in plan.ask
        ],
        "fetched": [
            {
                "round": number,
                "department": parties.department_name(call.department, lang),
                "resource": call.resource,
                "facts": [labels[fact] for fact in call.facts],
                "uses": [
                    {
                        "item": names[use.item],
                        "basis": use.basis,
                        "legal_basis": _law(use.legal_basis),
                    }
                    for use in call.uses
                ],
            }
            for number, round_ in enumerate(plan.rounds, 1)
            for call in round_
        ],
        "known": [labels[fact] for fact in plan.facts("given", "bound", "derived", "produced")],
        "materials": [
            {
                "item": names[m.item],
                "name": m.spec.name.of(lang),
                "status": m.status,
                "when": [m.spec.when.text] if m.spec.when else [],
                "by": _by(m, names, lang),
            }
            for m in plan.materials
        ],
        "consent": [
            {
                "department": parties.department_name(line.department, lang),
                "basis": line.basis,
                "facts": [labels[fact] for fact in line.facts],
            }
            for line in plan.consent
        ],
    }


def _by(material: Material, names: Mapping[str, str], lang: Lang) -> list[str]:
    return [names.get(key) or parties.department_name(key, lang) for key in material.by]


def _if(told: Mapping[str, Json], lang: Lang) -> str:
    if not told["when"]:
        return ""
    return _say(lang, "if", condition=(" or " if lang == "en" else "或").join(told["when"]))


def tell_plan(told: Mapping[str, Json], lang: Lang) -> Iterator[str]:
    """Give the lines of a plan made by `plan_as_json` in the same language."""
    yield _say(lang, "item", name=told["name"], version=told["version"])
    yield ""
    yield _say(lang, "asked", n=len(told["asked"]))
    for row in told["asked"]:
        optional = "" if row["required"] else _WORDS["optional"].of(lang)
        yield f"   {row['label']}{optional}{_if(row, lang)}"
    yield _say(lang, "fetched", n=len(told["fetched"]))
    for call in told["fetched"]:
        yield "   " + _say(lang, "call", **{**call, "facts": _list(call["facts"], lang)})
        for use in call["uses"]:
            basis = _WORDS[use["basis"]].of(lang)
            yield "     " + _say(lang, "use", item=use["item"], basis=basis, law=use["legal_basis"])
    yield _say(lang, "known", facts=_list(told["known"], lang))
    yield _say(lang, "materials", n=len(told["materials"]))
    for paper in told["materials"]:
        key = {"asked": "upload", "shared": "shared"}.get(paper["status"], "waived")
        if key == "waived" and not paper["by"]:
            key = "waived-plain"
        said = _say(lang, key, name=paper["name"], by=_list(paper["by"], lang))
        yield f"   {paper['item']} · {said}{_if(paper, lang)}"
    yield _say(lang, "consented", n=len(told["consent"]))
    for line in told["consent"]:
        basis = _WORDS[line["basis"]].of(lang)
        facts = _list(line["facts"], lang)
        yield "   " + _say(lang, "line", department=line["department"], facts=facts, basis=basis)


def tell_item(definition: Definition, labels: Mapping[str, str], lang: Lang) -> Iterator[str]:
    """Give the lines of one item: who, when, on which law, what it may ask, and its rules."""
    yield _say(lang, "item", name=definition.name.of(lang), version=definition.version)
    department = parties.department_name(definition.department, lang)
    yield _say(lang, "department", department=department, code=definition.implementation_code)
    yield _say(lang, "days", promised=definition.promised_days, statutory=definition.statutory_days)
    yield _say(lang, "law", law=_list(map(_law, definition.legal_basis), lang))
    needs = definition.needs
    if needs.fields:
        facts = _list((labels[field.fact] for field in needs.fields), lang)
        yield _say(lang, "form", facts=facts)
    if needs.materials:
        yield _say(lang, "papers", names=_list((m.name.of(lang) for m in needs.materials), lang))
    if definition.licence_kind:
        yield _say(lang, "licence", name=definition.licence_kind.name.of(lang))
    for rule in definition.rules.values():
        yield ""
        yield from _rules(rule.table, labels, lang)


def _rules(table: DecisionTable, labels: Mapping[str, str], lang: Lang) -> Iterator[str]:
    """Give each row as a sentence, with the reason that the applicant reads below it."""
    # a row prints its reason in place of its sentence; an author wants both
    bare = replace(table, rules=tuple(replace(row, annotations={}) for row in table.rules))
    named = {**labels, "outcome": _WORDS["outcome"].of(lang)}
    head, *sentences = render(bare, lang, named).splitlines()
    yield head
    for sentence, row in zip_longest(sentences, table.rules):
        yield sentence
        if row is not None:
            yield "   " + _say(lang, "reason", text=row.annotations[lang])


def tell_impact(impact: Impact, labels: Mapping[str, str], lang: Lang) -> Iterator[str]:
    """Tell the privacy impact of an item: each fact read, what is asked, what goes beyond need."""
    yield _say(lang, "impact", item=impact.item)
    for line in impact.read:
        parts = [_WORDS["form-part" if p == "form" else p].of(lang) for p in line.parts]
        yield "   " + _say(
            lang,
            "impact-line",
            fact=labels.get(line.fact, line.fact),
            level=line.level,
            department=parties.department_name(line.department, lang),
            resource=line.resource,
            basis=_WORDS[line.basis].of(lang),
            law=line.legal_basis,
            purpose=line.purpose,
            parts=_list(parts, lang),
            years=line.years,
        )
    if impact.asked:
        asked = [labels.get(fact, fact) for fact in impact.asked]
        yield "   " + _say(lang, "impact-asked", facts=_list(asked, lang))
    for found in impact.too_much:
        yield "   ▲ " + _say(lang, "too-much", resource=found.resource, attribute=found.attribute)
    if not impact.too_much:
        yield "   ✔ " + _say(lang, "fits")
