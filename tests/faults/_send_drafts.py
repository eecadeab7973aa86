"""A process that saves a draft for many families and sends each; killed at any instant.

Arguments: the number of families. Prints ``ready`` when it begins to work, a line for every draft
that it was told is sent (draft, case), and ``all`` at the end.
"""

import json
import sys

import django

django.setup()

from django.conf import settings  # noqa: E402

from tongban.apps.cases import queries, services  # noqa: E402
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
    drafts = ApplicationDraft.objects.filter(person=subject.person_id)
    if not drafts:
        services.save_draft(subject, "newborn", ANSWERS["newborn"])
    # whoever was cut off clicks again, on the same draft
    draft = ApplicationDraft.objects.get(person=subject.person_id)
    shown = queries.draft(subject, draft.number)
    sent = services.submit_draft(subject, draft.number, version=shown["version"], consent=True)
    print(draft.number, sent, flush=True)
print("all", flush=True)
