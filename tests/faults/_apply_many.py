"""A process that takes up what is due and then applies for many families; killed at any instant.

Arguments: the number of families. Prints ``ready`` when it begins to work, a line for every case
that it was told is saved, and ``all`` at the end.
"""

import json
import sys

import django

django.setup()

from django.conf import settings  # noqa: E402

from tongban.apps.cases import services  # noqa: E402
from tongban.apps.cases.models import Case  # noqa: E402
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
while services.wake():
    pass
for known in manifest["cast"]["newborn"][: int(sys.argv[1])]:
    number = known["mother.id_number"]
    subject = parties.subject_of(people.register_person(f"demo-{number}", "市民", number))
    if not Case.objects.filter(applicant=subject.person_id).exists():
        saved = services.submit(
            subject, services.Submission("newborn", ANSWERS["newborn"], consent=True)
        )
        print(saved, flush=True)
print("all", flush=True)
