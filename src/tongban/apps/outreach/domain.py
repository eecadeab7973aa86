"""The truths of outreach (免申即享): what is known of one person, and what follows from it.

A fact that no source gave is a question, never a "no": nobody is excluded or paid on it. Nothing
here reads a source or knows the day; the period says on which day ages are counted.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Literal

from tongban.kernel.facts import Attribute, Fact, Value, Vocabulary, Words, derive
from tongban.kernel.feel import UnaryTests, passes
from tongban.kernel.forms import Call, Resource
from tongban.kernel.suites import Suite
from tongban.kernel.tables import Compiled, Decision

Status = Literal["granted", "excluded", "unknown", "ordered-before"]
#: Why a person is unknown: no value, no record, two records that disagree, a source that does not
#: answer, sources that contradict each other (a clerk looks), a rule that does not fit, no number.
Cause = Literal[
    "", "no-value", "no-record", "disagree", "unavailable", "review", "rule", "no-number"
]
Gap = Literal["no-value", "no-record", "disagree", "unavailable"]

_NO_WORDS = Words("", "")
_PERIOD = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)


class PeriodInvalid(ValueError):
    """The period is no month, or one that has not begun."""


@dataclass(frozen=True, slots=True)
class Period:
    """A month (发放月份) for which each person is paid once."""

    key: str

    @property
    def day(self) -> date:
        """The day on which ages are counted: the last one, so the month of the birthday counts.

        >>> Period("2028-02").day
        datetime.date(2028, 2, 29)
        """
        year, month = int(self.key[:4]), int(self.key[5:])
        first_of_next = date(year + month // 12, month % 12 + 1, 1)
        return first_of_next - timedelta(days=1)


def read_period(text: str, today: date) -> Period:
    """Read ``YYYY-MM``; raises `PeriodInvalid`, also for a month after ``today``.

    >>> read_period("2026-11", date(2026, 11, 23)).key
    '2026-11'
    >>> read_period("2026-12", date(2026, 11, 23))
    Traceback (most recent call last):
    tongban.apps.outreach.domain.PeriodInvalid: PeriodInvalid: 2026-12 has not begun; give 2026-11 \
or an earlier month
    """
    if not _PERIOD.fullmatch(text) or not 1900 <= int(text[:4]) < 9999:
        raise PeriodInvalid(f"PeriodInvalid: {text!r} is no month; write it like {today:%Y-%m}")
    if text > f"{today:%Y-%m}":
        raise PeriodInvalid(
            f"PeriodInvalid: {text} has not begun; give {today:%Y-%m} or an earlier month"
        )
    return Period(text)


def person_reference(salt: bytes, number: str, by: Suite) -> str:
    """Give a name for a person that tells nothing without ``salt`` (HMAC, 128 bits in hex).

    >>> from tongban.kernel.suites import suite
    >>> len(person_reference(b"0" * 32, "330106194011230021", suite("gm")))
    32
    """
    return by.mac(salt, number.encode()).hex()[:32]


def order_reference(policy: str, period: str, person: str) -> str:
    """Give the reference under which a person is paid at most once a period.

    >>> order_reference("old-age-allowance", "2026-11", "9f86")
    'old-age-allowance/2026-11/9f86'
    """
    return f"{policy}/{period}/{person}"


def shown(name: Value, number: str) -> str:
    """Write a person so that an official recognises them and nobody else learns who it is.

    >>> shown("王䶮", "330106194011230021"), shown(None, "330106194011230021")
    ('王** 3301************21', '3301************21')
    """
    masked = f"{number[:4]}{'*' * (len(number) - 6)}{number[-2:]}" if len(number) > 6 else "*"
    return f"{name[0]}** {masked}" if isinstance(name, str) and name else masked


@dataclass(slots=True)
class Person:
    """What the sources gave about one person: facts, and why others are missing."""

    facts: dict[str, Value] = field(default_factory=dict)
    gaps: dict[str, Gap] = field(default_factory=dict)

    def learn(self, facts: Collection[str], records: Sequence[Mapping[str, Value]]) -> None:
        """Take over what one register says of these facts; two records must agree."""
        for name in facts:
            values = {record[name] for record in records}
            value = values.pop() if len(values) == 1 else None
            self.facts[name] = value
            if value is None:
                self.gaps[name] = (
                    "no-record" if not records else "disagree" if values else "no-value"
                )

    def miss(self, facts: Collection[str]) -> None:
        """Note that the source of these facts did not answer."""
        for name in facts:
            self.facts[name] = None
            self.gaps[name] = "unavailable"


@dataclass(frozen=True, slots=True)
class Question:
    """What would settle an unknown (待核实问题), and which department knows."""

    cause: Cause
    facts: tuple[str, ...]
    department: str
    text: Words


@dataclass(frozen=True, slots=True)
class Outcome:
    """What follows for one person. ``rules`` are the rows that fired, ``reason`` their words.

    ``amount_fen`` is owed when granted; at stake when only the account is unknown.
    """

    status: Status
    rules: tuple[str, ...] = ()
    reason: Words = _NO_WORDS
    amount_fen: int | None = None
    questions: tuple[Question, ...] = ()

    @property
    def cause(self) -> Cause:
        """Why it is unknown: a source that does not answer before all else, as it mends itself."""
        causes = [question.cause for question in self.questions]
        return "unavailable" if "unavailable" in causes else causes[0] if causes else ""

    @property
    def said(self) -> Words:
        """The reason, or the questions that would settle it."""
        if not self.questions:
            return self.reason
        return Words(
            " ".join(question.text.zh for question in self.questions),
            " ".join(question.text.en for question in self.questions),
        )


@dataclass(frozen=True, slots=True)
class Sources:
    """Which register gives which fact (数据来源), to address a question."""

    vocabulary: Vocabulary
    resources: Mapping[str, Resource]
    calls: tuple[Call, ...]

    def base(self, name: str) -> str:
        """Give the fetched fact behind a derived one: the birth date behind the age."""
        fact = self.vocabulary.fact(name)
        return f"{fact.role}.{fact.derive.of}" if fact.derive else name

    def call_of(self, name: str) -> Call:
        """Give the call that fetches a fact; `KeyError` where none does."""
        for call in self.calls:
            if name in call.facts:
                return call
        raise KeyError(name)

    def questions(self, person: Person, missing: Iterable[str]) -> tuple[Question, ...]:
        """Ask what would settle it: one question a value, one a missing record or dead source."""
        found: dict[tuple[Gap, str], list[str]] = {}
        for name in missing:
            base = self.base(name)
            gap = person.gaps.get(base, "no-value")
            facts = found.setdefault((gap, self.call_of(base).resource), [])
            if base not in facts:
                facts.append(base)
        return tuple(
            question
            for (gap, slug), facts in found.items()
            for question in self._ask(gap, self.resources[slug], facts)
        )

    def _ask(self, gap: Gap, resource: Resource, facts: Sequence[str]) -> Iterable[Question]:
        register = resource.name
        if gap == "no-record":
            labels = [self.vocabulary.fact(name).label for name in facts]
            zh, en = "、".join(label.zh for label in labels), ", ".join(la.en for la in labels)
            text = Words(
                f"“{register.zh}”中没有此人的记录，{zh}不明：能否补录？",
                f"No record of this person in '{register.en}' ({en}): can it be added?",
            )
            yield Question(gap, tuple(facts), resource.department, text)
        elif gap == "unavailable":
            text = Words(
                f"“{register.zh}”暂时无法查询；恢复后再次运行即可。",
                f"'{register.en}' did not answer; run again when it does.",
            )
            yield Question(gap, tuple(facts), resource.department, text)
        else:
            for name in facts:
                text = _value_question(self.vocabulary.fact(name), gap, register)
                yield Question(gap, (name,), resource.department, text)


def _value_question(fact: Fact, gap: Gap, register: Words) -> Words:
    yes = fact.type == "boolean"
    zh = f"{fact.label.zh}：{'是还是否' if yes else '是什么'}？"
    en = f"{fact.label.en}: {'yes or no' if yes else 'what is it'}?"
    if gap == "disagree":
        return Words(
            f"{zh}（“{register.zh}”中有两条不一致的记录）",
            f"{en} (two records in '{register.en}' disagree)",
        )
    return Words(f"{zh}（“{register.zh}”中为空）", f"{en} ('{register.en}' does not say)")


@dataclass(frozen=True, slots=True)
class Entitlement:
    """A policy made ready to judge: its rule, who answers for it, and where the money goes.

    ``amount`` names the rule's output in fen, ``account`` the fact that holds the bank account;
    ``counted`` holds the attributes that the rule counts from a date, and only those.
    """

    rule: Compiled
    department: str
    amount: str
    account: str
    sources: Sources
    counted: Vocabulary

    def judge(self, person: Person, day: date) -> Outcome:
        """Say what the rule says of a person on a day; a grant has yet to find its account."""
        facts = derive(self.counted, person.facts, day)
        decision = self.rule.decide(facts)
        if decision.status == "unknown":
            questions = self.sources.questions(person, decision.missing)
            return Outcome("unknown", questions=questions)
        if decision.status != "decided":
            return self._unfit(decision, decision.message)
        if len(decision.rules) > 1 and (dead := self._dead(person)):
            # the outcome is sure but not its reason: nobody is refused without one
            return Outcome("unknown", questions=self.sources.questions(person, dead))
        return self._decided(replace(decision, rules=self._sure(decision, facts)))

    def _sure(self, decision: Decision, facts: Mapping[str, Value]) -> tuple[str, ...]:
        """Give the first fired row that holds whatever is unknown; all of them if none does."""
        if len(decision.rules) > 1:
            table = self.rule.table
            for row in (row for row in table.rules if row.id in decision.rules):
                cells = zip(table.inputs, row.cells, strict=True)
                if all(cell.is_any or _holds(cell, facts.get(i.name)) for i, cell in cells):
                    return (row.id,)
        return decision.rules

    def _decided(self, decision: Decision) -> Outcome:
        reason = self._reason(decision)
        outcome = decision.outputs[0].get("outcome")
        if outcome == "refuse":
            return Outcome("excluded", decision.rules, reason)
        if outcome == "review":
            text = Words(f"{reason.zh}实际情况如何？", f"{reason.en} What is the case?")
            question = Question("review", (), self.department, text)
            return Outcome("unknown", decision.rules, reason, questions=(question,))
        if outcome != "grant":
            return self._unfit(decision, f"outcome is {outcome}: grant, refuse or review")
        amount = decision.outputs[0].get(self.amount)
        if not isinstance(amount, int) or amount <= 0:
            return self._unfit(decision, f"{self.amount} is {amount}: whole fen above nought")
        return Outcome("granted", decision.rules, reason, amount)

    def settle(self, granted: Outcome, person: Person) -> Outcome:
        """Keep a grant whose account is known; else ask for the account, the amount at stake."""
        if isinstance(person.facts.get(self.account), str):
            return granted
        questions = self.sources.questions(person, [self.account])
        return Outcome("unknown", granted.rules, granted.reason, granted.amount_fen, questions)

    def _dead(self, person: Person) -> tuple[str, ...]:
        needed = {self.sources.base(name) for name in self.rule.needs}
        return tuple(sorted(n for n in needed if person.gaps.get(n) == "unavailable"))

    def _reason(self, decision: Decision) -> Words:
        notes = [rule.annotations for rule in self.rule.table.rules if rule.id in decision.rules]
        return Words(
            " 或 ".join(dict.fromkeys(note.get("zh", "") for note in notes)),
            " or ".join(dict.fromkeys(note.get("en", "") for note in notes)),
        )

    def _unfit(self, decision: Decision, why: str) -> Outcome:
        table = self.rule.table
        text = Words(
            f"决策表“{table.name}”没有给出可用的结论，应当修订（{why or '没有匹配的行'}）。",
            f"The table {table.id} gives no usable answer; mend it ({why or 'no row matches'}).",
        )
        question = Question("rule", (), self.department, text)
        return Outcome("unknown", decision.rules, questions=(question,))


def _holds(cell: UnaryTests, value: Value) -> bool:
    return value is not None and passes(cell, value)


def counted(vocabulary: Vocabulary, needs: Iterable[str]) -> Vocabulary:
    """Give the part of a vocabulary that counts needed facts from dates."""
    facts = [vocabulary.fact(name) for name in needs]
    kinds: dict[str, dict[str, Attribute]] = {}
    for fact in facts:
        if fact.derive:
            found = vocabulary.kinds[fact.kind][fact.attribute]
            kinds.setdefault(fact.kind, {})[fact.attribute] = found
    return Vocabulary(kinds, {f.role: vocabulary.roles[f.role] for f in facts})


def no_number(resource: Resource) -> Outcome:
    """Say that a record of the walked register holds no identity number that can be read."""
    text = Words(
        f"“{resource.name.zh}”中有一条记录没有有效的公民身份号码：是谁？",
        f"A record in '{resource.name.en}' holds no valid identity number: whose is it?",
    )
    key = tuple(f"{resource.kind}.{name}" for name in resource.key)
    return Outcome("unknown", questions=(Question("no-number", key, resource.department, text),))
