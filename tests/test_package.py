"""The package as a stranger gets it: built, installed beside its dependencies, run from an empty folder."""

import email
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import tomllib
import urllib.request
import zipfile
from pathlib import Path

import pytest

import annotator
from annotator.system.paths import EXAMPLES
from tests.machine import free_port

pytest.importorskip("hatchling", reason="hatchling is not installed")

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A folder with the wheel and the source distribution."""
    folder = tmp_path_factory.mktemp("dist")
    run(["-m", "hatchling", "build", "-d", folder], cwd=ROOT)
    return folder


def run(arguments, *, python=sys.executable, **options):
    done = subprocess.run(
        [python, *map(str, arguments)], capture_output=True, text=True, timeout=300, check=False, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def names_in(wheel):
    with zipfile.ZipFile(wheel) as content:
        return set(content.namelist())


def test_the_wheel_carries_the_editor_the_bundled_networks_and_every_description(built):
    (wheel,) = built.glob("*.whl")
    names = names_in(wheel)
    expected = {"annotator/py.typed"}
    built_files = ("editor.js", "editor.css", "plots.js", "plots.LICENSES.txt")
    expected |= {f"annotator/web/static/{name}" for name in built_files}
    expected |= {f"annotator/web/examples/{path.name}" for path in EXAMPLES.iterdir()}
    for description in ROOT.glob("models/*/model.toml"):
        folder = description.parent
        expected.add(f"annotator/bundled_models/{folder.name}/model.toml")
        if folder.name in ("starter-person", "starter-click"):
            graphs = [*folder.glob("*.xml"), *folder.glob("*.bin")]
            expected |= {f"annotator/bundled_models/{folder.name}/{path.name}" for path in graphs}
    assert expected <= names
    assert not [name for name in names if name.startswith(("annotator/frontend", "tests", "docs"))]


def test_the_version_stands_in_one_place(built):
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as content:
        metadata = email.message_from_bytes(content.read(next(name for name in names_in(wheel) if "METADATA" in name)))
    assert metadata["Version"] == annotator.__version__
    assert metadata["Name"] == PROJECT["name"] != "annotator"  # that name on the index is another project's
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest[1] == annotator.__version__
    assert "version" not in json.loads((ROOT / "annotator" / "frontend" / "package.json").read_text())


def test_the_source_distribution_builds_the_same_and_runs_its_tests(built, tmp_path):
    (source,) = built.glob("*.tar.gz")
    with tarfile.open(source) as packed:
        packed.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.iterdir()
    run(["-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / "again"], cwd=folder)
    (wheel,) = built.glob("*.whl")
    (again,) = (tmp_path / "again").glob("*.whl")
    assert names_in(again) == names_in(wheel)
    assert (folder / "tests" / "e2e" / "test_page.py").is_file()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    chosen = ["tests/core/test_trace.py", "tests/vision/networks/test_detector.py", "tests/api/test_names.py"]
    said = run(["-m", "pytest", "-q", "-p", "no:cacheprovider", *chosen], cwd=folder, env=environment)
    assert re.search(r"\d+ passed", said)


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory):
    """The folder of programs of an environment that has the wheel, and beside it what it needs."""
    folder = tmp_path_factory.mktemp("installed")
    run(["-m", "venv", "--without-pip", folder / "venv"])
    python = folder / "venv" / "bin" / "python"
    (site,) = (folder / "venv" / "lib").glob("*/site-packages")
    # Last on the path, and their own .pth files are not read: nothing of this checkout is found.
    (site / "dependencies.pth").write_text("\n".join(path for path in sys.path if path.endswith("site-packages")))
    (wheel,) = built.glob("*.whl")
    run(["-m", "pip", "--python", python, "install", "-q", "--no-deps", "--no-index", "--no-warn-conflicts", wheel])
    return python.parent


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """An empty folder to work in, and an environment that names none of this checkout."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ANNOTATOR", "PYTHON"))}
    return {"cwd": tmp_path, "env": environment | {"ANNOTATOR_HOME": str(tmp_path / "home")}}


def test_what_is_installed_works_from_an_empty_folder(installed, empty, tmp_path):
    program = [installed / "annotator"]
    python = installed / "python"
    found = run(["-c", "import annotator; print(annotator.__file__)"], python=python, **empty)
    assert Path(found.strip()).is_relative_to(installed.parent)
    assert "starter-person" in run([*program, "models", "list"], python=python, **empty)
    shutil.copy(EXAMPLES / "surfer.jpg", tmp_path)
    run(
        [*program, "prelabel", "surfer.jpg", "--model", "starter-person", "--out", "found.json"], python=python, **empty
    )
    assert json.loads((tmp_path / "found.json").read_text())["annotations"]
    run([*program, "check", "found.json"], python=python, **empty)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["found.json", "home", "surfer.jpg"]


def test_what_is_installed_serves_its_page(installed, empty):
    port = free_port()
    served = subprocess.Popen(
        [installed / "annotator", "serve", "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **empty,
    )
    try:
        assert served.stdout.readline() == f"Annotator runs on http://127.0.0.1:{port} (Ctrl+C stops it)\n"
        page = urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60).read().decode()
        script = re.search(r"annotator/static/editor\.js\?v=\w+", page)[0]
        assert urllib.request.urlopen(f"http://127.0.0.1:{port}/{script}", timeout=60).status == 200
    finally:
        served.send_signal(signal.SIGINT)
        said = served.communicate(timeout=30)[1]
    assert (served.returncode, "error" in said) == (0, False), "it was stopped as its line says"


LOCKED = re.compile(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==(\S+)", re.MULTILINE)


@pytest.mark.parametrize("path", ["requirements.lock", ".ci/constraints.txt"])
def test_every_dependency_is_locked_to_one_version_for_each_python(path):
    locked = {}
    for name, version in LOCKED.findall((ROOT / path).read_text()):
        locked.setdefault(name, []).append(version)
    for requirement in PROJECT["dependencies"]:
        name, lowest, below = re.fullmatch(r"([a-z-]+)>=([0-9.]+),<([0-9.]+)", requirement).groups()
        assert locked.get(name), f"{name} is not in {path}: run .ci/lock"
        for version in locked[name]:
            assert numbers(lowest) <= numbers(version) < numbers(below), f"{name} {version}: run .ci/lock"


def numbers(version):
    return tuple(int(part) for part in re.findall(r"\d+", version))


def test_what_is_locked_for_a_server_has_hashes():
    text = (ROOT / "requirements.lock").read_text()
    assert text.count("--hash=sha256:") >= len(LOCKED.findall(text)) > 40
