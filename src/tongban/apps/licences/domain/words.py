"""What claims and refusals are called, in Chinese and English."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tongban.apps.items.domain import LicenceKind
from tongban.kernel.facts import UnknownFact, Vocabulary, Words

from .faces import written

#: GB/T 36903-2018 short names.
METADATA: Final[Mapping[str, Words]] = {
    "ZZMC": Words("证照名称", "licence"),
    "ZZBS": Words("电子证照标识", "licence identifier"),
    "ZZBH": Words("证照编号", "licence number"),
    "ZZLXDM": Words("证照类型代码", "licence type code"),
    "ZZBFJG": Words("证照颁发机构", "issued by"),
    "ZZBFJGDM": Words("证照颁发机构代码", "code of the issuer"),
    "ZZBFRQ": Words("证照颁发日期", "issued on"),
    "ZZYXQQSRQ": Words("证照有效期起始日期", "valid from"),
    "ZZYXQJZRQ": Words("证照有效期截止日期", "valid until"),
    "CZZT": Words("持证主体", "holder"),
    "CZZTDM": Words("持证主体代码", "number of the holder"),
    "CZZTDMLX": Words("持证主体代码类型", "kind of that number"),
}
#: What a licence is: never hidden.
NAME: Final = "ZZMC"
#: Metadata that stands on a face.
PRINTED: Final = frozenset({NAME, "ZZBS", "ZZBH", "ZZBFJG", "ZZBFRQ", "ZZYXQJZRQ"})
_AGE: Final = "age_over_"

#: Why a licence is not taken: reasons of the verifier in the words of a counter.
REASONS: Final[Mapping[str, Words]] = {
    "": Words("证照真实有效", "the licence is genuine and valid"),
    "malformed": Words("不是完整的电子证照", "this is no whole licence"),
    "algorithm": Words("签名算法不被接受", "its signature algorithm is not accepted"),
    "critical": Words("含有无法识别的要求", "it asks for a rule that is not known here"),
    "type": Words("不是证照凭证", "this is no licence"),
    "issuer": Words("签发者未知", "its issuer is not known here"),
    "signature": Words("签名无效，内容可能被篡改", "the signature does not hold: it was changed"),
    "disclosure": Words("出示的内容与签发的不符", "what is shown is not what was issued"),
    "expired": Words("已过期", "it has expired"),
    "early": Words("尚未生效", "it is not valid yet"),
    "claims": Words("缺少必需的内容", "it lacks what a licence must say"),
    "binding": Words("不能证明是持证人本人出示", "its holder was not proved"),
    "audience": Words("不是出示给本处的", "it was shown for somebody else"),
    "nonce": Words("不是为本次核验出示的", "it was not shown for this question"),
    "status": Words("无法查明当前状态", "its present state cannot be found out"),
    "revoked": Words("已注销或已被替代", "it was revoked or replaced"),
    "suspended": Words("已暂停使用", "it is suspended"),
    "ended": Words("亮证码无效或已过期，请重新亮证", "the code has ended; ask to be shown again"),
    "declined": Words("持证人未出示", "the holder shows nothing"),
    "query": Words("未出示所要求的内容", "it does not show what was asked for"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """One claim as a person reads it."""

    name: str
    label: Words
    text: str
    value: Any


def label(name: str, kind: LicenceKind, vocabulary: Vocabulary) -> Words:
    """Name a claim; one that nothing explains keeps its name."""
    if name in METADATA:
        return METADATA[name]
    if name.startswith(_AGE):
        age = name.removeprefix(_AGE)
        return Words(f"已满{age}周岁", f"aged {age} or over")
    try:
        fact = vocabulary.fact(name)
    except UnknownFact:
        return Words(name, name)
    return fact.label if fact.role == kind.holder else fact.title


def told(claims: Mapping[str, Any], kind: LicenceKind, vocabulary: Vocabulary) -> Iterator[Told]:
    """Tell claims in order: what the licence is, ages, its content, then its metadata."""
    ages = sorted(name for name in claims if name.startswith(_AGE))
    order = dict.fromkeys([NAME, *ages, *kind.content, *METADATA, *sorted(claims)])
    for name in order:
        if name not in claims:
            continue
        value = claims[name]
        try:
            text = written(vocabulary.fact(name), value)
        except UnknownFact:
            text = "是" if value is True else str(value)
        yield Told(name, label(name, kind, vocabulary), text, value)
