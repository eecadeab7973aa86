"""One process of the newborn benchmark: applies for its share of the families, prints latencies."""

import json
import sys
import time

import django

django.setup()

from django.conf import settings  # noqa: E402

from tongban.apps.cases import services  # noqa: E402
from tongban.apps.exchange.sample import MANIFEST  # noqa: E402
from tongban.apps.parties import queries as parties  # noqa: E402
from tongban.apps.parties import services as people  # noqa: E402
from tongban.infra.packs import shipped_packs  # noqa: E402

part, parts = int(sys.argv[1]), int(sys.argv[2])
answers = json.loads((shipped_packs() / "sample" / "demo.json").read_text(encoding="utf-8"))
manifest = json.loads((settings.DEPARTMENT_STORES / MANIFEST).read_text(encoding="utf-8"))
mothers = [known["mother.id_number"] for known in manifest["cast"]["newborn"]][part::parts]
subjects = [parties.subject_of(people.register_person(f"b-{n}", "市民", n)) for n in mothers]
submission = services.Submission("newborn", answers["newborn"], consent=True)
services.submit(subjects.pop(), submission)  # warms what a serving process has warm
latencies, numbers = [], []
began = time.time()
for subject in subjects:
    start = time.perf_counter()
    number = services.submit(subject, submission)
    latencies.append(time.perf_counter() - start)
    numbers.append(number)
ended = time.time()
steps = sum(b.steps for n in numbers for b in services.load(n).branches.values())
print(json.dumps({"latencies": latencies, "began": began, "ended": ended, "steps": steps}))
