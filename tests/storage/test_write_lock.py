"""Writers take turns; who waits too long is told, and what nobody waits for any more is given back."""

import threading
import time

import pytest

from annotator.storage.write_lock import InTurn, hold


def test_one_at_a_time_and_everybody_in_the_end(tmp_path):
    inside, most, done = [], [], []

    def work(index):
        with hold(tmp_path / "lock", patience=20):
            inside.append(index)
            most.append(len(inside))
            time.sleep(0.005)
            inside.remove(index)
        done.append(index)

    workers = [threading.Thread(target=work, args=(index,)) for index in range(12)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert max(most) == 1
    assert len(done) == 12


def test_patience_ends_and_the_lock_comes_free_again(tmp_path):
    path = tmp_path / "lock"
    with hold(path, patience=1), pytest.raises(TimeoutError), hold(path, patience=0.05):
        raise AssertionError
    for _ in range(3):  # also after the one who gave up
        with hold(path, patience=10):
            pass


def test_a_failure_inside_gives_the_turn_back(tmp_path):
    with pytest.raises(KeyError), hold(tmp_path / "lock", patience=1):
        raise KeyError
    with hold(tmp_path / "lock", patience=1):
        pass


def test_where_there_are_no_locks_the_work_is_done_without(tmp_path):
    with hold(tmp_path / "no folder" / "lock", patience=1):
        done = True
    assert done


def begin(work):
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def wait_until(holds):
    until = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.001)


def test_whoever_asks_again_comes_behind_those_who_wait():
    lock, order = InTurn(), []

    def write(name):
        assert lock.acquire(timeout=10)
        order.append(name)
        lock.release()

    assert lock.acquire(timeout=0)
    threads = []
    for name in range(3):
        threads.append(begin(lambda name=name: write(name)))
        wait_until(lambda name=name: len(lock._waiting) == name + 1)
    lock.release()
    assert lock.acquire(timeout=10)
    order.append("again")
    lock.release()
    for thread in threads:
        thread.join(10)
    assert order == [0, 1, 2, "again"]


def test_whoever_gives_up_is_passed_over():
    lock = InTurn()
    assert lock.acquire(timeout=0)
    assert not lock.acquire(timeout=0.01)
    lock.release()
    assert lock.acquire(timeout=0)
