"""The API keeps its own OpenAPI document: schemathesis finds no 5xx and no undocumented answer.

The real application on a real database, with real tokens: valid identifiers that schemathesis makes
up are swapped for those of an open case, so that the verbs themselves are reached.
"""

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from testkit.office import Office
from tongban.apps.licences import queries as licences
from tongban.infra.access import services as access
from tongban.infra.access.models import User

CI = os.environ.get("CI") == "true"
ROLES = ["applicant", "reviewer", *(("clerk", "approver") if CI else ())]
# what a role may not see is refused alike whatever is sent: one role tries every kind of value
THOROUGH = "applicant" if CI else ""
CONFIG = {
    "max-failures": 20,
    "generation": {"max-examples": 4 if CI else 3, "database": "none", "no-shrink": not CI},
    "checks": {"positive_data_acceptance": {"enabled": False}},
}
SLUG = r"[a-z][a-z0-9-]{0,59}"
MADE_UP = (
    (re.compile(r"(?<=/cases/)[0-9]{8}-[2-9A-HJ-NP-Z]{10}(?=/|$)"), "{number}"),
    (re.compile(rf"(?<=/branches/){SLUG}(?=/)"), "maternity-reimbursement"),
    (re.compile(r"(?<=/steps/)[A-Za-z_][A-Za-z0-9_./-]{0,99}(?=/decision$)"), "review"),
    (re.compile(rf"(?<=/life-events/){SLUG}(?=/)"), "newborn"),
    (re.compile(rf"(?<=/services/){SLUG}(?=/)"), "household-registration"),
    (re.compile(r"(?<=/licences/)1\.2\.156\.3005\.2\.[0-9A-Z.]{1,80}(?=/|$)"), "{licence}"),
)
# Not only refusals: with the examples of the document the verbs themselves are carried out.
DECIDED = "POST /api/cases/{number}/branches/{item}/steps/{step}/decision"
REACHED = {
    "applicant": {
        ("POST /api/cases", 201),
        ("GET /api/cases/{number}/timeline", 200),
        ("GET /api/consents", 200),
        ("GET /api/looks", 200),
        ("GET /api/services/{slug}/guide", 200),
        ("GET /api/ask", 200),
        ("POST /api/life-events/{slug}/precheck", 200),
        ("GET /api/licences/{identifier}", 200),
        ("POST /api/licences/{identifier}/offer", 201),
        ("POST /api/licences/{identifier}/orders", 403),
        ("POST /api/licences/verify", 200),
    },
    "clerk": {("GET /api/tasks", 200), (DECIDED, 403)},
    "reviewer": {(DECIDED, 200), (DECIDED, 409)},
    "approver": {("GET /api/tasks", 200), (DECIDED, 403)},
}


class Threads(ThreadingMixIn, WSGIServer):
    """Answers several callers at once, as the real server does."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """Keeps no log."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def served(number: str, licence: str) -> Iterator[str]:
    """Serve the application on loopback; identifiers that are made up become real ones."""
    application = get_wsgi_application()

    def door(environ: dict[str, Any], start_response: Any) -> Any:
        for pattern, real in MADE_UP:
            environ["PATH_INFO"] = pattern.sub(
                real.format(number=number, licence=licence), environ["PATH_INFO"]
            )
        return application(environ, start_response)

    with make_server("127.0.0.1", 0, door, Threads, Quiet) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.slow
@pytest.mark.parametrize("role", ROLES)
def test_every_answer_is_documented(office: Office, role: str) -> None:
    number = office.submit()
    licence = licences.of_case(number)[0].identifier
    post = "medical-insurance"
    subject = office.applicant("newborn") if role == "applicant" else office.official(post, role)
    user = User.objects.get(pk=subject.user_id)
    token = access.issue_token(user, label="test", lifetime=timedelta(days=1), actor="test")
    config = SchemathesisConfig.from_dict(
        CONFIG
        | {
            "headers": {"Authorization": f"Bearer {token.secret}"},
            "phases": {"coverage": {"enabled": role == THOROUGH}},
        }
    )
    reached = set()
    with served(number, licence) as base:
        schema = schemathesis.openapi.from_url(f"{base}/api/openapi.json", config=config)
        for event in from_schema(schema).execute():
            if isinstance(event, events.ScenarioFinished):
                answers = (i.response for i in event.recorder.interactions.values())
                reached |= {(event.label, a.status_code) for a in answers if a is not None}
            if isinstance(event, events.NonFatalError | events.FatalError):
                pytest.fail(str(event))
            if isinstance(event, events.EngineFinished):
                assert not event.failures, "\n".join(map(str, event.failures))
    paths = schema.raw_schema["paths"]
    known = {f"{verb.upper()} {path}" for path, verbs in paths.items() for verb in verbs}
    assert {label for label, _ in reached if label} == known
    assert reached >= REACHED[role]
