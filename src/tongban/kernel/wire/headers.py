"""The protocol's own headers: which there are, and how they are read off a message.

Each may stand once, in printable ASCII. Refused is what two readers could take differently: a
repeated header, one that only looks like a protocol header (capital letters, underscores), and an
X-Road or Tb header that the profile does not sign.
"""

from collections.abc import Collection

from tongban.kernel.wire.words import Headers, WireRefused

#: A consent token is the longest of them (characters).
LONGEST = 16 * 1024
#: What a request says of the call, in the order in which it is signed.
CALL = (
    "x-road-client",
    "x-road-id",
    "x-road-userid",
    "x-road-issue",
    "x-road-represented-party",
    "tb-purpose",
    "tb-consent",
)
_SIGNED = ("content-type", "content-digest", "signature", "signature-input")
REQUEST = frozenset({*CALL, *_SIGNED})
RESPONSE = frozenset({"x-road-id", *_SIGNED})


def protocol_fields(headers: Headers, allowed: Collection[str]) -> dict[str, str]:
    """Give the protocol headers by name; raise `WireRefused` (malformed).

    ``allowed`` is REQUEST or RESPONSE; headers of others (Host, Accept …) are left aside.
    """
    found: dict[str, str] = {}
    for name, value in headers:
        if name in allowed:
            if name in found:
                raise _malformed(f"请求头 {name} 出现两次", f"header {name} stands twice")
            if not _plain(value):
                raise _malformed(
                    f"请求头 {name} 须为可见 ASCII 字符，首尾无空格，不超过 {LONGEST} 个字符",
                    f"header {name} is not 1 to {LONGEST} printable ASCII characters",
                )
            found[name] = value
        elif _looks_like_one(name):
            raise _malformed(
                f"请求头 {name[:60]!a} 不属于本协议，不在签名范围内",
                f"header {name[:60]!a} is none of the protocol's, so it is not signed",
            )
    return found


def _plain(value: str) -> bool:
    return (
        0 < len(value) <= LONGEST
        and value.isascii()
        and value.isprintable()
        and value[0] != " "
        and value[-1] != " "
    )


def _looks_like_one(name: str) -> bool:
    folded = name.lower().replace("_", "-")
    return (
        folded.startswith(("x-road-", "tb-"))
        or folded in REQUEST
        or folded != name.replace("_", "-")
    )


def _malformed(zh: str, en: str) -> WireRefused:
    return WireRefused("malformed", zh, f"{en}; send it once, as the protocol writes it")
