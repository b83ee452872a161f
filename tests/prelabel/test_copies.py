"""What copies of a picture show besides, by a network that finds what it is told to."""

from types import SimpleNamespace

import numpy as np
import pytest

from annotator.prelabel.copies import Given, count_besides, likely_quarters
from annotator.vision.pictures.photo import Photo

WIDTH, HEIGHT = 400, 200


class Told:
    """Finds the same things on the picture and its copies, unless they are too small there."""

    info = SimpleNamespace(threshold=0.3)

    def __init__(self, boxes, *, least):
        self.boxes, self.least = np.array(boxes, float).reshape(-1, 4), least
        self.runs = 0

    def detect(self, photo):
        """The colours of each pixel tell where it lies in the picture."""
        self.runs += 1
        columns, rows = photo.pixels[0, :, 0].astype(int) * 2, photo.pixels[:, 0, 1].astype(int)
        flipped = columns[0] > columns[-1]
        left, right, top, bottom = columns.min(), columns.max() + 2, rows.min(), rows.max() + 1
        zoom = WIDTH / (right - left)
        found = []
        for x0, y0, x1, y1 in self.boxes:
            seen = max(x0, left), max(y0, top), min(x1, right), min(y1, bottom)
            if seen[0] < seen[2] and seen[1] < seen[3] and (x1 - x0) * zoom >= self.least:
                box = [seen[0] - left, seen[1] - top, seen[2] - left, seen[3] - top]
                found.append([right - left - box[2], box[1], right - left - box[0], box[3]] if flipped else box)
        boxes = np.array(found, float).reshape(-1, 4)
        return SimpleNamespace(clipped_boxes=lambda: boxes, scores=np.full(len(boxes), 0.9))


@pytest.fixture
def photo():
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[..., 0] = np.arange(WIDTH) // 2
    pixels[..., 1] = np.arange(HEIGHT)[:, None]
    return Photo("a.png", b"", "", pixels)


def given(*boxes, scores=None):
    return Given(np.array(boxes, float).reshape(-1, 4), np.array([1.0] * len(boxes) if scores is None else scores))


def test_what_only_a_close_up_shows_is_counted_once(photo):
    small = [(20, 20, 40, 40), (60, 30, 80, 60), (300, 150, 320, 170)]
    network = Told(small, least=30)
    assert count_besides(photo, network, given(small[0])) == 1, "the second; no small object leads to the third"
    assert network.runs == 2
    assert count_besides(photo, network, given(small[0], small[2], scores=[0.9, 0.06])) == 2


def test_what_a_mirrored_copy_shows_and_the_picture_gave_is_not_new(photo):
    large = [(100, 20, 260, 180), (280, 20, 390, 190)]
    assert count_besides(photo, Told(large, least=0), given()) == 2
    assert count_besides(photo, Told(large, least=0), given(large[0])) == 1
    assert count_besides(photo, Told(large, least=0), given(*large, scores=[0.3, 0.1])) == 1


def test_parts_and_what_the_edge_of_a_close_up_cuts_off_are_not_new(photo):
    part, cut = (30, 30, 50, 50), (190, 40, 210, 60)
    body, small = (20, 20, 160, 180), (60, 60, 70, 70)
    network = Told([part, cut], least=30)
    assert count_besides(photo, network, given(body, small)) == 0
    assert network.runs == 2


def test_quarters_are_where_small_objects_are(photo):
    size = {"width": WIDTH, "height": HEIGHT}
    assert list(likely_quarters(given((0, 0, 300, 100)), **size)) == []
    corner, other = (380, 180, 390, 190), (20, 20, 30, 30)
    assert list(likely_quarters(given(corner), **size)) == [(200, 100, 400, 200)]
    found = likely_quarters(given(other, corner, corner), **size)
    assert list(found) == [(200, 100, 400, 200), (0, 0, 200, 100)], "most first"
