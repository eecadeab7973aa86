"""Every page there is, a line each: a new page joins all checks by its line here.

``path`` is filled in with the numbers of `testkit.states`; ``role`` is one of its people, nobody
when empty; ``status`` is what the page answers; ``act`` brings it into the state that is looked at,
such as the error state of a form, by what a visitor does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class Acting(Protocol):
    """What an ``act`` may do: fill the fields of a form and send it."""

    def send(self, form: str = ..., *, checked: bool = ..., **fields: Any) -> "Acting":
        """Send it, ``checked`` by the browser or not."""

    def unfold(self, folded: str = ...) -> "Acting":
        """Open what is folded away."""

    def look(self, picture: str) -> "Acting":
        """Look at a picture that is loaded late; fail where it is none."""


@dataclass(frozen=True)
class Shown:
    """One page to look at."""

    name: str
    path: str
    role: str = ""
    status: int = 200
    act: Callable[[Acting], object] | None = None

    def __str__(self) -> str:
        """Give what tests call it."""
        return self.name


def _sends(
    form: str = "main form[method=post]", **fields: str | bool
) -> Callable[[Acting], object]:
    def act(seen: Acting) -> object:
        return seen.send(form, checked=False, **fields)

    return act


_DESIGNED = "items/vaccination-certificate.yaml"
_TASK = "maternity-reimbursement"  # the item of which something waits for the reviewer
# a client's request (OpenID Connect, code flow with PKCE); which client stands behind it
_CLIENT = (
    "/o/authorize/?response_type=code&scope=openid+profile&state=s&nonce=n"
    "&redirect_uri=http%3A%2F%2F127.0.0.1%3A9%2Fback"
    f"&code_challenge_method=S256&code_challenge={'c' * 43}&client_id="
)
_NOBODY = {"username": "nobody-at-all", "password": "wrong wrong wrong"}
PAGES: tuple[Shown, ...] = (
    # for everybody
    Shown("home-of-a-stranger", "/"),
    Shown("sign-in", "/sign-in"),
    Shown("sign-in-refused", "/sign-in", status=403, act=_sends(**_NOBODY)),
    Shown("passkey", "/sign-in/passkey"),
    Shown("missing", "/nothing/here", status=404),
    Shown("link-used-up", "/enter/used-up", status=404),
    Shown("invited", "/invited/{invited}"),
    Shown("invited-refused", "/invited/{invited}", status=409, act=_sends(password="123456789012")),
    Shown("verify", "/licences/verify"),
    Shown("verdict-false", "/licences/verify", act=_sends(presented="not a licence")),
    Shown("verdict-true", "/licences/shown/{shown}"),
    Shown("evidence", "/evidence"),
    Shown("evidence-refused", "/evidence", status=400, act=_sends()),
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
    Shown("precheck-told", "/services/old-age-allowance/check", act=_sends()),
    Shown("accessibility", "/accessibility"),
    Shown("styleguide", "/styleguide"),
    # a citizen
    Shown("home", "/", "citizen"),
    Shown("my-cases", "/cases", "citizen"),
    Shown("me", "/me", "citizen"),
    Shown("form", "/apply/newborn/answers", "neighbour"),
    Shown("form-wrong", "/apply/newborn/answers", "neighbour", status=422, act=_sends()),
    Shown("form-documents", "/apply/newborn/documents", "neighbour"),
    Shown("form-consent", "/apply/newborn/consent", "neighbour"),
    Shown("form-consent-wrong", "/apply/newborn/consent", "neighbour", status=422, act=_sends()),
    Shown("form-check", "/apply/newborn/check", "reader"),
    Shown("form-doubt", "/apply/newborn/facts/father.name/doubt", "reader"),
    Shown(
        "form-doubt-refused",
        "/apply/newborn/facts/father.name/doubt",
        "reader",
        status=422,
        act=_sends(),
    ),
    Shown("form-doubted", "/apply/newborn/facts/mother.name/doubt", "reader"),
    Shown("form-drop", "/apply/newborn/drop", "neighbour"),
    Shown("receipt", "/cases/{case}/receipt", "citizen"),
    Shown("timeline", "/cases/{case}", "citizen"),
    Shown("timeline-asked", "/cases/{asked}", "neighbour"),
    Shown("timeline-uploads", "/cases/{papers}", "sender"),
    Shown(
        "timeline-uploads-unfolded",
        "/cases/{papers}",
        "sender",
        act=lambda seen: seen.unfold("#uploads").look("#uploads img"),
    ),
    Shown("case-answer", "/cases/{asked}/answer", "neighbour"),
    Shown("case-answer-refused", "/cases/{asked}/answer", "neighbour", status=422, act=_sends()),
    Shown("case-doubt", "/cases/{case}/facts/father.name/doubt", "citizen"),
    Shown(
        "case-doubt-refused",
        "/cases/{case}/facts/father.name/doubt",
        "citizen",
        status=422,
        act=_sends(),
    ),
    Shown("case-doubted", "/cases/{case}/facts/mother.name/doubt", "citizen"),
    Shown("case-take-back", "/cases/{case}/take-back", "citizen"),
    Shown(
        "case-take-back-refused",
        "/cases/{case}/take-back",
        "citizen",
        status=422,
        act=_sends(),
    ),
    Shown("rate", "/cases/{case}/rate/birth-certificate", "citizen"),
    Shown("rate-low", "/cases/{case}/rate/birth-certificate?level=1", "citizen"),
    Shown(
        "rate-refused",
        "/cases/{case}/rate/birth-certificate?level=1",
        "citizen",
        status=422,
        act=_sends(),
    ),
    Shown("messages", "/messages", "citizen"),
    Shown("message", "/messages/{message}", "citizen"),
    Shown("channels", "/messages/channels", "citizen"),
    Shown("channels-refused", "/messages/channels", "citizen", status=422, act=_sends()),
    Shown("looks", "/me/data", "citizen"),
    Shown("consents", "/me/data/consents", "citizen"),
    Shown("doubts", "/me/data/doubts", "citizen"),
    Shown("calendar", "/me/calendar", "citizen"),
    Shown("fees", "/fees", "founder"),
    Shown("fee", "/fees/{fee}", "founder"),
    Shown("fee-paid", "/fees/{paid}", "payer"),
    Shown("fee-receipt", "/fees/receipts/{fee_receipt}", "payer"),
    Shown("fee-refund", "/fees/{paid}/refund", "payer"),
    Shown("fee-refund-refused", "/fees/{paid}/refund", "payer", status=422, act=_sends()),
    Shown("companies", "/me/company", "founder"),
    Shown("delegate-of-a-company", "/delegations?full=1&company=91330106MA2CNQX001", "founder"),
    Shown("withdraw", "/consents/{given}/withdraw", "citizen"),
    Shown("file-of-mine", "/me/data/file", "citizen"),
    Shown("licences", "/licences", "citizen"),
    Shown("licence", "/licences/mine/{licence}", "citizen"),
    Shown(
        "licence-offer",
        "/licences/mine/{licence}",
        "citizen",
        act=_sends("main form[action$=offer]"),
    ),
    Shown("licence-code", "/licences/mine/{licence}", "citizen", act=_sends(claims=True)),
    Shown("delegations", "/delegations", "citizen"),
    Shown("delegations-held", "/delegations", "agent"),
    Shown("account", "/account", "citizen"),
    Shown("authorize", f"{_CLIENT}{{client}}", "citizen"),
    Shown("authorize-unknown", f"{_CLIENT}nobody", "citizen", status=400),
    Shown("add-app", "/account/app", "neighbour"),
    # officials
    Shown("case-at-the-desk", "/cases/{case}", "reviewer"),
    Shown("desk", "/desk", "reviewer"),
    Shown("desk-filtered", "/desk?claimed=mine&due=today", "reviewer"),
    Shown("desk-batch", f"/desk?item={_TASK}", "reviewer"),
    Shown(
        "desk-batch-refused",
        f"/desk?item={_TASK}",
        "reviewer",
        status=422,
        act=_sends("form#batch"),
    ),
    Shown("desk-case", f"/desk/cases/{{case}}/{_TASK}", "reviewer"),
    Shown("desk-case-uploads", f"/desk/cases/{{papers}}/{_TASK}", "clerk"),
    Shown(
        "desk-case-refused",
        f"/desk/cases/{{case}}/{_TASK}",
        "reviewer",
        status=422,
        act=_sends("section form[method=post]"),
    ),
    Shown(
        "desk-case-unfolded",
        f"/desk/cases/{{case}}/{_TASK}",
        "reviewer",
        act=lambda seen: seen.unfold("main details:has(.flow)"),
    ),
    Shown(
        "design-rules-unfolded",
        "/design/{sheet}/rules/childcare-guidance",
        "publisher",
        act=lambda seen: seen.unfold(),
    ),
    Shown("design-rules", "/design/{sheet}/rules/childcare-guidance", "publisher"),
    Shown(
        "design-rules-wrong",
        "/design/{sheet}/rules/old-age-allowance",
        "publisher",
        act=_sends("form:has([value=save])", **{"cells-0-0": "<<80"}),
    ),
    Shown(
        "design-rules-tried",
        "/design/{sheet}/rules/vaccination-certificate",
        "publisher",
        act=_sends("form:has([value=try])", **{"try-0": "false"}),
    ),
    Shown("design-flow", "/design/{sheet}/flows/quick", "publisher"),
    Shown("design-flow-wrong", "/design/{sheet}/flows/script", "publisher"),
    Shown(
        "design-flow-refused",
        "/design/{sheet}/flows/new",
        "publisher",
        status=422,
        act=_sends(),
    ),
    Shown("desk-counter", "/desk/counter", "clerk"),
    Shown(
        "desk-counter-refused",
        "/desk/counter",
        "clerk",
        status=422,
        act=_sends("main form[method=post]", name="x"),
    ),
    Shown("desk-licences", "/desk/licences", "issuer"),
    Shown("desk-licence", "/desk/licences/{certificate}", "issuer"),
    Shown("desk-fees", "/desk/fees", "approver"),
    Shown("desk-ratings", "/desk/ratings", "reviewer"),
    Shown("desk-rating", "/desk/ratings/{low}?department=medical-insurance", "reviewer"),
    Shown(
        "desk-rating-refused",
        "/desk/ratings/{low}?department=medical-insurance",
        "reviewer",
        status=422,
        act=_sends(),
    ),
    Shown("desk-wishes", "/desk/wishes", "clerk"),
    Shown("desk-translations", "/desk/translations?language=ug", "clerk"),
    Shown("desk-translation", f"/desk/translations/{_TASK}?language=ug", "clerk"),
    Shown("desk-paragraph", f"/desk/translations/{_TASK}/{{paragraph}}?language=ug", "approver"),
    Shown(
        "desk-paragraph-refused",
        f"/desk/translations/{_TASK}/{{paragraph}}?language=ug",
        "clerk",
        status=422,
        act=_sends(),
    ),
    Shown("account-of-an-official", "/account", "reviewer"),
    Shown("file", "/file", "reviewer"),
    Shown(
        "file-refused",
        "/file",
        "reviewer",
        status=409,
        act=_sends(number="11010119900307003X", purpose="none", reason="x"),
    ),
    Shown("step-up", "/sign-in/more?level=3", "reviewer"),
    Shown("catalogue", "/catalogue", "clerk"),
    Shown("libraries", "/catalogue/libraries", "clerk"),
    Shown("resource", "/catalogue/resources/marriages", "clerk"),
    Shown("register", "/catalogue/register", "clerk"),
    Shown("health", "/exchange/health", "clerk"),
    Shown("requests", "/requests", "clerk"),
    Shown("request", "/requests/{request}", "clerk"),
    Shown("request-at-the-bureau", "/requests/{request}", "data-reviewer"),
    Shown("new-request", "/requests/new", "clerk"),
    Shown("new-request-form", "/requests/new?resource=marriages", "clerk"),
    Shown("design", "/design", "publisher"),
    Shown("design-refused", "/design", "publisher", status=422, act=_sends()),
    Shown("design-draft", "/design/{draft}", "publisher"),
    Shown("design-draft-faulty", "/design/{faulty}", "publisher"),
    Shown("design-form", f"/design/{{draft}}/file?path={_DESIGNED}", "publisher"),
    Shown(
        "design-form-refused",
        f"/design/{{draft}}/file?path={_DESIGNED}",
        "publisher",
        status=422,
        act=_sends(produces="a: [1"),
    ),
    Shown("design-file", f"/design/{{faulty}}/file?path={_DESIGNED}&text=1", "publisher"),
    Shown("design-preview", "/design/{draft}/preview/vaccination-certificate", "publisher"),
    Shown("design-preview-form", "/design/{draft}/preview/newborn/form", "publisher"),
    Shown("posts", "/users/posts?department=health", "admin"),
    Shown(
        "posts-refused",
        "/users/posts?department=health",
        "admin",
        status=422,
        act=_sends("main form:has([name=role])"),
    ),
    Shown("users", "/users", "admin"),
    Shown("users-found", "/users?login={login}", "admin"),
)
_ACT, _FILE, _LEADS, _SCRIPT = "an act", "a file", "leads elsewhere", "answers a script"
_PROGRAM = "answers a client's program"
#: Addresses that show no page of their own, or one that cannot be looked at alone, and why.
NO_PAGE: Mapping[str, str] = {
    **dict.fromkeys(("act-for", "end-delegation", "change-password", "remove-factor"), _ACT),
    **dict.fromkeys(("forget-device", "leave-client", "unlink-account", "raise-role"), _ACT),
    **dict.fromkeys(("consent-again", "resource-act", "desk-counter-end", "case-urge"), _ACT),
    **dict.fromkeys(("messages-read", "leave"), _ACT),
    **dict.fromkeys(("design-flow-file", "design-export", "design-draft-export"), _FILE),
    **dict.fromkeys(("case-bundle", "evidence-verifier", "desk-material"), _FILE),
    **dict.fromkeys(("material", "first-page", "desk-first-page"), _FILE),
    **dict.fromkeys(("paper", "licence-face"), _FILE),
    **dict.fromkeys(("apply", "apply-doubt-back", "case-doubt-back", "desk-next"), _LEADS),
    **dict.fromkeys(("fee-back", "foreign", "foreign-back"), _LEADS),
    **dict.fromkeys(("passkey-options", "passkey-answer"), _SCRIPT),
    **dict.fromkeys(("add-passkey-options", "add-passkey-answer"), _SCRIPT),
    **dict.fromkeys(("oidc-connect-discovery-info", "jwks-info", "token"), _PROGRAM),
    **dict.fromkeys(("revoke-token", "user-info"), _PROGRAM),
    "licence-show": "shown as licence-code, after its form",
    "licence-offer": "shown after its form",
    "second-factor": "between two pages of a sign-in: every official's visit goes through it",
    "link-account": "needs another provider: its scenario is in tests of foreign sign-in",
    "fee-pay": "needs a bank that runs: its scenario is in tests of fees",
}
#: Looks into long lists: where a crowd (`testkit.crowd`) stands beside the city's own people.
LONG: tuple[Shown, ...] = (
    Shown("home-of-an-official", "/", "reviewer"),
    Shown("desk-midway", "/desk?after={deep}", "reviewer"),
    Shown("desk-midway-of-an-item", f"/desk?item={_TASK}&after={{deep}}", "reviewer"),
    Shown("desk-of-a-stage", "/desk?stage=processing", "reviewer"),
    Shown("desk-of-an-empty-stage", "/desk?stage=examining", "reviewer"),
    Shown("desk-free", "/desk?claimed=free", "reviewer"),
    Shown("desk-in-my-hands", "/desk?claimed=mine", "reviewer"),
    Shown("desk-in-others-hands", "/desk?claimed=others", "reviewer"),
    Shown("desk-this-week", "/desk?due=week", "reviewer"),
    Shown("desk-of-a-clerk", "/desk", "clerk"),
    Shown("desk-ratings-midway", "/desk/ratings?before={rated}", "reviewer"),
    Shown("requests-at-the-bureau", "/requests", "data-reviewer"),
    Shown("messages-midway", "/messages?before={letter}", "citizen"),
)
BY_NAME: Mapping[str, Shown] = {one.name: one for one in PAGES}
