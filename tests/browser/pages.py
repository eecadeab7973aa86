"""Every page there is, a line each: a new page joins all checks by its line in one of the lists."""

from collections.abc import Mapping

from browser.pages_citizen import CITIZEN
from browser.pages_official import OFFICIAL
from browser.pages_open import OPEN
from browser.shown import TASK, Shown

PAGES: tuple[Shown, ...] = (*OPEN, *CITIZEN, *OFFICIAL)
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
    "link-account": "shown after its form",
    "fee-pay": "shown as fee-bank, after its form",
}
#: Looks into long lists: where a crowd (`testkit.crowd`) stands beside the city's own people.
LONG: tuple[Shown, ...] = (
    Shown("home-of-an-official", "/", "reviewer"),
    Shown("desk-midway", "/desk?after={deep}", "reviewer"),
    Shown("desk-midway-of-an-item", f"/desk?item={TASK}&after={{deep}}", "reviewer"),
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
