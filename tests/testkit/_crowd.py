"""Adds a crowd to the installation in TONGBAN_HOME; reads what `_city` printed, prints new numbers.

A process of its own, like `_city`.
"""

import json
import sys

import django

django.setup()

from testkit import crowd  # noqa: E402
from tongban.apps.parties import queries as parties  # noqa: E402
from tongban.infra.access.domain import COMMAND, Subject  # noqa: E402
from tongban.infra.access.models import User  # noqa: E402


def main(count: int, *, weighed: bool) -> None:
    """Add it."""
    told = json.load(sys.stdin)

    def subject(role: str) -> Subject:
        login = told["people"][role]["login"]
        return parties.subject_of(User.objects.get(username=login), COMMAND)

    named = (told["numbers"][name] for name in ("case", "paid", "request"))
    source = crowd.Source(*named, subject("citizen"), subject("reviewer"), weighed)
    print(json.dumps(crowd.gather(source, count)))


if __name__ == "__main__":
    main(int(sys.argv[1]), weighed="weighed" in sys.argv[2:])
