"""One question of a form, ready to draw, and its answer as the browser sends it back."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from django.http import QueryDict

from tongban.kernel.facts import Fact, Value, to_json

from . import divisions
from .options import Option

Kind = Literal[
    "text", "number", "money", "date", "choice", "checks", "select", "file", "identity",
    "address", "password", "long", "check", "phone", "hidden",
]  # fmt: skip
_RADIOS = 7  # more options than this are a list to open
_FEN = 100


@dataclass(frozen=True, slots=True)
class Field:
    """A question: ``name`` in the form, words to read, the value as text, what is wrong with it.

    ``source`` is the department that supplied the value and ``doubt`` the address of "not right?".
    A date's value is ISO text, money yuan as text, an address the code of a division. ``key`` tells
    fields of one name apart on a page of several forms. ``accept`` are the kinds of files that a
    file may be; ``lang`` is the language of what is typed, where it is not that of the page.
    """

    name: str
    label: str
    kind: Kind = "text"
    value: str = ""
    hint: str = ""
    error: str = ""
    options: tuple[Option, ...] = ()
    optional: bool = False
    autocomplete: str = "off"
    most: int = 4000
    source: str = ""
    doubt: str = ""
    values: frozenset[str] = field(default_factory=frozenset)
    key: str = ""
    accept: str = "application/pdf,image/png,image/jpeg"
    lang: str = ""

    @property
    def id(self) -> str:
        """The id of the control, or of its first one: what an error summary links to."""
        return f"f-{(self.key or self.name).replace('.', '-').replace('/', '-')}"

    @property
    def described(self) -> str:
        """Ids of what describes the control (aria-describedby)."""
        told = [f"{self.id}-hint"] if self.hint else []
        return " ".join([*told, f"{self.id}-error"] if self.error else told)

    @property
    def group(self) -> bool:
        """Whether it is several controls under one question: a fieldset with a legend."""
        return self.kind in {"choice", "checks", "date", "address"}

    @property
    def parts(self) -> tuple[str, str, str]:
        """Year, month and day of a date; what was sent amiss is shown as it was sent."""
        year, month, day = (*self.value.split("-", 2), "", "", "")[:3]
        return year, month.lstrip("0"), day.lstrip("0")


def of_fact(
    fact: Fact,
    lang: str,
    t: Mapping[str, str],
    *,
    value: Value = None,
    hint: str = "",
    optional: bool = False,
) -> Field:
    """Make the field that asks for ``fact``; its name is the fact's."""
    options = tuple(Option(str(to_json(o.value)), o.label.of(lang)) for o in fact.options)
    kind: Kind = "text"
    if options:
        kind = "choice" if len(options) <= _RADIOS else "select"
    elif fact.type == "boolean":
        kind = "choice"
        options = (Option("true", t["yes"]), Option("false", t["no"]))
    elif fact.type == "date":
        kind = "date"
    elif fact.name.endswith("_fen"):
        kind = "money"
    elif fact.type == "number":
        kind = "number"
    elif fact.code == "identity":
        kind = "identity"
    elif fact.placed:
        kind = "address"
    most = fact.schema.get("maxLength")
    return Field(
        fact.name,
        fact.title.of(lang),
        kind,
        value=written(value, kind),
        hint=hint,
        options=options,
        optional=optional,
        most=most if isinstance(most, int) else 4000,
    )


def written(value: Value, kind: Kind) -> str:
    """Write an answer as its control shows it: money, held in fen, in yuan."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if kind == "money" and isinstance(value, int):
        return f"{Decimal(value) / _FEN:.2f}"
    return str(to_json(value))


def gather(fields: Iterable[Field], sent: QueryDict) -> dict[str, str]:
    """Give the answers as text by field name, joined where a question has several controls.

    A date is ``year-month-day`` as typed, with leading zeros added; an address the code of the
    lowest level that was chosen. Nothing is judged: an empty text is no answer.
    """
    found: dict[str, str] = {}
    for one in fields:
        reader = _JOINED.get(one.kind)
        found[one.name] = reader(one, sent) if reader else sent.get(one.name, "").strip()
    return found


def _date(one: Field, sent: QueryDict) -> str:
    parts = [sent.get(f"{one.name}-{part}", "").strip() for part in ("year", "month", "day")]
    if not any(parts):
        return ""
    year, month, day = parts
    return f"{year}-{month.zfill(2)}-{day.zfill(2)}"


def _address(one: Field, sent: QueryDict) -> str:
    return divisions.gathered(one.name, sent)


_JOINED: Mapping[str, Callable[[Field, QueryDict], str]] = {"date": _date, "address": _address}


def answer(fact: Fact, text: str) -> object:
    """Give the JSON value that `kernel.facts.parse_value` reads, from the text of a form.

    What is not of the fact's type stays text, so that the reader refuses it by name.
    """
    if text == "":
        return None
    if fact.type == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if fact.type == "number":
        if fact.name.endswith("_fen"):
            return _fen(text)
        return int(text) if text.lstrip("-").isdecimal() and text.isascii() else text
    if fact.options:
        return next((to_json(o.value) for o in fact.options if str(to_json(o.value)) == text), text)
    return text


def _fen(text: str) -> object:
    whole, _, part = text.replace(",", "").partition(".")
    if not (whole + part).isascii() or not whole.isdecimal() or len(part) > 2:
        return text
    if part and not part.isdecimal():
        return text
    return int(whole) * _FEN + int(part.ljust(2, "0"))
