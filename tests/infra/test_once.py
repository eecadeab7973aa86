"""Within one look the database is asked once; outside of it, each time."""

from itertools import count

import pytest

from tongban.infra.once import once, one_look


def test_a_look_asks_once_and_what_is_outside_each_time() -> None:
    numbers = count()

    def ask() -> int:
        return next(numbers)

    assert [once("n", ask), once("n", ask)] == [0, 1]
    with one_look():
        assert [once("n", ask), once("n", ask), once("m", ask)] == [2, 2, 3]
    assert once("n", ask) == 4
    with one_look():
        assert once("n", ask) == 5


def test_what_failed_is_asked_again_and_a_look_that_failed_keeps_nothing() -> None:
    with one_look():
        with pytest.raises(ZeroDivisionError):
            once("n", lambda: 1 // 0)
        assert once("n", lambda: 2) == 2
    assert once("n", lambda: 3) == 3
