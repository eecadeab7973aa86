"""The one style sheet: small, by logical properties and tokens; and the page of all components."""

import re
from pathlib import Path

import pytest
from django.test import Client
from lxml import html

import tongban.web

WEB = Path(tongban.web.__file__).parent
CSS = (WEB / "static" / "web" / "tongban.css").read_text("utf-8")
_SIDES = re.compile(r"(^|-)(left|right|top|bottom)(-|$)")
_SIZES = re.compile(r"((min|max)-)?(width|height)")
_BOTH_WAYS = {"margin", "padding", "inset", "border-width", "border-style", "border-color"}


def physical(css: str) -> list[str]:
    """Give the declarations that name a side of the paper, which another script turns around."""
    found = []
    for block in re.findall(r"\{([^{}]*)\}", re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)):
        for declaration in filter(str.strip, block.split(";")):
            name, _, value = (part.strip() for part in declaration.partition(":"))
            sides = value.split() if name in _BOTH_WAYS and "(" not in value else []
            if (
                _SIDES.search(name)
                or _SIZES.fullmatch(name)
                or re.search(r"\b(left|right)\b", value)
                or (len(sides) == 4 and sides[1] != sides[3])
            ):
                found.append(declaration.strip())
    return found


@pytest.mark.parametrize(
    "declaration",
    [
        *("float:left", "clear: right", "text-align: right", "left: 0", "right:0", "top: 1px"),
        *("margin-left: 1px", "margin-top: 1px", "padding-right: 1px", "padding-bottom: 0"),
        *("border-left: 0", "border-bottom-color: red", "border-top-left-radius: 1px"),
        *("width: 1px", "max-height: 1px", "margin: 0 1px 0 2px", "background-position: left"),
        *("transform-origin: top left", "scroll-margin-bottom: 1px"),
    ],
)
def test_a_side_of_the_paper_is_found(declaration: str) -> None:
    assert physical(f"p {{ color: red; {declaration}; }}") == [declaration]


def test_the_style_is_small_and_knows_no_side_of_the_paper() -> None:
    assert len(CSS.encode()) <= 20_480
    assert physical(CSS) == []
    assert physical("p { stroke-width: 1; margin: 0 1px 0 1px; inset-block-start: 0 }") == []
    assert "url(" not in CSS
    assert "@import" not in CSS


def tokens(css: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): ([^;]+);", css))


STANDARD = tokens(CSS.partition("html.elder")[0])
ELDER = STANDARD | tokens(CSS.partition("html.elder")[2])


def test_the_tokens_are_those_that_were_agreed() -> None:
    def pixels(given: dict[str, str], *names: str) -> list[float]:
        return [float(given[name].removesuffix("rem")) * 16 for name in names]

    sizes = ("text", "large", "larger", "largest")
    assert pixels(STANDARD, *sizes) == [16, 18, 22, 27]
    elder = pixels(ELDER, *sizes)
    assert elder[0] == 24
    assert elder == sorted(elder)
    assert (STANDARD["target"], ELDER["target"], ELDER["leading"]) == ("44px", "60px", "1.6")
    colours = [STANDARD[name] for name in ("blue", "red", "amber", "focus", "paper")]
    assert colours == ["#0b57a4", "#b3261e", "#b26a00", "#ffd24d", "#fff"]
    # the text of a drawing is in the drawing's own units
    said = re.findall(r"font(?:-size)?: ([^;}]+)", re.sub(r" text \{[^}]*\}", "", CSS))
    assert [one for one in said if "var(--" not in one and one not in {"inherit", "100%"}] == []


#: Each component by its name, and where the page of all components shows it.
COMPONENTS = {
    "button": "//form//button[contains(@class, 'button')]",
    "link that looks like one": "//form//a[contains(@class, 'button')]",
    "text": "//input[@id='f-sg-text']",
    "number": "//input[@name='sg-number'][@inputmode='numeric']",
    "money": "//input[@name='sg-money'][@inputmode='decimal']",
    "date": "//input[@name='sg-date-year']/following::input[@name='sg-date-day']",
    "choice": "//fieldset//input[@type='radio'][@name='sg-choice']",
    "several choices": "//fieldset//input[@type='checkbox'][@name='sg-checks']",
    "list to choose from": "//select[@name='sg-select']",
    "one box": "//input[@type='checkbox'][@name='sg-check']",
    "file": "//input[@type='file'][@name='sg-file']",
    "long text": "//textarea[@name='sg-long']",
    "address": "//select[starts-with(@name, 'sg-address')]/following::button[@name='level']",
    "identity number": "//input[@name='sg-identity'][contains(@class, 'id')]",
    "field with its source": "//*[contains(@class, 'field')]//span[@class='source-badge']",
    "error summary": "//div[@class='errors'][@role='alert']//a[starts-with(@href, '#')]",
    "task list": "//ul[@class='tasks']/li",
    "timeline": "//ol[@class='timeline']/li/time",
    "badge": "//span[contains(@class, 'badge') and contains(@class, 'done')]",
    "badge with source": "//dl//span[@class='source-badge']",
    "facts": "//dl[@class='facts']/div",
    "panel": "//section[contains(@class, 'panel')]",
    "consent panel": "//ul[@class='consent']/li//dt",
    "table": "//table[caption][thead]//td",
    "tabs": "//nav[@class='tabs']//a[@aria-current]",
    "notification": "//*[contains(@class, 'notice')]",
    "pagination": "//nav[@class='pages']//a[@rel='next']",
    "KPI": "//div[@class='kpi']/p[@class='value']",
    "chart with table": "//figure[@class='chart'][svg]//table//td",
    "map tile": "//figure[@class='tilemap']//li",
    "rating": "//div[@class='rating'][count(.//input[@type='radio'])=5]",
    "progress": "//nav[@class='steps']//li[@aria-current='step']",
    "tiles": "//ul[contains(@class, 'tiles')]/li",
    "nothing here": "//*[@class='empty']",
}
#: Not shown there: a drawing needs a flow, questions are fields, and two are nothing to see.
_ELSEWHERE = {"enter", "flow", "live", "questions"}


@pytest.mark.django_db
def test_every_component_is_shown_by_its_name() -> None:
    shown = Client().get("/styleguide")
    page = html.fromstring(shown.content.decode())
    main = page.xpath("//main")[0]
    assert [name for name, at in COMPONENTS.items() if not main.xpath(f".{at}")] == []
    made = {str(one.name).rpartition("/")[2].removesuffix(".html") for one in shown.templates}
    there = {path.stem for path in (WEB / "templates" / "components").glob("*.html")}
    assert there - made == _ELSEWHERE
