"""A visitor who clicks faster than the server answers, and another who draws boxes meanwhile.

    python -m tests.bench.bench_clicks [--models DIR] [--image FILE] [--rate 200] [--seconds 10]

DIR: a folder of models with a network that answers clicks; without it graphs that answer at once. Prints one JSON
object: milliseconds that the other visitor waits for a box from that network and for one from the bundled network's
mask head, alone and beside the clicks; how many clicks were answered, how many were refused with a line, and how many
got anything else. Target: the other's box within 300 ms. The server is `annotator serve` as a Space runs it; both
visitors come from addresses of their own.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections import Counter
from pathlib import Path

import cv2
import httpx
import numpy as np

from annotator.web.projects import Projects
from tests.bench.bench_point import quick_models, scene
from tests.bench.bench_users import started
from tests.web.served import Served

BOX = 0.3, 0.3, 0.6, 0.7
"""Of the picture's width and height."""


class Visitor:
    """One who has looked at a picture. address: where the visitor comes from."""

    def __init__(self, server: Served, key: str, image_id: int, *, size, address: str):
        self._base = f"{server.address}/annotator/{key}/images/{image_id}"
        self._headers = {"x-forwarded-for": address}
        self._client = httpx.AsyncClient(timeout=600, limits=httpx.Limits(max_connections=None))
        self.size = np.array(size)

    async def ask(self, what: str, **said) -> int:
        """The status; 0 where no answer came within the client's patience."""
        try:
            answer = await self._client.post(f"{self._base}/{what}", json=said, headers=self._headers)
        except httpx.HTTPError:
            return 0
        return answer.status_code

    async def timed(self, what: str, **said) -> float:
        """Milliseconds. Raises RuntimeError where it is refused."""
        began = time.perf_counter()
        status = await self.ask(what, **said)
        if status != 200:
            raise RuntimeError(f"{what}: {status}")
        return (time.perf_counter() - began) * 1000

    def box(self) -> list[float]:
        return [*map(float, np.array(BOX) * [*self.size, *self.size])]


async def boxes(visitor: Visitor, *, count: int) -> dict[str, list[float]]:
    """Waits for boxes, one after the other with a pause as a hand makes it."""
    asked = {
        "box from the network": ("prompt", {"box": visitor.box()}),
        "box from the mask head": ("mask", {"box": visitor.box(), "model": "starter-person", "category": 1}),
    }
    found: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(count):
        for name, (what, said) in asked.items():
            found[name].append(await visitor.timed(what, **said))
            await asyncio.sleep(0.2)
    return found


async def flood(visitor: Visitor, *, rate: float, stop: asyncio.Event) -> Counter[int]:
    """Clicks that wait for no answer."""
    answers: Counter[int] = Counter()
    under_way: set[asyncio.Task[None]] = set()
    random = np.random.default_rng(0)

    async def click() -> None:
        x, y = random.uniform(0.1, 0.9, 2) * visitor.size
        answers[await visitor.ask("prompt", points=[[float(x), float(y), 1]])] += 1

    while not stop.is_set():
        one = asyncio.create_task(click())
        under_way.add(one)
        one.add_done_callback(under_way.discard)
        await asyncio.sleep(1 / rate)
    await asyncio.gather(*under_way)
    return answers


async def measure(fast: Visitor, other: Visitor, *, rate: float, seconds: float):
    for visitor in (fast, other):
        await visitor.ask("prompt", soon=True)
    await boxes(other, count=1)
    count = max(round(seconds / 0.6), 2)
    alone = await boxes(other, count=count)
    stop = asyncio.Event()
    clicks = asyncio.create_task(flood(fast, rate=rate, stop=stop))
    await asyncio.sleep(0.5)
    beside = await boxes(other, count=count)
    stop.set()
    return alone, beside, await clicks


def spread(values):
    return {"median": round(statistics.median(values), 1), "p95": round(float(np.percentile(values, 95)), 1)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path)
    parser.add_argument("--image", type=Path)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    content = scene(options.image)
    height, width = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR).shape[:2]
    with tempfile.TemporaryDirectory() as place:
        models = options.models or quick_models(Path(place) / "models")
        projects = Projects(visitors=Path(place) / "visitors")
        keys = [projects.create() for _ in range(2)]
        for key in keys:
            with projects.use(key) as store:
                store.add_category("person")
                store.add_image(content, file_name="scene.jpg", width=width, height=height)
        projects.close()
        server = started(Path(place), ANNOTATOR_MODELS=str(models.absolute()), ANNOTATOR_TRUSTED_PROXIES="1")
        try:
            visitors = [
                Visitor(server, key, 1, size=(width, height), address=f"203.0.{n}.1") for n, key in enumerate(keys)
            ]
            alone, beside, clicks = asyncio.run(measure(*visitors, rate=options.rate, seconds=options.seconds))
        finally:
            server.stop()
    report = {name: {"alone_ms": spread(alone[name]), "beside_ms": spread(beside[name])} for name in alone}
    refused = clicks[429] + clicks[507]
    report["clicks"] = {"sent": clicks.total(), "answered": clicks[200], "refused": refused}
    report["clicks"]["others"] = clicks.total() - refused - clicks[200]
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
