"""A process that has departments asked for many families' drafts and sends each; killed any time.

Arguments: the number of families. Prints ``ready`` when it begins to work, ``read`` with the draft
and how many facts it holds, ``sent`` with draft and case, and ``all`` at the end.
"""

import json
import sys

import django

django.setup()

from django.conf import settings  # noqa: E402

from tongban.apps.cases import prefilled, queries, services  # noqa: E402
from tongban.apps.cases.models import ApplicationDraft  # noqa: E402
from tongban.apps.exchange.sample import MANIFEST  # noqa: E402
from tongban.apps.items import queries as items  # noqa: E402
from tongban.apps.parties import queries as parties  # noqa: E402
from tongban.apps.parties import services as people  # noqa: E402
from tongban.infra.packs import shipped_packs  # noqa: E402

ANSWERS = json.loads((shipped_packs() / "sample" / "demo.json").read_text(encoding="utf-8"))
manifest = json.loads((settings.DEPARTMENT_STORES / MANIFEST).read_text(encoding="utf-8"))
items.life_event("newborn")  # what is built once a process is no work that a kill interrupts
services.calendar()
print("ready", flush=True)
for known in manifest["cast"]["newborn"][: int(sys.argv[1])]:
    number = known["mother.id_number"]
    subject = parties.subject_of(people.register_person(f"demo-{number}", "市民", number))
    if not ApplicationDraft.objects.filter(person=subject.person_id):
        services.save_draft(subject, "newborn", ANSWERS["newborn"])
    draft = ApplicationDraft.objects.get(person=subject.person_id)
    if not draft.case:
        services.read_ahead(subject, draft.number, consent=True)
        print(
            "read", draft.number, len(prefilled.of(subject, draft.number, "zh").facts), flush=True
        )
    shown = queries.draft(subject, draft.number)
    sent = services.submit_draft(subject, draft.number, version=shown["version"], consent=False)
    print("sent", draft.number, sent, flush=True)
print("all", flush=True)
