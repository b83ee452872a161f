"""A photograph of 24 megapixels: it is drawn from pixels that are decoded once, and looks as the browser shows it."""

import cv2
import numpy as np
import pytest

from .screen import Screen, wait_for

LARGE = 6000, 4000


@pytest.fixture
def large(project):
    """A picture of coloured squares, 500 pixels each."""
    squares = np.random.default_rng(7).integers(0, 256, (8, 12, 3), np.uint8)
    pixels = cv2.resize(squares, LARGE, interpolation=cv2.INTER_NEAREST)
    content = cv2.imencode(".png", pixels)[1].tobytes()
    project.store.add_image(content, file_name="large.png", width=LARGE[0], height=LARGE[1])
    return pixels


def shown(screen: Screen, x, y):
    """The colour (BGR) on the screen at an image pixel."""
    box = screen.page.locator(".an-picture").bounding_box()
    place = box["x"] + x * box["width"] / LARGE[0], box["y"] + y * box["height"] / LARGE[1]
    clip = {"x": round(place[0]), "y": round(place[1]), "width": 1, "height": 1}
    content = np.frombuffer(screen.page.screenshot(clip=clip), np.uint8)
    return cv2.imdecode(content, cv2.IMREAD_COLOR)[0, 0].tolist()


def test_a_large_picture_looks_the_same_at_every_scale(screen, large):
    screen.open()
    page = screen.page
    page.locator(".an-picture.is-drawn").wait_for(state="attached")
    page.mouse.move(5, 5)
    for keys in ([], ["+"] * 6, ["+"] * 8, ["-"] * 5):
        for key in keys:
            page.keyboard.press(key)
        frame = page.locator(".an-stage").bounding_box()
        box = page.locator(".an-picture").bounding_box()
        scale = box["width"] / LARGE[0]
        # Beside the middle, where four squares meet.
        x = (frame["x"] + frame["width"] / 2 - box["x"] + 9) / scale
        y = (frame["y"] + frame["height"] / 2 - box["y"] + 9) / scale
        color = pytest.approx(large[int(y), int(x)].tolist(), abs=3)
        assert wait_for(lambda x=x, y=y, color=color: shown(screen, x, y) == color), shown(screen, x, y)
