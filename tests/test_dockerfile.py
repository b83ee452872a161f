"""The Dockerfile, as far as it can be held without building it."""

import fnmatch
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from annotator.cli import build_parser
from tests.web.served import Served

ROOT = Path(__file__).resolve().parents[1]


def instructions():
    """Each instruction with its arguments, as one line."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [tuple(line.split(maxsplit=1)) for line in lines]


def last(name):
    return [arguments for instruction, arguments in instructions() if instruction == name][-1]


def health_command():
    return json.loads(last("HEALTHCHECK").split("CMD ", 1)[1])


def test_every_instruction_is_one():
    known = {"FROM", "WORKDIR", "COPY", "RUN", "USER", "ENV", "VOLUME", "EXPOSE", "HEALTHCHECK", "CMD"}
    assert {name for name, _ in instructions()} <= known


def test_its_python_is_one_that_the_package_allows():
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    lowest, below = (int(minor) for minor in re.findall(r"3\.(\d+)", wanted))
    minors = [int(re.match(r"python:3\.(\d+)-slim", one)[1]) for name, one in instructions() if name == "FROM"]
    assert len(minors) == 2
    assert all(lowest <= minor < below for minor in minors)


def test_what_it_copies_is_there_and_not_ignored():
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    copied = [one.split()[0] for name, one in instructions() if name == "COPY" and not one.startswith("--from")]
    assert copied == [".", "requirements.lock"]
    for name in (*copied[1:], "pyproject.toml", "annotator/__init__.py", "models/starter-person/model.bin", "LICENSE"):
        assert (ROOT / name).is_file()
        assert not any(fnmatch.fnmatch(name, pattern) for pattern in ignored)


def test_dependencies_are_locked_by_hash_and_the_package_brings_none():
    runs = [one for name, one in instructions() if name == "RUN"]
    assert any("--require-hashes -r /tmp/requirements.lock" in one for one in runs)
    assert any("--no-deps /tmp/wheel/*.whl" in one for one in runs)


def test_it_serves_without_any_right_and_writes_to_its_volume():
    assert last("USER") == "annotator"
    names = [name for name, _ in instructions()]
    assert names.index("USER") < names.index("CMD")
    assert not [name for name in names[names.index("USER") :] if name in ("RUN", "COPY")]
    environment = dict(one.split("=", 1) for one in last("ENV").split())
    assert environment["ANNOTATOR_HOME"] == last("VOLUME") == "/data"
    assert environment["GRADIO_SERVER_NAME"] == "0.0.0.0"


def test_what_it_starts_is_a_command_on_the_port_that_is_shown_and_asked():
    program, *arguments = json.loads(last("CMD"))
    assert program in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    options = build_parser().parse_args(arguments)
    assert str(options.port) == last("EXPOSE")
    assert f"'127.0.0.1', {options.port}," in health_command()[-1]


def test_its_health_is_that_of_the_server(tmp_path):
    server = Served(tmp_path / "project", tmp_path / "home")
    program, *arguments = health_command()
    assert program == "python"
    command = [sys.executable, *(one.replace("7860", str(server.port)) for one in arguments)]
    try:
        assert subprocess.run(command, check=False, timeout=60).returncode == 0
    finally:
        server.stop()
    assert subprocess.run(command, check=False, timeout=60, stderr=subprocess.DEVNULL).returncode != 0
