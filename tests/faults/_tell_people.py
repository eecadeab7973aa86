"""A worker that tells people what the trail says and sends it; killed at any instant.

Prints ``ready`` when it begins to work, and ``idle`` when nothing is left for now.
"""

import django

django.setup()

from tongban.infra.jobs import services as jobs  # noqa: E402
from tongban.infra.trail import relay  # noqa: E402

print("ready", flush=True)
jobs.run_until_idle([relay.deliver])
print("idle", flush=True)
