"""Sets papers by Typst and seals them with pyHanko (PAdES baseline B, PDF/A-2a).

A template sees the data it is given and nothing else: no file, no network, no package. Fonts are
embedded from the folders that the setting names; without them there is no paper, rather than one
with holes where a rare character of a name should be. The seal is ECDSA in both suites: PDF
software knows no SM2.
"""

import io
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, Literal

import typst
from asn1crypto.keys import PrivateKeyInfo
from asn1crypto.x509 import Certificate
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers.pdf_signer import PdfSigningSession
from pyhanko_certvalidator.registry import SimpleCertificateStore

from . import PaperNotMade, PdfSeal

FONTS = ("Noto Serif CJK SC", "Noto Sans CJK SC")
_STANDARD: Literal["a-2a"] = "a-2a"  # archival, tagged, every character has its text
_FIELD = "电子印章"


class Typesetter:
    """Sets and seals papers; made once a process, because it reads the fonts."""

    def __init__(self, fonts: Sequence[Path], home: Path) -> None:
        """Read the fonts in these folders; raise PaperNotMade where those of `FONTS` are absent."""
        found = typst.Fonts(
            include_system_fonts=False,
            include_embedded_fonts=False,
            font_paths=[str(folder) for folder in fonts if folder.is_dir()],
        )
        if missing := set(FONTS) - set(found.families()):
            raise PaperNotMade(
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

    def set(self, template: str, data: Mapping[str, Any], now: datetime) -> bytes:
        """Set a PDF without seal; the same data at the same time gives the same bytes."""
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
            raise PaperNotMade(
                f"版式模板有误：{wrong}", f"the template is wrong: {wrong}"
            ) from None
        if not isinstance(made, bytes):
            raise PaperNotMade("版式模板没有内容", "the template gives no page")
        return made

    def make(
        self, template: str, data: Mapping[str, Any], now: datetime, seal: PdfSeal, reason: str
    ) -> bytes:
        """Set a PDF and seal it: no change after the seal goes unseen. Raise PaperNotMade."""
        writer = IncrementalPdfFileWriter(io.BytesIO(self.set(template, data, now)))
        meta = PdfSignatureMetadata(
            field_name=_FIELD,
            md_algorithm="sha256",
            name=seal.name,
            reason=reason,
            subfilter=SigSeedSubFilter.PADES,
            certify=True,
            docmdp_permissions=MDPPerm.NO_CHANGES,
        )
        sealed = io.BytesIO()
        _Sealer(meta, _signer(seal), now).sign_pdf(writer, output=sealed)
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


@lru_cache(maxsize=64)
def _signer(seal: PdfSeal) -> SimpleSigner:
    key = derive_private_key(int.from_bytes(seal.secret), SECP256R1())
    plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return SimpleSigner(
        signing_cert=Certificate.load(seal.certificate),
        signing_key=PrivateKeyInfo.load(plain),
        cert_registry=SimpleCertificateStore(),
    )


@lru_cache(maxsize=2)
def _made(fonts: tuple[Path, ...], home: Path) -> Typesetter:
    return Typesetter(fonts, home)


def typesetter() -> Typesetter:
    """Give the typesetter of this process."""
    return _made(tuple(settings.FONTS), settings.HOME)
