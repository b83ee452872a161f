"""Pictures a second with the network on a server of the Open Inference Protocol, as a share of the same network here.

    python -m tests.bench.bench_served --model person-0007 --images DIR [--rounds 5] [--pictures 24]
    python -m tests.bench.bench_served --model person-0007 --images DIR --server URL [--served-as people]

From JPEG to stored suggestion, both by turns; prints medians over the rounds. Without --server, a server of the tests
runs in a process of its own on this machine and shares its cores, with the graph that is compiled here, samplers
folded. With it, whatever serves the network's graph there. Networks as for bench_pipeline.py.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import openvino as ov

from annotator.prelabel import batch
from annotator.storage.store import Store
from annotator.vision.networks import compile_cache
from annotator.vision.networks.detector import Detector
from annotator.vision.networks.rewrite import faster_graph
from annotator.vision.networks.runtime import read_graph
from annotator.vision.networks.served.adding import add_served
from annotator.vision.networks.zoo import ModelInfo
from tests.bench.material import SIZES, jpegs, network
from tests.vision.networks.served.serving import serving


def serve(xml: Path) -> None:
    """Serve a graph until whoever began this closes the line."""
    with serving(xml, settings={"PERFORMANCE_HINT": "THROUGHPUT"}) as server:
        print(server.address, flush=True)
        sys.stdin.read()


@contextmanager
def own_server(info: ModelInfo) -> Iterator[str]:
    """The address of a server in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        xml = Path(folder) / "model.xml"
        graph = faster_graph(read_graph(info), verdicts=compile_cache.cache_folder(info))
        ov.save_model(graph, xml, compress_to_fp16=False)
        command = [sys.executable, "-m", "tests.bench.bench_served", "--serve", str(xml)]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            yield child.stdout.readline().strip()
        finally:
            child.stdin.close()
            child.wait(10)


def measure(detector: Detector, contents: list[bytes], size: tuple[int, int]) -> tuple[float, int]:
    """Seconds of a batch in a project that has never seen the pictures, and how many instances it suggests."""
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder)) as store:
        queued = [
            store.add_image(content, file_name=f"{index}.jpg", width=size[0], height=size[1])
            for index, content in enumerate(contents)
        ]
        began = time.perf_counter()
        report = batch.prelabel_queued(store, detector, queued)
        took = time.perf_counter() - began
        assert report.done == len(queued), report.failures
        return took, sum(len(store.instances(image.id)) for image in queued)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model")
    parser.add_argument("--images", type=Path, help="photographs that are brought to the size")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pictures", type=int, default=24)
    parser.add_argument("--size", choices=SIZES, default="1080p")
    parser.add_argument("--server", help="a server that runs already")
    parser.add_argument("--served-as", default="people")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        return serve(options.serve)
    contents = jpegs(options.images, SIZES[options.size], options.pictures)
    with network(options.model) as info, own_server(info) as own:
        name = f"served-{time.time_ns()}"
        served = add_served(name, info.name, url=options.server or own, model=options.served_as)
        detectors = {"here": Detector(info), "served": Detector(served)}
        spent: dict[str, list[float]] = {name: [] for name in detectors}
        objects: dict[str, int] = {}
        for index in range(options.rounds + 1):
            for name, detector in detectors.items():
                took, objects[name] = measure(detector, contents, SIZES[options.size])
                if index:  # the first round warms up
                    spent[name].append(took)
        shares = [here / there for here, there in zip(spent["here"], spent["served"], strict=True)]
        figures = {name: round(options.pictures / statistics.median(rows), 2) for name, rows in spent.items()}
        binary = getattr(detectors["served"].network, "binary", None)
        print(json.dumps({"pictures_a_second": figures, "share": round(statistics.median(shares), 3)}))
        print(json.dumps({"shares": [round(share, 3) for share in shares], "objects": objects, "as_bytes": binary}))
    return None


if __name__ == "__main__":
    main()
