"""What an act on a case must find before it is done: an open branch, the law, another hand. Pure.

Each refuses with `CaseRefused` and says why.
"""

from collections.abc import Callable

from tongban.apps.cases.errors import CaseRefused
from tongban.kernel import workdays

from .state import Branch, Case, Stage


def branch_of(case: Case, item: str) -> Branch:
    """Give an item's branch; refuses where the case has none."""
    branch = case.branches.get(item)
    if branch is None:
        raise CaseRefused(f"本办件没有事项{item}", f"this case has no item {item}")
    return branch


def open_branch(case: Case, item: str, *stages: Stage) -> Branch:
    """Give an item's branch that is at one of these stages; refuses where it is at another."""
    branch = branch_of(case, item)
    if branch.stage not in stages:
        raise CaseRefused(
            f"事项{item}现为“{branch.stage}”，不能办理此操作",
            f"item {item} is {branch.stage}; this can be done only while it is "
            f"{' or '.join(stages)}",
        )
    return branch


def lawful(zh: str, act: Callable[[], object]) -> None:
    """Do what the clock allows; where it does not, refuse in its own words."""
    try:
        act()
    except workdays.ClockRefused as refused:
        raise CaseRefused(zh, str(refused)) from refused


def other_hand(asked_by: str, actor: str) -> None:
    """Refuse an approval by whoever asked for it (申请与批准分离)."""
    if actor == asked_by:
        raise CaseRefused("申请与批准不能由同一人办理", "who asked for it may not approve it")
