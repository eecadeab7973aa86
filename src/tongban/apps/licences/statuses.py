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
from .composing import status_uri
from .models import Credential, Licence
from .models import StatusList as Row

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
        (domain.place_of(serial, keys.by(), secret).index, domain.entry(state))
        for serial, state in rows
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


@dataclass(frozen=True, slots=True)
class _Copy:
    token: str
    found: Published
    fetched: int


@dataclass(slots=True)
class Lists:
    """A verifier's copies of status lists; ``fetch`` gives the token at an address.

    ``keep`` is the longest time in seconds for which a copy serves, if its publisher allows as
    much; 0 asks each time, for a publisher next door. A clock that was set back makes a copy stale,
    not young.
    """

    fetch: Callable[[str], str]
    key_of: KeyOf
    keep: int = TTL
    _copies: dict[str, "_Copy"] = field(default_factory=dict)

    def state(self, reference: Reference | None, issuer: str, now: int) -> Status:
        """Give the state at a place; raise TokenRefused where there is no statement."""
        if reference is None:
            raise TokenRefused("status", "the licence does not say where its state is published")
        copy = self._copies.get(reference.uri)
        if copy is None or not 0 <= now - copy.fetched < min(
            self.keep, copy.found.ttl or self.keep
        ):
            copy = self._copies[reference.uri] = self._fetched(copy, reference.uri, issuer, now)
        try:
            return Status(copy.found.list.at(reference.index))
        except ValueError as wrong:
            if isinstance(wrong, TokenRefused):
                raise
            raise TokenRefused("status", "its status is none that is understood here") from None

    def _fetched(self, copy: _Copy | None, uri: str, issuer: str, now: int) -> _Copy:
        token = self.fetch(uri)
        # the same token need not be inflated again while it may be young
        if copy is not None and copy.token == token and 0 <= now - copy.found.issued < TTL:
            return _Copy(token, copy.found, now)
        found = sdjwt.open_list(token, self.key_of, issuer=issuer, uri=uri, now=now)
        return _Copy(token, found, now)
