"""The commands and the snippet of the README do what it says; each is run, or at least read by what would run it."""

import contextlib
import io
import json
import re
import runpy
import shlex
import shutil
import tomllib
from pathlib import Path

import pytest

from annotator.cli import build_parser, main
from annotator.core.dataset import State
from annotator.core.review import Change, Gesture
from annotator.storage.store import Store
from annotator.system.paths import EXAMPLES

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]
RUN = ("annotator prelabel", "annotator export", "annotator check")


@pytest.fixture
def reviewed(tmp_path, monkeypatch):
    """A folder with the example photographs, in which what is pre-labelled is accepted, as somebody would."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))
    shutil.copytree(EXAMPLES, tmp_path / "photos")

    def review():
        with Store.open(Path("people")) as store:
            for image in store.images():
                offered = store.instances(image.id, states=[State.SUGGESTED])
                changes = tuple(Change(one.key, one.category_id, State.ACCEPTED) for one in offered if one.score > 0.5)
                store.record(Gesture(image.id, "tab", image.id, 0, "accept", "me", changes, reviewed=True))

    return review


def test_the_commands_of_the_readme_lead_from_photographs_to_a_checked_export(reviewed):
    chosen = [shlex.split(line)[1:] for line in COMMANDS if line.startswith(RUN)]
    assert [command[0] for command in chosen] == ["prelabel", "export", "check"]
    for command in chosen:
        with contextlib.redirect_stdout(io.StringIO()) as said:
            assert main(command) == 0, said.getvalue()
        if command[0] == "prelabel":
            reviewed()
    parts = [json.loads(Path(f"dataset/annotations/instances_{part}.json").read_text()) for part in ("train", "val")]
    assert sum(len(part["images"]) for part in parts) == 5
    assert all(part["annotations"] for part in parts)


def test_every_other_command_of_the_readme_is_one():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    seen = 0
    for line in COMMANDS:
        for command in line.split(" && "):
            name, *arguments = shlex.split(command)
            seen += 1
            if name.endswith("annotator"):
                build_parser().parse_args(arguments)
            elif name.endswith("pip"):
                assert set(re.findall(r"\[(\w+)\]", arguments[-1])) <= set(extras)
            elif arguments[:1] == ["-m"]:
                assert arguments[1:2] in (["venv"], ["pytest"])
            else:
                assert name.endswith(("python", "python3"))
                assert (ROOT / arguments[0]).is_file()
    assert seen >= 12


def test_the_snippet_of_the_readme_runs(reviewed, capsys, tmp_path):
    (snippet,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (tmp_path / "snippet.py").write_text(snippet)
    runpy.run_path(str(tmp_path / "snippet.py"))
    assert capsys.readouterr().out.startswith("['person'")
