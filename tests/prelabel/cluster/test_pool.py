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
