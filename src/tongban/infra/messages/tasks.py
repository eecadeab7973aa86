"""Background work of messages: the trail's news become messages, and messages go out."""

from datetime import timedelta

from tongban.infra.jobs.services import job
from tongban.infra.messages import services
from tongban.infra.trail import relay
from tongban.kernel.events import Event


def _told(event: Event) -> None:
    services.tell(event)


relay.subscribe("messages", "tongban.cases.*", _told)


# a gateway that is down for a day misses nothing
@job(services.SEND, retries=12, backoff=timedelta(seconds=20))
def send(person: str, kind: str, chain: str) -> None:
    """Send what waits for a person about one matter."""
    services.send(person, kind, chain)
