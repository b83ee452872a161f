"""Features that are kept, and when they are not believed."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from annotator.vision.networks.prompts.feature_cache import FOLDER, FeatureCache, forget
from annotator.vision.networks.prompts.network import PromptFeatures
from annotator.vision.networks.prompts.view import View

VIEW = View.plan((0, 0, 64, 48), picture=(64, 48), side=192, lay="fit")


def features(value: float = 1.0) -> PromptFeatures:
    return PromptFeatures(VIEW, {"a": np.full((1, 4, 8, 8), value, np.float32), "b": np.zeros((2, 3), np.float32)})


def cache(*, most_on_disk: int = 10**6) -> FeatureCache:
    return FeatureCache(most_bytes=10**6, most_on_disk=most_on_disk)


def test_features_survive_the_server_bit_for_bit(tmp_path: Path) -> None:
    cache().keep("net-1", "ab", features(0.1), project=tmp_path)
    found = cache().find("net-1", "ab", VIEW, project=tmp_path)
    assert found is not None
    assert found.view == VIEW
    np.testing.assert_array_equal(found.maps["a"], features(0.1).maps["a"])
    np.testing.assert_array_equal(found.maps["b"], features().maps["b"])
    assert cache().find("net-2", "ab", VIEW, project=tmp_path) is None
    assert cache().find("net-1", "cd", VIEW, project=tmp_path) is None


def test_what_rotted_is_not_believed(tmp_path: Path) -> None:
    cache().keep("net-1", "ab", features(), project=tmp_path)
    (path,) = (tmp_path / FOLDER).iterdir()
    content = bytearray(path.read_bytes())
    content[-200] ^= 1
    path.write_bytes(content)
    assert cache().find("net-1", "ab", VIEW, project=tmp_path) is None


def test_the_disk_keeps_what_was_used_last_within_its_cap(tmp_path: Path) -> None:
    kept = cache(most_on_disk=4_500)  # two of about 1.7 kB
    for number, name in enumerate(("one", "two", "three")):
        kept.keep("net", name, features(), project=tmp_path)
        os.utime(tmp_path / FOLDER / f"{name}.net", (number, number))
    kept.keep("net", "four", features(), project=tmp_path)
    assert sorted(path.name for path in (tmp_path / FOLDER).iterdir()) == ["four.net", "three.net"]


def test_a_deleted_picture_leaves_nothing(tmp_path: Path) -> None:
    for made_by in ("net-1", "net-2"):
        cache().keep(made_by, "ab", features(), project=tmp_path)
    cache().keep("net-1", "abc", features(), project=tmp_path)
    forget(tmp_path, "ab")
    assert [path.name for path in (tmp_path / FOLDER).iterdir()] == ["abc.net-1"]


def test_a_folder_that_takes_nothing_costs_no_answer(tmp_path: Path) -> None:
    (tmp_path / FOLDER).write_text("no folder")
    kept = cache()
    kept.keep("net", "ab", features(), project=tmp_path)
    assert kept.find("net", "ab", VIEW, project=tmp_path) is not None
