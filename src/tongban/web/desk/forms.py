"""The forms at a case: which are offered, what they ask, and the verb that each one calls.

A form is named by its act; the fields of several forms stand on one page, so that a field's name
begins with that of its form. What is offered is decided by the case, and judged by its verb again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import QueryDict

from tongban.apps.cases import services
from tongban.apps.exchange import queries as exchange
from tongban.infra.access.domain import ROLES, Subject
from tongban.kernel import workdays
from tongban.web.components import Field, Option, gather
from tongban.web.words import WORDS

Words = Mapping[str, str]
Docket = Mapping[str, Any]
TONES = {"green": "done", "amber": "alert", "red": "stop"}
_NONE = ""
_MOST = 2000


@dataclass(frozen=True, slots=True)
class Form:
    """One form at a case: ``main`` stands open, the others are opened by who wants them.

    ``onward`` leads to the next case once the act is done.
    """

    act: str
    title: str
    button: str
    fields: tuple[Field, ...] = ()
    main: bool = False
    kind: str = "second"
    open: bool = False
    help: str = ""
    step: str = ""
    onward: bool = False
    pieces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent with a form: texts by the field's name without its form's, and choices."""

    texts: Mapping[str, str]
    chosen: Mapping[str, Sequence[str]]

    def __getitem__(self, name: str) -> str:
        """Give a text; empty where there is none."""
        return self.texts.get(name, "")


def read(form: Form, sent: QueryDict) -> Sent:
    """Read what was sent of a form."""
    cut = len(form.act) + 1
    texts = {name[cut:]: text[:_MOST] for name, text in gather(form.fields, sent).items()}
    several = {f.name[cut:]: sent.getlist(f.name) for f in form.fields if f.kind == "checks"}
    return Sent(texts, several)


def filled(form: Form, sent: QueryDict, amiss: Mapping[str, str]) -> Form:
    """Give a form as it was sent, with what is amiss at each field."""
    texts = gather(form.fields, sent)
    named = {f"{form.act}.{name}": told for name, told in amiss.items()}
    fields = tuple(
        replace(f, values=frozenset(sent.getlist(f.name)), error=named.get(f.name, ""))
        if f.kind == "checks"
        else replace(f, value=texts[f.name], error=named.get(f.name, ""))
        for f in form.fields
    )
    return replace(form, fields=fields, open=True)


def wrong(
    fields: Sequence[Field], texts: Mapping[str, str], amiss: Mapping[str, str]
) -> list[Field]:
    """Give fields as they were sent, with what is amiss."""
    return [replace(f, value=texts[f.name], error=amiss.get(f.name, "")) for f in fields]


def _reason(act: str, t: Words, *, optional: bool = False) -> Field:
    return Field(f"{act}.reason", t["desk_reason"], "long", optional=optional, most=_MOST)


def verdict_fields(
    act: str, reasons: Mapping[str, Sequence[Mapping[str, str]]], t: Words
) -> list[Field]:
    """Ask for an outcome and why: a reason of the item's, one's own, or both."""
    outcome = Field(
        f"{act}.outcome",
        t["desk_outcome"],
        "choice",
        options=(Option("grant", t["desk_grant"]), Option("refuse", t["desk_refuse"])),
    )
    return [outcome, *_template(act, reasons, t), _reason(act, t, optional=any(reasons.values()))]


def _template(
    act: str, reasons: Mapping[str, Sequence[Mapping[str, str]]], t: Words
) -> list[Field]:
    options = tuple(
        Option(f"{use}:{one['slug']}", t["desk_reason_of"].format(use=t[f"desk_{use}"], **one))
        for use, found in reasons.items()
        for one in found
    )
    title, hint = t["desk_template"], t["desk_template_hint"]
    # without reasons of the item's there is nothing to choose; the field is read all the same
    kind = "select" if options else "hidden"
    return [Field(f"{act}.template", title, kind, hint=hint, options=options, optional=True)]  # type: ignore[arg-type]


def forms(docket: Docket, lang: str, t: Words) -> list[Form]:
    """Give the forms that are offered at a case, what is to be done first among them."""
    offered = docket["acts"]
    made: list[Form] = []
    if "decide" in offered:
        made += [_decide(f"decide{n}", task, docket, t) for n, task in enumerate(docket["work"])]
    made += [make(docket, lang, t) for act, make in _MAKERS.items() if act in offered]
    return made


def _decide(act: str, task: Mapping[str, Any], docket: Docket, t: Words) -> Form:
    if task["rule"]:
        fields = [_output(act, one, t) for one in task["outputs"]]
        names = {one["name"] for one in task["outputs"]}
        reasons = docket["reasons"] if "outcome" in names else {}
        fields += [*_template(act, reasons, t), _reason(act, t, optional=any(reasons.values()))]
    else:
        fields = verdict_fields(act, docket["reasons"], t)
    if docket["unverified"]:
        named = t["comma"].join(docket["unverified"])
        told = t["desk_unverified"].format(facts=named)
        fields.append(Field(f"{act}.unverified", told, "check", hint=t["desk_unverified_hint"]))
    return Form(
        act,
        t["desk_decide"].format(step=task["name"]),
        t["desk_decide_now"],
        tuple(fields),
        main=True,
        kind="",
        help=t["desk_second_hand"] if task["second_hand"] else task["message"],
        step=task["step"],
        onward=True,
        pieces=tuple(task["missing"]),
    )


def _output(act: str, one: Mapping[str, Any], t: Words) -> Field:
    """Ask for an output of a rule that people must settle."""
    name, label = f"{act}.out-{one['name']}", one["label"]
    if one["allowed"]:
        known = {"grant": t["desk_grant"], "refuse": t["desk_refuse"]}
        options = tuple(Option(str(v), known.get(str(v), str(v))) for v in one["allowed"])
        return Field(name, label, "choice", options=options)
    if one["type"] == "boolean":
        both = (Option("true", t["yes"]), Option("false", t["no"]))
        return Field(name, label, "choice", options=both)
    if one["type"] == "number":
        return Field(name, label, "money" if one["name"].endswith("_fen") else "number")
    return Field(name, label)


def _accept(docket: Docket, lang: str, t: Words) -> Form:  # noqa: ARG001 - as every maker
    options = (Option("yes", t["desk_accept_yes"]), Option("no", t["desk_accept_no"]))
    fields = (
        Field("accept.accept", t["desk_accept"], "choice", options=options),
        replace(_reason("accept", t, optional=True), hint=t["desk_accept_hint"]),
    )
    return Form(
        "accept", t["desk_accept"], t["desk_decide_now"], fields, main=True, kind="", onward=True
    )


def _ask(docket: Docket, lang: str, t: Words) -> Form:  # noqa: ARG001 - as every maker
    listed = docket["checklist"]
    points = [*listed["fields"], *listed["materials"]]
    options = tuple(Option(one["name"], one["label"], _stands(one, t)) for one in points)
    found = frozenset(one["name"] for one in points if one["missing"])
    reasons = tuple(Option(one["slug"], one["text"]) for one in listed["reasons"])
    kind = "select" if reasons else "hidden"
    fields = (
        Field("ask.points", t["desk_points"], "checks", options=options, values=found),
        Field("ask.template", t["desk_template"], kind, options=reasons, optional=True),  # type: ignore[arg-type]
        replace(_reason("ask", t, optional=bool(reasons)), label=t["desk_what_is_wrong"]),
    )
    return Form("ask", t["desk_ask"], t["desk_ask_now"], fields, help=t["desk_ask_help"],
                onward=True)  # fmt: skip


def _stands(point: Mapping[str, Any], t: Words) -> str:
    """Say how a point of the checklist stands."""
    if point["missing"]:
        return t["desk_point_missing"]
    if point.get("waived"):
        return t["desk_point_waived"]
    return t["desk_point_given"] if point["given"] else t["desk_point_open"]


def _claim(docket: Docket, lang: str, t: Words) -> Form:  # noqa: ARG001 - as every maker
    if docket["claimed"] == "mine":
        return Form("release", t["desk_release"], t["desk_release"])
    if docket["claimed"] == "other":
        return Form(
            "take-over", t["desk_take_over"], t["desk_take_over"], (_reason("take-over", t),)
        )
    return Form("claim", t["desk_claim"], t["desk_claim"])


def _suspend(docket: Docket, lang: str, t: Words) -> Form:  # noqa: ARG001 - as every maker
    kinds = tuple(
        Option(slug, both[1 if lang == "en" else 0])
        for slug, both in workdays.SPECIAL_PROCEDURES.items()
    )
    kind = Field("suspend.kind", t["desk_procedure"], "select", options=kinds)
    return Form("suspend", t["desk_suspend"], t["desk_suspend"], (kind, _reason("suspend", t)),
                help=t["desk_suspend_help"])  # fmt: skip


def _resume(docket: Docket, lang: str, t: Words) -> Form:  # noqa: ARG001 - as every maker
    return Form("resume", t["desk_resume"], t["desk_resume"])


def _extend(docket: Docket, lang: str, t: Words) -> Form:  # noqa: ARG001 - as every maker
    days = Field("extend.days", t["desk_days"], "number", hint=t["desk_days_hint"], most=2)
    return Form("extend", t["desk_extend"], t["desk_extend_ask"], (days, _reason("extend", t)))


def _transfer(docket: Docket, lang: str, t: Words) -> Form:
    departments = tuple(
        Option(key, one.name.of(lang)) for key, one in sorted(exchange.departments().items())
    )
    posts = tuple(Option(role, ROLES[role][1 if lang == "en" else 0]) for role in services.POSTS)
    fields = (
        Field("transfer.department", t["department"], "select", options=departments,
              value=docket["department"]),
        Field("transfer.post", t["desk_post"], "choice", options=posts),
        _reason("transfer", t),
    )  # fmt: skip
    return Form("transfer", t["desk_transfer"], t["desk_transfer"], fields, onward=True)


def _settle(docket: Docket, lang: str, t: Words) -> Form:
    move = docket["move"]
    post = ROLES[move["post"]][1 if lang == "en" else 0] if move["post"] in ROLES else ""
    told = t["desk_settle_help"].format(department=move["department"], post=post)
    return _approval("settle", t["desk_settle"], told, t)


def _settle_extension(docket: Docket, lang: str, t: Words) -> Form:  # noqa: ARG001 - as every maker
    days, reason = docket["extension_asked"]
    told = t["desk_extension_help"].format(days=days, reason=reason)
    return _approval("settle-extension", t["desk_extension"], told, t)


def _approval(act: str, title: str, told: str, t: Words) -> Form:
    options = (Option("yes", t["desk_agree"]), Option("no", t["desk_not_agree"]))
    fields = (
        Field(f"{act}.agreed", title, "choice", options=options),
        _reason(act, t, optional=True),
    )
    return Form(act, title, t["desk_decide_now"], fields, main=True, kind="", help=told,
                onward=True)  # fmt: skip


_MAKERS: Mapping[str, Callable[[Docket, str, Words], Form]] = {
    "settle": _settle,
    "settle-extension": _settle_extension,
    "accept": _accept,
    "ask": _ask,
    "claim": _claim,
    "resume": _resume,
    "suspend": _suspend,
    "extend": _extend,
    "transfer": _transfer,
}


# --- what the forms do ------------------------------------------------------------------------


def lacking(form: Form, sent: Sent, t: Words) -> dict[str, str]:
    """Name the questions without an answer, so that nothing is guessed on the way to a verb."""
    cut = len(form.act) + 1
    return {
        f.name[cut:]: t["answer_needed"]
        for f in form.fields
        if f.kind in {"choice", "select"} and not f.optional and not sent[f.name[cut:]]
    }


def do(subject: Subject, number: str, docket: Docket, form: Form, sent: Sent) -> None:
    """Do what a form says; raises what its verb raises."""
    item = docket["item"]
    if form.act.startswith("decide"):
        task = next(one for one in docket["work"] if one["step"] == form.step)
        services.decide(subject, number, item, form.step, _verdict(task, sent))
    else:
        _VERBS[form.act](subject, number, docket, sent)


def _verdict(task: Mapping[str, Any], sent: Sent) -> services.Verdict:
    outputs: dict[str, Any] = {"outcome": sent["outcome"]}
    if task["rule"]:
        outputs = {one["name"]: _value(one, sent[f"out-{one['name']}"]) for one in task["outputs"]}
    template = sent["template"].partition(":")[2]
    return services.Verdict(outputs, sent["reason"], bool(sent["unverified"]), template)


def _value(output: Mapping[str, Any], text: str) -> object:
    """Read an output as its type; what does not fit stays text, so that the verb refuses it."""
    if output["type"] == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if output["type"] != "number":
        return text
    whole, _, part = text.partition(".")
    if output["name"].endswith("_fen") and whole.isdecimal() and len(part) <= len("00"):
        digits = whole + part.ljust(2, "0")
        return int(digits) if digits.isascii() and digits.isdecimal() else text
    return int(text) if text.isascii() and text.isdecimal() else text


def _do_accept(subject: Subject, number: str, docket: Docket, sent: Sent) -> None:
    yes = sent["accept"] == "yes"
    services.accept(subject, number, docket["item"], accept=yes, reason=sent["reason"])


def _do_ask(subject: Subject, number: str, docket: Docket, sent: Sent) -> None:
    listed = docket["checklist"]
    found = {p["name"] for p in [*listed["fields"], *listed["materials"]] if p["missing"]}
    templates = {one["slug"]: one["text"] for one in listed["reasons"]}
    parts = [templates.get(sent["template"], _NONE), sent["reason"]]
    why = WORDS["semicolon"].zh.join(part for part in parts if part)
    # what the rules find missing is asked in any case, in their own words
    asked = [(name, why) for name in sent.chosen["points"] if name not in found or why]
    services.ask_correction(subject, number, docket["item"], asked)


def _do_claim(subject: Subject, number: str, docket: Docket, sent: Sent) -> None:
    services.claim(subject, number, docket["item"], take_over=bool(docket["claimed"]),
                   reason=sent["reason"])  # fmt: skip


def _do_suspend(subject: Subject, number: str, docket: Docket, sent: Sent) -> None:
    services.suspend(subject, number, docket["item"], sent["kind"], sent["reason"])


def _do_extend(subject: Subject, number: str, docket: Docket, sent: Sent) -> None:
    days = sent["days"]
    whole = int(days) if days.isascii() and days.isdecimal() else 0
    services.ask_extension(subject, number, docket["item"], whole, sent["reason"])


def _do_transfer(subject: Subject, number: str, docket: Docket, sent: Sent) -> None:
    services.transfer(
        subject,
        number,
        docket["item"],
        department=sent["department"],
        post=sent["post"],
        reason=sent["reason"],
    )


def _do_settle(subject: Subject, number: str, docket: Docket, sent: Sent) -> None:
    services.settle_transfer(
        subject, number, docket["item"], agreed=sent["agreed"] == "yes", reason=sent["reason"]
    )


def _do_settle_extension(subject: Subject, number: str, docket: Docket, sent: Sent) -> None:
    services.settle_extension(
        subject, number, docket["item"], agreed=sent["agreed"] == "yes", reason=sent["reason"]
    )


_VERBS: Mapping[str, Callable[[Subject, str, Docket, Sent], None]] = {
    "settle": _do_settle,
    "settle-extension": _do_settle_extension,
    "accept": _do_accept,
    "ask": _do_ask,
    "claim": _do_claim,
    "take-over": _do_claim,
    "release": lambda s, number, docket, _: _done(services.release(s, number, docket["item"])),
    "resume": lambda s, number, docket, _: _done(services.resume(s, number, docket["item"])),
    "suspend": _do_suspend,
    "extend": _do_extend,
    "transfer": _do_transfer,
}


def _done(_: object) -> None:
    """Let what a verb gives back go: the page reads the case anew."""
