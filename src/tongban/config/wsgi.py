"""The WSGI application that a server such as granian loads."""

import contextlib
import importlib
import os
from threading import Thread

from django.core.wsgi import get_wsgi_application
from django.db import DatabaseError, connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongban.config.settings")
application = get_wsgi_application()


def _warm() -> None:
    """Have read what a first visitor would wait for; a database that is not there yet can wait."""
    asking = importlib.import_module("tongban.apps.items.queries.asking")
    with contextlib.suppress(DatabaseError):
        asking.warm()
    connections.close_all()


Thread(target=_warm, daemon=True).start()
