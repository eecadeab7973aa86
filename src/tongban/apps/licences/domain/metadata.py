"""The claims of a licence: GB/T 36903-2018 metadata under its short names, and its content.

Everything is hidden until its holder shows it, except what kind of licence it is. Short names are
those seen in public systems that follow the standard; its text was not at hand (see the docs).
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from urllib.parse import quote

from tongban.kernel.codes import IdentityNumber

#: Ages for which a licence can say "at least so old" and nothing else.
AGES: Final = (14, 16, 18, 60, 65, 70, 80)
_FOREVER: Final = "长期"


def kind_uri(base: str, slug: str, version: int) -> str:
    """Give the ``vct`` of a licence kind.

    >>> kind_uri("https://tongban.example", "birth-certificate", 1)
    'https://tongban.example/licences/kinds/birth-certificate/1'
    """
    return f"{base}/licences/kinds/{quote(slug)}/{version}"


def kind_of(uri: str) -> tuple[str, int] | None:
    """Give slug and version out of a ``vct``; None if it is none of ours.

    >>> kind_of("https://tongban.example/licences/kinds/birth-certificate/1")
    ('birth-certificate', 1)
    """
    _, _, rest = uri.partition("/licences/kinds/")
    slug, _, version = rest.partition("/")
    whole = slug and version.isascii() and version.isdigit()
    return (slug, int(version)) if whole else None


def read_day(value: object) -> date | None:
    """Give the day that a frozen fact tells, or None."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _age(born: date, today: date) -> int:
    """Full years; who was born on 29 February is a year older on 1 March."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _code_type(number: str) -> str:
    return "公民身份号码" if IdentityNumber.validate(number) is None else "统一社会信用代码"


def hidden_claims(
    *,
    identifier: str,
    number: str,
    type_code: str,
    authority: str,
    authority_name: str,
    holder: str,
    role: str,
    content: Mapping[str, Any],
    issued: date,
    valid_until: date | None,
    today: date,
) -> dict[str, Any]:
    """Give what the holder may show: metadata, content, and ages that have been reached.

    ``role`` names who holds it in ``content`` (as ``child``). What is unknown is left out.

    >>> told = hidden_claims(identifier="1.2.3", number="1", type_code="001", authority="1133",
    ...     authority_name="民政局", holder="", role="elder", issued=date(2026, 11, 1),
    ...     content={"elder.name": "龚䶮", "elder.birth_date": "1966-11-24"},
    ...     valid_until=None, today=date(2026, 11, 24))
    >>> told["CZZT"], told["ZZYXQJZRQ"], told["age_over_60"], "age_over_65" in told
    ('龚䶮', '长期', True, False)
    """
    claims: dict[str, Any] = {
        "ZZBS": identifier,
        "ZZBH": number,
        "ZZLXDM": f"{authority}{type_code}",
        "ZZBFJG": authority_name,
        "ZZBFJGDM": authority,
        "ZZBFRQ": issued.isoformat(),
        "ZZYXQQSRQ": issued.isoformat(),
        "ZZYXQJZRQ": valid_until.isoformat() if valid_until else _FOREVER,
        "CZZT": content.get(f"{role}.name"),
        "CZZTDM": holder or None,
        "CZZTDMLX": _code_type(holder) if holder else None,
        **content,
    }
    if born := read_day(content.get(f"{role}.birth_date")):
        reached = _age(born, today)
        claims |= {f"age_over_{age}": True for age in AGES if reached >= age}
    return {name: value for name, value in claims.items() if value is not None}


def clear_claims(name: str) -> dict[str, Any]:
    """Give what is always seen: what kind of licence this is (证照名称)."""
    return {"ZZMC": name}
