"""Work in groups, in a thread of its own."""

import threading

import pytest

from annotator.system.groups import Groups

PATIENCE_S = 20


def test_everything_is_worked_on_in_order_in_groups_of_at_most_that_many():
    done = []
    with Groups(lambda group: done.append(list(group)), most=4, linger_s=0.01, name="test") as groups:
        for number in range(50):
            groups.put(number)
    assert [number for group in done for number in group] == list(range(50))
    assert max(map(len, done)) <= 4


def test_what_comes_while_work_is_under_way_is_one_group():
    begun, go, done = threading.Event(), threading.Event(), []

    def work(group):
        begun.set()
        assert go.wait(PATIENCE_S)
        done.append(list(group))

    with Groups(work, most=8, linger_s=0, name="test") as groups:
        groups.put(0)
        assert begun.wait(PATIENCE_S)
        for number in range(1, 8):
            groups.put(number)
        go.set()
    assert done == [[0], list(range(1, 8))]


def test_a_slow_bringer_does_not_wait_for_a_group_to_fill():
    done = threading.Event()
    with Groups(lambda group: done.set(), most=8, linger_s=0.05, name="test") as groups:
        groups.put(0)
        assert done.wait(PATIENCE_S)
        done.clear()
        groups.put(1)
        assert done.wait(PATIENCE_S)


def test_what_the_work_raises_is_raised_where_things_are_brought_and_nothing_more_is_worked_on():
    done = []

    def work(group):
        if 3 in group:
            raise KeyboardInterrupt
        done.extend(group)

    def bring():
        with Groups(work, most=1, linger_s=0, name="test") as groups:
            for number in range(1000):
                groups.put(number)

    with pytest.raises(KeyboardInterrupt):
        bring()
    assert done == [0, 1, 2]
    assert not [thread for thread in threading.enumerate() if thread.name == "test"]


def test_what_was_brought_before_the_block_raised_is_worked_on():
    done = []

    def bring():
        with Groups(done.extend, most=8, linger_s=10, name="test") as groups:
            for number in range(5):
                groups.put(number)
            raise ValueError("enough")

    with pytest.raises(ValueError, match="enough"):
        bring()
    assert done == list(range(5))
