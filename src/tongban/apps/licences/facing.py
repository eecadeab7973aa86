"""Put a licence on its face: what the template needs, and the link that its QR code carries."""

import io
from typing import Any

import segno
from django.conf import settings

from tongban.apps.evidence import seals
from tongban.apps.items import queries as items
from tongban.apps.items.domain import Face, LicenceKind
from tongban.apps.parties import queries as parties
from tongban.infra import clock, papers
from tongban.kernel.facts import Vocabulary

from . import domain, keys
from .errors import FaceNotMade
from .models import Licence

_NOTE = "电子证照可作为办理政务服务事项的依据；内容以扫码核验结果为准"


def link(identifier: str) -> str:
    """Give the address that a face's QR code carries."""
    code = domain.face_code(keys.by(), keys.secret("faces"), identifier)
    return f"{settings.BASE_URL}/licences/face/{identifier}/{code}"


def qr_svg(text: str) -> str:
    """Draw a QR code as SVG, with level M of error correction and its quiet zone."""
    drawn = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        drawn, kind="svg", xmldecl=False, svgns=True, border=4, scale=4
    )
    return drawn.getvalue().decode()


def data_of(
    licence: Licence, kind: LicenceKind, face: Face, vocabulary: Vocabulary
) -> dict[str, Any]:
    """Give what the template of a face is given."""
    issued = licence.issued.astimezone(clock.SHANGHAI).date()
    return {
        "title": kind.name.zh,
        "title_en": kind.name.en.capitalize(),
        "authority": parties.department_name(kind.authority, "zh"),
        "identifier": licence.identifier,
        "number": licence.number,
        "issued": domain.written_day(issued),
        "valid": domain.written_day(licence.valid_until),
        "rows": domain.rows(kind, licence.content, vocabulary),
        "qr": qr_svg(link(licence.identifier)),
        "note": _NOTE,
        "colour": face.colour,
    }


def face_of(licence: Licence) -> bytes:
    """Give the PDF of a licence under the seal of its authority.

    Raise FaceNotMade where none can be made here.
    """
    try:
        typesetter = papers.typesetter()
        kind = items.licence_kind(licence.kind, licence.kind_version)
        face = items.face(licence.kind, licence.kind_version)
        data = data_of(licence, kind, face, items.vocabulary())
        seal = seals.held(kind.authority).pdf
        return typesetter.make(face.template, data, clock.now(), seal, licence.identifier)
    except (papers.PaperNotMade, seals.SealRefused) as refused:
        raise FaceNotMade(refused.zh, refused.en) from refused
