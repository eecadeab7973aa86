"""An authenticator app: codes by RFC 6238 and RFC 4226, written from their text."""

import base64
import hmac
import time
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Phone:
    """Holds one shared secret (base32) and shows codes of 30 seconds."""

    secret: str
    digits: int = 6

    def at(self, when: datetime | float) -> str:
        """Show the code of this instant."""
        seconds = when.timestamp() if isinstance(when, datetime) else when
        key = base64.b32decode(self.secret + "=" * (-len(self.secret) % 8))
        mac = hmac.digest(key, (int(seconds) // 30).to_bytes(8, "big"), "sha1")
        start = mac[-1] & 0x0F
        number = int.from_bytes(mac[start : start + 4], "big") & 0x7FFFFFFF
        return str(number % 10**self.digits).zfill(self.digits)

    def now(self) -> str:
        """Show the code of the machine's present time."""
        return self.at(time.time())
