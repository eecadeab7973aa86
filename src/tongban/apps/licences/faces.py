"""The face of a licence: a PDF set by Typst from the kind's template, sealed with pyHanko.

The template sees the licence's data and nothing else: no file, no network, no package. Fonts are
embedded from the folder that the setting names; without them there is no face, rather than one with
holes where a rare character of a name should be. A city puts its own certificate in place of the
self-signed one. The seal is ECDSA in both suites: PDF software knows no SM2.
"""

import contextlib
import io
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, Literal

import typst
from asn1crypto.keys import PrivateKeyInfo
from asn1crypto.x509 import Certificate
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers.pdf_signer import PdfSigningSession
from pyhanko_certvalidator.registry import SimpleCertificateStore

from tongban.infra import keys
from tongban.kernel import sdjwt
from tongban.ports.files import write_once

from .errors import FaceNotMade

FONTS = ("Noto Serif CJK SC", "Noto Sans CJK SC")
_STANDARD: Literal["a-2a"] = "a-2a"  # archival, tagged, every character has its text
_FIELD = "电子印章"
_YEARS = 10


class Typesetter:
    """Sets and seals faces; made once a process, because it reads the fonts."""

    def __init__(self, fonts: Sequence[Path], home: Path) -> None:
        """Read the fonts in these folders; raise FaceNotMade where those of `FONTS` are absent."""
        found = typst.Fonts(
            include_system_fonts=False,
            include_embedded_fonts=False,
            font_paths=[str(folder) for folder in fonts if folder.is_dir()],
        )
        if missing := set(FONTS) - set(found.families()):
            raise FaceNotMade(
                f"缺少字体 {'、'.join(sorted(missing))}，请安装 Noto CJK 或设置 TONGBAN_FONTS",
                f"no font {', '.join(sorted(missing))}: install Noto CJK or set TONGBAN_FONTS",
            )
        # an empty room: a template has nothing to read, and nowhere to fetch a package from
        room = home / "faces"
        room.mkdir(parents=True, exist_ok=True)
        self._compiler = typst.Compiler(
            root=str(room),
            font_paths=found,
            ignore_system_fonts=True,
            package_path=str(room),
            package_cache_path=str(room),
        )
        self._lock = Lock()
        self._home = home

    def set(self, template: str, data: Mapping[str, Any], now: datetime) -> bytes:
        """Set a face as a PDF without seal; the same data at the same time gives the same bytes."""
        told = json.dumps({**data, "fonts": FONTS}, ensure_ascii=False)
        try:
            with self._lock:
                made = self._compiler.compile(
                    input=template.encode(),
                    format="pdf",
                    sys_inputs={"data": told},
                    pdf_standards=_STANDARD,
                    timestamp=int(now.timestamp()),
                )
        except typst.TypstError as wrong:
            raise FaceNotMade(
                f"版式模板有误：{wrong}", f"the template of the face is wrong: {wrong}"
            ) from None
        if not isinstance(made, bytes):
            raise FaceNotMade("版式模板没有内容", "the template of the face gives no page")
        return made

    def make(self, template: str, data: Mapping[str, Any], now: datetime) -> bytes:
        """Set a face and seal it: no change after the seal goes unseen. Raise FaceNotMade."""
        writer = IncrementalPdfFileWriter(io.BytesIO(self.set(template, data, now)))
        meta = PdfSignatureMetadata(
            field_name=_FIELD,
            md_algorithm="sha256",
            name=str(data["authority"]),
            reason=str(data["identifier"]),
            subfilter=SigSeedSubFilter.PADES,
            certify=True,
            docmdp_permissions=MDPPerm.NO_CHANGES,
        )
        sealed = io.BytesIO()
        _Sealer(meta, _seal(self._home, now), now).sign_pdf(writer, output=sealed)
        return sealed.getvalue()


class _Sealer(PdfSigner):
    """A signer that is told what time it is."""

    def __init__(self, meta: PdfSignatureMetadata, signer: SimpleSigner, now: datetime) -> None:
        super().__init__(meta, signer)
        self._now = now

    def init_signing_session(
        self,
        pdf_out: Any,
        existing_fields_only: bool = False,  # noqa: FBT001, FBT002 - pyHanko's
    ) -> PdfSigningSession:
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self._now
        return session


def _seal(home: Path, now: datetime) -> SimpleSigner:
    secret = keys.own_secret(home, "licences-seal", "p256", sdjwt.p256_key)
    return _signer(secret, certificate(home, secret, now))


@lru_cache(maxsize=2)
def _signer(secret: bytes, certified: bytes) -> SimpleSigner:
    key = derive_private_key(int.from_bytes(secret), SECP256R1())
    plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return SimpleSigner(
        signing_cert=Certificate.load(certified),
        signing_key=PrivateKeyInfo.load(plain),
        cert_registry=SimpleCertificateStore(),
    )


def certificate(home: Path, secret: bytes, now: datetime) -> bytes:
    """Give the seal's certificate in DER; make a self-signed one where there is none."""
    path = home / "keys" / "licences-seal.pem"
    if not path.exists():
        with contextlib.suppress(FileExistsError):
            write_once(path, _self_signed(secret, now).public_bytes(Encoding.PEM))
    read = x509.load_pem_x509_certificate(path.read_bytes())
    return read.public_bytes(Encoding.DER)


def _self_signed(secret: bytes, now: datetime) -> x509.Certificate:
    key = derive_private_key(int.from_bytes(secret), SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "通办 电子印章（自签）")])
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
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365 * _YEARS))
        .add_extension(usage, critical=True)
        .sign(key, SHA256())
    )


@lru_cache(maxsize=2)
def _made(fonts: tuple[Path, ...], home: Path) -> Typesetter:
    return Typesetter(fonts, home)


def typesetter() -> Typesetter:
    """Give the typesetter of this process."""
    return _made(tuple(settings.FONTS), settings.HOME)
