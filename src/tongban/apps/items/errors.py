"""What items refuse, each with a sentence in Chinese and English."""


class TooManyQuestions(Exception):
    """One address asks faster than people do."""

    zh = "提问过于频繁，请稍后再试"
    en = "too many questions at once; try again in a minute"

    def __init__(self) -> None:
        super().__init__(f"TooManyQuestions: {self.en}")


class TranslationRefused(Exception):
    """A translation that may not be proposed or signed so."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(f"TranslationRefused: {en}")


class TranslationDenied(TranslationRefused):
    """The subject holds no post that may do this."""
