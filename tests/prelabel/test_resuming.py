"""A killed command line goes on where it ended."""

import pytest

from annotator.prelabel import batch
from annotator.storage.store import Store
from annotator.vision.networks import zoo
from annotator.vision.networks.detector import Detector
from tests.conftest import picture

COUNT, KILLED_AT = 60, 30


class Killed(BaseException):
    pass


@pytest.fixture
def paths(tmp_path):
    made = [tmp_path / f"{number:02}.png" for number in range(COUNT)]
    for number, path in enumerate(made):
        path.write_bytes(b"no picture" if number == 3 else picture(seed=number))
    return made


def kill_at(done, total):
    if done >= KILLED_AT:
        raise Killed


def run_to_the_end(store, detector, paths, **options):
    """The report, and how many pictures were done to get it."""
    seen = []
    report = batch.prelabel_new(store, detector, paths, progress=lambda done, total: seen.append(done), **options)
    return report, len(seen)


def test_the_same_files_go_on_where_a_killed_run_ended_and_others_begin(tmp_path, known_model, paths):
    detector = Detector(zoo.find(known_model))
    with Store.open(tmp_path / "project") as store:
        with pytest.raises(Killed):
            batch.prelabel_new(store, detector, paths, progress=kill_at)
        keys = [one.key for image in store.images() for one in store.instances(image.id)]
        report, done = run_to_the_end(store, detector, paths)
        assert done <= COUNT - KILLED_AT
        assert (report.done, [failure.file_name for failure in report.failures]) == (COUNT - 1, [str(paths[3])])
        assert {*keys} <= {one.key for image in store.images() for one in store.instances(image.id)}
        # Whoever asks again after the end, or otherwise, means it.
        assert run_to_the_end(store, detector, paths)[1] == COUNT
        with pytest.raises(Killed):
            batch.prelabel_new(store, detector, paths, progress=kill_at)
        assert run_to_the_end(store, detector, paths, floor=0.4)[1] == COUNT
        with pytest.raises(Killed):
            batch.prelabel_new(store, detector, paths, progress=kill_at)
        with pytest.raises(Killed):
            batch.prelabel_new(store, detector, paths, progress=kill_at)
        detector.precision = "bf16"
        assert run_to_the_end(store, detector, paths)[1] == COUNT
        with pytest.raises(Killed):
            batch.prelabel_new(store, detector, paths, progress=kill_at)
        detector.device = "GPU"
        assert run_to_the_end(store, detector, paths)[1] == COUNT
        with pytest.raises(Killed):
            batch.prelabel_new(store, detector, paths, progress=kill_at)
        paths[-1].write_bytes(picture(seed=99) + b"more")
        assert run_to_the_end(store, detector, paths)[1] == COUNT
