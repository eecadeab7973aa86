"""Chinese on a page of another language says that it is Chinese, and nothing else changes."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from tongban.web.marking import marked

HAN = re.compile("[\u3400-\u9fff]")
UYGHUR = "ئۇيغۇر"
TEXTS = st.text(st.sampled_from(f"{UYGHUR}出生医学证明，。（）Ab 12<&>\"'"), max_size=30)
# such as may stand within one another: what may not, a parser mends as it reads
TAGS = st.sampled_from(["div", "b", "bdi", "span", "i lang='zh-CN'", "i lang='ug'", "code"])


def parts() -> st.SearchStrategy[str]:
    escaped = TEXTS.map(lambda one: one.replace("&", "&amp;").replace("<", "&lt;"))
    return st.recursive(
        escaped,
        lambda inner: st.tuples(TAGS, st.lists(inner, max_size=3)).map(
            lambda one: f"<{one[0]}>{''.join(one[1])}</{one[0].partition(' ')[0]}>"
        ),
        max_leaves=12,
    )


def whole(body: str) -> str:
    return (
        "<!DOCTYPE html><html lang='ug' dir='rtl'><head><title>x</title></head>"
        f"<body><div>{body}</div></body></html>"
    )


def tree(page: str) -> Any:
    return html.document_fromstring(page)


def unmarked(page: str) -> list[str]:
    """Give the Chinese texts that no element around them calls Chinese."""
    found = []
    for text in tree(page).xpath("//text()"):
        holder = text.getparent().getparent() if text.is_tail else text.getparent()
        langs = holder.xpath("ancestor-or-self::*/@lang")
        inside = holder.xpath("ancestor-or-self::code|ancestor-or-self::script")
        if HAN.search(text) and not inside and not langs[-1].startswith("zh"):
            found.append(str(text))
    return found


@given(parts())
def test_every_chinese_text_is_marked_and_no_text_changes(body: str) -> None:
    page = whole(body)
    done = marked(page)
    assert unmarked(done) == []
    assert tree(done).text_content() == tree(page).text_content()
    assert marked(done) == done


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (
            f"<p>{UYGHUR} 办件 12 已办结。 7</p>",
            f'{UYGHUR} <bdi lang="zh-CN">办件 12 已办结。</bdi> 7',
        ),
        (f"<p>出生{UYGHUR}证明</p>", f'<bdi lang="zh-CN">出生</bdi>{UYGHUR}<bdi'),
        ("<p> 城东 CD-12号楼 3 </p>", ' <bdi lang="zh-CN">城东 CD-12号楼 3</bdi> '),
        ("<p>7 件</p>", '<bdi lang="zh-CN">7 件</bdi>'),
        ("<p><b>1</b>件</p>", '<b>1</b><bdi lang="zh-CN">件</bdi>'),
        ("<select><option>张三</option></select>", '<option lang="zh-CN">张三</option>'),
        ("<svg><text>图</text></svg>", '<text lang="zh-CN">图</text>'),
        ("<bdi>张三</bdi>", '<bdi lang="zh-CN">张三</bdi>'),
        ("<p lang='zh-CN'>好</p>", '<p lang="zh-CN">好</p>'),
        ("<p>，。</p>", "<p>，。</p>"),
        ("<code>代码</code>", "<code>代码</code>"),
    ],
)
def test_what_is_marked_how(body: str, shown: str) -> None:
    assert shown in marked(whole(body))


def test_from_left_to_right_latin_letters_may_be_the_language_itself() -> None:
    page = whole("<p>Coengh 张三 7</p>").replace("lang='ug' dir='rtl'", "lang='za' dir='ltr'")
    assert 'Coengh <bdi lang="zh-CN">张三</bdi> 7' in marked(page)


@given(TEXTS)
def test_from_right_to_left_a_string_is_marked_whole(text: str) -> None:
    body = text.replace("&", "&amp;").replace("<", "&lt;")
    found = tree(marked(whole(f"<p>{body}</p>"))).xpath("//bdi")
    if HAN.search(text) and not set(text) & set(UYGHUR):
        assert [one.text for one in found] == [text.strip()]
    assert all(HAN.search(one.text) for one in found)
