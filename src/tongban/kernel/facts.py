"""The vocabulary of facts (数据项): what may be known about the people and companies of a case.

A fact is named ``role.attribute`` (``mother.id_number``); its kind says the type, the label and the
limits of the value. Reads values strictly and derives ages. Never guesses or rounds a value: a
fact that is not exactly right is refused with a sentence that says what to write.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from tongban.kernel.codes import (
    USCC,
    CodeError,
    IdentityNumber,
    ItemCode,
    LicenceId,
    division_code,
)

Value = bool | int | Decimal | str | date | datetime | None
FactType = Literal["string", "number", "boolean", "date"]
Unit = Literal["years_since", "months_since", "days_since"]

LIMITS = frozenset({"pattern", "minLength", "maxLength", "minimum", "maximum", "enum"})
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,17})(\.\d{1,12})?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ufeff]|[\ud800-\udfff]")
_LONGEST = 4000  # characters of a text value where its kind sets no maxLength


@dataclass(frozen=True, slots=True)
class Words:
    """A text in Chinese and in English."""

    zh: str
    en: str

    def of(self, lang: str) -> str:
        """Give the text in ``lang``: English for ``en``, else Chinese.

        >>> Words("姓名", "name").of("en")
        'name'
        """
        return self.en if lang == "en" else self.zh


@dataclass(frozen=True, slots=True)
class Option:
    """One of the values that may be chosen, with its label."""

    value: Value
    label: Words


@dataclass(frozen=True, slots=True)
class Derive:
    """A value counted from a date of the same role: ``age = years_since(birth_date)``."""

    function: Unit
    of: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """What every fact of one attribute shares (属性).

    ``schema`` holds the JSON Schema limits of `LIMITS`; ``code`` names the identifier standard the
    value follows (``identity``, ``uscc``, …): ``division`` is any administrative division,
    ``county`` one that has none below it. ``level`` is the data classification L1 … L4.
    """

    type: FactType
    label: Words
    options: tuple[Option, ...] = ()
    schema: Mapping[str, object] = field(default_factory=dict)
    derive: Derive | None = None
    code: str = ""
    level: str = "L2"


@dataclass(frozen=True, slots=True)
class Role:
    """A part that a person or company plays in a case (角色): the mother, the company."""

    kind: str
    label: Words


@dataclass(frozen=True, slots=True)
class Fact:
    """One named fact with everything that is known about its values."""

    name: str
    role: str
    kind: str
    attribute: str
    type: FactType
    label: Words
    role_label: Words
    options: tuple[Option, ...]
    schema: Mapping[str, object]
    derive: Derive | None
    code: str
    level: str

    @property
    def placed(self) -> bool:
        """Whether the value is the code of an administrative division."""
        return self.code in {"division", "county"}

    @property
    def title(self) -> Words:
        """Role and attribute together, as a form shows it: 母亲姓名, "Mother: name"."""
        return Words(
            f"{self.role_label.zh}{self.label.zh}", f"{self.role_label.en}: {self.label.en}"
        )


class UnknownFact(LookupError):
    """A name that no kind and role of the vocabulary explains."""


class FactInvalid(ValueError):
    """A value that the fact does not allow, with the sentence for the person who wrote it."""

    def __init__(self, fact: str, zh: str, en: str) -> None:
        super().__init__(f"{fact}: {en}")
        self.fact = fact
        self.zh = zh
        self.en = en

    def message(self, lang: str) -> str:
        """Give the sentence in ``lang`` (``zh`` or ``en``)."""
        return self.en if lang == "en" else self.zh


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All kinds with their attributes and all roles; the dictionary of an installation."""

    kinds: Mapping[str, Mapping[str, Attribute]]
    roles: Mapping[str, Role]
    _derived: Mapping[tuple[str, str], tuple[tuple[str, Derive], ...]] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        found: dict[tuple[str, str], tuple[tuple[str, Derive], ...]] = {}
        for kind, attributes in self.kinds.items():
            for name, shape in attributes.items():
                if shape.derive is not None:
                    place = kind, shape.derive.of
                    found[place] = (*found.get(place, ()), (name, shape.derive))
        object.__setattr__(self, "_derived", found)

    def counted(self, fact: str) -> tuple[tuple[str, Derive], ...]:
        """Give what is counted from a fact: name and `Derive` of each; nothing of a strange fact.

        >>> years = Attribute("number", Words("年龄", "age"), derive=Derive("years_since", "born"))
        >>> words = Vocabulary({"person": {"age": years}}, {"child": Role("person", Words("", ""))})
        >>> words.counted("child.born")[0][0], words.counted("child.name")
        ('child.age', ())
        """
        role, _, attribute = fact.partition(".")
        if role not in self.roles:
            return ()
        here = self._derived.get((self.roles[role].kind, attribute), ())
        return tuple([(f"{role}.{name}", how) for name, how in here])

    def fact(self, name: str) -> Fact:
        """Give the fact called ``role.attribute``, or raise `UnknownFact` naming the mend.

        >>> born = Attribute("date", Words("出生日期", "date of birth"))
        >>> words = Vocabulary({"person": {"birth_date": born}},
        ...                    {"child": Role("person", Words("新生儿", "Child"))})
        >>> words.fact("child.birth_date").title.en
        'Child: date of birth'
        """
        role, _, attribute = name.partition(".")
        if role not in self.roles:
            raise UnknownFact(f"{name}: no role {role!r}; add it to roles in facts.yaml")
        played = self.roles[role]
        found = self.kinds.get(played.kind, {}).get(attribute)
        if found is None:
            raise UnknownFact(
                f"{name}: kind {played.kind!r} has no attribute {attribute!r}; "
                "add it to kinds in facts.yaml"
            )
        return Fact(
            name,
            role,
            played.kind,
            attribute,
            found.type,
            found.label,
            played.label,
            found.options,
            found.schema,
            found.derive,
            found.code,
            found.level,
        )


def parse_value(fact: Fact, raw: object) -> Value:
    """Read the JSON value ``raw`` of ``fact``; None and the empty text mean "not known".

    Numbers are whole numbers or decimal text, never floats: money is integer fen. Dates are
    ``YYYY-MM-DD``. An identifier comes back in its canonical writing (`kernel.codes`).
    Raises `FactInvalid`.
    """
    if raw is None or raw == "":
        return None
    value = _READ[fact.type](fact, raw)
    if fact.code and isinstance(value, str):
        value = _identify(fact, value)
    if fact.options and all(value != option.value for option in fact.options):
        choices = ", ".join(str(to_json(option.value)) for option in fact.options)
        raise FactInvalid(
            fact.name, f"请选择以下之一：{choices}", f"choose one of these: {choices}"
        )
    _hold_limits(fact, value)
    return value


def _read_string(fact: Fact, raw: object) -> str:
    if not isinstance(raw, str):
        raise FactInvalid(fact.name, "请填写文字", "give a text")
    if _CONTROL.search(raw):
        raise FactInvalid(
            fact.name, "不得含有控制字符", "leave out line breaks and control characters"
        )
    if raw != raw.strip():
        raise FactInvalid(
            fact.name, "首尾不得有空格", "remove the spaces at the beginning and the end"
        )
    if len(raw) > _LONGEST:
        raise FactInvalid(fact.name, f"最多{_LONGEST}个字符", f"give at most {_LONGEST} characters")
    return raw


def _read_number(fact: Fact, raw: object) -> int | Decimal:
    if isinstance(raw, int) and not isinstance(raw, bool) and abs(raw) < 10**18:
        return raw
    if isinstance(raw, str) and _NUMBER.fullmatch(raw):
        return Decimal(raw) if "." in raw else int(raw)
    if isinstance(raw, Decimal) and raw.is_finite() and _NUMBER.fullmatch(f"{raw:f}"):
        return raw
    raise FactInvalid(
        fact.name,
        "请填写整数，或把小数写成文字，例如 12 或 0.5",
        "give a whole number, or a decimal as text: 12 or 0.5",
    )


def _read_boolean(fact: Fact, raw: object) -> bool:
    if not isinstance(raw, bool):
        raise FactInvalid(fact.name, "请回答是或否", "answer true or false")
    return raw


def _read_date(fact: Fact, raw: object) -> date:
    if isinstance(raw, date) and not isinstance(raw, datetime):
        return raw
    if isinstance(raw, str) and _DATE.fullmatch(raw):
        try:
            return date.fromisoformat(raw)
        except ValueError:
            pass
    raise FactInvalid(fact.name, "请按 2026-01-31 的样式填写日期", "write the date like 2026-01-31")


_READ = {
    "string": _read_string,
    "number": _read_number,
    "boolean": _read_boolean,
    "date": _read_date,
}


CODES: Mapping[str, Callable[[str], object]] = {
    "identity": IdentityNumber.parse,
    "uscc": USCC.parse,
    "item": ItemCode.parse,
    "licence": LicenceId.parse,
    "division": division_code,
    "county": division_code,
}


def _identify(fact: Fact, text: str) -> str:
    try:
        return str(CODES[fact.code](text))
    except CodeError as wrong:
        raise FactInvalid(fact.name, f"{fact.label.zh}有误，请逐位核对", str(wrong)) from wrong


def _hold_limits(fact: Fact, value: Value) -> None:
    limits = fact.schema
    if isinstance(value, str):
        least, most = limits.get("minLength"), limits.get("maxLength")
        if isinstance(least, int) and len(value) < least:
            raise FactInvalid(fact.name, f"至少{least}个字符", f"give at least {least} characters")
        if isinstance(most, int) and len(value) > most:
            raise FactInvalid(fact.name, f"最多{most}个字符", f"give at most {most} characters")
        pattern = limits.get("pattern")
        if isinstance(pattern, str) and not re.search(pattern, value):
            raise FactInvalid(fact.name, "格式不正确", f"write it in the form {pattern}")
    elif isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        low, high = limits.get("minimum"), limits.get("maximum")
        if isinstance(low, int) and value < low:
            raise FactInvalid(fact.name, f"不得小于{low}", f"give {low} or more")
        if isinstance(high, int) and value > high:
            raise FactInvalid(fact.name, f"不得大于{high}", f"give {high} or less")
    allowed = limits.get("enum")
    if isinstance(allowed, (list, tuple)) and to_json(value) not in allowed:
        choices = ", ".join(map(str, allowed))
        raise FactInvalid(
            fact.name, f"请选择以下之一：{choices}", f"choose one of these: {choices}"
        )


def to_json(value: Value) -> bool | int | str | None:
    """Give the JSON form of a value: dates as ISO text, decimals as text, never a float.

    >>> to_json(date(2026, 1, 31)), to_json(Decimal("0.50")), to_json(1200)
    ('2026-01-31', '0.50', 1200)
    """
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value


def json_schema(fact: Fact) -> dict[str, object]:
    """Give the JSON Schema of the fact's value, with ``x-fact`` naming the fact."""
    shape: dict[str, object] = {"x-fact": fact.name, "title": fact.title.zh}
    match fact.type:
        case "date":
            shape |= {"type": "string", "format": "date"}
        case "number":
            shape |= {"type": ["integer", "string"], "pattern": f"^{_NUMBER.pattern}$"}
        case _:
            shape["type"] = fact.type
    if fact.options:
        shape["enum"] = [to_json(option.value) for option in fact.options]
    return shape | dict(fact.schema)


def months_between(start: date, end: date) -> int | None:
    """Count the full months from ``start`` to ``end``; None where ``end`` lies before it.

    A month is full on the day of the same number, or on the last day of the month where there is
    none (Civil Code 民法典 art. 202).

    >>> months_between(date(2024, 2, 29), date(2025, 2, 28))
    12
    """
    if end < start:
        return None
    months = (end.year - start.year) * 12 + end.month - start.month
    last_day = end.month != _next_day_month(end)
    return months - 1 if end.day < start.day and not last_day else months


def _next_day_month(day: date) -> int:
    ordinal = day.toordinal() + 1
    return date.fromordinal(ordinal).month if ordinal <= date.max.toordinal() else 1


def _count(function: Unit, start: date, end: date) -> int | None:
    if function == "days_since":
        return (end - start).days if end >= start else None
    months = months_between(start, end)
    if months is None:
        return None
    return months // 12 if function == "years_since" else months


def derive(vocabulary: Vocabulary, facts: Mapping[str, Value], today: date) -> dict[str, Value]:
    """Give ``facts`` with every derived fact counted up to ``today``, the case's reference date.

    A derived fact overrides a value that was passed in for it; where its date is unknown or in the
    future it stays unknown.
    """
    full = dict(facts)
    for name, value in facts.items():
        for derived, how in vocabulary.counted(name):
            full[derived] = (
                _count(how.function, value, today)
                if isinstance(value, date) and not isinstance(value, datetime)
                else None
            )
    return full
