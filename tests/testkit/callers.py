"""Callers of the API: somebody with a token, as its own program would ask."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.test import Client

from tongban.infra.access import services as access
from tongban.infra.access.domain import Subject
from tongban.infra.access.models import User


@dataclass(frozen=True)
class Caller:
    """Asks with these headers and gives the status with what was answered (None: nothing)."""

    headers: dict[str, str] = field(default_factory=dict)

    def ask(
        self, verb: str, path: str, body: object = None, *, raw: str | bytes | None = None
    ) -> tuple[int, Any]:
        """Ask with a body as JSON, or with ``raw`` as it is."""
        sent = raw if raw is not None else b"" if body is None else json.dumps(body)
        client = Client(headers=self.headers)
        answer = client.generic(verb.upper(), f"/api{path}", sent, "application/json")
        return answer.status_code, answer.json() if answer.content else None

    def get(self, path: str) -> tuple[int, Any]:
        return self.ask("get", path)

    def post(self, path: str, body: object = None) -> tuple[int, Any]:
        return self.ask("post", path, body)

    def put(self, path: str, body: object) -> tuple[int, Any]:
        return self.ask("put", path, body)

    def delete(self, path: str) -> tuple[int, Any]:
        return self.ask("delete", path)

    def instead(self, delegation: str) -> "Caller":
        """Give who acts for another, by this delegation."""
        return Caller(self.headers | {"Tongban-On-Behalf": delegation})


def caller(subject: Subject, *scopes: str) -> Caller:
    """Give this subject's program, with a token for these scopes (none: for all)."""
    user, month = User.objects.get(pk=subject.user_id), timedelta(days=30)
    made = access.issue_token(user, label="test", lifetime=month, actor="test", scopes=scopes)
    return bearing(made.secret)


def bearing(token: str) -> Caller:
    """Give who sends this token."""
    return Caller({"Authorization": f"Bearer {token}"})


def refused(answer: tuple[int, Any], status: int, error: str) -> dict[str, Any]:
    """Hold that it was refused so, in both languages; give what it says of each field."""
    found, problem = answer
    assert (found, problem["error"]) == (status, error), problem
    assert set(problem) == {"error", "zh", "en", "fields"}
    assert problem["zh"], problem
    assert problem["en"], problem
    fields: dict[str, Any] = problem["fields"]
    return fields
