"""Tags that draw the component set; every text is escaped, nothing is taken as HTML.

Arguments are words in the visitor's language and plain rows; the page says what, a tag says how.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar, cast

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tongban.web.components import Field, Option, levels
from tongban.web.components.fields import Kind
from tongban.web.components.icons import ICONS
from tongban.web.stepping import BACK, TURN, Form

register = template.Library()
Context = template.Context
Row = Mapping[str, Any]
_TONES = {"done": "done", "wait": "wait", "stop": "stop", "alert": "alert", "quiet": ""}


_Tag = TypeVar("_Tag", bound=Callable[..., dict[str, Any]])


def _draws(name: str) -> Callable[[_Tag], _Tag]:
    made: Callable[[_Tag], _Tag] = register.inclusion_tag(
        f"components/{name}.html", takes_context=True, name=name
    )
    return made


def _with(context: Context, **more: Any) -> dict[str, Any]:
    kept = {name: context.get(name) for name in ("t", "elder", "language", "csrf_token", "lang")}
    return {**kept, **more}


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw an icon of ours; it says nothing to a screen reader, the word beside it does."""
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">'
        '<path d="{}"/></svg>',
        ICONS[name],
    )


@register.filter
def wording(text: str, values: object) -> str:
    """Put values into a text with ``{names}``."""
    return str(text).format(**cast("Mapping[str, Any]", values))


# --- fields ------------------------------------------------------------------------------------


@_draws("field")
def field(context: Context, one: Field) -> dict[str, Any]:
    """Draw a question with its label, hint, error, source and control."""
    lists = levels(one.name, one.value, context["t"]) if one.kind == "address" else ()
    return _with(context, f=one, levels=lists)


def _kind(kind: Kind) -> None:
    @register.inclusion_tag("components/field.html", takes_context=True, name=f"{kind}_field")
    def tag(context: Context, name: str, label: str, **more: Any) -> dict[str, Any]:
        options = tuple(
            Option(*((o, o) if isinstance(o, str) else o)) for o in more.pop("options", ())
        )
        return _with(context, f=Field(name, label, kind, options=options, **more))


for _one in (
    "text", "number", "money", "date", "choice", "checks", "select", "file", "identity",
    "password", "long", "check", "phone",
):  # fmt: skip
    _kind(_one)


@_draws("errors")
def errors(context: Context, fields: Iterable[Field], lines: Sequence[str] = ()) -> dict[str, Any]:
    """Draw the summary of what is wrong, each a link to its field; nothing where nothing is."""
    wrong = [f for f in fields if f.error]
    return _with(context, wrong=wrong, lines=lines)


@register.simple_tag
def button(label: str, kind: str = "", name: str = "", value: str = "") -> SafeString:
    """Draw a button of a form: the main one, or ``second``, ``danger``, ``plain``."""
    named = format_html(' name="{}" value="{}"', name, str(value)) if name else ""
    return format_html('<button class="button {}"{}>{}</button>', kind, named, label)


@register.simple_tag
def go(label: str, url: str, kind: str = "") -> SafeString:
    """Draw a link that looks like a button: it goes somewhere and changes nothing."""
    return format_html('<a class="button {}" href="{}">{}</a>', kind, url, label)


# --- forms: one question a page in the elder view ------------------------------------------------


@_draws("questions")
def questions(context: Context, form: Form) -> dict[str, Any]:
    """Draw the questions that a page of a form puts, and carry the answers to the others along."""
    told = str(context["t"]["question_of"]).format(at=form.at, all=form.of)
    return _with(context, form=form, told=told)


@register.simple_tag(takes_context=True)
def send(context: Context, form: Form, label: str, kind: str = "") -> SafeString:
    """Draw the button that sends a form, or leads to its next question, and the one back."""
    t = context["t"]
    on = button(label, kind) if form.ends else button(t["next_step"])
    before = button(t["back_step"], "second", TURN, BACK) if form.begun else ""
    return format_html("{}{}", on, before)


# --- showing -----------------------------------------------------------------------------------


@register.simple_tag
def badge(tone: str, words: str) -> SafeString:
    """Draw a state: sign, colour and word; the colour never speaks alone."""
    sign = icon(_TONES[tone]) if _TONES[tone] else ""
    return format_html('<span class="badge {}">{}{}</span>', tone, sign, words)


@_draws("source")
def source(context: Context, department: str, as_of: str = "", doubt: str = "") -> dict[str, Any]:
    """Draw the department that supplied a value, since when, and "not right?"."""
    return _with(context, department=department, as_of=as_of, doubt=doubt)


@register.simple_block_tag
def notice(content: str, tone: str = "") -> SafeString:
    """Draw a notification (``good``, ``wait``, ``bad`` or plain) around what stands inside."""
    role = "alert" if tone == "bad" else "status"
    return format_html('<div class="notice {}" role="{}">{}</div>', tone, role, content)


@register.simple_block_tag(takes_context=True)
def panel(context: Context, content: str, title: str, level: int = 2) -> SafeString:  # noqa: ARG001
    """Draw a bordered section with a heading around what stands inside."""
    return format_html(
        '<section class="panel"><h{0}>{1}</h{0}>{2}</section>', level, title, content
    )


@_draws("flow")
def flow(context: Context, drawn: Mapping[str, Any]) -> dict[str, Any]:
    """Draw a flow (``svg``) in a box that scrolls, with what its signs mean and its ``steps``."""
    return _with(context, flow=drawn)


@_draws("facts")
def facts(context: Context, rows: Iterable[Row]) -> dict[str, Any]:
    """Draw a summary list: ``label``, ``shown``, and optionally ``code``, ``note``, ``source``…"""
    return _with(context, rows=rows)


@_draws("tasks")
def tasks(context: Context, rows: Iterable[Row]) -> dict[str, Any]:
    """Draw a task list: ``name``, ``url`` (or none), ``hint``, ``tone`` and ``state`` words."""
    return _with(context, rows=rows)


@_draws("timeline")
def timeline(context: Context, rows: Iterable[Row]) -> dict[str, Any]:
    """Draw events: ``at`` or ``day``, ``words``, and optionally ``who``, ``more``, ``tone``."""
    return _with(context, rows=rows)


@_draws("consent")
def consent(context: Context, lines: Iterable[Row], level: int = 2) -> dict[str, Any]:
    """Draw the consent panel: a line a department with fields, purpose, end and basis."""
    return _with(context, lines=lines, level=level)


@_draws("table")
def table(
    context: Context, caption: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> dict[str, Any]:
    """Draw a table with a caption; on a phone each row becomes a card with its labels."""
    made = [list(zip(columns, row, strict=True)) for row in rows]
    return _with(context, caption=caption, columns=columns, rows=made)


@_draws("tabs")
def tabs(context: Context, label: str, rows: Iterable[Sequence[str]], at: str) -> dict[str, Any]:
    """Draw tabs as links (``url``, ``name``, ``words``): each is a page, none needs script."""
    return _with(context, label=label, rows=rows, at=at)


@_draws("pages")
def pages(context: Context, earlier: str = "", later: str = "") -> dict[str, Any]:
    """Draw the way to the page before and after."""
    return _with(context, earlier=earlier, later=later)


@_draws("steps")
def steps(context: Context, names: Sequence[str], at: int) -> dict[str, Any]:
    """Draw where somebody is among the steps of an application; ``at`` counts from 1."""
    rows = [(name, n) for n, name in enumerate(names, 1)]
    told = str(context["t"]["step_of"]).format(at=at, all=len(names))
    return _with(context, rows=rows, at=at, told=told, name=names[at - 1] if names else "")


@_draws("kpi")
def kpi(
    context: Context, label: str, value: str, *, status: str = "", more: str = "", url: str = ""
) -> dict[str, Any]:
    """Draw a figure: its name, value with unit, how it is known, and a link to its cases."""
    known = context["t"][status] if status else ""
    return _with(context, label=label, value=value, known=known, more=more, url=url)


@_draws("bars")
def bars(
    context: Context, finding: str, columns: Sequence[str], rows: Sequence[tuple[str, float]]
) -> dict[str, Any]:
    """Draw a bar chart whose title is its finding, with the same numbers as a table beside it."""
    most = max((abs(value) for _, value in rows), default=0) or 1
    drawn = [
        {
            "label": label,
            "value": value,
            # the label has a line of its own: it may be long, and large in elder mode
            "text_y": 56 * n + 20,
            "y": 56 * n + 27,
            "value_y": 56 * n + 45,
            "long": str(round(300 * abs(value) / most, 1)),
            "value_x": str(round(300 * abs(value) / most + 8, 1)),
        }
        for n, (label, value) in enumerate(rows)
    ]
    return _with(context, finding=finding, columns=columns, rows=drawn, high=56 * len(rows))


@_draws("tilemap")
def tilemap(context: Context, caption: str, rows: Iterable[Row]) -> dict[str, Any]:
    """Draw divisions as tiles: ``name``, ``shown``, ``tone`` 0 to 4, optionally ``url``.

    Tiles in place of a map: a map of China needs the reviewed base map and its number (审图号).
    """
    return _with(context, caption=caption, rows=rows)


@_draws("rating")
def rating(
    context: Context, name: str = "level", value: str = "", error: str = ""
) -> dict[str, Any]:
    """Draw the five levels of satisfaction (好差评), in words."""
    t = context["t"]
    options = tuple(Option(str(n), t[f"rating_{n}"]) for n in range(5, 0, -1))
    made = Field(name, t["rating"], "choice", value=value, error=error, options=options)
    return _with(context, f=made)


@_draws("nothing")
def nothing(context: Context, words: str = "", url: str = "", act: str = "") -> dict[str, Any]:
    """Draw what a list says that has nothing yet, and what one may do."""
    return _with(context, words=words or context["t"]["nothing_yet"], url=url, act=act)


@_draws("tiles")
def tiles(context: Context, rows: Iterable[Row]) -> dict[str, Any]:
    """Draw tiles: ``name``, ``url``, and optionally ``hint`` and ``icon``."""
    return _with(context, rows=rows)
