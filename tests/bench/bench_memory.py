"""Memory over many pictures of mixed sizes: flat after the first 200.

    python -m tests.bench.bench_memory --images DIR [--model starter-person] [--pictures 5000] [--draft]

Prints the resident memory every 200 pictures, and the most after the first 200 over that at 200. Exits 1 where it grew
by more than 5 %. Pictures are files on the disk of five sizes, each with bytes of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from annotator.prelabel import batch
from annotator.storage.store import Store
from annotator.vision.networks.detector import Detector
from tests.bench.material import jpegs, network

SIZES = ((320, 240), (640, 480), (1920, 1080), (1000, 2000), (4000, 3000))
WEIGHTS = (8, 8, 4, 2, 1)
SETTLED = 200
MOST_GROWTH = 0.05


def resident_mb() -> float:
    """Resident memory of this process in MB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="starter-person")
    parser.add_argument("--images", required=True, type=Path, help="photographs that are brought to the sizes")
    parser.add_argument("--pictures", type=int, default=5000)
    parser.add_argument("--draft", action="store_true")
    options = parser.parse_args()
    samples: list[tuple[int, float]] = []
    with network(options.model) as info, tempfile.TemporaryDirectory() as folder:
        contents = [jpegs(options.images, size, 1)[0] for size in SIZES]
        mixed = [content for content, weight in zip(contents, WEIGHTS, strict=True) for _ in range(weight)]
        mixed = [mixed[index * 7 % len(mixed)] for index in range(len(mixed))]
        paths = []
        for index in range(options.pictures):
            # What follows the end of a JPEG changes its hash and nothing else: every picture is a new one.
            path = Path(folder) / "pictures" / f"{index:06}.jpg"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(mixed[index % len(mixed)] + index.to_bytes(4, "big"))
            paths.append(path)

        def watch(done: int, total: int) -> None:
            if done % SETTLED == 0 or done == total:
                samples.append((done, resident_mb()))
                print(json.dumps({"pictures": done, "resident_mb": round(samples[-1][1], 1)}), flush=True)

        detector = Detector(info)
        with Store.open(Path(folder) / "project") as store:
            report = batch.prelabel_new(store, detector, paths, draft=options.draft, progress=watch)
        assert report.done == options.pictures, report.failures[:3]
    settled = next(memory for done, memory in samples if done >= SETTLED)
    growth = max(memory for done, memory in samples if done >= SETTLED) / settled - 1
    print(json.dumps({"growth_after_200": round(growth, 4), "most_allowed": MOST_GROWTH}))
    return int(growth > MOST_GROWTH)


if __name__ == "__main__":
    sys.exit(main())
