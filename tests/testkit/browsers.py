"""Browsers of people who signed in, as strongly as a test says."""

import re
from typing import Any

from django.test import Client

from tongban.infra import clock
from tongban.infra.access.domain import Subject
from tongban.infra.access.models import User

_OURS = rb'<script src="/static/(web/read|django_htmx/htmx-2)\.[0-9a-z.]*js" defer></script>'


def plain(answer: Any) -> bool:
    """Say whether a page has only script that none needs: to read aloud, to follow a form."""
    return b"<script" not in re.sub(_OURS, b"", answer.content)


def signed_in(subject: Subject, *methods: str) -> Client:
    """Give a browser with a session that was made by these methods (none: password and code)."""
    client = Client()
    client.force_login(User.objects.get(pk=subject.user_id))
    session, now = client.session, clock.now().isoformat()
    how = list(methods or ("pwd", "otp"))
    session["access"] = {"methods": how, "vouched": 0, "at": now, "seen": now}
    session.save()
    return client
