"""The face of a licence: names whole, QR code that leads back, a seal that breaks, nothing read."""

import io
import shutil
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from testkit.licences import issued, licence
from testkit.office import Office
from tongban.apps.evidence import seals
from tongban.apps.items.checking.whole import check_packs
from tongban.apps.licences import domain, facing, keys
from tongban.apps.licences.errors import FaceNotMade
from tongban.infra.packs import PackInvalid, read_packs, shipped_packs
from tongban.infra.papers import PaperNotMade, PdfSeal, setting
from tongban.kernel.suites import suite

BY = suite("std")

TEMPLATE = (shipped_packs() / "base" / "faces" / "certificate.typ").read_text(encoding="utf-8")
NAMES = "龚䶮㛃"
DATA: dict[str, Any] = {
    "title": "出生医学证明",
    "title_en": "Birth certificate",
    "authority": "示例市卫生健康委员会",
    "identifier": "1.2.156.3005.2.11330100MB1A23019Q001.11330100MB1A23019Q.2026000000017.001.X",
    "number": "2026000000017",
    "issued": "2026年11月24日",
    "valid": "长期",
    "rows": [
        ("姓名", NAMES),
        ("母亲户籍地址", "浙江省杭州市西湖区文三路一百二十八号晓风小区十二幢三单元六百零二室"),
        ("出生时间", "08:15"),
    ],
    "qr": facing.qr_svg("https://tongban.example/licences/face/1.2/abc"),
    "note": "",
    "colour": "#7f1d1d",
}
NOW = datetime.fromisoformat("2026-11-24T10:00:00+08:00")


def _seal() -> PdfSeal:
    key = derive_private_key(7, SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "示例市卫生健康委员会")])
    use = x509.KeyUsage(True, True, *[False] * 7)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .add_extension(use, critical=True)
        .sign(key, SHA256())
    )
    return PdfSeal("示例市卫生健康委员会", (7).to_bytes(32), made.public_bytes(Encoding.DER))


SEAL = _seal()


@pytest.fixture(scope="module")
def setter(tmp_path_factory: pytest.TempPathFactory) -> setting.Typesetter:
    fonts = [Path(folder) for folder in facing.settings.FONTS]
    if not any((folder / "NotoSerifCJK-Regular.ttc").exists() for folder in fonts):
        pytest.skip("Noto Serif CJK is not installed: set TONGBAN_FONTS")
    return setting.Typesetter(fonts, tmp_path_factory.mktemp("home"))


def text_of(pdf: bytes) -> str:
    with opened(pdf) as page:
        return str(page.get_textpage().get_text_range()).replace("\r\n", "\n")


class opened:  # noqa: N801 - a context manager, used as one
    """One page of a PDF, closed in order."""

    def __init__(self, pdf: bytes) -> None:
        self.document = pypdfium2.PdfDocument(pdf)
        self.page = self.document[0]

    def __enter__(self) -> pypdfium2.PdfPage:
        return self.page

    def __exit__(self, *_: object) -> None:
        self.page.close()
        self.document.close()


def test_what_is_copied_out_of_a_face_is_what_was_issued(setter: setting.Typesetter) -> None:
    text = text_of(setter.make(TEMPLATE, DATA, NOW, SEAL, "1.2.156"))
    for _, value in DATA["rows"]:
        assert value in text
    for name in ("title", "authority", "identifier", "number", "issued"):
        assert DATA[name] in text


@pytest.mark.parametrize("name", ["䶮", "㛃", "𬱖", "龘靐", "·买买提·艾力"])
def test_no_name_is_left_with_a_hole(setter: setting.Typesetter, name: str) -> None:
    data = {**DATA, "rows": [("姓名", name)]}
    assert name in text_of(setter.set(TEMPLATE, data, NOW))


def test_every_font_of_a_face_is_embedded(setter: setting.Typesetter) -> None:
    reader = PdfFileReader(io.BytesIO(setter.set(TEMPLATE, DATA, NOW)))
    fonts = [
        font.get_object()
        for font in reader.root["/Pages"]["/Kids"][0]["/Resources"]["/Font"].values()
    ]
    assert fonts
    for font in fonts:
        descriptor = font["/DescendantFonts"][0]["/FontDescriptor"]
        assert "/FontFile3" in descriptor or "/FontFile2" in descriptor
        assert "/ToUnicode" in font


@pytest.mark.parametrize("rows", [1, 8, 18, 24])
def test_few_rows_and_many_stay_on_one_page(setter: setting.Typesetter, rows: int) -> None:
    data = {**DATA, "rows": [(f"项目{n}", "值" * (n % 25 + 1)) for n in range(rows)]}
    document = pypdfium2.PdfDocument(setter.set(TEMPLATE, data, NOW))
    assert len(document) == 1
    document.close()


def test_the_qr_code_on_a_face_is_read_by_another_program(setter: setting.Typesetter) -> None:
    with opened(setter.make(TEMPLATE, DATA, NOW, SEAL, "1.2.156")) as page:
        picture = page.render(scale=3).to_pil()
    (found,) = zxingcpp.read_barcodes(picture)
    assert found.text == "https://tongban.example/licences/face/1.2/abc"


def test_a_letter_changed_after_the_seal_is_seen(setter: setting.Typesetter) -> None:
    sealed = setter.make(TEMPLATE, DATA, NOW, SEAL, "1.2.156")

    def seal(pdf: bytes) -> Any:
        (signature,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
        trusted = ValidationContext(
            trust_roots=[signature.signer_cert], moment=NOW + timedelta(minutes=1)
        )
        return validate_pdf_signature(signature, trusted)

    good = seal(sealed)
    assert (good.intact, good.valid, good.trusted) == (True, True, True)
    assert good.coverage.name == "ENTIRE_FILE"
    assert good.signer_reported_dt == NOW
    place = sealed.index(b"/Title")
    bent = bytearray(sealed)
    bent[place - 3] ^= 1
    assert not seal(bytes(bent)).intact


def test_the_same_licence_is_set_byte_for_byte_the_same(setter: setting.Typesetter) -> None:
    assert setter.set(TEMPLATE, DATA, NOW) == setter.set(TEMPLATE, DATA, NOW)


@pytest.mark.parametrize(
    "template",
    [
        '#read("/etc/hostname")',
        '#read("../../../etc/hostname")',
        '#include "/etc/hostname"',
        '#import "@preview/cetz:0.3.1"',
        "#let x = {",
        "#panic()",
    ],
)
def test_a_template_reaches_no_file_and_no_network(
    setter: setting.Typesetter, template: str
) -> None:
    with pytest.raises(PaperNotMade):
        setter.set(template, DATA, NOW)


def test_without_its_fonts_there_is_no_face(tmp_path: Path) -> None:
    with pytest.raises(PaperNotMade, match="TONGBAN_FONTS"):
        setting.Typesetter([tmp_path, tmp_path / "absent"], tmp_path)


def test_a_value_is_no_template(setter: setting.Typesetter) -> None:
    data = {**DATA, "rows": [("姓名", '#read("/etc/hostname") *x* $y$ <a>')]}
    assert '#read("/etc/hostname") *x* $y$ <a>' in text_of(setter.set(TEMPLATE, data, NOW))


def test_a_licence_of_the_sample_city_has_its_face(office: Office) -> None:
    number = office.submit()
    seals.make("health", actor="test")
    row = facing.Licence.objects.get(case=number, kind="birth-certificate")
    pdf = facing.face_of(row)
    text = text_of(pdf)
    assert row.content["child.name"] in text
    born = date.fromisoformat(row.content["child.birth_date"])
    assert f"{born.year}年{born.month}月{born.day}日" in text
    assert "{" not in text
    assert row.identifier in text
    assert "母亲姓名" in text
    assert "汉族" in text or "族" in text
    with opened(pdf) as page:
        (found,) = zxingcpp.read_barcodes(page.render(scale=3).to_pil())
    assert found.text == facing.link(row.identifier)


@pytest.mark.django_db
def test_without_the_software_for_faces_the_message_says_what_to_install(settings: Any) -> None:
    settings.TYPESETTER = "tongban.apps.licences.absent.typesetter"
    row = licence(issued().identifier)
    with pytest.raises(FaceNotMade, match=r"tongban\[faces\]"):
        facing.face_of(row)


def test_the_code_of_a_face_belongs_to_one_licence() -> None:
    key = keys.secret("faces")
    code = domain.face_code(BY, key, "1.2.3")
    assert domain.face_code_holds(BY, key, "1.2.3", code)
    for identifier, given in (("1.2.4", code), ("1.2.3", code[:-1] + "_"), ("1.2.3", "é")):
        assert not domain.face_code_holds(BY, key, identifier, given)


@pytest.fixture
def packs(tmp_path: Path) -> Path:
    shutil.copytree(shipped_packs() / "base", tmp_path / "base")
    shutil.copytree(shipped_packs() / "sample", tmp_path / "sample")
    return tmp_path


def test_a_pack_whose_face_reaches_out_is_refused_with_file_and_line(packs: Path) -> None:
    face = packs / "base" / "faces" / "certificate.typ"
    face.write_text('// import is a word\n#import "@preview/x:1.0.0"\n', encoding="utf-8")
    with pytest.raises(PackInvalid, match=r"certificate.typ:2.*import"):
        check_packs(read_packs([packs / "base", packs / "sample"]))


def test_a_licence_kind_names_a_face_that_is_there(packs: Path) -> None:
    kind = packs / "sample" / "licences" / "birth-certificate.yaml"
    kind.write_text(kind.read_text(encoding="utf-8") + "face: diploma\n", encoding="utf-8")
    with pytest.raises(PackInvalid, match=r"no face diploma"):
        check_packs(read_packs([packs / "base", packs / "sample"]))
