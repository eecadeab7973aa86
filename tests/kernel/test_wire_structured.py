"""Structured fields: what http_sf reads, we read the same or refuse; what we write is exact."""

import contextlib
import string

import http_sf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.kernel.wire.structured import (
    LONGEST,
    InnerList,
    Item,
    StructuredInvalid,
    Token,
    parse_dictionary,
    parse_parameters,
    write_dictionary,
    write_member,
    write_parameters,
)

keys = st.builds(
    str.__add__,
    st.sampled_from(string.ascii_lowercase + "*"),
    st.text(string.ascii_lowercase + string.digits + "_-.*", max_size=5),
)
tokens = st.builds(
    str.__add__,
    st.sampled_from(string.ascii_letters + "*"),
    st.text(string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~:/", max_size=6),
).map(Token)
texts = st.text([chr(code) for code in range(0x20, 0x7F)], max_size=12)
bare = (
    texts | tokens | st.integers(-(10**15) + 1, 10**15 - 1) | st.booleans() | st.binary(max_size=12)
)
parameters = st.dictionaries(keys, bare, max_size=3)
items = st.builds(Item, bare, parameters)
inner_lists = st.builds(InnerList, st.lists(items, max_size=4).map(tuple), parameters)
dictionaries = st.dictionaries(keys, items | inner_lists, min_size=1, max_size=4)


def as_theirs(member):
    def value(ours):
        return http_sf.Token(ours.text) if isinstance(ours, Token) else ours

    told = {name: value(given) for name, given in member.parameters.items()}
    if isinstance(member, InnerList):
        return [as_theirs(item) for item in member.items], told
    return value(member.value), told


def typed(structure):
    """Tell True from 1 and a token from text, which compare equal."""
    if isinstance(structure, dict):
        return {name: typed(value) for name, value in structure.items()}
    if isinstance(structure, list | tuple):
        return [typed(value) for value in structure]
    return type(structure).__name__, structure


@given(dictionaries)
def test_what_is_written_reads_back_here_and_elsewhere(made):
    text = write_dictionary(made)
    assert parse_dictionary(text) == made
    theirs = http_sf.parse(text.encode(), tltype="dictionary")
    assert typed(theirs) == typed({name: as_theirs(member) for name, member in made.items()})
    assert http_sf.ser(theirs) == text


@given(parameters)
def test_parameters_alone_read_back(made):
    assert parse_parameters(write_parameters(made)) == made


@given(st.text('abz*=();:,"\\?019 \t-._TZ+/\x00é', max_size=24) | st.text(max_size=12))
def test_any_text_reads_as_elsewhere_or_is_refused_by_name(text):
    try:
        ours = parse_dictionary(text)
    except StructuredInvalid:
        return
    theirs = http_sf.parse(text.encode(), tltype="dictionary")
    assert typed(theirs) == typed({name: as_theirs(member) for name, member in ours.items()})


@given(dictionaries, st.integers(0), st.integers(0, 6))
def test_a_bent_field_reads_as_elsewhere_or_is_refused_by_name(made, place, bit):
    text = write_dictionary(made)
    at = place % len(text)
    bent = text[:at] + chr(ord(text[at]) ^ 1 << bit) + text[at + 1 :]
    with contextlib.suppress(StructuredInvalid):
        ours = parse_dictionary(bent)
        theirs = http_sf.parse(bent.encode(), tltype="dictionary")
        assert typed(theirs) == typed({name: as_theirs(m) for name, m in ours.items()})


def test_the_examples_of_rfc_9651_read_as_it_says():
    # section 3.2
    assert parse_dictionary('en="Applepie", da=:w4ZibGV0w6ZydGU=:') == {
        "en": Item("Applepie", {}),
        "da": Item("Æbletærte".encode(), {}),
    }
    assert parse_dictionary("a=?0, b, c; foo=bar") == {
        "a": Item(value=False, parameters={}),
        "b": Item(value=True, parameters={}),
        "c": Item(value=True, parameters={"foo": Token("bar")}),
    }
    assert parse_dictionary("a=(1 2), b=3, c=4;aa=bb, d=(5 6);valid") == {
        "a": InnerList((Item(1, {}), Item(2, {})), {}),
        "b": Item(3, {}),
        "c": Item(4, {"aa": Token("bb")}),
        "d": InnerList((Item(5, {}), Item(6, {})), {"valid": True}),
    }
    # section 3.1.1 and 3.3.3, 3.3.4, 3.3.5
    listed = parse_dictionary('x=("foo"; a=1;b=2);lvl=5')["x"]
    assert listed == InnerList((Item("foo", {"a": 1, "b": 2}),), {"lvl": 5})
    assert write_member(listed) == '("foo";a=1;b=2);lvl=5'
    assert parse_dictionary('x="hello \\"world\\" \\\\"')["x"] == Item('hello "world" \\', {})
    assert parse_dictionary("x=foo123/456")["x"] == Item(Token("foo123/456"), {})
    coded = "x=:cHJldGVuZCB0aGlzIGlzIGJpbmFyeSBjb250ZW50Lg==:"
    assert parse_dictionary(coded)["x"] == Item(b"pretend this is binary content.", {})


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a=1,",
        "a=1 b=2",
        "a=1;;b",
        "A=1",
        "1=1",
        "=1",
        "a=",
        "a=1.5",
        "a=1.",
        "a=--1",
        "a=1234567890123456",
        "a=@1659578233",
        'a=%"%c3%bc"',
        'a="half',
        'a="\\n"',
        'a="ü"',
        'a="tab\t"',
        "a=?2",
        "a=(1",
        "a=(1,2)",
        "a=(1 2)(3)",
        'a=("x""y")',
        "a=((1))",
        "a=:AAA:",
        "a=:AA==",
        "a=:A===:",
        "a=:AB==:",
        "a=:AA_-:",
        "\ta=1",
        "a=1\n",
        "a=1, a=2",
        "a=1;b=1;b=2",
        "a =1",
        "a= 1",
        "a=1 ;b",
        "a=1\x00",
    ],
)
def test_what_is_malformed_or_ambiguous_is_refused(text):
    with pytest.raises(StructuredInvalid, match="StructuredInvalid: "):
        parse_dictionary(text)


@pytest.mark.parametrize("text", ["a", ";a=1 ", ";a=1,", ";a=1;a=2", ";a=(1)", ";A=1", ";"])
def test_text_that_is_not_parameters_alone_is_refused(text):
    with pytest.raises(StructuredInvalid):
        parse_parameters(text)


def test_over_long_text_is_refused_before_it_is_read():
    for read in (parse_dictionary, parse_parameters):
        with pytest.raises(StructuredInvalid, match="longer than"):
            read(";a" * LONGEST)


@pytest.mark.parametrize(
    "value", ["ü", "line\n", 10**15, -(10**15), Token(""), Token("two words"), Token("1a")]
)
def test_what_no_field_can_hold_is_not_written(value):
    with pytest.raises(StructuredInvalid):
        write_dictionary({"a": Item(value, {})})


def test_neither_nothing_nor_a_wrong_name_is_written():
    for made in ({}, {"A": Item(1, {})}, {"a": Item(1, {"ü": 1})}, {"a\n": Item(1, {})}):
        with pytest.raises(StructuredInvalid):
            write_dictionary(made)
