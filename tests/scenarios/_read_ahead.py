"""In a running network: somebody agrees to the panel of a draft and sends it; prints what came.

``read`` begins and times the reading, ``send NUMBER`` sends the draft, ``look NUMBER`` tells of the
case. A process of its own, in the environment of the network's control plane.
"""

import json
import sys
import time

import django

django.setup()

from django.conf import settings  # noqa: E402

from tongban.apps.cases import prefilled, queries, services  # noqa: E402
from tongban.apps.exchange.sample import MANIFEST  # noqa: E402
from tongban.apps.parties import queries as parties  # noqa: E402
from tongban.apps.parties import services as people  # noqa: E402
from tongban.infra.access.domain import COMMAND  # noqa: E402
from tongban.infra.packs import shipped_packs  # noqa: E402

EVENT, PLACE = "newborn", 5  # a family that nothing else of the tests applies for


def main() -> None:
    """Do the act that the command line names."""
    act, *rest = sys.argv[1:]
    manifest = json.loads((settings.DEPARTMENT_STORES / MANIFEST).read_text(encoding="utf-8"))
    cast = manifest["cast"][EVENT][PLACE]
    mother = cast["mother.id_number"]
    who = parties.subject_of(people.register_person(f"stalled-{mother}", "市民", mother), COMMAND)
    told: dict[str, object]
    if act == "read":
        shipped = json.loads((shipped_packs() / "sample" / "demo.json").read_text(encoding="utf-8"))
        known = {name: value for name, value in cast.items() if "id_number" not in name}
        draft = services.save_draft(who, EVENT, {**shipped[EVENT], **known}).number
        began = time.monotonic()
        services.read_ahead(who, draft, consent=True)
        seconds = time.monotonic() - began
        found = prefilled.of(who, draft, "zh")
        told = {
            "draft": draft,
            "seconds": seconds,
            "from": sorted({fact["department"] for fact in found.facts}),
            "later": [one["department"] for one in found.later],
        }
    elif act == "send":
        version = queries.draft(who, rest[0])["version"]
        began = time.monotonic()
        case = services.submit_draft(who, rest[0], version=version, consent=False)
        told = {"case": case, "seconds": time.monotonic() - began}
    else:
        case = services.load(rest[0])
        told = {
            "silent": sorted(
                {
                    one.department
                    for one in case.facts.values()
                    if one.status != "value" and one.department
                }
            ),
            "stages": {name: branch.stage.value for name, branch in case.branches.items()},
        }
    told["names"] = {key: parties.department_name(key, "zh") for key in ("police", "health")}
    print(json.dumps(told, ensure_ascii=False))


if __name__ == "__main__":
    main()
