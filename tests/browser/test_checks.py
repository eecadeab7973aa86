"""The checks check: each finds the defect that was planted for it, and nothing on a sound page."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Page

from browser import checks
from browser.matrix import everything, pairwise
from browser.visits import Chromium

STYLE = """
body { font: 16px/1.5 sans-serif; margin: 0 1rem; }
a.big, button { display: inline-flex; align-items: center; min-height: 44px; min-width: 44px; }
button { font: inherit; }
input { min-height: 44px; font: inherit; } label { display: block; min-height: 44px; }
input[type=checkbox] { min-height: 0; }
:focus-visible { outline: 3px solid #000; }
"""
SOUND = """
<h1>办事</h1>
<p>请先阅读<a href="#a">办事指南</a>再申请。</p>
<p><a class="big" href="#b">申请</a> <button>提交</button></p>
<p><label for="n">姓名</label> <input id="n"></p>
<p><label><input type="checkbox"> 我已阅读</label></p>
<p><label><input type="radio" name="r"> 是</label>
<label><input type="radio" name="r"> 否</label></p>
<p><label for="d">日期</label> <input type="date" id="d"></p>
<p>编号 TB-2026-0001，<code>not words</code>，<span lang="en">English</span>，PDF，a@b.cn，
<bdi>Ann</bdi></p>
<p><img alt="二维码" src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">
<svg aria-hidden="true"></svg></p>
<details><summary style="min-height:44px">更多</summary><p><a href="#off">看不见</a></p></details>
"""


def shell(body: str, style: str = "", root: str = 'lang="zh-CN"') -> str:
    return (
        f"<!DOCTYPE html><html {root}><head><title>通办</title>"
        f"<style>{STYLE}{style}</style></head><body><main>{body}</main></body></html>"
    )


@pytest.fixture
def page(chromium: Chromium) -> Iterator[Page]:
    made = chromium.do(
        lambda: chromium.browser.new_page(viewport={"width": 390, "height": 844}, locale="zh-CN")
    )
    yield made
    chromium.do(made.close)


Check = Callable[[Page], list[str]]
CHECKS: dict[str, Check] = {
    "axe": checks.axe,
    "contrast": lambda page: checks.axe(page, enhanced=True),
    "targets": lambda page: checks.targets(page, 44),
    "small text": lambda page: checks.small_text(page, 14),
    "english": checks.english,
    "foreign": checks.foreign,
    "sideways": checks.sideways,
    "cut": checks.cut,
    "overlaps": checks.overlaps,
    "pictures": checks.pictures,
    "language": lambda page: checks.language(page, "zh", "ltr"),
    "keyboard": checks.keyboard,
}
# what is planted: check that must find it, body, style
PLANTED: tuple[tuple[str, str, str, str], ...] = (
    ("axe", "a field without a name", "<input>", ""),
    ("axe", "grey on white", '<p style="color:#999">看不清</p>', ""),
    ("contrast", "5:1 where 7:1 is asked", '<p style="color:#6f6f6f">不够清楚</p>', ""),
    ("targets", "a button of 43 pixels", '<button style="min-height:43px">提交</button>', ""),
    ("targets", "a narrow button", '<button style="min-width:0;width:30px">是</button>', ""),
    ("targets", "a link that stands alone", '<p><a href="#x">错误：姓名</a></p>', ""),
    ("targets", "a bare box", '<input type="checkbox" aria-label="同意">', ""),
    ("small text", "small print", '<p style="font-size:13px">小字</p>', ""),
    ("small text", "a small field", '<input aria-label="姓名" style="font-size:12px">', ""),
    (
        "small text",
        "a shrunken drawing",
        '<svg viewBox="0 0 400 100"><text y="50" font-size="20">图</text></svg>',
        "svg{width:200px;height:50px}",
    ),
    ("english", "a word", "<p>请 continue 填写</p>", ""),
    ("english", "a label", '<button aria-label="Close">×</button>', ""),
    ("english", "a hint", '<input aria-label="姓名" placeholder="your name">', ""),
    ("english", "a choice", '<select aria-label="选"><option>Draft</option></select>', ""),
    ("sideways", "a wide box", '<p style="width:500px">宽</p>', ""),
    ("sideways", "one long word", f"<p>{'x' * 90}</p>", "body{overflow-wrap:normal}"),
    (
        "cut",
        "a label off its box",
        '<p style="width:60px;white-space:nowrap">写不下的一行字</p>',
        "",
    ),
    ("cut", "hidden lines", '<p style="height:20px;overflow:hidden">一<br>二<br>三</p>', ""),
    ("cut", "a value too long", '<input aria-label="号" value="123456789012" size="3">', ""),
    ("overlaps", "text on text", '<p>第一行字</p><p style="margin-top:-40px">第二行字</p>', ""),
    (
        "overlaps",
        "text under a button",
        '<p>说明文字</p><button style="position:relative;top:-45px">提交</button>',
        "",
    ),
    ("pictures", "an image", '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">', ""),
    ("pictures", "a drawing", '<svg><rect width="9" height="9"/></svg>', ""),
    ("keyboard", "no focus to see", "<button>提交</button>", ":focus-visible{outline:none}"),
    (
        "keyboard",
        "focus that only a colour of no outline shows",
        "<button>提交</button>",
        "button:focus-visible{outline:none;outline-color:red}",
    ),
    ("keyboard", "an order of its own", '<button>一</button><button tabindex="1">二</button>', ""),
    (
        "keyboard",
        "focus off the page",
        '<a class="off" href="#x">跳过</a>',
        ".off{position:absolute;top:-999px}",
    ),
    (
        "keyboard",
        "a trap",
        '<button onkeydown="event.preventDefault()">一</button><button>二</button>',
        "",
    ),
)


@pytest.mark.parametrize(
    ("check", "body", "style"),
    [pytest.param(c, b, s, id=f"{c}: {what}") for c, what, b, s in PLANTED],
)
def test_a_planted_defect_is_found(
    chromium: Chromium, page: Page, check: str, body: str, style: str
) -> None:
    page.set_content(shell(f"<h1>页</h1>{body}", style))
    assert CHECKS[check](page)


def test_a_sound_page_has_nothing_amiss(chromium: Chromium, page: Page) -> None:
    page.set_content(shell(SOUND))
    assert {name: found for name, check in CHECKS.items() if (found := check(page))} == {}


def test_the_tongue_and_the_way_of_writing_are_told(chromium: Chromium, page: Page) -> None:
    page.set_content(shell("<h1>页</h1>", root='lang="en"'))
    assert checks.language(page, "zh", "ltr")
    page.set_content(shell("<h1>ئۇ</h1>", root='lang="ug"'))
    assert len(checks.language(page, "ug", "rtl")) == 2
    page.set_content(shell("<h1>ئۇ</h1>", root='lang="ug" dir="rtl"'))
    assert checks.language(page, "ug", "rtl") == []
    page.set_content(shell("<p>安和市</p>", root='lang="ug" dir="rtl"'))
    assert checks.foreign(page)
    page.set_content(shell('<p><bdi lang="zh-CN">安和市</bdi></p>', root='lang="ug" dir="rtl"'))
    assert checks.foreign(page) == []


@given(st.lists(st.integers(1, 4), min_size=2, max_size=5))
def test_pairwise_leaves_no_pair_out(sizes: list[int]) -> None:
    factors = [tuple(f"{at}{value}" for value in range(size)) for at, size in enumerate(sizes)]
    rows = pairwise(*factors)
    whole = everything(*factors)
    assert set(rows) <= set(whole)
    assert len(set(rows)) == len(rows)
    pairs = {frozenset({a, b}) for row in whole for a in row for b in row}
    assert {frozenset({a, b}) for row in rows for a in row for b in row} == pairs
    assert rows == pairwise(*factors)


def test_the_walk_begins_at_the_beginning_whatever_has_the_focus(
    chromium: Chromium, page: Page
) -> None:
    page.set_content(shell("<h1>页</h1><button>一</button><button autofocus>二</button>"))
    page.locator("button").last.focus()
    assert checks.keyboard(page) == []
