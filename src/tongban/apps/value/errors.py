"""What is wrong with a file or a question, in a sentence that says how to mend it."""

from collections.abc import Sequence
from dataclasses import dataclass


class ValueRefused(ValueError):
    """A question that has no honest answer. Told in Chinese and English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh, self.en = zh, en


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a file 数据问题: its name, its place (rows from 1) and what to do."""

    name: str
    file: str
    row: int
    column: str
    zh: str
    en: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.row}" if self.row else self.file
        return f"{self.name} {where} [{self.column}] {self.zh} / {self.en}"


class TableInvalid(ValueRefused):
    """A file that cannot be counted: every fault at once."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        # each fault is told in both languages, so they stand once
        told = "\n".join(str(fault) for fault in self.faults[:50])
        left = len(self.faults) - 50
        more = f"\n… {left}" if left > 0 else ""
        super().__init__(
            f"文件有 {len(self.faults)} 处问题，未作任何计算",
            f"{len(self.faults)} faults, nothing was counted:\n{told}{more}",
        )
