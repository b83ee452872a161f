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

PlaywrightTimeout = pytest.importorskip("playwright.sync_api").TimeoutError

WIDTH, HEIGHT = 320, 240
# Left, top, right, bottom in image pixels: where `Project.add` puts its suggestions.
BOXES = ((20, 30, 80, 200), (120, 40, 180, 210), (220, 50, 280, 180))
SCORES = (0.9, 0.6, 0.3)

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
        """Load the page and wait for the picture that it opens."""
        self.page.goto(self.address)
        self.page.wait_for_selector(".an-picture.is-ready")
        self.page.wait_for_function("document.querySelector('.an-status').dataset.kind === 'saved'")
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

    def requests(self):
        """A list that grows with every request from now on."""
        seen = []
        self.page.on("request", lambda request: seen.append(request.url))
        return seen


def wait_for(condition, *, seconds=5.0):
    """Wait until the condition holds; the last answer is returned."""
    patience = time.monotonic() + seconds
    while not (answer := condition()) and time.monotonic() < patience:
        time.sleep(0.05)
    return answer


def open_export(page):
    """The tab Export, once it says what leaves.

    Gradio may lose an event that is asked for in the moment in which it closes the stream of the one before: whoever
    looks again asks again.
    """
    for _ in range(3):
        page.get_by_role("tab", name="Annotate").click()
        page.wait_for_timeout(1000)
        page.get_by_role("tab", name="Export").click()
        with suppress(PlaywrightTimeout):
            page.locator("#export-ahead li").first.wait_for(timeout=10_000)
            break
    page.wait_for_timeout(1000)
