"""Blocks publication where an item may read more than any part of it needs (最小必要)."""

from collections.abc import Sequence

from tongban.apps.exchange import queries as exchange
from tongban.apps.exchange import reading
from tongban.apps.items import domain
from tongban.apps.items.checking.shelf import Ready, Shelf
from tongban.kernel.feel import parse_condition


def granted_beyond_need(shelf: Shelf, ready: Sequence[Ready]) -> None:
    """Note each granted attribute that no rule, form, material or result of its item leads to."""
    catalogue = shelf.catalogue
    uses: dict[str, exchange.Uses] = {}
    for one in ready:
        if one.kind == "item":
            uses[one.slug] = domain.uses_of(domain.definition(one.content))
        elif one.kind == "policy":
            uses[one.slug] = domain.uses_of_policy(domain.policy(one.content))
    binds: dict[str, dict[str, str]] = {}
    for one in ready:
        if one.kind == "life-event":
            for branch in one.content["data"]["branches"]:
                binds.setdefault(branch["item"], {}).update(one.content["data"].get("bind", {}))
                _conditions(branch, uses)
    beyond = set()
    for item, parts in uses.items():
        own = [grant for grant in catalogue.grants if grant.item == item]
        facts = exchange.needed(parts, own, catalogue, binds.get(item, {})).keys()
        beyond |= {
            (item, found.resource, found.attribute)
            for found in exchange.too_much(item, facts, own, catalogue)
        }
    for document in reading.documents(shelf.packs, "grants"):
        for index, grant in enumerate(document.data["grants"]):
            for position, name in enumerate(grant["attributes"]):
                if (grant["item"], grant["resource"], name) in beyond:
                    shelf.say(
                        document,
                        ("grants", index, "attributes", position),
                        "grant-beyond",
                        item=grant["item"],
                        name=name,
                        resource=grant["resource"],
                    )


def _conditions(branch: dict[str, str], uses: dict[str, exchange.Uses]) -> None:
    """Add the facts on which a life event lets this branch in."""
    if "when" not in branch:
        return
    found = dict(uses[branch["item"]])
    for name in sorted(parse_condition(branch["when"]).names):
        found[name] = found.get(name, frozenset()) | {"rule"}
    uses[branch["item"]] = found
