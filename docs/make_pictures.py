"""Makes the pictures of the documents from the running app: a screenshot in light and in dark, and a review that moves.

    python docs/make_pictures.py [--chromium PATH]

It needs playwright and a Chromium. The photographs are the examples of the package, which are in the public domain.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import annotator  # noqa: E402
from annotator.system.paths import EXAMPLES  # noqa: E402

IMAGES = ROOT / "docs" / "images"
SIZE = {"width": 1280, "height": 760}
SHOWN = "two-cyclists.jpg"
STEPS = (
    ("]", 900), ("a", 900), ("]", 700), ("a", 900), ("Enter", 1500), ("[", 1200), ("d", 1200), ("Enter", 1600),
)  # fmt: skip
"""Keys of the review, and how long each picture of it is shown, in milliseconds."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The page over a project of the example photographs, pre-labelled; its address."""
    environment = os.environ | {"ANNOTATOR_HOME": str(folder / "home"), "ANNOTATOR_EXPORTS": str(folder / "exports")}
    with annotator.Project(folder / "photographs") as project:
        project.add_pictures(EXAMPLES)
        project.prelabel(annotator.load_model())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "annotator",
        "serve",
        "--port",
        str(port),
        "--project",
        str(folder / "photographs"),
    ]
    running = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE)
    try:
        if running.stdout is not None:
            running.stdout.readline()  # it says where it runs
        yield f"http://127.0.0.1:{port}/"
    finally:
        running.kill()
        running.wait()


def opened(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector(".an-picture.is-ready")
    page.wait_for_function("document.querySelector('.an-status').dataset.kind === 'saved'")
    page.wait_for_function(
        "document.querySelectorAll('.an-queue img').length === 0 || "
        "[...document.querySelectorAll('.an-queue img')].every((one) => one.complete)"
    )
    page.wait_for_timeout(1500)  # thumbnails fade in


def shot(page: Page) -> Image.Image:
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chromium", default=os.environ.get("ANNOTATOR_CHROMIUM") or shutil.which("chromium"))
    parser.add_argument("--out", type=Path, default=IMAGES)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, served(Path(name)) as address, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            page = browser.new_context(viewport=SIZE, color_scheme=scheme, locale="en-US").new_page()
            opened(page, address)
            page.get_by_text(SHOWN).first.click()
            page.wait_for_function("name => document.querySelector('.an-title').textContent === name", arg=SHOWN)
            page.keyboard.press("]")
            page.wait_for_timeout(1000)
            shot(page).save(options.out / f"annotate-{scheme}.webp", quality=82, method=6)
        page = browser.new_context(viewport=SIZE, color_scheme="light", locale="en-US").new_page()
        opened(page, address)
        frames, times = [shot(page)], [1200]
        for key, milliseconds in STEPS:
            page.keyboard.press(key)
            page.wait_for_timeout(700)
            frames.append(shot(page))
            times.append(milliseconds)
        frames = [frame.resize((960, 570), Image.Resampling.LANCZOS) for frame in frames]
        frames[0].save(
            options.out / "review.webp", save_all=True, append_images=frames[1:], duration=times, loop=0, quality=60,
            method=3,
        )  # fmt: skip
        browser.close()
    for path in sorted(options.out.glob("*.webp")):
        print(f"{path.name}: {path.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
