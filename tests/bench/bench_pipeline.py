"""From JPEG to stored suggestion, as a share of the same compiled network on one picture again and again.

    python tests/bench/bench_pipeline.py --model NAME --images DIR [--rounds 7]

The ceiling and the pipeline take turns in one run, so that a busy machine slows both; medians are compared.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from itertools import repeat
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from annotator import pipeline
from annotator.core.geometry import Resize
from annotator.storage.store import Store
from annotator.vision import images, zoo
from annotator.vision.detector import Detector, lay_into_input


def ceiling(detector: Detector, path: Path, count: int) -> float:
    """Pictures a second of the network alone."""
    photo = images.read(path)
    size = detector.network.input_size
    resize = Resize.plan(rule=detector.info.resize, image_size=(photo.width, photo.height), input_size=size)
    picture = lay_into_input(photo.pixels, resize, pad=detector.info.pad)
    began = time.perf_counter()
    for _ in detector.network.stream(repeat((None, picture), count)):
        pass
    return count / (time.perf_counter() - began)


def end_to_end(detector: Detector, store: Store) -> float:
    """Pictures a second of the whole journey."""
    queued = [row.image for row in store.queue()]
    began = time.perf_counter()
    report = pipeline.prelabel(store, detector, queued)
    assert report.done == len(queued)
    return report.done / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--images", required=True, type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    detector = Detector(zoo.find(options.model))
    paths = pipeline.find_pictures([options.images])
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "project") as store:
        pipeline.add_pictures(store, paths)
        alone, whole = [], []
        for _ in range(options.rounds):
            alone.append(ceiling(detector, paths[0], len(paths)))
            whole.append(end_to_end(detector, store))
    share = statistics.median(whole) / statistics.median(alone)
    print(
        f"{options.model} on {len(paths)} pictures: {statistics.median(whole):.1f} pictures a second, "
        f"{share:.0%} of the network alone ({statistics.median(alone):.1f})"
    )


if __name__ == "__main__":
    main()
