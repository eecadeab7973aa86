"""The WSGI application that a server such as granian loads."""

import contextlib
import os
from threading import Thread

from django.core.wsgi import get_wsgi_application
from django.db import DatabaseError, connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongban.config.settings")
application = get_wsgi_application()

from tongban.apps.items.queries import indexing  # noqa: E402 - Django must be set up first


def _warm() -> None:
    """Have read what a first visitor would wait for; a database that is not there yet can wait."""
    with contextlib.suppress(DatabaseError):
        indexing.now()
    connections.close_all()


Thread(target=_warm, daemon=True).start()
