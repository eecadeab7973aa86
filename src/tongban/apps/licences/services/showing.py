"""Show a licence: the holder chooses what to tell, and a short-lived link or a verifier gets that.

What is shown is composed afresh each time, so that two presentations share no signature, and ages
are those of today. Only the digest of a presentation is told on the trail.
"""

import os
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from tongban.apps.licences import domain, events, keys, queries, statuses, verifying
from tongban.apps.licences.composing import compose, digest, kept_credential
from tongban.apps.licences.errors import LicenceNotValid, NotShowable, ShowingEnded
from tongban.apps.licences.models import Licence, Showing
from tongban.infra import clock
from tongban.infra.access.domain import Subject
from tongban.infra.trail import services as trail
from tongban.kernel import sdjwt
from tongban.kernel.events import Draft
from tongban.kernel.sdjwt import Binding
from tongban.kernel.sdjwt.strict import encode

#: Seconds for which a link leads to what is shown, and how often it may be looked at meanwhile.
SECONDS = 120
MOST_LOOKS = 20


@dataclass(frozen=True, slots=True)
class Link:
    """Where what is shown can be seen, and until when; it says nothing by itself."""

    address: str
    expires: datetime


def _valid(licence: Licence) -> None:
    if licence.state != Licence.State.VALID:
        raise LicenceNotValid(
            f"证照状态为“{licence.get_state_display()}”，不能出示",
            f"the licence is {licence.state}: only a valid one is shown",
        )


def _present(
    licence: Licence, serial: int, names: Collection[str], audience: str, nonce: str
) -> str:
    now, key = clock.now(), keys.kept(licence.identifier)
    text = compose(licence, queries.kind_of(licence), key.public, serial, now)
    try:
        shown = sdjwt.hold(text).show(names)
    except KeyError as absent:
        raise NotShowable(str(absent.args[0])) from None
    made = sdjwt.bind(shown, key, audience=audience, nonce=nonce, now=int(now.timestamp()))
    _tell(licence, made)
    return made


def _tell(licence: Licence, presented: str) -> None:
    draft = Draft(
        type=events.PRESENTED,
        chain=f"licence:{licence.pk}",
        actor="holder",
        item=licence.item,
        data={"presentation": digest(presented)},
    )
    with transaction.atomic():
        # this chain is the licence's own: who holds the row writes its next event
        Licence.objects.select_for_update().get(pk=licence.pk)
        trail.tell(draft)


def present(
    subject: Subject, identifier: str, names: Collection[str], *, audience: str, nonce: str
) -> str:
    """Give a presentation of one's own licence for one verifier and one question.

    Raises `LicenceUnknown`, `NotAllowed`, `LicenceNotValid`, and `NotShowable` for a claim that the
    licence does not have.
    """
    licence = queries.look(subject, identifier, "licence.present")
    _valid(licence)
    return _present(licence, kept_credential(licence).serial, names, audience, nonce)


def show(subject: Subject, identifier: str, names: Collection[str]) -> Link:
    """Give a link that leads to these claims of one's own licence for two minutes (亮证).

    Errors as `present`.
    """
    licence = queries.look(subject, identifier, "licence.present")
    _valid(licence)
    if absent := set(names) - queries.could_show(licence).keys():
        raise NotShowable(", ".join(sorted(absent)))
    secret, now = encode(os.urandom(24)), clock.now()
    Showing.objects.filter(expires__lt=now).delete()
    row = Showing.objects.create(
        digest=keys.looked_up(secret),
        credential=kept_credential(licence),
        names=sorted(names),
        expires=now + timedelta(seconds=SECONDS),
    )
    return Link(f"{settings.BASE_URL}/licences/shown/{secret}", row.expires)


def shown(secret: str) -> verifying.Verdict:
    """Verify what a link leads to, as any verifier would; raise `ShowingEnded`."""
    now = clock.now()
    found = Showing.objects.filter(
        digest=keys.looked_up(secret),
        expires__gt=now,
        expires__lte=now + timedelta(seconds=SECONDS),
        looks__lt=MOST_LOOKS,
    )
    if not found.update(looks=F("looks") + 1):
        raise ShowingEnded
    row = Showing.objects.select_related("credential__licence").get(digest=keys.looked_up(secret))
    audience = f"{settings.BASE_URL}/licences/shown"
    nonce = challenge("shown")
    licence = row.credential.licence
    made = _present(licence, row.credential.serial, row.names, audience, nonce)
    return check(made, Binding(audience, nonce))


def challenge(use: str) -> str:
    """Give a fresh challenge for one use."""
    now = int(clock.now().timestamp())
    return domain.make_challenge(
        keys.by(), keys.secret("challenges"), use, now=now, chance=os.urandom(16)
    )


def answers(use: str, text: str, *, within: int = 300) -> None:
    """Take a challenge that was given out for this use; raise `domain.ChallengeInvalid`."""
    now = int(clock.now().timestamp())
    domain.read_challenge(keys.by(), keys.secret("challenges"), use, text, now=now, within=within)


# the lists are published next door: a change is seen at once
_lists = statuses.Lists(statuses.fetch_own, keys.key_of, keep=0)


def check(presented: str, binding: Binding | None) -> verifying.Verdict:
    """Verify what somebody presents (核验)."""
    now = int(clock.now().timestamp())
    return verifying.verdict(presented, keys.key_of, _lists, now=now, binding=binding)
