"""Lets the first family of the city in TONGBAN_HOME have more children, and apply for each.

A process of its own, so that whoever drives a browser need not touch a table.
"""

import os
import sys
from pathlib import Path

import django

django.setup()

from django.conf import settings  # noqa: E402

from testkit.clock import Clock  # noqa: E402
from testkit.office import Office  # noqa: E402

if __name__ == "__main__":
    office = Office(
        settings.HOME, os.environ["TONGBAN_DATABASE"], Clock(Path(os.environ["TONGBAN_CLOCK"]))
    )
    for _ in range(int(sys.argv[1])):
        office.next_birth()
        office.submit()
