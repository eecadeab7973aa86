"""What is said of a file that is not taken."""


class PaperRefused(ValueError):
    """The file is not taken; ``zh`` and ``en`` say what to do."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def broken() -> PaperRefused:
    """Give the refusal of a picture that is not whole."""
    return PaperRefused(
        "图片不完整或已损坏，请重新拍照或另存后上传",
        "the picture is damaged or cut short; take or save it again and upload that",
    )
