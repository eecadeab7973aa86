"""A real installation of its own: licences issued, verified with their state, and one revoked.

The verifier stands elsewhere: it knows the issuer's key and asks for the status list over HTTP.
"""

import json
import time
from threading import Thread
from urllib.request import urlopen
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from tongban.apps.items.domain import LicenceKind  # noqa: E402
from tongban.apps.licences import keys, services, statuses  # noqa: E402
from tongban.apps.licences.domain import Issued  # noqa: E402
from tongban.apps.licences.models import Credential  # noqa: E402
from tongban.apps.licences.verifying import Verdict, verdict  # noqa: E402
from tongban.config.wsgi import application  # noqa: E402
from tongban.infra import clock  # noqa: E402
from tongban.infra.trail import services as trail  # noqa: E402
from tongban.kernel.facts import Words  # noqa: E402

COUNT = 300
AUTHORITY = "11330100MB1A23019Q"
CONTENT = {f"elder.fact_{number}": f"内容 {number}" for number in range(9)}  # 20 with metadata
KIND = LicenceKind(
    "card", 1, Words("老年人优待证", "card"), "health", "001", "elder", tuple(CONTENT), 10
)


class Quiet(WSGIRequestHandler):
    """Keeps no log."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@transaction.atomic
def issue(number: int) -> Issued:
    """Issue a licence as a decision does: rows, credential and event in one transaction."""
    case, now = f"C{number}", clock.now()
    made = services.issue(
        kind=KIND,
        department="health",
        authority=AUTHORITY,
        holder="",
        content=CONTENT,
        case=case,
        item="card",
        now=now,
    )
    trail.tell(services.issued_draft(made, case, "card"))
    return made


def fetch(uri: str) -> str:
    """Ask for a status list as a verifier elsewhere does."""
    with urlopen(uri, timeout=10) as answer:  # noqa: S310 - our own address
        return str(answer.read().decode())


def serve(server: object) -> None:
    """Answer until the server is shut down."""
    server.serve_forever()  # type: ignore[attr-defined]
    connection.close()


def look(text: str, lists: statuses.Lists) -> Verdict:
    """Verify as a verifier elsewhere does."""
    now = int(clock.now().timestamp())
    return verdict(text, keys.key_of, lists, now=now, binding=None)


def measure() -> dict[str, float]:
    """Give licences issued and verified a CPU second, and seconds until a revocation is seen."""
    issue(0)
    began = time.process_time()
    made = [issue(number) for number in range(1, COUNT + 1)]
    issued = COUNT / (time.process_time() - began)
    kept = Credential.objects.select_related("licence")
    texts = {one.licence.identifier: one.text for one in kept}
    lists = statuses.Lists(fetch, keys.key_of)
    if not all(look(text, lists).valid for text in texts.values()):
        raise RuntimeError("a licence just issued is not valid")
    began = time.process_time()
    for text in texts.values():
        look(text, lists)
    verified = len(texts) / (time.process_time() - began)
    ended = made[-1].identifier
    fresh = statuses.Lists(fetch, keys.key_of)
    look(texts[ended], fresh)  # its copy is young from here on
    began = time.perf_counter()
    services.revoke(ended, actor="1", authority="law", reason="test", now=clock.now())
    while look(texts[ended], fresh).valid:
        time.sleep(0.1)
    return {"issued": issued, "verified": verified, "seen": time.perf_counter() - began}


if __name__ == "__main__":
    call_command("migrate", verbosity=0, interactive=False)
    with make_server("127.0.0.1", 0, application, handler_class=Quiet) as server:
        settings.BASE_URL = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=serve, args=(server,), daemon=True)
        thread.start()
        found = measure()
        server.shutdown()
        thread.join()
    print(json.dumps(found))
