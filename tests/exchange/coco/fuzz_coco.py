"""Feeds COCO documents that were broken at random to the reader, in a process of its own so that a crash is seen.

    python fuzz_coco.py SEED COUNT

Each input is read or refused with its reasons; what is read leaves again in every form with the same masks.
Prints how many were read and refused, and the slowest input's seconds.
"""

import copy
import json
import random
import sys
import tempfile
import time
from pathlib import Path

from annotator.core.errors import CocoError, StoreError
from annotator.exchange import coco
from annotator.storage.imports import Picture
from annotator.storage.store import Store
from tests.exchange.coco.test_writer import document
from tests.storage.builders import import_dataset

NUMBERS = [
    0, -1, 1, 2, 3, 0.5, -0.0, 1e-300, 4.3e8, -4.3e8, 1e999, -1e999, float("nan"), 2**31 - 1, 2**31, 2**32 - 1, 2**32,
    2**40, 2**53, 2**63, 2**64, 10**30, 65_500, 65_501, 1e308,
]  # fmt: skip
OTHERS = [
    None, True, False, "", "0", "x", "P137", "\ud800", "a" * 3000, [], {}, [[]], [[[]]], [None], [{}], {"a": {"b": []}},
    {"size": [2**40, 1], "counts": "1"}, {"size": [9, 9], "counts": ""}, {"size": [9, 9], "counts": []},
    {"size": [9, 9], "counts": [4294967295, 4294967295, 0, 0] * 50}, {"size": [9, 9], "counts": [81] * 3},
    {"size": [0, 9], "counts": [0]}, {"size": [9, 9], "counts": "o" * 60}, {"size": [9, 9], "counts": [80.0, 1.0]},
    {"size": [9, 9], "counts": [0, 81]}, {"size": ["9", "9"], "counts": [81]}, {"size": 9, "counts": 9},
    [[0, 0, 9, 0]], [[0, 0] * 3], [[1, 1, 5, 1, 5, 5], [2, 2]], [[1e308, -1e308] * 4], [[65_499, 0, 0, 65_499] * 40],
    [[1, 2, 3, 4, 5, "6"]], [1, 2, 3, 4, 5, 6], [[float("nan")] * 6], {"without_mask": [{"id": 1}]},
    [[-3, -3, 30, -3, 30, 30, -3, 30]],
]  # fmt: skip


def places(node, way=()):
    """Every place of a document, as the keys and indices that lead there."""
    if way:
        yield way
    if isinstance(node, dict | list):
        for step in node if isinstance(node, dict) else range(len(node)):
            yield from places(node[step], (*way, step))


def broken(document, chance):
    """The document with one to three places replaced, removed, doubled or swapped."""
    found = copy.deepcopy(document)
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        *above, last = chance.choice(list(places(found)))
        parent = found
        for step in above:
            parent = parent[step]
        kind = chance.random()
        if kind < 0.4:
            parent[last] = chance.choice(NUMBERS)
        elif kind < 0.7:
            parent[last] = copy.deepcopy(chance.choice(OTHERS))
        elif kind < 0.8:
            del parent[last]
        elif kind < 0.85 and isinstance(parent, list):
            parent.append(copy.deepcopy(parent[last]))
        elif kind < 0.95 and isinstance(parent[last], str) and parent[last]:
            letters = list(parent[last])
            letters[chance.randrange(len(letters))] = chr(chance.randrange(32, 200))
            parent[last] = "".join(letters[: chance.randrange(len(letters)) + 1])
        else:
            parent[last] = copy.deepcopy(chance.choice([parent[last], found.get("annotations"), found.get("images")]))
        if not list(places(found)):
            break
    return found


def require_reasons(problems):
    assert problems
    assert all(problem and "\n" not in problem and len(problem) < 400 for problem in problems), problems


def feed(text, store):
    """Whether the text was read; AssertionError if a refusal has no reason, or if a mask changed on its way.

    store: a project to import into as well, or None.
    """
    try:
        dataset = coco.coco_to_dataset(json.loads(text))
    except CocoError as error:
        require_reasons(list(map(str, error.problems)))
        return False
    for form in coco.MASK_FORMS:
        again = coco.coco_to_dataset(json.loads(json.dumps(coco.dataset_to_coco(dataset, masks=form))))
        assert [(one.id, one.rle) for one in again.instances] == [(one.id, one.rle) for one in dataset.instances]
    if store is not None:
        contents = {image.id: Picture(str(image.id).encode(), image.width, image.height) for image in dataset.images}
        try:
            import_dataset(store, dataset, contents)
            coco.dataset_to_coco(store.dataset())
        except StoreError as error:
            require_reasons([str(error)])
    return True


def main():
    seed, count = map(int, sys.argv[1:])
    chance = random.Random(seed)
    sound = document()
    sound["images"][0]["annotator"] = {"reviewed": True}
    read, slowest = 0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        for index in range(count):
            text = json.dumps(broken(sound, chance))
            started = time.perf_counter()
            try:
                if index % 60:
                    read += feed(text, None)
                else:
                    with Store.open(Path(folder) / str(index)) as store:
                        read += feed(text, store)
            except Exception:
                print(f"input {index} of seed {seed}: {text[:20000]}", file=sys.stderr)
                raise
            slowest = max(slowest, time.perf_counter() - started)
    print(read, count - read, slowest)


if __name__ == "__main__":
    main()
