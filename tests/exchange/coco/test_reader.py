"""What is read of an annotation beside its mask."""

import pytest

from annotator.core.dataset import PROVENANCE
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
