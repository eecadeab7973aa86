"""Findings have a code and complete sentences in both languages, and each caller fills them."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

import tongban
from tongban.infra.packs import PackInvalid, Problem, document_of, pack_of, problem
from tongban.infra.packs.findings import SENTENCES

SOURCE = Path(tongban.__file__).parent
_GIVE = {"problem", "say", "_say", "_Stop"}
# codes that callers put together from parts: the arguments there are tried by the checks' own tests
_MADE = ("table-", "flow-", "version-", "step-", "schema-", "guide-", "result-")


def places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def calls() -> Iterator[tuple[str, str, set[str]]]:
    """Give each call that names a code outright: where, code, named arguments."""
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or any(k.arg is None for k in node.keywords):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            codes = [a.value for a in node.args if isinstance(a, ast.Constant)]
            for code in codes:
                if name in _GIVE and isinstance(code, str) and code in SENTENCES:
                    where = f"{path.relative_to(SOURCE)}:{node.lineno}"
                    yield where, code, {str(k.arg) for k in node.keywords}


def test_every_caller_gives_what_the_sentences_name() -> None:
    found = list(calls())
    assert len({code for _, code, _ in found}) > 80
    for where, code, given in found:
        one = SENTENCES[code]
        asked = places(one.zh) | places(one.zh_mend) | places(one.en) | places(one.en_mend)
        assert asked <= given, (where, code, asked - given)


def test_no_sentence_is_left_over() -> None:
    used = {code for _, code, _ in calls()}
    assert not [code for code in SENTENCES.keys() - used if not code.startswith(_MADE)]


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_chinese_is_chinese_and_english_is_english(code: str) -> None:
    def is_chinese(text: str) -> bool:
        return any("一" <= sign <= "鿿" for sign in text)

    one = SENTENCES[code]
    told = {name: name for s in (one.zh, one.zh_mend, one.en, one.en_mend) for name in places(s)}
    assert is_chinese(one.zh_mend.format_map(told)) or places(one.zh_mend) & {"zh", "zh_mend"}
    assert is_chinese(one.zh.format_map(told)) or places(one.zh) & {"zh"}
    assert not is_chinese(one.en.format_map(told) + one.en_mend.format_map(told))
    # an English sentence that explains has no Chinese twin to hide behind
    assert not places(one.zh + one.zh_mend) & {"why", "mend", "en", "en_mend", "label"}


def refused(text: str) -> Problem:
    head = b"schema: tongban/pack/1\nslug: town\nname: {zh: \xe9\x95\x87, en: town}\nextends: []\n"
    with pytest.raises(PackInvalid) as caught:
        pack_of("town", {"pack.yaml": head, "themes.yaml": text.encode()})
    return next(p for p in caught.value.problems if p.file == "town/themes.yaml")


@pytest.mark.parametrize(
    ("text", "code", "zh", "en"),
    [
        (
            "a: 1\na: 2\n",
            "yaml-twice",
            "键“a”重复；请删去其中一个",
            "the key 'a' comes twice; remove",
        ),
        ("a: yes\n", "yaml-ambiguous", "“yes”可有两种读法", "yes could be read in two ways"),
        ("a: [\n", "yaml-broken", "不是规范的YAML；请改正标点或缩进", "not YAML: "),
        ("", "yaml-empty", "文件是空的", "the file is empty"),
        (
            "schema: tongban/themes/1\n",
            "schema-lacks",
            "“文件”缺少：themes",
            "the file lacks themes",
        ),
        (
            "schema: tongban/themes/1\nthemes: 3\n",
            "schema-type",
            "“themes”的值为3；请写键值",
            "themes is 3; write a value of type object",
        ),
    ],
)
def test_a_fault_is_told_in_both_languages(text: str, code: str, zh: str, en: str) -> None:
    found = refused(text)
    assert (found.code, found.told("zh")[: len(zh)], found.told("en")[: len(en)]) == (code, zh, en)


def test_what_a_file_holds_is_never_read_as_a_place_of_a_sentence() -> None:
    with pytest.raises(PackInvalid) as caught:
        document_of(b'"{why}": 1\n"{why}": 2\n', "x.yaml")
    assert caught.value.problems[0].what("zh") == "键“{why}”重复"


def test_a_problem_is_given_whole_to_a_machine() -> None:
    assert problem("town/x.yaml", 3, "no-theme", name="joy").as_json() == {
        "file": "town/x.yaml",
        "line": 3,
        "code": "no-theme",
        "arguments": {"name": "joy"},
        "zh": "没有主题“joy”；请在 themes.yaml 中添加",
        "en": "no theme joy; add it to themes.yaml",
    }
