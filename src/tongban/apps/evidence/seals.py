"""Electronic seals of departments (电子印章): made by order, published, ended with a reason.

A seal is two keys: one of the installation's suite for statements beside documents, and a P-256 key
with a certificate for the seal inside a PDF. The secrets lie beside the installation's other keys
and never in the database; that of an ended seal is destroyed. A department without a seal seals
nothing: none comes into being by itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.db import transaction

from tongban.apps.parties import queries as parties
from tongban.infra import clock, keys
from tongban.infra.papers import PdfSeal
from tongban.kernel import sdjwt
from tongban.kernel.statements import ORGANISATION, Statement

from . import keyring
from .keyring import Holder
from .models import SigningKey

_YEARS = 10


class SealRefused(RuntimeError):
    """No seal, or no certificate of it; ``zh`` and ``en`` say what to do."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


@dataclass(frozen=True, slots=True)
class Seal:
    """A department's seal, ready to be used."""

    row: SigningKey
    pdf: PdfSeal
    own: keys.OwnKey

    def state(self, digest: str, media_type: str, case: str, zh: str, en: str) -> bytes:
        """Sign a statement beside a document: the department sealed it, in these words."""
        told = Statement(
            digest, media_type, case, ORGANISATION, self.row.subject, zh, en, clock.now()
        )
        return told.sign(self.row.pk, self.own.signer, self.own.suite)


def held(department: str) -> Seal:
    """Give the seal of a department; raise SealRefused where it has none, KeyUnsafe, OSError."""
    row = keyring.current(_holder(department))
    if row is None:
        raise SealRefused(
            f"部门{department}尚无电子印章，请先制作：tongban seal make {department}",
            f"{department} has no seal; make one: tongban seal make {department}",
        )
    if all(path.exists() for path in _files(row)):
        own = keys.own_key(Path(settings.HOME), _file(row.holder, row.number), row.suite)
        secret = _secret(row.holder, row.number)
        certificate = x509.load_pem_x509_certificate(row.certificate.encode())
        mine = certificate.public_key() == _key(secret).public_key()
        if mine and own.public.hex() == row.public:
            der = certificate.public_bytes(Encoding.DER)
            return Seal(row, PdfSeal(row.subject["name"], secret, der), own)
    raise SealRefused(
        f"部门{department}的印章密钥文件缺失或与登记不符，请恢复备份，或停用后重新制作",
        f"the key files of {department}'s seal are not there or others: put them back, or make a"
        " new seal",
    )


def has(department: str) -> bool:
    """Say whether the department has a seal in use."""
    return keyring.current(_holder(department)) is not None


def make(department: str, *, actor: str, reason: str = "") -> SigningKey:
    """Make a seal for a department; one that it had is ended, for this reason.

    Raise ``Department.DoesNotExist``; of two who make one at a time, one gets an IntegrityError.
    """
    holder = _holder(department)
    before = keyring.current(holder)
    number = keyring.next_number(holder)
    own = keys.own_key(Path(settings.HOME), _file(department, number), settings.SUITE)
    certificate = _self_signed(_secret(department, number), holder, clock.now())
    with transaction.atomic():
        if before is not None:
            keyring.end(before, actor=actor, reason=reason or "replaced")
        pem = certificate.public_bytes(Encoding.PEM).decode()
        row = keyring.begin(holder, number, own.suite, own.public, actor=actor, certificate=pem)
    if before is not None:
        _destroy(before)
    return row


def make_missing(departments: Iterable[str], *, actor: str) -> tuple[str, ...]:
    """Make a seal for each of these departments that never had one; give which."""
    fresh = [one for one in departments if not _holder(one).keys().exists()]
    for department in fresh:
        make(department, actor=actor)
    return tuple(fresh)


def end(department: str, *, actor: str, reason: str) -> SigningKey:
    """End a department's seal and destroy its secret (停用、销毁印章); raise SealRefused."""
    row = keyring.current(_holder(department))
    if row is None:
        raise SealRefused(f"部门{department}没有在用的印章", f"{department} has no seal in use")
    with transaction.atomic():
        keyring.end(row, actor=actor, reason=reason)
    _destroy(row)
    return row


def published() -> tuple[SigningKey, ...]:
    """Give every seal that was ever made, with its certificate, start and end, oldest first."""
    return tuple(SigningKey.objects.filter(role=ORGANISATION).order_by("since", "pk"))


def request(department: str) -> str:
    """Give a request for a certificate of the seal's PDF key (PKCS #10, PEM); raise SealRefused."""
    seal = held(department)
    asked = x509.CertificateSigningRequestBuilder().subject_name(_name(_holder(department)))
    made = asked.sign(_key(seal.pdf.secret), SHA256())
    return made.public_bytes(Encoding.PEM).decode()


def certify(department: str, certificate: str, *, actor: str) -> SigningKey:
    """Put a certificate (PEM) of an authority in place of the self-signed one.

    Raise SealRefused where it is unreadable, of another key, or not in force now.
    """
    seal = held(department)
    try:
        read = x509.load_pem_x509_certificate(certificate.encode())
    except ValueError:
        raise SealRefused("这不是PEM格式的证书", "this is no certificate in PEM") from None
    if read.public_key() != _key(seal.pdf.secret).public_key():
        raise SealRefused(
            "证书与该印章的密钥不符，请用 tongban seal request 的请求申领",
            "the certificate is of another key: ask for one with what tongban seal request gives",
        )
    if not read.not_valid_before_utc <= clock.now() <= read.not_valid_after_utc:
        raise SealRefused("证书不在有效期内", "the certificate is not in force now")
    keyring.certify(seal.row, certificate, actor=actor)
    return seal.row


def _holder(department: str) -> Holder:
    code = parties.department_code(department)
    name = parties.department_name(department, "zh")
    return Holder(ORGANISATION, department, code, {"uscc": code, "name": name})


def _file(department: str, number: int) -> str:
    return f"seal-{department}-{number}"


def _secret(department: str, number: int) -> bytes:
    home = Path(settings.HOME)
    return keys.own_secret(home, _file(department, number), "p256", sdjwt.p256_key)


def _key(secret: bytes) -> EllipticCurvePrivateKey:
    return derive_private_key(int.from_bytes(secret), SECP256R1())


def _files(row: SigningKey) -> tuple[Path, ...]:
    folder, name = Path(settings.HOME) / "keys", _file(row.holder, row.number)
    return tuple(folder / f"{name}.{kind}" for kind in (row.suite, "p256"))


def _destroy(row: SigningKey) -> None:
    for path in _files(row):
        path.unlink(missing_ok=True)


def _name(holder: Holder) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(x509.NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, holder.subject["name"][:64]),
            x509.NameAttribute(x509.NameOID.ORGANIZATION_IDENTIFIER, holder.member),
            x509.NameAttribute(x509.NameOID.COMMON_NAME, f"{holder.subject['name']} 电子印章"[:64]),
        ]
    )


def _self_signed(secret: bytes, holder: Holder, now: datetime) -> x509.Certificate:
    key = _key(secret)
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(_name(holder))
        .issuer_name(_name(holder))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365 * _YEARS))
        .add_extension(usage, critical=True)
        .sign(key, SHA256())
    )
