"""Pictures are pre-labelled without a project."""

from annotator.core.dataset import State
from annotator.prelabel.files import prelabel_files
from annotator.vision.networks import zoo
from annotator.vision.networks.detector import Detector
from tests.conftest import picture


def test_what_is_above_the_threshold_is_accepted_with_its_score(known_model, tmp_path):
    paths = [tmp_path / f"{index:02}.png" for index in range(20)]
    for index, path in enumerate(paths):
        path.write_bytes(picture(seed=index))
    paths[7].write_bytes(b"not a picture at all")
    seen = []
    dataset, report = prelabel_files(
        paths, Detector(zoo.find(known_model)), threshold=0.5, progress=lambda done, total: seen.append((done, total))
    )
    assert (report.done, [failure.file_name for failure in report.failures]) == (19, [str(paths[7])])
    assert seen == [(index, 20) for index in range(1, 21)]
    assert [image.file_name for image in dataset.images[5:8]] == ["05.png", "06.png", "08.png"]
    assert [item.image_id for item in dataset.instances] == [image.id for image in dataset.images] == [*range(1, 20)]
    assert [(item.id, item.key) for item in dataset.instances] == [(id, str(id)) for id in range(1, 20)]
    assert {(item.state, round(item.score, 3), item.extra["score"]) for item in dataset.instances} == {
        (State.ACCEPTED, 0.9, 0.9)
    }
