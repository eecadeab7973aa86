"""Verify what a counter is handed (核验): a presentation, the link of a showing, or that of a face.

A face is paper: what stands on it is shown again to compare by eye, and its state is today's. It
proves nothing of who holds it up.
"""

from django.conf import settings

from tongban.apps.licences import domain, keys, queries, verifying
from tongban.apps.licences.composing import compose, kept_credential
from tongban.apps.licences.errors import ShowingEnded
from tongban.apps.licences.models import Licence
from tongban.infra import clock
from tongban.kernel import sdjwt
from tongban.kernel.sdjwt import Binding
from tongban.kernel.sdjwt.strict import LONGEST

from .showing import answers, challenge, check, shown

#: Where a presentation to the page for counters is addressed.
USE = "verify"


def audience() -> str:
    """Give the audience of a presentation that is made for the page for counters."""
    return f"{settings.BASE_URL}/licences/verify"


def question() -> str:
    """Give a nonce for a presentation that is made for the page for counters."""
    return challenge(USE)


def verify(text: str, binding: Binding | None = None) -> verifying.Verdict:
    """Verify what was pasted, uploaded or scanned.

    With ``binding`` only a presentation whose holder proved possession is taken. The nonce of a
    binding for our own page must be fresh. What cannot be read is a verdict ("malformed"), too.
    """
    told = text.strip()
    if len(told) > LONGEST:
        return verifying.Verdict("malformed", f"it is longer than {LONGEST} characters")
    if binding is None and told.startswith(f"{settings.BASE_URL}/licences/"):
        return _behind(told.removeprefix(f"{settings.BASE_URL}/licences/"))
    if binding is not None and binding.audience == audience():
        try:
            answers(USE, binding.nonce)
        except domain.ChallengeInvalid:
            return verifying.Verdict("nonce", "the question is too old; ask afresh")
    return check(told, binding)


def _behind(path: str) -> verifying.Verdict:
    kind, _, rest = path.partition("/")
    if kind == "shown":
        try:
            return shown(rest)
        except ShowingEnded as ended:
            return verifying.Verdict("ended", ended.en)
    if kind == "face":
        identifier, _, code = rest.partition("/")
        return face(identifier, code)
    return verifying.Verdict("malformed", "this link leads to no licence")


def face(identifier: str, code: str) -> verifying.Verdict:
    """Verify the licence behind a face's QR code: what stands on it, and its state now."""
    genuine = domain.face_code_holds(keys.by(), keys.secret("faces"), identifier, code)
    licence = Licence.objects.filter(identifier=identifier).first() if genuine else None
    if licence is None:
        return verifying.Verdict("signature", "no such face was made here")
    kind, now = queries.kind_of(licence), clock.now()
    key = keys.kept(identifier).public
    held = sdjwt.hold(compose(licence, kind, key, kept_credential(licence).serial, now))
    # no more than the paper itself tells to whoever holds it
    printed = domain.PRINTED | {*kind.content}
    return check(held.show({d.name for d in held.disclosures if d.name in printed}), None)
