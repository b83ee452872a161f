"""How long a batch still takes."""

import pytest

from annotator.web import pace as pace_module
from annotator.web.pace import ENOUGH, Pace


@pytest.fixture
def clock(monkeypatch):
    """The time, in seconds, which stands still unless it is set."""
    now = [100.0]
    monkeypatch.setattr(pace_module.time, "monotonic", lambda: now[0])
    return now


def test_the_pace_so_far_tells_what_is_left(clock):
    pace = Pace()
    assert pace.seconds_left(0, 1000) is None
    pace.begin(400)  # a restart went on here
    assert pace.seconds_left(400, 1000) is None
    clock[0] += 20
    assert pace.seconds_left(400 + ENOUGH - 1, 1000) is None
    assert pace.seconds_left(500, 1000) == pytest.approx(100)
    pace.begin(500)  # after others had their turn, which counts
    clock[0] += 20
    assert pace.seconds_left(500, 1000) == pytest.approx(200)


def test_a_few_seconds_tell_nothing(clock):
    pace = Pace()
    pace.begin(0)
    clock[0] += ENOUGH - 1
    assert pace.seconds_left(900, 1000) is None
