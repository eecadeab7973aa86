"""What a table says to a citizen, in both languages, and how a DMN file is read or refused."""

import dataclasses
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testkit.tables import cases, tables
from tongban.kernel.feel import parse_literal
from tongban.kernel.tables import (
    TableError,
    check,
    compile_table,
    explain,
    read_dmn,
    reasons,
    render,
    render_rule,
    write_dmn,
)
from tongban.kernel.tables.writing import literal_text

_DMN = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" name="pay" namespace="urn:pay">
  <itemDefinition name="tTown">
    <typeRef>string</typeRef>
    <allowedValues><text>"东区", "西区"</text></allowedValues>
  </itemDefinition>
  <decision id="old-age" name="高龄津贴">
    <variable name="高龄津贴" typeRef="number"/>
    <decisionTable hitPolicy="FIRST">
      <input label="年龄">
        <inputExpression typeRef="integer"><text>elder.age</text></inputExpression></input>
      <input label="户籍地">
        <inputExpression typeRef="tTown"><text>elder.town</text></inputExpression></input>
      <input label="出生日期">
        <inputExpression typeRef="date"><text>elder.born</text></inputExpression></input>
      <output name="outcome" label="结论" typeRef="string"/>
      <output name="fen" label="每月金额（分）" typeRef="integer">
        <defaultOutputEntry><text>0</text></defaultOutputEntry>
      </output>
      <annotation name="依据"/>
      <annotation name="zh"/>
      <annotation name="en"/>
      <rule id="band-80">
        <inputEntry><text>[80..90)</text></inputEntry>
        <inputEntry><text>"东区"</text></inputEntry>
        <inputEntry><text>&lt; date("1946-11-23")</text></inputEntry>
        <outputEntry><text>"granted"</text></outputEntry>
        <outputEntry><text>10000</text></outputEntry>
        <annotationEntry><text>《老年人权益保障法》第三十三条</text></annotationEntry>
      </rule>
      <rule>
        <description>not of our towns</description>
        <inputEntry><text>&lt;80</text></inputEntry>
        <inputEntry><text></text></inputEntry>
        <inputEntry><text>-</text></inputEntry>
        <outputEntry><text>"refused"</text></outputEntry>
        <outputEntry><text></text></outputEntry>
        <annotationEntry><text></text></annotationEntry>
        <annotationEntry><text>未满八十周岁，不发放高龄津贴。</text></annotationEntry>
        <annotationEntry><text>Nobody under eighty is paid.</text></annotationEntry>
      </rule>
    </decisionTable>
  </decision>
</definitions>
"""


def _read(*changes):
    text = _DMN
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return read_dmn(text.encode(), "pay.dmn")


def test_a_file_is_read_with_types_allowed_values_defaults_remarks_and_lines():
    (table,) = _read()
    assert (table.id, table.name, table.hit_policy) == ("old-age", "高龄津贴", "FIRST")
    assert [(c.name, c.type, c.label) for c in table.inputs] == [
        ("elder.age", "integer", "年龄"),
        ("elder.town", "string", "户籍地"),
        ("elder.born", "date", "出生日期"),
    ]
    assert table.inputs[1].allowed.values == ("东区", "西区")
    assert [rule.id for rule in table.rules] == ["band-80", "2"]
    assert table.default == (None, 0)
    assert table.rules[1].outputs == ("refused", None)
    assert table.rules[1].annotations["description"] == "not of our towns"
    assert table.rules[0].line == 1 + _DMN.splitlines().index('      <rule id="band-80">')
    assert table.needs == {"elder.age", "elder.town", "elder.born"}


def test_a_decision_is_explained_to_the_citizen_with_its_legal_basis():
    (table,) = _read()
    decide = compile_table(table).decide
    facts = {"elder.age": 85, "elder.town": "东区", "elder.born": date(1941, 3, 1)}
    granted = decide(facts)
    (said,) = explain(table, granted)
    assert said == (
        "因为年龄不小于 80 且小于 90，并且户籍地为“东区”，并且出生日期早于 1946年11月23日，"
        "所以结论为“granted”，每月金额（分）为 10000（依据：《老年人权益保障法》第三十三条）。"
    )
    labels = {"elder.age": "age", "elder.town": "town", "elder.born": "day of birth"}
    labels |= {"outcome": "the outcome", "fen": "the monthly amount (fen)"}
    (said,) = explain(table, granted, "en", labels)
    assert said == (
        "Because age is at least 80 and less than 90, and town is “东区”, and day of birth is "
        "before 1946-11-23, the outcome is “granted” and the monthly amount (fen) is 10000 "
        "(legal basis: 《老年人权益保障法》第三十三条)."
    )
    refused = decide({"elder.age": 60})
    assert explain(table, refused) == ("未满八十周岁，不发放高龄津贴。",)
    assert explain(table, refused, "en") == ("Nobody under eighty is paid.",)
    assert explain(table, decide({"elder.age": 95})) == ("没有一行成立时，每月金额（分）为 0。",)
    assert explain(table, decide({"elder.age": 82, "elder.town": "东区"})) == (
        "还不能决定：需要先知道出生日期。",
    )
    assert explain(table, decide({}), "en") == (
        "Not decided yet: 年龄, 户籍地 and 出生日期 must be known first.",
    )
    assert "FactOutside" in explain(table, decide({"elder.town": "北区"}), "en")[0]


def test_the_whole_table_is_printed_as_numbered_sentences():
    (table,) = _read()
    first, *lines = render(table).splitlines()
    assert first == "决策表“高龄津贴”（取第一个成立的行）"
    assert lines[0].startswith("1. 如果年龄不小于 80 且小于 90")
    assert lines[-1] == "没有一行成立时，每月金额（分）为 0。"
    assert render(table, "en").startswith("Table “高龄津贴” (the first row that is true)\n1. If ")
    with pytest.raises(TableError, match="no rule 'x'"):
        render_rule(table, "x")


def test_the_gaps_of_a_file_are_told_in_its_own_labels():
    (table,) = _read(("<text>0</text>", "<text></text>"))
    assert {finding.kind for finding in check(table)} == {"gap"}
    assert check(table)[0].zh.startswith("决策表“高龄津贴”没有一行适用于：年龄")


@pytest.mark.parametrize(
    ("change", "at", "says"),
    [
        (("</decision>", ""), "</definitions>", "not well-formed"),
        (("20191111", "20151101"), "<definitions", "is not DMN 1.2, 1.3, 1.4, 1.5"),
        (("[80..90)", "[90..80)"), "[90..80)", "empty"),
        (("[80..90)", "elder.limit"), "elder.limit", "double quotes"),
        (("[80..90)", '"old"'), 'id="band-80"', "is no integer"),
        (('<text>"东区"</text>', '<text>"北区"</text>'), 'id="band-80"', "is not allowed"),
        (('"granted"', "elder.age * 2"), "elder.age * 2", "a result must be one value"),
        (('"FIRST"', '"LUCKY"'), "LUCKY", "hit policy 'LUCKY'"),
        (('"FIRST"', '"PRIORITY"'), "PRIORITY", "output values listed"),
        (('"FIRST"', '"COLLECT" aggregation="SUM"'), "SUM", "exactly one output"),
        (("elder.age</text>", "elder.age - 1</text>"), 'label="年龄"', "must name one fact"),
        (("elder.born</text>", "elder.age</text>"), 'label="出生日期"', "with different types"),
        (('name="fen"', 'name="outcome"'), 'label="每月金额（分）"', "name of its own"),
        (('typeRef="date"', 'typeRef="time"'), 'typeRef="time"', "'time' is not supported"),
        (("<rule>", '<rule id="band-80"> '), 'id="band-80"> ', "used twice"),
        (('<input label="年龄">', "<input/><input>"), "<input/>", "name the fact it asks for"),
        (("<decisionTable ", '<decisionTable expressionLanguage="js" '), "js", "S-FEEL"),
        (("<variable ", "<literalExpression/><variable "), "<lit", "write it as a decision table"),
        (("<decision ", '<businessKnowledgeModel name="b"/><decision '), "Model n", "supported"),
        (("<definitions ", "<!DOCTYPE definitions><definitions "), "<?xml", "DOCTYPE"),
    ],
)
def test_what_is_not_a_sound_table_is_refused_with_file_line_and_mend(change, at, says):
    with pytest.raises(TableError) as refused:
        _read(change)
    assert says in refused.value.message
    lines = _DMN.replace(*change).splitlines()
    line = next(number for number, text in enumerate(lines, 1) if at in text)
    assert str(refused.value).endswith(f"(pay.dmn:{line})")


def test_a_file_cannot_reach_out_or_blow_up():
    bomb = (
        '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">'
        '<!ENTITY f SYSTEM "file:///etc/hostname">]>'
    )
    with pytest.raises(TableError, match="DOCTYPE"):
        _read(("<definitions ", f"{bomb}<definitions "))
    with pytest.raises(TableError, match="at most"):
        read_dmn(b" " * 8_000_001, "big.dmn")
    with pytest.raises(TableError, match="no decision table"):
        read_dmn(_DMN.split("<decision ", maxsplit=1)[0].encode() + b"</definitions>", "none.dmn")


@given(st.binary(max_size=60))
def test_any_bytes_are_refused_by_name(data):
    with pytest.raises(TableError):
        read_dmn(data, "x.dmn")


def _without_lines(table):
    return dataclasses.replace(
        table,
        inputs=tuple(dataclasses.replace(c, line=0) for c in table.inputs),
        outputs=tuple(dataclasses.replace(o, line=0) for o in table.outputs),
        rules=tuple(
            dataclasses.replace(r, line=0, annotations=dict(r.annotations)) for r in table.rules
        ),
        line=0,
        source="",
    )


@given(table=tables())
def test_a_table_written_and_read_again_is_the_same(table):
    (again,) = read_dmn(write_dmn(table), "again.dmn")
    assert _without_lines(again) == _without_lines(table)


@given(st.text(max_size=20))
def test_any_text_survives_as_a_literal(text):
    assert parse_literal(literal_text(text)) == text


def test_labels_remarks_and_legal_basis_survive_writing():
    (table,) = _read()
    (again,) = read_dmn(write_dmn(table), "again.dmn")
    assert _without_lines(again) == _without_lines(table)


@given(data=st.data(), table=tables())
def test_every_table_and_every_decision_can_be_said_in_both_languages(data, table):
    decide = compile_table(table).decide
    for facts in data.draw(cases(table, most=3)):
        decision = decide(facts)
        assert all(line.endswith(("。", "：")) for line in explain(table, decision, "zh")) or (
            decision.status == "error"
        )
        assert explain(table, decision, "en")
        for lang in ("zh", "en"):
            told = [row for row, _ in reasons(table, decision, lang) if row]
            assert decision.status == "error" or told == list(decision.rules)
    for lang in ("zh", "en"):
        assert len(render(table, lang).splitlines()) >= 1 + len(table.rules)
