"""`annotator models check` of a network that answers prompts."""

from __future__ import annotations

import pytest

from annotator.core.errors import ModelError
from annotator.system import paths
from annotator.vision.networks.try_prompts import describe_prompts
from tests.vision.networks.prompts.conftest import Made

SAMPLE = sorted(paths.EXAMPLES.glob("*.jpg"))[0]


def test_it_says_what_a_click_and_a_box_give_and_how_long_they_take(made: Made) -> None:
    lines = list(describe_prompts(made().info, SAMPLE))
    assert lines[2] == "export: SAM; input 1024 x 1024, masks of 256 a side"
    assert "sample: a click gives" in lines[5]
    assert "a box gives" in lines[5]
    assert "ms a click" in lines[6]


def test_it_fails_where_the_network_does(made: Made) -> None:
    with pytest.raises(ModelError, match="mine: fails on noise, grey, sample"):
        list(describe_prompts(made(answer=float("nan")).info, SAMPLE))
