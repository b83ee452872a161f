"""Random gestures in a real browser against a model of the document, with undo, redo and reload mixed in.

The two thousand sequences are run without a browser (annotator/frontend/tests/session/sequences.test.ts); these few go
through keys, pointer, the browser's database and the real server.
"""

import os
import random

import pytest

from annotator.core.masks import rle_box_xyxy
from tests.e2e.screen import BOXES, require_soon

GESTURES = 14
SEQUENCES = int(os.environ.get("ANNOTATOR_SEQUENCES", "3"))


class Model:
    """State and category of each instance, from left to right."""

    def __init__(self, categories):
        self.now = (("suggested", categories[0]),) * len(BOXES)
        self.categories = categories
        self.past, self.future = [], []

    def put(self, place, value):
        after = (*self.now[:place], value, *self.now[place + 1 :])
        if after != self.now:
            self.past.append(self.now)
            self.future = []
            self.now = after

    def accept(self, place):
        if self.now[place][0] != "accepted":
            self.put(place, ("accepted", self.now[place][1]))

    def reject(self, place):
        self.put(place, ("rejected", self.now[place][1]))

    def relabel(self, place, number):
        self.put(place, ("accepted", self.categories[number - 1]))

    def undo(self):
        if self.past:
            self.future.append(self.now)
            self.now = self.past.pop()

    def redo(self):
        if self.future:
            self.past.append(self.now)
            self.now = self.future.pop()


def stored(project, image_id):
    """As the model has it; instances are told apart by their boxes."""
    found = {round(rle_box_xyxy(one.rle)[0]): (one.state.value, one.category_id) for one in project.instances(image_id)}
    return tuple(found.get(left) for left, *_ in BOXES)


@pytest.mark.parametrize("seed", range(SEQUENCES))
def test_random_gestures_leave_what_the_model_says(screen, project, seed):
    image_id = project.add("street.png")
    categories = [one.id for one in project.store.categories()]
    assert project.instances(image_id)[0].category_id == categories[0]
    dice = random.Random(seed)
    model = Model(categories)
    screen.open()
    screen.page.get_by_label("Confidence threshold").first.fill("0.1")
    screen.page.locator(".an-stage").focus()
    screen.press("g")  # what is rejected stays in reach
    for _ in range(GESTURES):
        act(screen, model, dice)
    screen.saved()
    require_soon(lambda: stored(project, image_id), model.now)
    steps = len(model.past)
    screen.press(*["Control+z"] * steps)
    first = (("suggested", categories[0]),) * len(BOXES)
    require_soon(lambda: stored(project, image_id), first)


def act(screen, model, dice):
    """One gesture, on the page and on the model."""
    what = dice.random()
    if what < 0.2:
        screen.press("Control+z")
        model.undo()
    elif what < 0.32:
        screen.press("Control+Shift+z")
        model.redo()
    elif what < 0.42:
        screen.saved()
        screen.page.reload()
        screen.page.wait_for_selector(".an-picture.is-ready")
        screen.page.wait_for_selector(".an-row")
        screen.page.locator(".an-stage").focus()
        screen.press("g")
    else:
        place = dice.choice(range(len(BOXES)))
        left, top, *_ = BOXES[place]
        screen.press("Escape")
        screen.click(left + 5, top + 15)
        if what < 0.62:
            screen.press("a")
            model.accept(place)
        elif what < 0.8:
            screen.press("d")
            if model.now[place][0] != "rejected":
                model.reject(place)
        else:
            number = dice.choice((1, 2))
            screen.press(str(number))
            model.relabel(place, number)
