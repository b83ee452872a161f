"""Pictures with labels, of which some are planted errors, and a network that is mostly but not always right."""

import numpy as np

from annotator.core.answers import Boxes

KINDS = ("category", "shifted", "swallowed")


def boxes_of(rng, count):
    size = np.exp(rng.normal(4.2, 0.6, (count, 2)))
    corner = rng.uniform(0, 900, (count, 2))
    return np.hstack((corner, corner + size))


def network(rng, categories, boxes, *, recall=0.85, false=0.25, confused=0.04):
    """What a network suggests: boxes that are off by some pixels, misses, others for nothing, mistaken categories."""
    seen = rng.random(len(boxes)) < recall
    sides = boxes[:, 2:] - boxes[:, :2]
    off = boxes + rng.normal(0, 0.04, boxes.shape) * np.hstack((sides, sides))
    named = np.where(rng.random(len(boxes)) < confused, rng.integers(1, 4, len(boxes)), categories)
    wrong = boxes_of(rng, rng.binomial(len(boxes), false))
    return Boxes(
        np.concatenate((named[seen], rng.integers(1, 4, len(wrong)))),
        np.vstack((off[seen], wrong)),
        np.concatenate((rng.beta(5, 1.5, seen.sum()), rng.beta(1.2, 3, len(wrong)))),
    )


def planted(rng, *, pictures=300, share=0.05):
    """Pictures as `find_doubts` takes them, and for each instance the kind of its error, "" for none."""
    found, kinds = [], []
    for _ in range(pictures):
        count = int(rng.integers(2, 9))
        categories, boxes = rng.integers(1, 4, count), boxes_of(rng, count)
        suggested = network(rng, categories, boxes)
        labels, shown, names = categories.copy(), boxes.copy(), []
        for index in range(count):
            kind = rng.choice(KINDS) if rng.random() < share else ""
            side = shown[index, 2:] - shown[index, :2]
            if kind == "category":
                labels[index] = labels[index] % 3 + 1
            elif kind == "shifted":
                move = side * rng.uniform(0.25, 0.5, 2) * rng.choice([-1, 1], 2)
                shown[index] += np.hstack((move, move))
            elif kind == "swallowed":
                # A neighbour stands beside it, which the network sees, and the label takes in both.
                beside = boxes[index] + np.array([side[0] * 1.02, 0, side[0] * 1.02, 0])
                suggested = Boxes(
                    np.append(suggested.categories, categories[index]),
                    np.vstack((suggested.boxes, beside)),
                    np.append(suggested.scores, rng.beta(5, 1.5)),
                )
                shown[index, 2] = beside[2]
            names.append(str(kind))
        found.append((Boxes(labels, shown, np.ones(count)), suggested))
        kinds.append(names)
    return found, kinds


def found_in_the_first(doubts, kinds, share):
    """Of the planted errors, by kind and all together, those within the first share of the list."""
    together = zip((one for some in doubts for one in some), (kind for some in kinds for kind in some), strict=True)
    ranked = sorted(((one.doubt, kind) for one, kind in together), key=lambda pair: -pair[0])
    first = [kind for _, kind in ranked[: round(share * len(ranked))]]
    everything = [kind for _, kind in ranked]
    shares = {kind: first.count(kind) / max(1, everything.count(kind)) for kind in KINDS}
    planted_ones = sum(kind != "" for kind in everything)
    return shares | {"all": sum(kind != "" for kind in first) / max(1, planted_ones)}
