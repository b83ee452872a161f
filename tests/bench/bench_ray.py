"""Pre-labelling by Ray on this machine alone, beside the engine of this machine; and what kills cost.

    python -m tests.bench.bench_ray --model starter-person --images DIR [--pictures 2000] [--rounds 3] [--kills 2]
        [--cluster]

Copies of the photographs, each with bytes of its own, go through both by turns, into a dataset; prints pictures a
second without the start of Ray, their share, and whether both are the same. Then a worker, and the driver, are killed
by SIGKILL in the middle, as often as --kills says, while pictures go into a project: prints how many pictures and
suggestions are missing or there twice in the end. With --cluster these go to one that `ray start --head` began on
loopback, as --address names it. Needs the extra ray.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import secrets
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import Any

from annotator.prelabel.cluster.engine import prelabel_dataset
from annotator.prelabel.cluster.pictures import list_pictures
from annotator.prelabel.cluster.pool import connected, see_all
from annotator.prelabel.cluster.worker import Plan
from annotator.prelabel.files import prelabel_files
from annotator.storage.store import Store
from annotator.vision.networks.detector import Detector
from annotator.vision.networks.zoo import ModelInfo
from annotator.vision.pictures.finding import find_pictures
from tests.bench.material import network


def copies(images: Path, folder: Path, count: int) -> None:
    """So many pictures of different bytes: what follows the end of a JPEG file nobody decodes."""
    sources = sorted(path for path in images.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
    for index, source in zip(range(count), itertools.cycle(sources), strict=False):
        path = folder / f"{index % 10}" / f"{index:05}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(source.read_bytes() + index.to_bytes(4, "big"))


def compare_speed(info: ModelInfo, folder: Path, *, rounds: int) -> None:
    paths, pictures = find_pictures([folder]), list_pictures([str(folder)])
    plan, detector = Plan(info, floor=info.threshold), Detector(info)
    spent: dict[str, list[float]] = {"local": [], "ray": []}
    began = time.perf_counter()
    with connected(None) as ray:
        starting = time.perf_counter() - began
        for _ in range(rounds):
            began = time.perf_counter()
            here, _ = prelabel_files(paths, detector, threshold=info.threshold)
            spent["local"].append(time.perf_counter() - began)
            began = time.perf_counter()
            there, _ = prelabel_dataset(partial(see_all, ray), plan, pictures)
            spent["ray"].append(time.perf_counter() - began)
    figures: dict[str, Any] = {name: round(len(paths) / statistics.median(rows), 2) for name, rows in spent.items()}
    shares = [local / other for local, other in zip(spent["local"], spent["ray"], strict=True)]
    figures |= {"share": round(statistics.median(shares), 3), "shares": [round(share, 3) for share in shares]}
    figures |= {"same": here == there, "instances": len(there.instances), "start_of_ray_s": round(starting, 1)}
    print(json.dumps(figures), flush=True)


def descendants(pid: int) -> list[int]:
    """The processes that one began, and theirs."""
    children = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        children += [int(child) for child in path.read_text().split()]
    return [*children, *(one for child in children for one in descendants(child))]


def workers_of(pid: int) -> list[int]:
    found = []
    for one in descendants(pid):
        try:
            if Path(f"/proc/{one}/cmdline").read_bytes().startswith(b"ray::Hand"):
                found.append(one)
        except OSError:  # it has just ended
            pass
    return found


def stored(project: Path) -> int:
    try:
        with Store.open(project) as store:
            return store.image_count()
    except Exception:  # not made yet
        return 0


@contextmanager
def cluster() -> Iterator[tuple[str, int]]:
    """A head on loopback: its address, and the process below which its workers are."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    start = [sys.executable, "-c", "from ray.scripts.scripts import main; main()", "start", "--head", "--block"]
    start += ["--node-ip-address=127.0.0.1", f"--port={address.partition(':')[2]}", "--include-dashboard=false"]
    start += ["--disable-usage-stats"]
    # A cluster lets in whoever has its token; the head and the drivers are children of this process and have it.
    os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    head = subprocess.Popen(start, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    begun: list[int] = []
    try:
        deadline = time.monotonic() + 120
        while not is_reachable(address):
            assert head.poll() is None, "ray start --head has ended"
            assert time.monotonic() < deadline, "ray start --head did not come up"
            time.sleep(0.5)
        time.sleep(5)  # the rest of it comes up after its door
        yield address, head.pid
        begun = descendants(head.pid)
    finally:
        head.terminate()
        head.wait(timeout=60)
        for one in begun:
            with suppress(OSError):
                os.kill(one, signal.SIGKILL)


def is_reachable(address: str) -> bool:
    host, _, port = address.partition(":")
    with suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
        return True
    return False


def kill(command: list[str], project: Path, *, count: int, kills: int, head: int | None) -> list[str]:
    """Run the command to its end, with kills of a worker and of the driver by turns. Returns what was killed.

    head: the process of the cluster that has the workers; None where the driver begins them itself.
    """
    killed: list[str] = []
    for number in range(2 * kills + 1):
        driver = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        goal = count * (number + 1) // (2 * kills + 2)
        while driver.poll() is None and stored(project) < goal:
            time.sleep(0.5)
        if number == 2 * kills or driver.poll() is not None:
            assert driver.wait() == 0
            break
        workers = workers_of(driver.pid if head is None else head)
        if number % 2 == 0 and workers:
            os.kill(workers[0], signal.SIGKILL)
            killed.append(f"worker at {stored(project)}")
            time.sleep(5)  # the pictures that it had are given out again
        begun = descendants(driver.pid)
        os.kill(driver.pid, signal.SIGKILL)
        driver.wait()
        killed.append(f"driver at {stored(project)}")
        deadline = time.monotonic() + 60
        while any(Path(f"/proc/{one}").exists() for one in begun) and time.monotonic() < deadline:
            time.sleep(0.5)
    return killed


def compare_kills(
    info: ModelInfo, folder: Path, root: Path, *, count: int, kills: int, address: str | None, head: int | None
) -> None:
    def contents(project: Path) -> Counter[tuple[str, ...]]:
        with Store.open(project) as store:
            return Counter(
                (image.sha256, str(one.rle.counts), f"{one.score}") if one else (image.sha256,)
                for image in store.images()
                for one in (None, *store.instances(image.id))
            )

    command = [sys.executable, "-m", "annotator", "prelabel", str(folder), "--model", info.name, "--project"]
    subprocess.run([*command, str(root / "local")], check=True, stdout=subprocess.DEVNULL)
    on_ray = [*command, str(root / "ray"), "--engine", "ray", *(["--address", address] if address else [])]
    killed = kill(on_ray, root / "ray", count=count, kills=kills, head=head)
    local, ray = contents(root / "local"), contents(root / "ray")
    figures = {"killed": killed, "pictures": sum(len(row) == 1 for row in ray.elements()), "rows": ray.total()}
    print(json.dumps(figures | {"lost": (local - ray).total(), "twice": (ray - local).total()}), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="starter-person")
    parser.add_argument("--images", required=True, type=Path)
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--cluster", action="store_true")
    options = parser.parse_args()
    with network(options.model) as info, tempfile.TemporaryDirectory() as root:
        folder = Path(root) / "pictures"
        copies(options.images, folder, options.pictures)
        if options.rounds:
            compare_speed(info, folder, rounds=options.rounds)
        if options.kills:
            with cluster() if options.cluster else nullcontext((None, None)) as (address, head):
                asked = {"count": options.pictures, "kills": options.kills, "address": address, "head": head}
                compare_kills(info, folder, Path(root), **asked)


if __name__ == "__main__":
    main()
