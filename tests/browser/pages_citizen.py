"""Pages of a citizen, a founder of a company, and whoever acts for them."""

from browser.shown import Acting, Shown, sends

# a client's request (OpenID Connect, code flow with PKCE); which client stands behind it
_CLIENT = (
    "/o/authorize/?response_type=code&scope=openid+profile&state=s&nonce=n"
    "&redirect_uri=http%3A%2F%2F127.0.0.1%3A9%2Fback"
    f"&code_challenge_method=S256&code_challenge={'c' * 43}&client_id="
)


def _hands_in_what_is_none(seen: Acting) -> object:
    return seen.attach("hospital-invoice-elsewhere", "证.pdf", b"no certificate").send()


def _is_asked_for_more(seen: Acting) -> Acting:
    return seen.add_app().open("/sign-in/more?level=2")


CITIZEN: tuple[Shown, ...] = (
    Shown("home", "/", "citizen"),
    Shown("my-cases", "/cases", "citizen"),
    Shown("me", "/me", "citizen"),
    Shown("form", "/apply/newborn/answers", "neighbour"),
    Shown("form-wrong", "/apply/newborn/answers", "neighbour", status=422, act=sends()),
    Shown("form-documents", "/apply/newborn/documents", "neighbour"),
    Shown(
        "form-documents-refused",
        "/apply/newborn/documents?at=hospital-invoice-elsewhere",
        "neighbour",
        status=422,
        act=_hands_in_what_is_none,
    ),
    Shown("form-consent", "/apply/newborn/consent", "neighbour"),
    Shown("form-consent-wrong", "/apply/newborn/consent", "neighbour", status=422, act=sends()),
    Shown("form-check", "/apply/newborn/check", "reader"),
    Shown("form-doubt", "/apply/newborn/facts/father.name/doubt", "reader"),
    Shown(
        "form-doubt-refused",
        "/apply/newborn/facts/father.name/doubt",
        "reader",
        status=422,
        act=sends(),
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
    Shown("case-answer-refused", "/cases/{asked}/answer", "neighbour", status=422, act=sends()),
    Shown("case-doubt", "/cases/{case}/facts/father.name/doubt", "citizen"),
    Shown(
        "case-doubt-refused",
        "/cases/{case}/facts/father.name/doubt",
        "citizen",
        status=422,
        act=sends(),
    ),
    Shown("case-doubted", "/cases/{case}/facts/mother.name/doubt", "citizen"),
    Shown("case-take-back", "/cases/{case}/take-back", "citizen"),
    Shown(
        "case-take-back-refused",
        "/cases/{case}/take-back",
        "citizen",
        status=422,
        act=sends(),
    ),
    Shown("rate", "/cases/{case}/rate/birth-certificate", "citizen"),
    Shown("rate-low", "/cases/{case}/rate/birth-certificate?level=1", "citizen"),
    Shown(
        "rate-refused",
        "/cases/{case}/rate/birth-certificate?level=1",
        "citizen",
        status=422,
        act=sends(),
    ),
    Shown("messages", "/messages", "citizen"),
    Shown("message", "/messages/{message}", "citizen"),
    Shown("channels", "/messages/channels", "citizen"),
    Shown("channels-refused", "/messages/channels", "citizen", status=422, act=sends()),
    Shown("looks", "/me/data", "citizen"),
    Shown("consents", "/me/data/consents", "citizen"),
    Shown("doubts", "/me/data/doubts", "citizen"),
    Shown("calendar", "/me/calendar", "citizen"),
    Shown("fees", "/fees", "founder"),
    Shown("fee", "/fees/{fee}", "founder"),
    Shown("fee-paid", "/fees/{paid}", "payer"),
    Shown("fee-bank", "/fees/{fee}", "founder", act=sends("main form[action$='/pay']")),
    Shown("fee-receipt", "/fees/receipts/{fee_receipt}", "payer"),
    Shown("fee-refund", "/fees/{paid}/refund", "payer"),
    Shown("fee-refund-refused", "/fees/{paid}/refund", "payer", status=422, act=sends()),
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
        act=sends("main form[action$=offer]"),
    ),
    Shown("licence-code", "/licences/mine/{licence}", "citizen", act=sends(claims=True)),
    Shown("delegations", "/delegations", "citizen"),
    Shown("delegations-held", "/delegations", "agent"),
    Shown(
        "delegations-refused",
        "/delegations?full=1",
        "citizen",
        status=422,
        act=sends("main form[action='/delegations']"),
    ),
    Shown("account", "/account", "citizen"),
    Shown("authorize", f"{_CLIENT}{{client}}", "citizen"),
    Shown("authorize-unknown", f"{_CLIENT}nobody", "citizen", status=400),
    Shown(
        "account-refused",
        "/account",
        "neighbour",
        status=409,
        act=sends("main form[action='/account/password']", old="x", new="123"),
    ),
    Shown("link-account", "/account", "neighbour", act=sends("main form[action='/account/link']")),
    Shown(
        "not-linked",
        "/account",
        "citizen",
        status=403,
        act=lambda seen: seen.open("/sign-in/with/own").send(),
    ),
    Shown("add-app", "/account/app", "neighbour"),
    Shown("add-app-shown", "/account/app", "neighbour", act=sends()),
    Shown(
        "add-app-refused",
        "/account/app",
        "neighbour",
        status=409,
        act=lambda seen: seen.send().send(code="000000"),
    ),
    Shown("recovery-codes", "/account", "novice", act=lambda seen: seen.add_app()),
    Shown(
        "step-up-unseen",
        "/account",
        "novice",
        act=lambda seen: seen.open("/sign-in/more?level=2"),
    ),
    Shown("step-up-asked", "/account", "careful", act=_is_asked_for_more),
    Shown(
        "step-up-refused",
        "/account",
        "careful",
        status=403,
        act=lambda seen: _is_asked_for_more(seen).send(code="000000"),
    ),
)
