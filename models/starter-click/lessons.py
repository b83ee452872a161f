"""The prompts of a batch: how each of its objects is asked for first, and the click that is added to each answer."""

import random
from dataclasses import dataclass, field

import numpy as np
import torch
from clicks import depth_of, next_click, noisy_click, spoil
from network import BOTTOM_RIGHT, CELL, NEGATIVE, PADDING, POSITIVE, SIDE, TOP_LEFT

STARTS = {"click": 0.42, "clicks": 0.08, "box": 0.12, "mask": 0.38}
FORGOTTEN = 0.1  # share of answers that are not given back: the decoder must not lean on them alone
EXACT = 0.5  # share of clicks at the very centre of the largest error, as the protocol of the evaluation has them


@dataclass
class Lesson:
    """One object and what was said of it so far. Points are in canvas pixels."""

    target: np.ndarray  # [SIDE,SIDE] bool
    points: list = field(default_factory=list)
    labels: list = field(default_factory=list)
    earlier: np.ndarray | None = None  # logits [SIDE,SIDE]

    def add(self, point: tuple[float, float], label: int):
        self.points.append((point[0] * CELL, point[1] * CELL))
        self.labels.append(label)

    def click(self, guess: np.ndarray, rng: random.Random):
        """Add the click at an error of `guess`, if there is one."""
        found = next_click(self.target, guess) if rng.random() < EXACT else noisy_click(self.target, guess, rng)
        if found is not None:
            x, y, belongs = found
            self.add((x, y), POSITIVE if belongs else NEGATIVE)


def begin(target: np.ndarray, rng: random.Random) -> Lesson:
    """A lesson with its first prompt, of a random kind."""
    lesson = Lesson(target)
    kind = rng.choices(list(STARTS), STARTS.values())[0]
    nothing = np.zeros_like(target)
    if kind == "click":
        lesson.click(nothing, rng)
    elif kind == "clicks":
        lesson.click(nothing, rng)
        for _ in range(rng.randint(0, 2)):
            lesson.add(any_of(target, rng), POSITIVE)
        around = (depth_of(~target) > 3) & (depth_of(~target) < SIDE / 4)
        for _ in range(rng.randint(0, 3)):
            if around.any():
                lesson.add(any_of(around, rng), NEGATIVE)
    elif kind == "box":
        add_box(lesson, rng)
        if rng.random() < 0.3:
            lesson.click(nothing, rng)
    else:
        guess = spoil(target, rng)
        sure = rng.uniform(2, 8)
        lesson.earlier = np.where(guess, sure, -sure).astype(np.float32)
        if rng.random() < 0.9:
            lesson.click(guess, rng)
        if rng.random() < 0.15:
            add_box(lesson, rng)
    return lesson


def any_of(region: np.ndarray, rng: random.Random) -> tuple[float, float]:
    rows, columns = np.nonzero(region)
    at = rng.randrange(len(rows))
    return columns[at] + 0.5, rows[at] + 0.5


def add_box(lesson: Lesson, rng: random.Random):
    """The object's box, each side moved a little."""
    rows, columns = np.nonzero(lesson.target)
    box = np.float64([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
    spread = rng.choice((0.01, 0.05, 0.1))
    box += np.tile(box[2:] - box[:2], 2) * [rng.gauss(0, spread) for _ in range(4)]
    lesson.add((box[0], box[1]), TOP_LEFT)
    lesson.add((box[2], box[3]), BOTTOM_RIGHT)


def tensors_of(lessons: list[Lesson]):
    """-> points [k,n,2], labels [k,n], earlier logits [k,1,SIDE,SIDE] and whether there are any [k]."""
    most = max(1, *(len(lesson.points) for lesson in lessons))
    points = np.zeros((len(lessons), most, 2), np.float32)
    labels = np.full((len(lessons), most), PADDING, np.float32)
    masks = np.zeros((len(lessons), 1, SIDE, SIDE), np.float32)
    for row, lesson in enumerate(lessons):
        if lesson.points:
            points[row, : len(lesson.points)] = lesson.points
            labels[row, : len(lesson.labels)] = lesson.labels
        if lesson.earlier is not None:
            masks[row, 0] = lesson.earlier
    has_mask = np.float32([lesson.earlier is not None for lesson in lessons])
    return tuple(torch.from_numpy(array) for array in (points, labels, masks, has_mask))


def go_on(lessons: list[Lesson], logits: torch.Tensor, rng: random.Random):
    """Give each lesson its answer back, and the next click."""
    answers = logits.detach().numpy()[:, 0]
    for lesson, answer in zip(lessons, answers, strict=True):
        lesson.earlier = None if rng.random() < FORGOTTEN else answer
        lesson.click(answer > 0, rng)
