"""Reads text with RapidOCR on this machine (extra ``[ocr]``): nothing is sent anywhere."""

from rapidocr import RapidOCR


class Rapid:
    """RapidOCR with the models that come in its wheel."""

    def __init__(self) -> None:
        self._engine = RapidOCR(params={"Global.log_level": "error"})

    def read(self, picture: bytes) -> tuple[str, ...]:
        """Give the lines of a picture, from top to bottom."""
        return tuple(getattr(self._engine(picture), "txts", None) or ())
