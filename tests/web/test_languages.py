"""Other languages are packs: what one lacks is Chinese and marked so; the menu says how much."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from lxml import html

from testkit.office import Office
from tongban.apps.items.checking import check_packs
from tongban.infra.packs import PackInvalid, find_packs, pack_of, read_packs
from tongban.web import languages
from tongban.web.words import WORDS

PATHS = ("/", "/services", "/services/newborn", "/sign-in", "/styleguide", "/accessibility", "/ask")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def tree(path: str) -> Any:
    return html.fromstring(Client().get(path).content.decode())


@pytest.mark.parametrize("tag", ["bo", "kk", "mn", "ug"])
def test_a_page_in_a_language_of_a_pack(office: Office, tag: str) -> None:
    for path in PATHS:
        page = tree(f"{path}?lang={tag}")
        assert page.get("lang") == tag
        assert page.get("dir") == ("rtl" if tag == "ug" else "ltr")
        for value in page.xpath("//@*"):
            assert "<bdi" not in value
        for word in page.xpath("//text()"):
            holder = word.getparent().getparent() if word.is_tail else word.getparent()
            lang = holder.xpath("ancestor-or-self::*/@lang")[-1]
            assert lang == "zh-CN" or not CHINESE.search(word), (path, word)
    client = Client()
    client.get(f"/?lang={tag}")
    assert html.fromstring(client.get("/services").content.decode()).get("lang") == tag
    menu = tree("/").xpath(f"//a[@hreflang='{tag}']")[0].text_content()
    assert re.search(r"\d+%", menu)
    assert "草稿" in menu


def test_no_page_says_a_word_that_a_pack_could_not_translate(office: Office, pseudo: None) -> None:
    assert languages.languages()["qps"].coverage == 100
    page = tree("/accessibility?lang=qps")
    for word in page.xpath("//main//text() | //footer//text()"):
        assert not CHINESE.search(word), word
        assert not word.strip() or word.strip().startswith(("[", "12345", "·")), word


@pytest.mark.parametrize(
    ("path", "room"),
    [("/atlas", "atlas"), ("/evidence", "evidence"), ("/licences/verify", "licences")],
)
def test_rooms_speak_the_language_of_a_pack(
    office: Office, pseudo: None, path: str, room: str
) -> None:
    said = tree(f"{path}?lang=qps").text_content()
    own = languages.words("qps", room)
    assert all(word.startswith("[") for word in own.values())
    assert sum(word in said for word in own.values()) >= 5
    bare = [w.zh for w in languages.ROOMS[room].values() if len(w.zh) > 3 and w.zh in said]
    assert bare == []


def pack(words: str) -> dict[str, bytes]:
    head = "schema: tongban/pack/1\nslug: town\nname: {zh: 镇, en: town}\nextends: [base]\n"
    told = f"schema: tongban/language/1\nslug: qps\nhtml: en\nname: Q\nwords:\n{words}"
    return {"pack.yaml": f"{head}region: '340000'\n".encode(), "locale/qps.yaml": told.encode()}


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ("  verify.title: X\n", "word-unknown", "title"),
        ("  licences.titel: X\n", "word-unknown", "licences.title"),
        ("  yuan: X\n", "word-places", "{n}"),
        ("  site: 'X {n}'\n", "word-places", "–"),
        ("  site: 'X {'\n", "word-places", "–"),
    ],
)
def test_a_word_that_no_page_can_say_is_refused(words: str, code: str, told: str) -> None:
    packs = [*read_packs(find_packs()), pack_of("town", pack(f"  licences.title: X\n{words}"))]
    with pytest.raises(PackInvalid) as caught:
        check_packs(packs)
    (one,) = caught.value.problems
    assert (one.code, one.file, one.line) == (code, "town/locale/qps.yaml", 7)
    assert told in one.mend


def test_no_two_lists_name_a_word_alike() -> None:
    assert len(languages.NAMED) == sum(map(len, languages.ROOMS.values()))


def test_a_word_of_a_later_pack_corrects_an_earlier_one(office: Office, settings: Any) -> None:
    found = {one.tag for one in languages.languages().values()}
    assert found >= {"zh", "en", "bo", "kk", "mn", "ug"}
    for tag in ("bo", "kk", "mn", "ug"):
        words = languages.words(tag)
        assert words.keys() == WORDS.keys()
        assert 0 < sum(words[key] != word.zh for key, word in WORDS.items()) < len(words)


def test_every_word_that_a_page_says_is_in_the_list() -> None:
    pages = sorted((Path(languages.__file__).parent / "templates").rglob("*.html"))
    said = {word for page in pages for word in re.findall(r"\bt\.(\w+)", page.read_text("utf-8"))}
    assert len(said) > 100
    assert sorted(said - WORDS.keys()) == []
