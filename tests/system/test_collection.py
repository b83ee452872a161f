"""The collector is paused while anybody asks for it, and goes on afterwards."""

import gc

import pytest

from annotator.system.collection import collection_paused, set_aside


def test_the_last_to_end_lets_the_collector_go_on():
    assert gc.isenabled()
    with collection_paused():
        assert not gc.isenabled()
        with pytest.raises(ValueError), collection_paused():
            raise ValueError
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off():
    gc.disable()
    try:
        with collection_paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_what_was_set_aside_is_walked_no_more_and_what_comes_later_is():
    set_aside()
    try:
        known = gc.get_freeze_count()
        assert known > 0
        later = [[] for _ in range(100)]
        assert len(gc.get_objects()) >= len(later)
        gc.collect()
        assert gc.get_freeze_count() == known
    finally:
        gc.unfreeze()
    assert gc.get_freeze_count() == 0
