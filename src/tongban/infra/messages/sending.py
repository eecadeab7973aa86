"""The ways out: an e-mail by Django's mail, an SMS by a signed call to the city's gateway.

A gateway is told each batch by one key, tried again or not, so that it can send it once. Nothing
follows a redirect, and a private address is called only where it is configured.
"""

import hashlib
import hmac
import http.client
import json
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from tongban.infra import clock
from tongban.infra.outward import Link, OutwardRefused, parts_of, place_of

_PATIENCE = 15.0  # seconds


class NotSent(RuntimeError):
    """It did not go out; trying again may help."""


class NeverSent(RuntimeError):
    """It cannot go out like this; somebody must change a setting."""


def send_mail(address: str, title: str, text: str, *, batch: str) -> None:
    """Send one e-mail; raises `NotSent`, `NeverSent`. The same batch bears the same Message-ID."""
    if settings.EMAIL_BACKEND.endswith(".dummy.EmailBackend"):
        raise NeverSent("no mail server is configured: set TONGBAN_EMAIL")
    host = settings.ORIGIN.partition("//")[2].partition(":")[0] or "localhost"
    mail = EmailMessage(
        title, text, None, [address], headers={"Message-ID": f"<{batch}@{host}>"},
        connection=get_connection(timeout=_PATIENCE),
    )  # fmt: skip
    try:
        mail.send()
    except OSError as error:  # smtplib's errors are OSErrors
        raise NotSent(f"the mail server does not take it ({error})") from error


def send_sms(address: str, text: str, *, batch: str) -> None:
    """Hand a short text to the gateway; raises `NotSent`, `NeverSent`."""
    url, secret = settings.SMS_URL, settings.SMS_SECRET
    if not url or not secret:
        raise NeverSent("no gateway for SMS is configured: set TONGBAN_SMS_URL and …_SECRET")
    try:
        key = Path(secret).read_bytes().strip()
    except OSError as error:
        raise NeverSent(f"TONGBAN_SMS_SECRET cannot be read ({error.strerror})") from error
    body = json.dumps({"id": batch, "to": address, "text": text}, ensure_ascii=False).encode()
    stamp = str(int(clock.now().timestamp()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "tongban-messages/1",
        "Idempotency-Key": batch,
        "Tongban-Timestamp": stamp,
        "Tongban-Signature": sign(key, stamp, body),
    }
    _post(url, headers, body, settings.SMS_NETWORKS)


def sign(secret: bytes, stamp: str, body: bytes) -> str:
    """Sign a call: HMAC-SHA-256 (RFC 2104) over the time stamp, a stop and the body.

    >>> sign(b"k", "1", b"{}")[:20]
    'sha256=3dd49b2593d0f'
    """
    return "sha256=" + hmac.new(secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _post(url: str, headers: dict[str, str], body: bytes, networks: Sequence[str]) -> None:
    try:
        parts = parts_of(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        place, private = place_of(parts.hostname or "", port, networks)
    except OutwardRefused as refused:
        raise NeverSent(f"{refused}; to allow it see TONGBAN_SMS_NETWORKS") from refused
    except OSError as error:
        raise NotSent(f"the gateway has no address ({error})") from error
    if parts.scheme == "http" and not private:
        raise NeverSent("a gateway on the open network is called by https")
    link = Link(parts, port, place, _PATIENCE)
    try:
        target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        link.request("POST", target, body, headers)
        status = link.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise NotSent(f"the gateway does not answer ({error})") from error
    finally:
        link.close()
    if 300 <= status < 400:
        raise NeverSent(f"the gateway leads elsewhere ({status}); give its final address")
    if not 200 <= status < 300:
        raise NotSent(f"the gateway answers {status}")
