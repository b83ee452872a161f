"""The page and the project as the tests speak of them."""

import itertools
import re
import time
from contextlib import suppress

import cv2
import numpy as np
import pytest

from annotator.core.dataset import Suggestion
from annotator.core.masks import mask_to_rle, rle_box_xyxy

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
PlaywrightError = sync_api.Error

PATIENCE_S = 20.0
"""For what comes true in a moment on an idle machine, and later on a busy one."""

WIDTH, HEIGHT = 320, 240
# Left, top, right, bottom in image pixels: where `Project.add` puts its suggestions.
BOXES = ((20, 30, 80, 200), (120, 40, 180, 210), (220, 50, 280, 180))
SCORES = (0.9, 0.6, 0.3)

# The header grows while its parts arrive, and what is clicked at a pixel of the picture must still be there.
_STANDS_STILL = """() => new Promise((resolve) => {
    let [before, frames] = ["", 0];
    const look = () => {
        const { x, y, width } = document.querySelector(".an-picture").getBoundingClientRect();
        const now = [x, y, width].join();
        frames = now === before ? frames + 1 : 0;
        before = now;
        if (frames < 6) requestAnimationFrame(look);
        else resolve();
    };
    look();
})"""

_seeds = itertools.count(1)


def picture():
    """The bytes of a picture that no test has used before."""
    noise = np.random.default_rng(next(_seeds)).integers(0, 256, (HEIGHT // 8, WIDTH // 8, 3), np.uint8)
    return cv2.imencode(".png", cv2.resize(noise, (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST))[1].tobytes()


def square(box):
    """The mask (H, W) of a box with a hole of 20 x 20 pixels in its middle."""
    left, top, right, bottom = box
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[top:bottom, left:right] = True
    x, y = (left + right) // 2, (top + bottom) // 2
    mask[y - 10 : y + 10, x - 10 : x + 10] = False
    return mask


class Project:
    """What the tests put into the served project and read out of it, beside the browser."""

    def __init__(self, store):
        self.store = store

    def add(self, name, *, suggestions=3):
        """A picture with suggestions of the category person, the surest first."""
        image = self.store.add_image(picture(), file_name=name, width=WIDTH, height=HEIGHT)
        person = self.store.add_category("person").id
        self.store.add_category("car")
        found = [
            Suggestion(person, score, mask_to_rle(square(box)), "test@1")
            for box, score in zip(BOXES[:suggestions], SCORES, strict=False)
        ]
        self.store.set_suggestions(image.id, found)
        return image.id

    def instances(self, image_id):
        """Instances from left to right."""
        return sorted(self.store.instances(image_id), key=lambda one: rle_box_xyxy(one.rle)[0])

    def states(self, image_id):
        return [one.state.value for one in self.instances(image_id)]


class Screen:
    """The browser's page, in image pixels where places are meant."""

    def __init__(self, page, address):
        self.page = page
        self.address = address

    def open(self):
        """Load the page and wait for the picture that it opens, at the place where it stays."""
        self.page.goto(self.address)
        self.page.wait_for_selector(".an-picture.is-ready")
        self.page.wait_for_function("document.querySelector('.an-status').dataset.kind === 'saved'")
        self.page.evaluate(_STANDS_STILL)
        return self

    def at(self, x, y):
        """Where image pixel x, y is on the page."""
        box = self.page.locator(".an-picture").bounding_box()
        return box["x"] + x * box["width"] / WIDTH, box["y"] + y * box["height"] / HEIGHT

    def scale(self):
        """CSS pixels for each image pixel."""
        return self.page.locator(".an-picture").bounding_box()["width"] / WIDTH

    def gap(self):
        """How far outside its box a handle stands, in image pixels."""
        return 10 / self.scale()

    def click(self, x, y, **options):
        self.page.mouse.click(*self.at(x, y), **options)

    def drag(self, start, end):
        self.page.mouse.move(*self.at(*start))
        self.page.mouse.down()
        self.page.mouse.move(*self.at(*end), steps=4)
        self.page.mouse.up()

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def saved(self):
        """Wait until the page says that everything is saved."""
        self.page.wait_for_function("document.querySelector('.an-status').dataset.kind === 'saved'")

    def name(self):
        return self.page.locator(".an-title").inner_text()

    def wait_for_picture(self, name):
        self.page.wait_for_function("name => document.querySelector('.an-title').textContent === name", arg=name)

    def rows(self):
        """What the list of instances says: category and score, from the top."""
        return [
            re.sub(r"\s+", " ", text) for text in self.page.locator(".an-row:visible .an-row-text").all_inner_texts()
        ]

    def notes(self):
        """What the list of instances says below category and score: who suggested it, what is said of it."""
        return self.page.locator(".an-row:visible .an-row-source").all_inner_texts()

    def requests(self):
        """A list that grows with every request from now on."""
        seen = []
        self.page.on("request", lambda request: seen.append(request.url))
        return seen


def wait_for(condition, *, seconds=PATIENCE_S, page=None):
    """Wait until the condition holds; the last answer is returned. What is not there yet does not hold.

    page: where the condition reads what an event of this page brought, its address too: Playwright hands out events
    only while something is asked of it.
    """
    patience = time.monotonic() + seconds
    while True:
        with suppress(IndexError, PlaywrightError):
            if answer := condition():
                return answer
        if time.monotonic() > patience:
            return condition()
        if page is None:
            time.sleep(0.05)
        else:
            page.wait_for_timeout(50)


def require_soon(read, expected, *, seconds=PATIENCE_S, page=None):
    """Fail unless what is read becomes what is expected: the page's answer to a key or a click may be on its way."""
    wait_for(lambda: read() == expected, seconds=seconds, page=page)
    found = read()
    assert found == expected, f"after {seconds} s: {found!r}, expected {expected!r}"


def open_export(page):
    """The tab Export, once it says what leaves."""
    page.get_by_role("tab", name="Export").click()
    page.locator("#export-ahead [role=status]").wait_for()
