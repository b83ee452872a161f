"""Items are read ahead, in order, and never too far."""

import threading

import pytest

from annotator.prelabel.ahead import DECODE_AHEAD, read_ahead


def test_items_come_in_their_order_whatever_their_reading_takes():
    first = threading.Event()

    def read(item):
        if item == 0:
            first.wait(10)
        elif item == 1:
            first.set()
        return item * 10

    assert [(item, reading.result()) for item, reading in read_ahead(range(50), read)] == [
        (item, item * 10) for item in range(50)
    ]


def test_reading_is_at_most_so_far_ahead_and_ends_with_whoever_asks():
    begun = []
    readings = read_ahead(range(1000), begun.append)
    for _ in range(3):
        next(readings)[1].result()
    readings.close()
    assert 3 <= len(begun) <= DECODE_AHEAD + 3
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("decode")]


def test_what_reading_raises_comes_with_its_item():
    def read(item):
        if item == 1:
            raise ValueError("not this one")
        return item

    readings = [reading for _, reading in read_ahead(range(3), read)]
    assert [readings[0].result(), readings[2].result()] == [0, 2]
    with pytest.raises(ValueError, match="not this one"):
        readings[1].result()
