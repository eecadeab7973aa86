"""Suite ``gm`` 国密: SM3 (GB/T 32905), SM2 signatures (GB/T 32918.2), SM4-GCM (GB/T 32907).

The signer's identity is 1234567812345678, as GM/T 0009 wants where nothing else was agreed. A
public key is x‖y (64 bytes), a signature r‖s (64 bytes), so that nothing on the wire can be written
in two ways. SM2 and SM3 are GmSSL's through ``gmssl_pyx``, whatever the system's OpenSSL was built
with: Z is computed once a key, and only the digest SM3(Z‖M) is signed there.
"""

from dataclasses import dataclass

import gmssl_pyx
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.ciphers.algorithms import SM4

from tongban.kernel.suites.words import Cipher, Galois, KeyInvalid, Signer, Verifier, mac_key

USER_ID = b"1234567812345678"
# The curve of GB/T 32918.5: y² = x³ + ax + b over the prime p; G of prime order n.
_P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
_A = _P - 3
_B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
_N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
_GX = 0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7
_GY = 0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0
_HALF = 32
_Point = tuple[int, int] | None


def _bytes(number: int) -> bytes:
    return number.to_bytes(_HALF, "big")


def _sm3(message: bytes) -> bytes:
    digest: bytes = gmssl_pyx.sm3_hash(message)
    return digest


def identity_digest(public: bytes, user_id: bytes = USER_ID) -> bytes:
    """Give Z = SM3(ENTL‖ID‖a‖b‖xG‖yG‖xA‖yA) of GB/T 32918.2, section 5.5."""
    length = (8 * len(user_id)).to_bytes(2, "big")
    curve = b"".join(map(_bytes, (_A, _B, _GX, _GY)))
    return _sm3(length + user_id + curve + public)


class _Signer:
    def __init__(self, secret: bytes, public: bytes) -> None:
        self._secret = secret
        self._z = identity_digest(public)
        self.public = public

    def sign(self, message: bytes) -> bytes:
        r, s = decode_dss_signature(
            gmssl_pyx.sm2_sign_sm3_digest(self._secret, _sm3(self._z + message))
        )
        return _bytes(r) + _bytes(s)


class _Verifier:
    def __init__(self, public: bytes) -> None:
        self._public = public
        self._z = identity_digest(public)

    def verify(self, message: bytes, signature: bytes) -> bool:
        if len(signature) != 2 * _HALF:
            return False
        r, s = int.from_bytes(signature[:_HALF], "big"), int.from_bytes(signature[_HALF:], "big")
        if not (0 < r < _N and 0 < s < _N):
            return False
        held: bool = gmssl_pyx.sm2_verify_sm3_digest(
            self._public, _sm3(self._z + message), encode_dss_signature(r, s)
        )
        return held


def _add(one: _Point, two: _Point) -> _Point:
    if one is None or two is None:
        return two if one is None else one
    (x1, y1), (x2, y2) = one, two
    if x1 == x2 and (y1 + y2) % _P == 0:
        return None
    slope = (
        (3 * x1 * x1 + _A) * pow(2 * y1, -1, _P) if one == two else (y2 - y1) * pow(x2 - x1, -1, _P)
    )
    x3 = (slope * slope - x1 - x2) % _P
    return x3, (slope * (x1 - x3) - y1) % _P


def _public(secret: int) -> bytes:
    """Multiply G; done once when a key is prepared, on the owner's own machine."""
    point: _Point = None
    adding: _Point = (_GX, _GY)
    while secret:
        if secret & 1:
            point = _add(point, adding)
        adding = _add(adding, adding)
        secret >>= 1
    if point is None:
        raise KeyInvalid("KeyInvalid: the secret key of suite gm is zero")
    return _bytes(point[0]) + _bytes(point[1])


@dataclass(frozen=True, slots=True)
class National:
    """SM2 with SM3, and SM4-GCM; secret 32 bytes, public 64, signatures 64.

    >>> gm = National()
    >>> signer = gm.signer(bytes(31) + b"\\x07")
    >>> gm.verifier(signer.public).verify(b"paper", signer.sign(b"paper"))
    True
    """

    name: str = "gm"
    digest_name: str = "sm3"
    cipher_key_bytes: int = 16

    def digest(self, message: bytes) -> bytes:
        return _sm3(message)

    def mac(self, key: bytes, message: bytes) -> bytes:
        digest: bytes = gmssl_pyx.sm3_hmac(mac_key(key), message)
        return digest

    def signer(self, secret: bytes) -> Signer:
        number = int.from_bytes(secret, "big")
        # GB/T 32918.1, 6.1: d in [1, n-2]
        if len(secret) != _HALF or not 0 < number < _N - 1:
            raise KeyInvalid("KeyInvalid: a secret key of suite gm has 32 bytes, in [1, n-2]")
        return _Signer(secret, _public(number))

    def verifier(self, public: bytes) -> Verifier:
        x, y = int.from_bytes(public[:_HALF], "big"), int.from_bytes(public[_HALF:], "big")
        on_curve = x < _P and y < _P and (y * y - (x * x * x + _A * x + _B)) % _P == 0
        if len(public) != 2 * _HALF or not on_curve:
            raise KeyInvalid(
                "KeyInvalid: a public key of suite gm has 64 bytes, x‖y of a point of the curve"
            )
        return _Verifier(public)

    def cipher(self, key: bytes) -> Cipher:
        if len(key) != self.cipher_key_bytes:
            raise KeyInvalid("KeyInvalid: a cipher key of suite gm has 16 bytes")
        return Galois(SM4(key))
