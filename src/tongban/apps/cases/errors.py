"""What a case refuses, in Chinese and English, for people and for programs alike."""

from collections.abc import Mapping


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
