"""Pages for everybody, and those between two steps of signing in."""

import io
import zipfile
from collections.abc import Callable

from browser.shown import Acting, Shown, sends
from testkit import bundles

_NOBODY = {"username": "nobody-at-all", "password": "wrong wrong wrong"}


def _bundle() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as into:
        for name, content in bundles.make().files.items():
            into.writestr(name, content)
    return packed.getvalue()


def _checks_a_bundle(seen: Acting) -> object:
    return seen.attach("bundle", "case.zip", _bundle()).send()


def _names_a_guard(seen: Acting) -> Acting:
    return seen.name_oneself("guard")


def _born(year: int, month: int, day: int) -> Callable[[Acting], object]:
    born = {"year": year, "month": month, "day": day}
    return sends(**{f"elder.birth_date-{part}": str(told) for part, told in born.items()})


OPEN: tuple[Shown, ...] = (
    Shown("home-of-a-stranger", "/"),
    Shown("sign-in", "/sign-in"),
    Shown("sign-in-refused", "/sign-in", status=403, act=sends(**_NOBODY)),
    Shown("passkey", "/sign-in/passkey"),
    Shown("second-factor", "/sign-in/second", act=_names_a_guard),
    Shown(
        "second-factor-refused",
        "/sign-in/second",
        status=403,
        act=lambda seen: _names_a_guard(seen).send(code="000000"),
    ),
    Shown("missing", "/nothing/here", status=404),
    Shown("link-used-up", "/enter/used-up", status=404),
    Shown("invited", "/invited/{invited}"),
    Shown("invited-refused", "/invited/{invited}", status=409, act=sends(password="123456789012")),
    Shown("verify", "/licences/verify"),
    Shown("verdict-false", "/licences/verify", act=sends(presented="not a licence")),
    Shown("verdict-true", "/licences/shown/{shown}"),
    Shown("evidence", "/evidence"),
    Shown("evidence-refused", "/evidence", status=400, act=sends()),
    Shown("evidence-checked", "/evidence", act=_checks_a_bundle),
    Shown("atlas", "/atlas"),
    Shown("atlas-measured", "/atlas/measured"),
    Shown("atlas-cases", "/atlas/cases"),
    Shown("atlas-compare", "/atlas/compare"),
    Shown("atlas-figures", "/atlas/figures?area=once"),
    Shown("services", "/services"),
    Shown("services-of-a-department", "/services?department=police"),
    Shown("services-named", "/services?q=户口"),
    Shown("services-none", "/services?department=nobody"),
    Shown("guide", "/services/newborn"),
    Shown("guide-of-an-item", "/services/household-registration"),
    Shown("ask", "/ask?q=老人补贴怎么领"),
    Shown("ask-unknown", "/ask?q=怎么炒股票赚钱"),
    Shown("precheck", "/services/old-age-allowance/check"),
    Shown("precheck-told", "/services/old-age-allowance/check", act=_born(2010, 1, 1)),
    Shown(
        "precheck-refused", "/services/old-age-allowance/check", status=422, act=_born(1950, 2, 30)
    ),
    Shown("accessibility", "/accessibility"),
    Shown("styleguide", "/styleguide"),
)
