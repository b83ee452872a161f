"""COCO in parts: whole, once each, and gone on with."""

import json
from dataclasses import replace

import pytest

from annotator.core.errors import AnnotatorError
from annotator.exchange.coco.shards import Shards
from annotator.prelabel.cluster import engine
from annotator.prelabel.cluster.pictures import list_pictures
from tests.conftest import picture
from tests.prelabel.cluster.conftest import see_here

HOW = {"threshold": 0.5}


def read(out):
    """The manifest, and the images and annotations of all shards."""
    manifest = json.loads((out / "manifest.json").read_text())
    documents = [json.loads((out / one["file"]).read_text()) for one in manifest["shards"]]
    return (
        manifest,
        [row for one in documents for row in one["images"]],
        [row for one in documents for row in one["annotations"]],
    )


def test_each_picture_is_in_one_shard_also_where_a_run_was_killed_and_a_shard_damaged(
    plan, folder, tmp_path, monkeypatch
):
    monkeypatch.setattr(engine, "SHARD", 8)
    plan, out = replace(plan, floor=0.5), tmp_path / "out"
    pictures = list_pictures([str(folder)])
    with pytest.raises(RuntimeError):
        engine.prelabel_shards(Shards(out, how=HOW), breaking, plan, pictures)
    manifest, images, _ = read(out)
    assert (manifest["complete"], len(images)) == (False, 19)
    (out / manifest["shards"][1]["file"]).write_text("{}")
    report = engine.prelabel_shards(Shards(out, how=HOW), see_here, plan, pictures)
    manifest, images, annotations = read(out)
    assert (manifest["complete"], manifest["pictures"], manifest["annotations"]) == (True, 39, 39)
    assert [one["file_name"] for one in manifest["failures"]] == [failure.file_name for failure in report.failures]
    assert len({row["file_name"] for row in images}) == len({row["id"] for row in images}) == len(images) == 39
    assert len({row["id"] for row in annotations}) == len(annotations) == 39
    assert {row["image_id"] for row in annotations} == {row["id"] for row in images}
    # Once more, nothing is left to do; a picture with other bytes is told.
    before = sorted((path.name, path.stat().st_mtime_ns) for path in out.glob("instances-*"))
    (folder / "part0" / "04.png").write_bytes(picture(seed=99))
    report = engine.prelabel_shards(Shards(out, how=HOW), see_here, plan, pictures)
    assert "has changed since it was done; expected a new --out" in report.failures[0].reason
    assert sorted((path.name, path.stat().st_mtime_ns) for path in out.glob("instances-*")) == before


def breaking(plan, pictures, *, done=frozenset()):
    for count, result in enumerate(see_here(plan, pictures, done=done)):
        if count == 20:
            raise RuntimeError
        yield result


def test_shards_of_another_run_are_not_gone_on_with(plan, folder, tmp_path):
    pictures = list_pictures([str(folder)])
    engine.prelabel_shards(Shards(tmp_path, how=HOW), see_here, plan, pictures)
    with pytest.raises(AnnotatorError, match="or another --out"):
        Shards(tmp_path, how={"threshold": 0.6})
    (tmp_path / "manifest.json").write_text("[]")
    with pytest.raises(AnnotatorError, match="is no manifest of shards"):
        Shards(tmp_path, how=HOW)
