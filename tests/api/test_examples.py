"""The examples of the documents do what they say."""

import json
import runpy
import shutil
from pathlib import Path

import pytest

from annotator.storage.store import Store
from annotator.system.paths import EXAMPLES

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted((ROOT / "docs" / "examples").glob("*.py"))


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Runs an example beside a photograph and a folder of two; what it printed."""
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    for name in ("surfer", "two-cyclists"):
        shutil.copy(EXAMPLES / f"{name}.jpg", tmp_path / "photos")
    shutil.copy(EXAMPLES / "two-cyclists.jpg", tmp_path / "photo.jpg")

    def run(name):
        runpy.run_path(str(ROOT / "docs" / "examples" / f"{name}.py"))
        return capsys.readouterr().out

    return run


def test_a_picture_becomes_coco(run):
    assert run("find_people").startswith("['person', 'person'")
    document = json.loads(Path("photo.json").read_text())
    assert len(document["annotations"]) >= 2


def test_a_project_is_filled_and_read(run):
    said = run("project")
    assert "2 pictures pre-labelled, 0 failed" in said
    assert "surfer.jpg to do 0" in said
    with Store.open(Path("people")) as store:
        assert len(store.images()) == 2


def test_another_network_offers_its_masks(run):
    assert "1 offered" in run("own_network")


def test_a_mask_is_asked_for(run):
    assert run("ask_for_masks").endswith("pixels\n")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_every_example_is_shown_as_it_is_run(script):
    code = script.read_text().split('"""', 2)[2].strip()
    pages = "".join(page.read_text() for page in (ROOT / "docs").rglob("*.md"))
    assert f"```python\n{code}\n```" in pages
    tests = [path.read_text() for path in (ROOT / "tests").rglob("test_*.py")]
    assert any(f'"{script.stem}' in text for text in tests)
