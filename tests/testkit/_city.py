"""Makes a whole installation with its states in TONGBAN_HOME, and prints what is in it as JSON.

A process of its own, so that whoever drives a browser need not touch a table.
"""

import json
import os
from pathlib import Path

import django

django.setup()

from django.conf import settings  # noqa: E402

from testkit.clock import Clock  # noqa: E402
from testkit.office import NEWBORNS, PEOPLE, Office  # noqa: E402
from testkit.phones import Phone  # noqa: E402
from testkit.states import UNSEEN, furnish  # noqa: E402
from tongban.config.setup import ensure_city, prepare  # noqa: E402
from tongban.infra import clock  # noqa: E402
from tongban.infra.access import factors  # noqa: E402
from tongban.infra.access.models import User  # noqa: E402

PASSWORD = "plum blossom in snow"


def main() -> None:
    """Make it."""
    prepare()
    ensure_city(PEOPLE, NEWBORNS)
    url = os.environ["TONGBAN_DATABASE"]
    states = furnish(Office(settings.HOME, url, Clock(Path(os.environ["TONGBAN_CLOCK"]))))
    people = {}
    for role, subject in states.people.items():
        user = User.objects.get(pk=subject.user_id)
        user.set_password(PASSWORD)
        user.proof = 0 if role in UNSEEN else 2
        user.save()
        people[role] = {"login": user.username, "password": PASSWORD, "secret": ""}
        if subject.kind == "official":
            fresh = factors.begin_app(user)
            # the code of the step before: the sign-in itself will need the one of now
            earlier = clock.now().timestamp() - 30
            factors.confirm_app(user, Phone(fresh.secret).at(earlier))
            people[role]["secret"] = fresh.secret
    print(json.dumps({"numbers": states.numbers, "people": people}))


if __name__ == "__main__":
    main()
