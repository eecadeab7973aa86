"""What the workshop refuses, each with a sentence in Chinese and English."""

from collections.abc import Sequence

from tongban.infra.packs import Problem


class WorkshopError(Exception):
    """The root of the workshop's refusals."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(f"{type(self).__name__}: {en}")


class DraftUnknown(WorkshopError):
    """There is no such draft, or it is not for the subject to see."""

    def __init__(self) -> None:
        super().__init__("没有此草稿", "there is no such draft")


class DraftClosed(WorkshopError):
    """The draft was published or discarded."""

    def __init__(self) -> None:
        super().__init__(
            "草稿已发布或已放弃，请另建草稿", "the draft is closed already; begin another one"
        )


class WorkshopDenied(WorkshopError):
    """The subject holds no post that may do this."""


class WorkshopRefused(WorkshopError):
    """Something that cannot be done so."""


class EditedMeanwhile(WorkshopError):
    """Somebody else changed the file since it was read; ``text`` is what it is now."""

    def __init__(self, text: str | None) -> None:
        self.text = text
        super().__init__(
            "此文件刚被他人修改，请核对后再保存",
            "somebody changed this file meanwhile; compare and save again",
        )


class DraftNotReady(WorkshopError):
    """A draft with findings, which may not be published."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            f"还有{len(self.problems)}处问题，改正后才能发布",
            f"{len(self.problems)} findings are open; mend them before publishing",
        )
