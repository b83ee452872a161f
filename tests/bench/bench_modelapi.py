"""Pictures a second against openvino-model-api doing the same work: from JPEG to masks as COCO RLE.

    python -m tests.bench.bench_modelapi --model person-0007 --images DIR [--rounds 7] [--pictures 12]

Prints a JSON object for each case. Both run the same files in the same precision and take turns; medians over the
rounds. Ours also stores what it found in a project, theirs does not. Networks as for bench_pipeline.py. Needs
openvino-model-api, which the project does not.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from pycocotools import mask as coco_mask

from annotator.prelabel import batch
from annotator.storage.store import Store
from annotator.vision.networks.detector import Detector
from annotator.vision.networks.zoo import ModelInfo
from tests.bench.material import SIZES, jpegs, network


def model_api(info: ModelInfo, *, precision: str) -> Callable[[bytes], list[dict[str, Any]]]:
    """Their wrapper as its documentation has it, with the floor of suggestions and the network's own resize."""
    from model_api.adapters import OpenvinoAdapter, create_core
    from model_api.models import MaskRCNNModel

    adapter = OpenvinoAdapter(
        create_core(),
        str(info.xml_path),
        device="CPU",
        plugin_config={"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "THROUGHPUT"},
    )
    resize = {"stretch": "standard", "fit": "fit_to_window"}[info.resize]
    model = MaskRCNNModel(
        adapter,
        configuration={"confidence_threshold": batch.SCORE_FLOOR, "resize_type": resize},
        preload=True,
    )

    def work(content: bytes) -> list[dict[str, Any]]:
        result = model(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR))
        return [coco_mask.encode(np.asfortranarray(mask, np.uint8)) for mask in result.masks]

    return work


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--images", required=True, type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--pictures", type=int, default=12)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--precision", default="f32")
    options = parser.parse_args()
    try:
        import model_api as _
    except ImportError:
        print("openvino-model-api is not installed here: nothing to compare with")
        return 0
    count = options.pictures
    with network(options.model) as info, tempfile.TemporaryDirectory() as folder:
        detector = Detector(info, precision=options.precision)
        theirs = model_api(info, precision=options.precision)
        for size in options.sizes:
            width, height = SIZES[size]
            contents = jpegs(options.images, (width, height), count)
            with Store.open(Path(folder) / size) as store:
                queued = [
                    store.add_image(content, file_name=f"{index}.jpg", width=width, height=height)
                    for index, content in enumerate(contents)
                ]
                spent: dict[str, list[tuple[float, float]]] = {"ours": [], "theirs": []}
                objects = 0
                for _ in range(options.rounds + 1):
                    clock, cpu = time.perf_counter(), time.process_time()
                    batch.prelabel_queued(store, detector, queued)
                    spent["ours"].append((time.perf_counter() - clock, time.process_time() - cpu))
                    clock, cpu = time.perf_counter(), time.process_time()
                    objects = sum(len(theirs(content)) for content in contents)
                    spent["theirs"].append((time.perf_counter() - clock, time.process_time() - cpu))
                found = sum(len(store.instances(image.id)) for image in queued)
            # The first round warms up.
            pairs = list(zip(spent["ours"][1:], spent["theirs"][1:], strict=True))
            figures = {
                "size": size,
                "ours_a_second": round(count / statistics.median(ours[0] for ours, _ in pairs), 2),
                "theirs_a_second": round(count / statistics.median(other[0] for _, other in pairs), 2),
                "times_by_clock": round(statistics.median(other[0] / ours[0] for ours, other in pairs), 2),
                "times_by_cpu": round(statistics.median(other[1] / ours[1] for ours, other in pairs), 2),
                "objects": [found, objects],
            }
            print(json.dumps(figures), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
