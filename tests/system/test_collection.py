"""The collector is paused while anybody asks for it, and goes on afterwards."""

import gc

import pytest

from annotator.system.collection import collection_paused


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
