"""What a case refuses, in Chinese and English, for people and for programs alike."""

from collections.abc import Mapping, Sequence

from .domain.drafts import Clash


class CaseError(Exception):
    """Something a case refuses; ``zh`` and ``en`` say what to do."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


class SubmissionInvalid(CaseError):
    """A submission or an answer is not right; ``fields`` has a sentence for each fault."""

    def __init__(self, fields: Mapping[str, tuple[str, str]]) -> None:
        super().__init__("请更正所列各项", "correct the fields listed")
        self.fields = dict(fields)


class CaseRefused(CaseError):
    """The case is not where this verb applies (409)."""


class CaseMoved(CaseRefused):
    """Somebody else was faster; read the case again (409)."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"办件{number}刚刚被他人处理，请刷新后再办",
            f"case {number} was just handled by somebody else; read it again",
        )


class NotAllowed(CaseError):
    """The subject may not do this (403)."""


class CaseUnknown(CaseError):
    """No such case, or none that this subject may see (404)."""

    def __init__(self, number: str) -> None:
        super().__init__(f"没有办件{number}", f"there is no case {number}")


class DraftUnknown(CaseError):
    """No such draft, or none of this subject (404)."""

    def __init__(self, number: str) -> None:
        super().__init__(f"没有草稿{number}", f"there is no draft {number}")


class DraftMoved(CaseRefused):
    """Another device saved the draft meanwhile (409).

    ``clashes`` has for each field both values: what is kept, and what came late; ``version`` is
    that of the draft now.
    """

    def __init__(self, version: int, clashes: Mapping[str, Clash]) -> None:
        super().__init__(
            "草稿已在另一设备上修改，请核对后再保存",
            "another device changed the draft meanwhile; look at both values and save again",
        )
        self.version = version
        self.clashes = dict(clashes)

    @property
    def fields(self) -> dict[str, tuple[str, str]]:
        """Give a sentence with both values for each field."""
        return {
            name: (
                f"已保存“{_told(both.kept, '是否')}”，您填写“{_told(both.late, '是否')}”",
                f'"{_told(both.kept)}" is kept, you wrote "{_told(both.late)}"',
            )
            for name, both in self.clashes.items()
        }


def _told(value: object, yes_no: Sequence[str] = ("yes", "no")) -> str:
    if isinstance(value, bool):
        return yes_no[0 if value else 1]
    return "" if value is None else str(value)
