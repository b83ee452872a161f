"""Ray itself: pictures through its workers, a worker that is killed, and what is told where there is no Ray."""

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from annotator.cli import main
from annotator.prelabel.cluster import pool
from annotator.prelabel.cluster.pool import Hand
from tests.conftest import picture
from tests.storage.s3_server import S3


def test_what_is_missing_or_cannot_be_reached_is_one_line(capsys, known_model, tmp_path, monkeypatch):
    (tmp_path / "a.png").write_bytes(picture())
    asked = ["prelabel", str(tmp_path), "--model", known_model, "--out", str(tmp_path / "out.json"), "--engine", "ray"]
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "ray", None)
        assert main(asked) == 1
        said = "error: ray: is not installed, expected the extra: pip install 'photo-annotator[ray]'\n"
        assert capsys.readouterr().err == said
    pytest.importorskip("ray", reason="the extra ray is not installed")
    for address, said in (("127.0.0.1:9", "cannot be reached"), ("nowhere", "expected HOST:PORT")):
        assert main([*asked, "--address", address]) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert said in line


def test_options_and_addresses_of_ray_are_for_ray(capsys, known_model, tmp_path):
    asked = ["prelabel", "s3://bucket/a", "--model", known_model, "--out", str(tmp_path / "out.json")]
    assert main(asked) == 1
    assert "s3://bucket/a: is read with --engine ray" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*asked, "--address", "host:6379"])


class Deadly(Hand):
    """A worker that ends with its process: once on one picture, always on another."""

    def see(self, plan, shared, pictures):
        mark = Path(plan.info.folder) / "killed"
        names = " ".join(one.name for one in pictures)
        if "always" in names or ("20.png" in names and not mark.exists()):
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().see(plan, shared, pictures)


def test_a_batch_on_ray_is_that_of_this_machine_and_outlives_killed_workers(
    capsys, known_model, folder, tmp_path, monkeypatch
):
    pytest.importorskip("ray", reason="the extra ray is not installed")
    asked = ["prelabel", f"file://{folder}", "--model", known_model]
    local = ["prelabel", str(folder), "--model", known_model, "--out", str(tmp_path / "here.json")]
    assert main(local) == 1
    (folder / "part0" / "always.png").write_bytes(picture(seed=50))
    monkeypatch.setattr(pool, "Hand", Deadly)
    monkeypatch.setattr(pool, "TRIES", 1)
    capsys.readouterr()
    assert main([*asked, "--out", str(tmp_path / "there.json"), "--engine", "ray"]) == 1
    said = capsys.readouterr().err
    assert f"error: file://{folder}/part0/always.png: its worker ended 2 times while it was seen" in said
    assert "part1/03.png: " in said
    here, there = (json.loads((tmp_path / name).read_text()) for name in ("here.json", "there.json"))
    assert there == here


def test_a_bucket_goes_into_shards_once_each_also_where_its_store_is_away_for_a_moment(
    capsys, known_model, folder, tmp_path, monkeypatch
):
    ray = pytest.importorskip("ray", reason="the extra ray is not installed")
    for library in ("s3fs", "moto", "flask", "flask_cors"):
        pytest.importorskip(library, reason="the extra s3 is not installed")
    import s3fs

    server = Away()
    try:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        s3fs.S3FileSystem.clear_instance_cache()
        files = s3fs.S3FileSystem(use_listings_cache=False)
        files.mkdir("bucket")
        for path in folder.rglob("*.png"):
            files.pipe_file(f"bucket/photos/{path.relative_to(folder)}", path.read_bytes())
        for number in range(20):
            files.pipe_file(f"bucket/others/{number}.png", b"of another program")
            files.pipe_file(f"bucket/photos/notes/{number}.txt", b"no picture")
        assert main(["prelabel", str(folder), "--model", known_model, "--out", str(tmp_path / "here.json")]) == 1
        asked = ["prelabel", "s3://bucket/photos", "--model", known_model, "--out", str(tmp_path / "there")]
        server.asked.clear()
        begun, init = [], ray.init
        monkeypatch.setattr(ray, "init", lambda **how: begun.append(how) or init(**how))
        for refusals, said in ((10**6, "run the same command again"), (8, "part1/03.png: not a picture")):
            server.refusals = refusals
            capsys.readouterr()
            assert main([*asked, "--engine", "ray"]) == 1
            (failure,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
            assert said in failure
        assert server.refusals == 0
        assert len(begun) == 2  # what comes after an error does not begin it once more
        assert not [query for _, path, query in server.asked if "others" in path + query]
    finally:
        server.stop()
    first, second = (json.loads(path.read_text()) for path in sorted((tmp_path / "there").glob("instances-*")))
    assert 0 < len(first["images"]) < len(second["images"])
    there = {name: first[name] + second[name] for name in ("images", "annotations")}
    assert contents(there) == contents(json.loads((tmp_path / "here.json").read_text()))


class Away(S3):
    """A server that refuses so many answers about pictures, once some are read."""

    refusals = 0

    def _answer(self, environ, start_response):
        read = sum(method == "GET" and path.endswith(".png") for method, path, _ in self.asked)
        if self.refusals and read >= 10 and environ["PATH_INFO"].endswith(".png"):
            self.refusals -= 1
            start_response("503 Slow Down", [("Content-Length", "0")])
            return []
        return super()._answer(environ, start_response)


def contents(document):
    """What is on each picture, whatever its number."""
    names = {row["id"]: row["file_name"] for row in document["images"]}
    found = [
        (names[row["image_id"]], row["category_id"], row["bbox"], row["score"], str(row["segmentation"]))
        for row in document["annotations"]
    ]
    return sorted(names.values()), sorted(found)
