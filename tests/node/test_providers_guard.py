"""A provider that is slow, down or gone costs its own callers a bounded wait, and nobody else."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.kernel.wire.words import Found, Question
from tongban.node.providers import (
    KindTwice,
    ProviderConfigInvalid,
    ProviderFailed,
    Registry,
    Setting,
    Wrong,
    guarded,
)
from tongban.node.providers.breaker import Breaker, Policy, abandoned, admit, failed, passed
from tongban.node.providers.guard import Guarded, Guards

QUESTION = Question("find", ("name",), ({"id_number": "1"},))


@dataclass
class Scripted:
    """A provider that does what its script says, one step a call."""

    script: list[Callable[[], Coroutine[Any, Any, Found]]]
    asked: int = 0
    safe: bool = True
    on_the_spot: Found | None = None
    closed: list[bool] = field(default_factory=list)

    hears = False

    @classmethod
    def check_config(cls, setting: Setting) -> list[Wrong]:
        return []

    def idempotent(self, question: Question) -> bool:
        return self.safe

    def at_once(self, question: Question) -> Found | None:
        return self.on_the_spot

    async def ask(self, question: Question) -> Found:
        self.asked += 1
        return await self.script[min(self.asked, len(self.script)) - 1]()

    async def changed(self) -> str | None:
        return None

    async def close(self) -> None:
        self.closed.append(True)


async def good() -> Found:
    return Found([{"name": "王䶮"}])


def fails(kind: Any, *, connecting: bool = False) -> Callable[[], Coroutine[Any, Any, Found]]:
    async def step() -> Found:
        raise ProviderFailed(kind, "so it says", connecting=connecting)

    return step


async def hangs() -> Found:
    await asyncio.sleep(3600)
    raise AssertionError


def kind_of(call: Coroutine[Any, Any, Found]) -> Coroutine[Any, Any, str]:
    async def asked() -> str:
        try:
            await call
        except ProviderFailed as failure:
            return failure.kind
        return "good"

    return asked()


def test_a_slow_provider_times_out_and_its_breaker_opens_then_closes_after_one_good_try() -> None:
    async def run() -> None:
        provider = Scripted([hangs, hangs, good])
        guard = Guarded(provider, Guards(timeout=0.03, failures=2, rest=0.15))
        assert [await kind_of(guard.ask(QUESTION)) for _ in range(3)] == [
            "timeout",
            "timeout",
            "broken",
        ]
        assert (guard.phase, provider.asked) == ("open", 2)
        await asyncio.sleep(0.2)
        assert await kind_of(guard.ask(QUESTION)) == "good"
        assert guard.phase == "closed"

    asyncio.run(run())


def test_what_is_there_on_the_spot_is_given_and_heals_the_breaker() -> None:
    async def run() -> None:
        provider = Scripted([fails("unavailable"), fails("unavailable"), good])
        guard = Guarded(provider, Guards(failures=2, rest=3600))
        assert await kind_of(guard.ask(QUESTION)) == "unavailable"
        provider.on_the_spot = Found([{"name": "李㛃"}])
        assert (await guard.ask(QUESTION)).records == [{"name": "李㛃"}]
        assert provider.asked == 1
        provider.on_the_spot = None
        assert await kind_of(guard.ask(QUESTION)) == "unavailable"
        assert guard.phase == "closed"  # not two in a row

    asyncio.run(run())


def test_a_provider_that_rests_is_not_asked_on_the_spot_either() -> None:
    async def run() -> None:
        provider = Scripted([fails("unavailable")])
        guard = Guarded(provider, Guards(failures=1, rest=3600))
        await kind_of(guard.ask(QUESTION))
        provider.on_the_spot = Found([{"name": "李㛃"}])
        assert await kind_of(guard.ask(QUESTION)) == "broken"

    asyncio.run(run())


def test_while_one_call_tries_a_half_open_breaker_the_others_are_refused() -> None:
    async def run() -> None:
        async def slow() -> Found:
            await asyncio.sleep(0.1)
            return await good()

        guard = Guarded(Scripted([fails("unavailable"), slow, good]), Guards(failures=1, rest=0.01))
        assert await kind_of(guard.ask(QUESTION)) == "unavailable"
        await asyncio.sleep(0.02)
        kinds = await asyncio.gather(*(kind_of(guard.ask(QUESTION)) for _ in range(4)))
        assert sorted(kinds) == ["broken", "broken", "broken", "good"]

    asyncio.run(run())


def test_a_try_that_its_caller_gave_up_does_not_leave_the_breaker_shut_for_ever() -> None:
    async def run() -> None:
        guard = Guarded(
            Scripted([fails("unavailable"), hangs, good]), Guards(failures=1, rest=0.01)
        )
        await kind_of(guard.ask(QUESTION))
        await asyncio.sleep(0.02)
        task = asyncio.create_task(guard.ask(QUESTION))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await kind_of(guard.ask(QUESTION)) == "good"

    asyncio.run(run())


def test_places_and_the_queue_before_them_are_bounded() -> None:
    async def run() -> None:
        guard = Guarded(
            Scripted([hangs]), Guards(timeout=0.3, at_once=2, waiting=3, patience=0.05, failures=99)
        )
        loop = asyncio.get_running_loop()
        began = loop.time()
        kinds = await asyncio.gather(*(kind_of(guard.ask(QUESTION)) for _ in range(50)))
        assert (kinds.count("timeout"), kinds.count("busy")) == (2, 48)
        assert loop.time() - began < 1.0

    asyncio.run(run())


@pytest.mark.parametrize(
    ("step", "safe", "asked"),
    [
        (fails("unavailable", connecting=True), True, 3),
        (fails("unavailable", connecting=True), False, 1),
        (fails("unavailable"), True, 1),
        (fails("bad_answer"), True, 1),
        (fails("timeout"), True, 1),
    ],
)
def test_only_an_idempotent_question_that_was_not_taken_up_is_asked_again(
    step: Any, safe: bool, asked: int
) -> None:
    provider = Scripted([step], safe=safe)
    guard = Guarded(provider, Guards(attempts=3, backoff=0.001))
    assert asyncio.run(kind_of(guard.ask(QUESTION))) != "good"
    assert provider.asked == asked


def test_bad_answers_and_forged_cursors_open_no_breaker() -> None:
    async def run() -> None:
        guard = Guarded(Scripted([fails("bad_answer")]), Guards(failures=2))
        assert {await kind_of(guard.ask(QUESTION)) for _ in range(9)} == {"bad_answer"}
        assert guard.phase == "closed"

    asyncio.run(run())


def test_one_provider_that_hangs_leaves_another_as_quick_as_before() -> None:
    async def run() -> None:
        slow = Guarded(Scripted([hangs]), Guards(timeout=0.5, failures=10**6, at_once=8))
        quick = Guarded(Scripted([good]), Guards())
        stuck = [asyncio.create_task(kind_of(slow.ask(QUESTION))) for _ in range(500)]
        await asyncio.sleep(0)
        loop = asyncio.get_running_loop()
        began = loop.time()
        for _ in range(200):
            assert await kind_of(quick.ask(QUESTION)) == "good"
        assert loop.time() - began < 0.4
        assert set(await asyncio.gather(*stuck)) == {"timeout", "busy"}

    asyncio.run(run())


def test_a_kind_has_one_provider_and_an_unknown_one_is_named() -> None:
    kinds = Registry({"a": "json:JSONDecoder"})
    with pytest.raises(KindTwice):
        kinds.register("a", "json:JSONEncoder")
    with pytest.raises(ProviderConfigInvalid, match="no kind 'b'; take one of a"):
        guarded(Setting("births", {"kind": "b"}, Path(), bytes(32)), kinds)


def test_guards_name_what_is_wrong_with_them() -> None:
    setting = Setting(
        "births", {"kind": "sqlite", "guard": {"timeout": 0, "patient": 1}}, Path(), bytes(32)
    )
    with pytest.raises(ProviderConfigInvalid) as wrong:
        guarded(setting)
    assert {fault.option for fault in wrong.value.faults} == {"guard.timeout", "guard.patient"}


ACTS = st.lists(
    st.tuples(st.sampled_from(["admit", "pass", "fail", "leave"]), st.integers(0, 6)), max_size=60
)


@given(ACTS, st.integers(1, 4), st.integers(1, 5))
def test_the_breaker_keeps_its_word(acts: list[tuple[str, int]], failures: int, rest: int) -> None:
    """Against a model that remembers only the row of failures and when the breaker opened."""
    policy = Policy(failures, rest)
    state, now, out = Breaker(), 0.0, []
    row, opened, trying = 0, None, None
    for act, amount in acts:
        now += amount
        if act == "admit":
            state, ticket = admit(state, policy, now)
            may = opened is None or (trying is None and now - opened >= rest)
            assert (ticket is not None) == may
            if ticket is not None:
                out.append(ticket)
                if opened is not None:
                    trying = ticket
        elif out:
            ticket = out.pop(amount % len(out))
            current = ticket == state.era
            if act == "pass":
                state = passed(state, ticket)
            elif act == "fail":
                state = failed(state, policy, ticket, now)
            else:
                state = abandoned(state, ticket)
            if not current:
                continue
            if act == "pass":
                row, opened, trying = 0, None, None
            elif act == "fail":
                row += 1
                if trying is not None or row >= failures:
                    opened, trying = now, None
            elif trying is not None:
                opened, trying = float("-inf"), None
        assert (state.phase == "closed") == (opened is None)
        assert (state.phase == "half-open") == (trying is not None)
