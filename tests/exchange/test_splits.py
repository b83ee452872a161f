"""Splits: by share and category, the same every time, look-alikes on one side."""

from collections import Counter
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.core.dataset import Category, Dataset, Image, Instance, State
from annotator.core.errors import ExportError
from annotator.core.masks import Rle
from annotator.exchange.splits import quotas, split, split_by_folder, unbalanced

RLE = Rle(2, 2, "04")


def dataset(*categories_of_each_image):
    images = tuple(Image(id, f"{id}.jpg", 2, 2, "") for id in range(len(categories_of_each_image)))
    instances = [
        Instance(0, "", image.id, category, State.ACCEPTED, RLE)
        for image, shown in zip(images, categories_of_each_image, strict=True)
        for category in shown
    ]
    return Dataset((Category(1, "a"), Category(2, "b")), images, tuple(instances))


@given(
    st.lists(st.sets(st.integers(1, 5), max_size=3), max_size=60),
    st.sampled_from([{"train": 0.8, "val": 0.2}, {"train": 0.7, "val": 0.2, "test": 0.1}, {"all": 1.0}]),
    st.integers(0, 5),
    st.lists(st.sets(st.integers(0, 70), max_size=4), max_size=5),
)
def test_every_image_goes_to_one_part_with_its_instances_and_its_group(shown, shares, seed, groups):
    disjoint = [group - set().union(*groups[:index]) for index, group in enumerate(groups)]
    whole = dataset(*shown)
    parts = split(whole, shares, seed=seed, together=disjoint)
    assert list(parts) == list(shares)
    where = {image.id: name for name, part in parts.items() for image in part.images}
    assert sorted(where) == [image.id for image in whole.images]
    assert sum(len(part.images) for part in parts.values()) == len(whole.images)
    assert sum(len(part.instances) for part in parts.values()) == len(whole.instances)
    for name, part in parts.items():
        assert all(where[instance.image_id] == name for instance in part.instances)
        assert part.categories == whole.categories
    for group in disjoint:
        assert len({where[id] for id in group if id in where}) <= 1
    assert split(whole, shares, seed=seed, together=disjoint) == parts


@given(
    st.lists(st.sets(st.integers(1, 8), max_size=4), min_size=1, max_size=80),
    st.sampled_from([{"train": 0.8, "val": 0.2}, {"train": 0.7, "val": 0.2, "test": 0.1}, {"a": 0.34, "b": 0.66}]),
    st.integers(0, 5),
    st.lists(st.integers(2, 7), max_size=6),
)
def test_parts_hold_their_share_of_the_images_first(shown, shares, seed, sizes):
    """Within two images, or within the largest group of look-alikes."""
    ids = iter(range(len(shown)))
    groups = [list(islice(ids, size)) for size in sizes]
    parts = split(dataset(*shown), shares, seed=seed, together=groups)
    largest = max(map(len, groups), default=1)
    for name, part in parts.items():
        assert abs(len(part.images) - shares[name] * len(shown)) <= max(2, largest)


@pytest.mark.parametrize("seed", range(5))
def test_common_categories_on_every_image_leave_the_rarer_ones_their_shares(seed):
    """As in COCO: nearly every image has a person, and each of many categories is on a few."""
    chance = np.random.default_rng(seed)
    shown = [{1} | set(chance.integers(2, 12, 2).tolist()) for _ in range(60)]
    shares = {"train": 0.7, "val": 0.2, "test": 0.1}
    parts = split(dataset(*shown), shares, seed=seed)
    assert [len(part.images) for part in parts.values()] == [42, 12, 6]
    totals = Counter(category for categories in shown for category in categories)
    for name, part in parts.items():
        counts = Counter(one.category_id for one in part.instances)
        assert all(abs(counts[id] - shares[name] * total) <= 2 for id, total in totals.items())
    assert not any("warning" in line for line in unbalanced(parts, shares))


def test_what_could_not_be_balanced_is_said():
    whole = dataset(*([{1}] * 9 + [{1, 2}] * 10 + [{3}]))
    shares = {"train": 0.75, "val": 0.25}
    parts = split(whole, shares, together=[range(9, 19)])
    assert unbalanced(parts, shares) == [
        "warning: 1 category not dealt by the shares ('b' is on train 10, val 0)",
        "2 categories not in every part ('b')",
    ]
    parts = split(whole, shares, together=[range(20)])
    assert unbalanced(parts, shares)[:2] == [
        "warning: train has 20 images, expected 15: groups stay together",
        "warning: val has 0 images, expected 5: groups stay together",
    ]


def test_a_rare_category_is_in_every_part():
    shown = [{1}] * 95 + [{1, 2}] * 5
    for seed in range(10):
        parts = split(dataset(*shown), {"train": 0.8, "val": 0.2}, seed=seed)
        counts = {name: Counter(one.category_id for one in part.instances) for name, part in parts.items()}
        assert (counts["train"][2], counts["val"][2]) == (4, 1)
        assert abs(len(parts["val"].images) - 20) <= 1


def test_another_seed_is_another_split():
    shown = [{1}] * 50
    whole = dataset(*shown)
    splits = {
        tuple(image.id for image in split(whole, {"train": 0.8, "val": 0.2}, seed=seed)["val"].images)
        for seed in range(5)
    }
    assert len(splits) == 5


@pytest.mark.parametrize("shares", [{}, {"a": 0.5}, {"a": 0.8, "b": 0.3}, {"a": 0.0, "b": 1.0}, {"a": float("nan")}])
def test_shares_must_add_up(shares):
    with pytest.raises(ExportError, match="add up to 1"):
        split(dataset({1}), shares)


def test_folders_name_the_part():
    names = ["train/a.jpg", "data\\Validation\\b.jpg", "x/test/c.jpg"]
    images = tuple(Image(id, name, 2, 2, "") for id, name in enumerate(names))
    parts = split_by_folder(Dataset((), images, ()))
    assert {name: [image.id for image in part.images] for name, part in parts.items()} == {
        "train": [0],
        "val": [1],
        "test": [2],
    }
    with pytest.raises(ExportError, match="in no folder train, val or test"):
        split_by_folder(Dataset((), (Image(1, "train.jpg", 2, 2, ""),), ()))


# --- look-alikes -----------------------------------------------------------------------------------------------------


def test_a_category_of_id_0_is_stratified_too():
    parts = split(dataset(*([{0}] * 5 + [{1}] * 95)), {"train": 0.8, "val": 0.2})
    assert sum(one.category_id == 0 for one in parts["val"].instances) == 1


def test_the_image_that_is_left_over_goes_to_whoever_misses_most_of_one():
    assert quotas(11, {"train": 0.7, "val": 0.2, "test": 0.1}) == {"train": 8, "val": 2, "test": 1}
    assert quotas(9, {"train": 0.7, "val": 0.2, "test": 0.1}) == {"train": 6, "val": 2, "test": 1}
    assert quotas(10, {"train": 0.8, "val": 0.2}) == {"train": 8, "val": 2}


@pytest.mark.parametrize("images", range(1, 60))
@pytest.mark.parametrize(
    "shares",
    [{"train": 0.8, "val": 0.2}, {"train": 0.7, "val": 0.2, "test": 0.1}, {"train": 0.98, "val": 0.01, "test": 0.01}],
)
def test_no_part_is_empty_where_there_are_enough_images_and_each_is_near_its_share(images, shares):
    found = quotas(images, shares)
    assert sum(found.values()) == images
    assert min(found.values()) >= (images >= len(shares))
    assert all(abs(count - shares[name] * images) <= 2 for name, count in found.items())


@pytest.mark.parametrize(("train", "is_said"), [(5, False), (7, False), (8, True)])
def test_a_part_that_is_more_than_two_images_off_is_said(train, is_said):
    whole = dataset(*[()] * 10)
    parts = {"train": replace(whole, images=whole.images[:train]), "val": replace(whole, images=whole.images[train:])}
    lines = unbalanced(parts, {"train": 0.5, "val": 0.5})
    assert any("train has 8 images, expected 5" in line for line in lines) == is_said
    assert bool(lines) == is_said


@pytest.mark.parametrize(
    "shares", [{}, {"train": 0.8}, {"train": 0.8, "val": 0.25}, {"train": 1.2, "val": -0.2}, {"train": 1.0, "val": 0.0}]
)
def test_shares_that_are_not_of_one_whole_are_refused(shares):
    with pytest.raises(ExportError, match="expected numbers above 0 that add up to 1"):
        split(dataset({1}, {2}), shares)
