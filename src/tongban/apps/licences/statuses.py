"""Status lists as they are published, and a verifier's copy of them.

A list is signed anew as soon as a state in it has changed, whichever process changed it. A copy is
kept for half a minute at most, so that a revoked licence is seen by every verifier within one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from django.conf import settings

from tongban.infra import clock
from tongban.kernel import sdjwt
from tongban.kernel.sdjwt import KeyOf, Published, Reference, Status, StatusList, TokenRefused

from . import domain, keys
from .models import Credential, Licence
from .models import StatusList as Row
from .services.issuing import status_uri

#: Seconds for which a copy may be kept, and after which a list is signed anew.
TTL = 30
#: Seconds after which a list says nothing any more.
LIFETIME = 300
_BITS = 2


class ListUnknown(LookupError):
    """No licence was ever given a place in this list."""


@dataclass(slots=True)
class _Signed:
    mark: str
    made: int
    token: str


_lock = Lock()
_signed: dict[int, _Signed] = {}


def publish(number: int) -> str:
    """Give the Status List Token of a list as it is now; raise ListUnknown."""
    now = int(clock.now().timestamp())
    key = keys.issuer()
    changed = Row.objects.filter(number=number).values_list("mark", flat=True).first() or ""
    mark = f"{changed} {key.public.thumbprint} {status_uri(number)}"
    with _lock:
        kept = _signed.get(number)
    if kept is not None and kept.mark == mark and 0 <= now - kept.made < TTL:
        return kept.token
    first = (number << domain.LIST_BITS) + 1
    inside = Credential.objects.filter(serial__range=(first, first + (1 << domain.LIST_BITS) - 1))
    ended = inside.exclude(licence__state=Licence.State.VALID)
    rows = list(ended.values_list("serial", "licence__state"))
    if not rows and not inside.exists():
        raise ListUnknown(number)
    secret = keys.secret("places")
    entries = (
        (domain.place_of(serial, secret).index, domain.entry(state)) for serial, state in rows
    )
    made = StatusList.of(_BITS, 1 << domain.LIST_BITS, entries)
    token = sdjwt.seal_list(
        made,
        key,
        issuer=settings.BASE_URL,
        uri=status_uri(number),
        now=now,
        ttl=TTL,
        lifetime=LIFETIME,
    )
    with _lock:
        _signed[number] = _Signed(mark, now, token)
    return token


def fetch_own(uri: str) -> str:
    """Give the token at an address of this installation; raise TokenRefused for any other."""
    number = uri.removeprefix(status_uri(0).removesuffix("0"))
    try:
        if status_uri(int(number)) == uri:
            return publish(int(number))
    except (ValueError, ListUnknown):
        pass
    raise TokenRefused("status", "its status list is not published here")


@dataclass(slots=True)
class Lists:
    """A verifier's copies of status lists; ``fetch`` gives the token at an address.

    ``keep`` is the longest time in seconds for which a copy serves, if its publisher allows as
    much. A clock that was set back makes a copy stale, not young.
    """

    fetch: Callable[[str], str]
    key_of: KeyOf
    keep: int = TTL
    _copies: dict[str, tuple[int, Published]] = field(default_factory=dict)

    def state(self, reference: Reference | None, issuer: str, now: int) -> Status:
        """Give the state at a place; raise TokenRefused where there is no statement."""
        if reference is None:
            raise TokenRefused("status", "the licence does not say where its state is published")
        held = self._copies.get(reference.uri)
        if held is None or not 0 <= now - held[0] < min(self.keep, held[1].ttl or self.keep):
            found = sdjwt.open_list(
                self.fetch(reference.uri), self.key_of, issuer=issuer, uri=reference.uri, now=now
            )
            self._copies[reference.uri] = held = (now, found)
        try:
            return Status(held[1].list.at(reference.index))
        except ValueError as wrong:
            if isinstance(wrong, TokenRefused):
                raise
            raise TokenRefused("status", "its status is none that is understood here") from None
