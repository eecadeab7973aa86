"""The entries of the atlas 图谱条目: what others say, and what is measured beside it."""

from dataclasses import dataclass

from tongban.kernel.figures import Figure

#: The parts of the field that a figure speaks of, in the order of the report.
AREAS = {
    "services": ("一网通办", "one-stop services"),
    "once": ("一件事一次办", "one thing, once"),
    "crossregion": ("跨省通办", "cross-region services"),
    "sharing": ("数据共享", "data sharing"),
    "quality": ("数据质量", "data quality"),
    "semantics": ("语义互通", "semantic bridging"),
    "evidence": ("存证与证照", "evidence and licences"),
    "supervision": ("权力监督", "supervision of power"),
    "regulation": ("互联网+监管", "regulation"),
    "privacy": ("隐私计算", "privacy computing"),
    "outreach": ("政策找人", "policies that find people"),
    "voice": ("好差评与反馈", "ratings and feedback"),
    "city": ("城市运行", "city operation"),
    "value": ("成本与价值", "costs and value"),
    "forecast": ("效能预测", "forecast"),
    "inclusion": ("适老与无障碍", "inclusion"),
    "adaptation": ("地方适配", "regional adaptation"),
    "assistant": ("智能客服", "assistant"),
    "office": ("协同办公", "civil servants' workspace"),
    "cloud": ("政务云", "government cloud"),
    "abroad": ("国际比较", "international comparison"),
}

_PLACES = {
    "摘要": ("摘要", "abstract"),
    "census": ("人口普查", "census"),
    "UN 2018": ("联合国 2018", "UN 2018"),
    "UN 2022": ("联合国 2022", "UN 2022"),
    "UN 2024": ("联合国 2024", "UN 2024"),
}


@dataclass(frozen=True, slots=True)
class Quoted:
    """A figure of the report in our own words; ``same`` names what it and others both measure.

    ``kind`` is ``time`` where the thing is a time by its nature; ``year`` where the text dates it.
    """

    key: str
    section: str
    area: str
    figure: Figure
    zh: str
    en: str
    same: str | None = None
    kind: str | None = None
    year: int | None = None

    @property
    def place(self) -> tuple[str, str]:
        """Say where it is quoted from: a section of the report, or another source."""
        mark = f"§{self.section}" if self.section[:1].isdigit() else self.section
        return _PLACES.get(self.section, (mark, mark))


@dataclass(frozen=True, slots=True)
class Measured:
    """What this installation has beside a quoted figure 本平台实测.

    ``figure`` is None where it was not measured yet; ``command`` is what measures it. ``zh`` and
    ``en`` say what exactly is measured where that is not quite what is quoted.
    """

    of: str
    figure: Figure | None
    command: str
    zh: str = ""
    en: str = ""
