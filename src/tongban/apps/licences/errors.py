"""What can be wrong with a wish about licences; each says what to do, in Chinese and English."""


class LicenceError(Exception):
    """Base of all."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


class LicenceUnknown(LicenceError):
    """There is no such licence, or not for this subject."""

    def __init__(self) -> None:
        super().__init__("没有这份证照", "there is no such licence")


class LicenceNotValid(LicenceError):
    """The licence is not in a state that allows this; the message says which it is in."""


class NotAllowed(LicenceError):
    """The subject may see the licence and may not do this."""


class NotShowable(LicenceError):
    """A claim was chosen that the licence does not have."""

    def __init__(self, names: str) -> None:
        super().__init__(f"证照没有此项：{names}", f"the licence does not have: {names}")


class FaceNotMade(LicenceError):
    """No face can be made here; the message says what is missing."""


class ShowingEnded(LicenceError):
    """The link is unknown, used up or past its end."""

    def __init__(self) -> None:
        super().__init__(
            "亮证码无效或已过期，请持证人重新亮证",
            "the code has ended; ask the holder to show again",
        )
