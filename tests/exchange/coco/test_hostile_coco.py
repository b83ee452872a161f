"""Whatever a COCO file holds, it is read or refused with its reasons: no crash, no hang."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from annotator.core.errors import CocoError
from annotator.exchange import coco
from tests.core.strategies import examples
from tests.exchange.coco.test_writer import document

ROOT = Path(__file__).resolve().parents[3]


def test_documents_broken_at_random_neither_crash_nor_hang():
    count = examples(500, 100_000)
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.exchange.coco.fuzz_coco", str(seed), str(count)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for seed in range(2)
    ]
    for worker in workers:
        output, errors = worker.communicate(timeout=3600)
        assert worker.returncode == 0, errors
        read, refused, slowest = output.split()
        assert int(read) > count / 20  # the rest of the reader is reached too
        assert int(refused) > count / 4
        assert float(slowest) < 10


CRASHERS = {
    "vertex nan": [[1, 1, 5, 1, 5, float("nan")]],
    "vertex infinite": [[1, 1, 5, 1, float("inf"), 5]],
    "vertex far": [[1, 1, 5, 1, 5, 4.3e8]],
    "long way round": [[index // 2 % 2 * 65_499.0 for index in range(20_000)]],
    "size 2^40": {"size": [2**40, 1], "counts": "1"},
    "empty counts": {"size": [9, 9], "counts": []},
    "empty text": {"size": [9, 9], "counts": ""},
    "height 0": {"size": [0, 9], "counts": [0]},
    "overflowing runs": {"size": [9, 9], "counts": [4294967295, 4294967295, 0, 0] * 200_000},
    "short runs": {"size": [9, 9], "counts": [40]},
    "truncated text": {"size": [9, 9], "counts": "Z1"},
}


@pytest.mark.parametrize("segmentation", CRASHERS.values(), ids=CRASHERS)
@pytest.mark.parametrize("count", [1, 2])
def test_what_crashes_pycocotools_is_refused(tmp_path, segmentation, count):
    found = document()
    for annotation in found["annotations"][:count]:
        annotation["segmentation"] = segmentation
        annotation["image_id"] = 12
    path = tmp_path / "x.json"
    path.write_text(json.dumps(found))
    with pytest.raises(CocoError) as error:
        coco.read(path)
    assert len(error.value.problems) == count
    assert all(
        problem.path.startswith(f"annotations[{index}].segmentation")
        for index, problem in enumerate(error.value.problems)
    )


def zigzag(vertices, *, length):
    return [value for index in range(vertices) for value in (index % 600, index % 2 * length)]


def test_many_zigzags_are_refused_for_all_that_they_would_take(tmp_path):
    """Some kilobytes of long edges took a minute and a half, and 1.4 GB."""
    found = document()
    found["images"][0] |= {"width": 640, "height": 60_000}
    one = {**found["annotations"][0], "image_id": 12, "segmentation": [zigzag(30, length=60_000)]}
    found["annotations"] = [{**one, "id": index} for index in range(1, 41)]
    path = tmp_path / "x.json"
    path.write_text(json.dumps(found))
    assert path.stat().st_size < 50_000
    with pytest.raises(CocoError) as refused:
        coco.read(path)
    assert str(refused.value.problems[0]).startswith(
        "annotations[28].segmentation: outlines of 52203770 px with those before, expected at most 50800000 px in a "
        "file of 40 masks"
    )


@pytest.mark.parametrize("counts", ["111" + "0" * 2_099_997, [1] * 2_100_000], ids=["compressed", "listed"])
def test_a_mask_longer_than_a_project_takes_is_refused(tmp_path, counts):
    found = document()
    found["images"][0] |= {"width": 2_100, "height": 1_000}
    found["annotations"] = [
        {**found["annotations"][0], "image_id": 12, "segmentation": {"size": [1_000, 2_100], "counts": counts}}
    ]
    path = tmp_path / "x.json"
    path.write_text(json.dumps(found))
    with pytest.raises(CocoError, match="counts of 2100000 characters, expected at most 2000000"):
        coco.read(path)


def test_a_deep_document_is_refused(tmp_path):
    path = tmp_path / "x.json"
    path.write_text('{"images": ' + "[" * 200_000 + "]" * 200_000 + "}")
    with pytest.raises(CocoError, match="is not JSON"):
        coco.read(path)


def test_a_claimed_size_costs_no_memory(tmp_path):
    """An image may say that it has four billion pixels; nothing is allocated for them."""
    import resource

    found = document()
    found["images"][0] |= {"width": 65_500, "height": 65_500}
    for annotation in found["annotations"]:
        annotation["image_id"] = 12
        annotation["segmentation"] = [[1, 1, 60_000, 1, 60_000, 60_000]]
    path = tmp_path / "x.json"
    path.write_text(json.dumps(found))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert len(coco.read(path).instances) == 6
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000  # kB
