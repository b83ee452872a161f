"""What is read of an annotation beside its mask."""

import pytest

from annotator.core.dataset import PROVENANCE
from annotator.core.vote import Agreement, Vote
from annotator.exchange import coco
from tests.exchange.coco.cases import sound


@pytest.mark.parametrize(
    ("said", "source", "score"),
    [
        ({"source": "m@1", "score": 1}, "m@1", 1.0),
        ({"source": "m@1", "score": 0}, "m@1", 0.0),
        ({"source": "m@1", "score": 1.01}, "m@1", None),
        ({"source": "m@1", "score": "0.5"}, "m@1", None),
        ({"source": "m" * 200}, "m" * 200, None),
        ({"source": "m" * 201}, "import", None),
        ({"source": "a\nb"}, "import", None),
        ({"source": ""}, "import", None),
        ("m@1", "import", None),
    ],
)
def test_source_and_score_of_an_earlier_export_are_read_where_they_can_be_ones(said, source, score):
    document = sound()
    document["annotations"] = [document["annotations"][0] | {PROVENANCE: said}]
    (one,) = coco.coco_to_dataset(document).instances
    assert (one.source, one.score) == (source, score)


@pytest.mark.parametrize(
    ("said", "vote"),
    [
        (
            {"agreement": "both", "second": "m@2", "second_score": 0.7, "second_iou": 0.9},
            Vote(Agreement.BOTH, "m@2", 0.7, 0.9),
        ),
        ({"agreement": "one", "second": "m@2"}, Vote(Agreement.ONE, "m@2")),
        ({"agreement": "one", "second": "m@2", "second_score": 7, "second_iou": 0.9}, Vote(Agreement.ONE, "m@2")),
        ({"agreement": "perhaps", "second": "m@2"}, None),
        ({"agreement": ["one"], "second": "m@2"}, None),
        ({"agreement": "one"}, None),
        ({"agreement": "one", "second": "m" * 201}, None),
    ],
)
def test_what_a_second_network_said_comes_back_with_an_export(said, vote):
    document = sound()
    document["annotations"] = [document["annotations"][0] | {PROVENANCE: {"source": "m@1", "score": 1} | said}]
    (one,) = coco.coco_to_dataset(document).instances
    assert one.vote == vote
