"""How many pictures must be reviewed, in the order of most to gain, until the dataset is as good as it gets.

    python -m tests.bench.bench_next [--annotations instances_person.json] [--model starter-person] [--pictures N]

The annotations are a file of `data/eval`, or one beside its folder `images`. What is measured is the dataset itself:
its labels are the network's suggestions from its threshold on, and on reviewed pictures the truth. Their COCO AP on
boxes, all pictures counting, goes from that of the suggestions to 1. The network is not trained anew on the way: that
takes an hour for each point of each curve, and differs by more from run to run than two orders do.

After every twentieth of the pictures the order is worked out anew, from what was answered by then. Beside it the order
by doubt that the queue has, and the mean of RANDOM random ones. Prints for each the share of the pictures after which
90 % of the gain is reached, and the AP on the way. Goal: at most 60 %.
"""

import argparse
import contextlib
import io
import json
from pathlib import Path

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from annotator.core.answers import Waiting
from annotator.core.geometry import xyxy_to_xywh
from annotator.insight.gain import Material, most_to_gain
from annotator.prelabel.copies import Given, count_besides
from annotator.vision.networks import zoo
from annotator.vision.networks.detector import Detector
from annotator.vision.networks.eye import Eye
from annotator.vision.pictures import decode
from tests.bench.material import evaluation_file
from tests.insight.simulated import answers, evidence

FLOOR = 0.05
STEPS = 20
RANDOM = 5
REACHED = 0.9


class Project:
    """Pictures with their truth, and what the network suggests on them."""

    def __init__(self, annotations, model, pictures):
        info = zoo.find(model)
        self.threshold = info.threshold
        with contextlib.redirect_stdout(io.StringIO()):
            self.truth = COCO(str(annotations))
        self.ids = sorted(self.truth.getImgIds())[:pictures]
        detector, eye = Detector(info), Eye(info)
        self.suggested, self.looks, self.besides = {}, {}, {}
        for id in self.ids:
            photo = decode.read(annotations.parent / "images" / self.truth.loadImgs(id)[0]["file_name"])
            found = detector.detect(photo)
            kept = found.scores >= FLOOR
            self.suggested[id] = found.clipped_boxes()[kept], found.scores[kept]
            self.looks[id] = eye.look(photo).of_picture()
            self.besides[id] = count_besides(photo, detector, Given(*self.suggested[id]))

    def boxes(self, id):
        """Of the true objects, xywh, crowds left out."""
        found = self.truth.loadAnns(self.truth.getAnnIds(id, iscrowd=False))
        return np.array([one["bbox"] for one in found], float).reshape(-1, 4)

    def answered(self, reviewed):
        """What a person said of the suggestions on these pictures: right is the first one that fits an object."""
        scores, verdicts, images = [], [], []
        for id in sorted(reviewed):
            boxes, own = self.suggested[id]
            left = self.boxes(id).tolist()
            for box, score in zip(boxes.tolist(), own.tolist(), strict=True):
                fits = [iou(xyxy_to_xywh(tuple(box)), other) for other in left]
                right = bool(fits) and max(fits) >= 0.5
                if right:
                    left.pop(int(np.argmax(fits)))
                scores.append(score)
                verdicts.append(0 if right else 2)
                images.append(id)
        return evidence(answers(scores, verdicts, images=images, network=0))

    def order(self, reviewed, *, copies=False):
        """The pictures that are not reviewed, by what there is to gain. copies: as if these had been looked at."""
        left = [id for id in self.ids if id not in reviewed]
        rows = [(id, score) for id in left for score in self.suggested[id][1].tolist()]
        images, scores = (
            (np.array(column) for column in zip(*rows, strict=True)) if rows else (np.zeros(0, int), np.zeros(0))
        )
        count = len(images)
        waiting = Waiting(("net@1",), images, np.zeros(count, int), np.ones(count, int), scores, np.full(count, -1))
        besides = self.besides if copies else {}
        material = Material(waiting, np.array(left), self.threshold, {}, {}, besides, self.looks)
        return most_to_gain(self.answered(reviewed), material).ids.tolist()

    def ap(self, reviewed):
        """Of the dataset's labels."""
        labels = []
        for id in self.ids:
            if id in reviewed:
                labels += [label(id, box, 1.0) for box in self.boxes(id).tolist()]
            else:
                boxes, scores = self.suggested[id]
                pairs = zip(boxes.tolist(), scores.tolist(), strict=True)
                labels += [
                    label(id, xyxy_to_xywh(tuple(box)), score) for box, score in pairs if score >= self.threshold
                ]
        with contextlib.redirect_stdout(io.StringIO()):
            run = COCOeval(self.truth, self.truth.loadRes(labels), "bbox")
            run.params.imgIds, run.params.catIds = self.ids, [1]
            run.evaluate()
            run.accumulate()
            run.summarize()
        return float(run.stats[0])


def label(id, box, score):
    return {"image_id": id, "category_id": 1, "bbox": list(box), "score": score}


def iou(first, second):
    (x, y, w, h), (u, v, s, t) = first, second
    common = max(0, min(x + w, u + s) - max(x, u)) * max(0, min(y + h, v + t) - max(y, v))
    return common / (w * h + s * t - common)


def curve(project, pick):
    """The AP after each twentieth of the pictures. pick: reviewed ones -> the others in order."""
    reviewed, found = set(), [project.ap(set())]
    for step in range(1, STEPS + 1):
        wanted = round(step * len(project.ids) / STEPS)
        reviewed |= set(pick(reviewed)[: wanted - len(reviewed)])
        found.append(project.ap(reviewed))
    return found


def told(name, found):
    gained = (np.array(found) - found[0]) / (found[-1] - found[0])
    first = int(np.argmax(gained >= REACHED))
    before, after = gained[first - 1], gained[first]
    share = (first - 1 + (REACHED - before) / (after - before)) / STEPS
    print(
        json.dumps(
            {"order": name, "pictures for 90 % of the gain, %": round(100 * share), "AP": np.round(found, 3).tolist()}
        )
    )


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--annotations", type=Path, default=Path("instances_person.json"))
    options.add_argument("--model", default="starter-person")
    options.add_argument("--pictures", type=int)
    asked = options.parse_args()
    asked.annotations = evaluation_file(asked.annotations)
    project = Project(asked.annotations, asked.model, asked.pictures)

    def by_doubt(reviewed):
        def away(id):
            return np.abs(project.suggested[id][1] - project.threshold).min(initial=2.0)

        return sorted((id for id in project.ids if id not in reviewed), key=away)

    told("most to gain", curve(project, project.order))
    told("most to gain, with copies", curve(project, lambda reviewed: project.order(reviewed, copies=True)))
    told("doubt", curve(project, by_doubt))
    dice = np.random.default_rng(1)
    mixed = []
    for _ in range(RANDOM):
        shuffled = dice.permutation(project.ids).tolist()
        mixed.append(curve(project, lambda reviewed, order=shuffled: [id for id in order if id not in reviewed]))
    told("random", np.mean(mixed, axis=0).tolist())


if __name__ == "__main__":
    main()
