"""Batch files (批量文件): what a manifest says, and when a node signs one.

The node signs what its own log bears out: the calls that are named were made by this client, on
this service, and gave as many records as the files hold.
"""

import json
from collections.abc import Mapping
from typing import Any

from tongban.kernel.events import canonical
from tongban.kernel.wire.bodies import JSON
from tongban.kernel.wire.documents import seal_document
from tongban.kernel.wire.words import Caller, Identifier, IdentifierInvalid, Question, Response
from tongban.node import clock
from tongban.node.events.ground import About, Ground, row
from tongban.node.events.words import malformed

FORMAT = "tongban-batch/1"
_TEXTS = frozenset({"service", "began", "ended"})
_LISTS = frozenset({"purposes", "fields", "calls", "parts"})
_PART = frozenset({"name", "bytes", "records", "digest"})
_MOST_CALLS = 100_000


class Manifests:
    """Signs manifests."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def seal(self, client: Identifier, body: bytes) -> Response:
        """Sign a manifest for a system of the node's own; raise `WireRefused`, LogDown."""
        told = _told(body)
        ground, by = self._ground, self._ground.identity
        service = Identifier.parse(told["service"])
        caller = Caller(client, f"batch-{told['calls'][0]}"[:64], tuple(told["purposes"]))
        question = Question("walk", tuple(told["fields"]), limit=1)
        permit = ground.view().judge(caller, service, question, clock.now())
        given = self._given(client, told)
        if given != told["records"] or sum(p["records"] for p in told["parts"]) != given:
            raise malformed(
                "记录数与本节点日志不符",
                "the records are not as many as this node's log says these calls gave",
            )
        document = {
            **told,
            "format": FORMAT,
            "client": str(client),
            "grants": list(permit.grants),
            "node": by.node,
        }
        sealed = seal_document(document, by.keyid, by.signer, by.suite.name)
        about = About("consumer", caller, service, "batch", question, permit.grants)
        await ground.commit((row(by, about, "batch", status=200, records=given),))
        return Response(200, (("content-type", JSON),), canonical(sealed))

    def _given(self, client: Identifier, told: Mapping[str, Any]) -> int:
        """Give how many records these calls gave by the log, each call once."""
        wanted: set[str] = set(told["calls"])
        counted: dict[str, int] = {}
        for text in self._ground.store.calls(wanted):
            kept = json.loads(text)
            fits = (kept["side"], kept["operation"], kept["status"]) == ("consumer", "walk", 200)
            if fits and (kept["client"], kept["service"]) == (str(client), told["service"]):
                counted[kept["call"]] = kept["records"]
        if counted.keys() != wanted or len(wanted) != len(told["calls"]):
            raise malformed(
                "所列调用与本节点日志不符",
                "this node's log does not hold all of these calls, each once",
            )
        return sum(counted.values())


def _told(body: bytes) -> dict[str, Any]:
    wrong = malformed("不是批量清单", "no manifest of a batch")
    try:
        told = json.loads(body)
        fits = (
            told.keys() == {*_TEXTS, *_LISTS, "records"}
            and all(isinstance(told[name], str) for name in _TEXTS)
            and all(isinstance(told[name], list) for name in _LISTS)
            and all(isinstance(text, str) for name in _LISTS - {"parts"} for text in told[name])
            and 0 < len(told["calls"]) <= _MOST_CALLS
            and type(told["records"]) is int
            and all(part.keys() == _PART and type(part["records"]) is int for part in told["parts"])
        )
        Identifier.parse(told["service"])
    except (ValueError, KeyError, TypeError, AttributeError, IdentifierInvalid, RecursionError):
        raise wrong from None
    if not fits:
        raise wrong
    return dict(told)
