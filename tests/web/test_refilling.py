"""A form that is filled in again sends what was sent before, and nothing else of the page moves."""

from html import escape
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from tongban.web.refilling import refill

# a form sends line ends as CR LF, and no page can hold a control sign
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn")), max_size=40)
OPTIONS = ("a", "b&<", 'c"', "")


def form(**more: str) -> str:
    """Give a page with every kind of control; ``more`` says what stands in them."""
    told = {"token": "t0", "of": "7", "version": "3", "name": "before", "why": "before", **more}
    radios = "".join(
        f"<input type=radio name=outcome value='{escape(one)}'{' checked' if one == 'a' else ''}>"
        for one in OPTIONS
    )
    options = "".join(f"<option value='{escape(one)}'>{escape(one)}</option>" for one in OPTIONS)
    return f"""<!DOCTYPE html><html><body><main><form method="post" action="/elsewhere">
<input name="name" value="other"></form>
<form method="post" action="/act"><input type="hidden" name="csrfmiddlewaretoken"
value="{told["token"]}"><input type="hidden" name="of" value="{told["of"]}">
<input type="hidden" name="version" value="{told["version"]}">
<input name="name" value="{told["name"]}"><input name="name" value="second">
<input type="password" name="secret"><input type="file" name="file">
{radios}<input type="checkbox" name="tags" value="x" checked><input type="checkbox" name="tags"
value="y"><select name="choice">{options}</select><textarea name="why">{told["why"]}</textarea>
<button name="act" value="decide">x</button></form></main></body></html>"""


def sends(page: str) -> dict[str, list[str]]:
    """Give what a browser would send of the form to ``/act``, the button too."""
    (found,) = [one for one in html.document_fromstring(page).forms if one.action == "/act"]
    sent: dict[str, list[str]] = {"act": ["decide"]}
    for one in found.xpath(".//input|.//textarea|.//select"):
        name, kind = one.get("name"), one.get("type", "text")
        if one.tag == "textarea":
            sent.setdefault(name, []).append((one.text or "").removeprefix("\n"))
        elif one.tag == "select":
            chosen = [o.get("value") for o in one if o.get("selected") is not None]
            sent.setdefault(name, []).extend(chosen)
        elif kind in {"radio", "checkbox"}:
            if one.get("checked") is not None:
                sent.setdefault(name, []).append(one.get("value"))
        else:
            sent.setdefault(name, []).append(one.get("value", ""))
    return sent


def typed(**given: Any) -> dict[str, list[str]]:
    return {"of": ["7"], "version": ["2"], "act": ["decide"], **given}


@given(
    names=st.tuples(TEXTS, TEXTS),
    why=TEXTS,
    outcome=st.sampled_from(OPTIONS),
    choice=st.sampled_from(OPTIONS),
    tags=st.sets(st.sampled_from(["x", "y"])),
)
def test_the_form_sends_again_what_was_sent(
    names: tuple[str, str], why: str, outcome: str, choice: str, tags: set[str]
) -> None:
    given_ = typed(name=[*names], why=[why], outcome=[outcome], choice=[choice], tags=sorted(tags))
    page, left = refill(form(), "/act", "/act", given_)
    assert left == []
    sent = {"tags": [], **sends(page)}
    assert sent.pop("csrfmiddlewaretoken") == ["t0"]
    assert (sent.pop("secret"), sent.pop("file")) == ([""], [""])
    assert sent == given_
    assert page.count("other") == 1


@given(text=st.text(max_size=40))
def test_no_text_breaks_the_page(text: str) -> None:
    page, _ = refill(form(), "/act", "/act", typed(name=[text], why=[text]))
    tree = html.document_fromstring(page)
    assert len(tree.forms) == 2
    assert not tree.xpath("//script")
    assert len(list(tree.forms[1].iter("button"))) == 1


def test_what_has_no_place_any_more_is_given_back_as_text() -> None:
    given_ = typed(name=["安", ""], why=["因为"], gone=["不在了"])
    assert refill(form(), "/act", "/act", given_)[1] == ["不在了"]
    for moved in (form(of="8"), form().replace('action="/act"', 'action="/acts"')):
        page, left = refill(moved, "/act", "/act", given_)
        assert page == moved
        assert left == ["安", "因为", "不在了"]
    secret, _ = refill(form(), "/act", "/act", typed(secret=["x1"], file=["x2"], of=["7", "9"]))
    assert "x1" not in secret
    assert "x2" not in secret
