"""What fees refuse, in Chinese and English, for people and for programs alike."""


class FeeError(Exception):
    """Something is refused; ``zh`` and ``en`` say what to do."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{type(self).__name__}: {en}")
        self.zh = zh
        self.en = en


class FeeUnknown(FeeError):
    """No such order, refund or finding, or none that this subject may see (404)."""

    def __init__(self, number: object) -> None:
        super().__init__(f"没有{number}", f"there is no {number}")


class FeeRefused(FeeError):
    """The order is not where this verb applies (409)."""


class NotAllowed(FeeError):
    """The subject may not do this (403)."""


class BankSilent(FeeError):
    """The bank gave no answer that counts: what it has done is unknown, and is asked (503)."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            "银行暂无应答，请稍后再试；如已扣款，不会重复收取",
            "the bank gives no answer: try again later; what was paid is not taken twice",
        )
        self.detail = detail


class BankRefused(FeeError):
    """The bank refuses for good (502); ``code`` is its own word."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(f"银行不予受理：{code}", f"the bank refuses: {code} ({why})")
        self.code = code


class ProviderMissing(FeeError):
    """No bank is set up for this department, or the setting does not read (503)."""
