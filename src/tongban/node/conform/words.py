"""A clause, what was found about it, and how findings are shown. Evidence holds no values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

State = Literal["met", "not met", "not tested"]
_SHOWN = {
    "met": ("符合", "met"),
    "not met": ("不符合", "NOT MET"),
    "not tested": ("未测", "not tested"),
}


@dataclass(frozen=True, slots=True)
class Clause:
    """One thing that must hold, in both languages, and the mend where it does not."""

    id: str
    zh: str
    en: str
    mend_zh: str
    mend_en: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about a clause: its state and the evidence."""

    clause: Clause
    state: State
    evidence: str


class Findings:
    """Collects a finding for each clause, in order; a clause without one was not tested."""

    def __init__(self, clauses: Sequence[Clause]) -> None:
        self._clauses = {clause.id: clause for clause in clauses}
        self._found: dict[str, Finding] = {}

    def hold(self, name: str, evidence: str, *, met: bool) -> None:
        """Note a clause; once not met, it stays so."""
        held = self._found.get(name)
        if held is None or held.state == "met":
            state: State = "met" if met else "not met"
            self._found[name] = Finding(self._clauses[name], state, evidence)

    def skip(self, name: str, why: str) -> None:
        """Note why a clause was not tested, unless it was."""
        self._found.setdefault(name, Finding(self._clauses[name], "not tested", why))

    def all(self) -> list[Finding]:
        """Give the findings in the order of the clauses."""
        for name in self._clauses:
            self.skip(name, "an earlier clause is not met")
        return [self._found[name] for name in self._clauses]


def as_json(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Give the findings as JSON."""
    return [
        {
            "id": f.clause.id,
            "state": f.state,
            "zh": f.clause.zh,
            "en": f.clause.en,
            "evidence": f.evidence,
            **(
                {"mend": {"zh": f.clause.mend_zh, "en": f.clause.mend_en}}
                if f.state == "not met"
                else {}
            ),
        }
        for f in findings
    ]


def as_text(findings: Sequence[Finding]) -> str:
    """Write the findings for a terminal."""
    lines = []
    for f in findings:
        zh, en = _SHOWN[f.state]
        lines.append(f"{f.clause.id}  {zh} {en}  {f.clause.zh} / {f.clause.en}")
        lines.append(f"      {f.evidence}")
        if f.state == "not met":
            lines.append(f"      → {f.clause.mend_zh} / {f.clause.mend_en}")
    counts = {state: sum(f.state == state for f in findings) for state in _SHOWN}
    lines.append(", ".join(f"{number} {state}" for state, number in counts.items()))
    return "\n".join(lines)
