"""Pointing at an object: how long from the click until its mask is painted, the picture being looked at already.

    python -m tests.bench.bench_point [--models DIR] [--image FILE] [--clicks 20]

DIR: a folder of models with a network that answers clicks; without it graphs that answer at once, so that what is left
is not the network's. Prints one JSON object: milliseconds from taking up the tool until it is ready, which loads the
network, and the median and the 90th percentile from the press to the answer and to the paint, for first clicks and for
corrections. Targets: 100 ms with starter-click, 250 ms with MobileSAM. A busy machine shows in all of them.
"""

import argparse
import json
import statistics
import tempfile
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import sync_playwright

from annotator.storage.store import Store
from tests.e2e.conftest import Server
from tests.machine import CHROMIUM
from tests.vision.networks.prompts import graphs

WIDTH, HEIGHT = 1920, 1280
PATIENCE_MS = 60_000

# The label over the object is painted with its mask: the first time after the answer is when the new mask is seen.
WATCH = """() => {
    window.painted = [];
    const { fillText } = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
        if (/\\d+ points?$/.test(text)) window.painted.push(performance.now());
        return fillText.call(this, text, ...rest);
    };
    document.addEventListener("pointerup", () => { window.pressed = performance.now(); }, true);
    window.times = () => {
        const answers = performance.getEntriesByType("resource").filter((one) => one.name.endsWith("/prompt"));
        const answered = answers.map((one) => one.responseEnd).find((at) => at > window.pressed);
        const painted = answered && window.painted.find((at) => at > answered);
        return painted ? [answered - window.pressed, painted - window.pressed] : null;
    };
}"""


def scene(path):
    if path is not None:
        return path.read_bytes()
    noise = np.random.default_rng(1).integers(0, 256, (HEIGHT // 64, WIDTH // 64, 3), np.uint8)
    return cv2.imencode(".jpg", cv2.resize(noise, (WIDTH, HEIGHT)))[1].tobytes()


def quick_models(folder):
    graphs.encoder(folder / "quick")
    graphs.decoder(folder / "quick")
    (folder / "quick" / "model.toml").write_text('kind = "prompt"\nname = "quick"\n')
    return folder


def click(page, place):
    """Milliseconds from the press to the answer, and to the paint."""
    page.mouse.click(*place)
    return page.wait_for_function("window.times()").json_value()


def measure(page, clicks):
    page.wait_for_selector(".an-picture.is-ready")
    page.evaluate(WATCH)
    began = page.evaluate("performance.now()")
    page.keyboard.press("Shift+V")
    page.wait_for_selector(".an-tool[aria-busy=true]")
    page.wait_for_selector(".an-tool[aria-busy=true]", state="detached")
    ready = page.evaluate("performance.now()") - began
    box = page.locator(".an-picture").bounding_box()
    random = np.random.default_rng(0)
    times = {"first click": [], "correction": []}
    for _ in range(clicks):
        (x, y), (dx, dy) = random.uniform(0.2, 0.8, 2), random.uniform(-0.05, 0.05, 2)
        place, beside = (
            (box["x"] + across * box["width"], box["y"] + down * box["height"])
            for across, down in ((x, y), (x + dx, y + dy))
        )
        times["first click"].append(click(page, place))
        times["correction"].append(click(page, beside))
        page.keyboard.press("Escape")
    return ready, times


def spread(values):
    return {"median": round(statistics.median(values), 1), "p90": round(float(np.percentile(values, 90)), 1)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path)
    parser.add_argument("--image", type=Path)
    parser.add_argument("--clicks", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        models = options.models or quick_models(folder / "models")
        server = Server(folder / "project", folder / "home", ANNOTATOR_MODELS=str(models.absolute()))
        content = scene(options.image)
        height, width = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR).shape[:2]
        with Store.open(server.folder) as store:
            store.add_image(content, file_name="scene.jpg", width=width, height=height)
        server.start()
        try:
            with sync_playwright() as driver:
                browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
                page = browser.new_page(viewport={"width": 1400, "height": 900}, locale="en-US")
                page.set_default_timeout(PATIENCE_MS)
                page.goto(server.address)
                ready, times = measure(page, options.clicks)
                browser.close()
        finally:
            server.kill()
    report = {"ready_ms": round(ready, 1)}
    for name, pairs in times.items():
        answers, paints = zip(*pairs, strict=True)
        report[name] = {"answer_ms": spread(answers), "paint_ms": spread(paints)}
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
