"""Which pictures look alike: the same as by comparing every two, without comparing every two."""

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.exchange import look_alikes
from annotator.exchange.look_alikes import fingerprint, near_duplicates
from tests.core.strategies import examples


def scene(seed):
    noise = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), np.uint8)
    return cv2.resize(noise, (320, 240), interpolation=cv2.INTER_CUBIC)


def test_copies_look_alike_and_other_pictures_do_not():
    original = scene(0)
    _, recompressed = cv2.imencode(".jpg", original, [cv2.IMWRITE_JPEG_QUALITY, 40])
    pictures = {
        1: original,
        2: cv2.imdecode(recompressed, cv2.IMREAD_COLOR),
        3: cv2.resize(original, (97, 71), interpolation=cv2.INTER_AREA),
        4: cv2.convertScaleAbs(original, alpha=0.9, beta=10),
        5: scene(1),
        6: scene(2),
        7: original[:, ::-1],
    }
    assert near_duplicates({id: fingerprint(pixels) for id, pixels in pictures.items()}) == [[1, 2, 3, 4]]


def test_what_is_alike_through_others_is_one_group():
    assert near_duplicates({1: 0b0, 2: 0b111, 3: 0b111111, 9: 2**63}, bits=3) == [[1, 2, 3, 9]]
    assert near_duplicates({1: 0b0, 2: 0b1111}, bits=3) == []
    assert near_duplicates({}) == []


def test_thousands_are_compared_across_every_step():
    values = {id: int(value) for id, value in enumerate(np.random.default_rng(0).integers(0, 2**63, 2500))}
    values[2499] = values[3]
    assert near_duplicates(values, bits=2) == [[3, 2499]]


def by_all_pairs(values, bits):
    """Groups of ids, each pair compared."""
    groups = [{id} for id in values]
    for id in values:
        alike = [group for group in groups if any((values[id] ^ values[other]).bit_count() <= bits for other in group)]
        groups = [group for group in groups if group not in alike] + [set().union(*alike)]
    return sorted(sorted(group) for group in groups if len(group) > 1)


FEW_BITS = st.lists(st.integers(0, 63), max_size=9).map(lambda places: sum({1 << place for place in places}))


@given(st.lists(FEW_BITS, max_size=30), st.integers(0, 5))
@settings(max_examples=examples(200, 3000), deadline=None)
def test_the_groups_are_those_of_comparing_every_two(found, bits):
    values = dict(enumerate(found))
    assert sorted(near_duplicates(values, bits=bits)) == by_all_pairs(values, bits)


def test_only_few_are_compared_with_each_other(monkeypatch):
    count, compared = 50_000, []
    original = look_alikes._first_alike
    monkeypatch.setattr(
        look_alikes, "_first_alike", lambda values, bits: compared.append(len(values) ** 2) or original(values, bits)
    )
    values = dict(enumerate(np.random.default_rng(1).integers(0, 2**63, count).tolist()))
    values |= {count + id: values[id] ^ 0b10101 for id in range(0, count, 100)}
    assert near_duplicates(values) == [[id, count + id] for id in range(0, count, 100)]
    assert sum(compared) < 20 * count
