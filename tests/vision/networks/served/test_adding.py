"""A served network joins the zoo from the command line, and from nowhere else."""

import ast
from pathlib import Path

import pytest

import annotator
from annotator.cli import main
from annotator.core.errors import ModelError
from annotator.vision.networks import zoo
from annotator.vision.networks.model_info import Server
from annotator.vision.networks.served import client
from annotator.vision.networks.served.adding import add_served


def test_it_is_added_listed_checked_and_has_nothing_to_fetch(capsys, server, known_model):
    added = ["models", "add", "remote", known_model, "--server", f"{server.address}/", "--model-name", "people"]
    assert main(added) == 0
    info = zoo.find("remote")
    assert (info.server, info.present, info.files) == (Server(server.address, "people"), True, ())
    assert info.categories == zoo.find(known_model).categories
    assert main(["models", "list"]) == main(["models", "fetch", "remote"]) == main(["models", "check", "remote"]) == 0
    said = capsys.readouterr().out
    assert "remote               on a server" in said
    assert f"runs on {server.address}, there is nothing to fetch" in said
    assert f"server: {server.address}, model people" in said
    assert "tensors go there as bytes" in said
    assert "sample: 3 detections, 1 above the threshold" in said


@pytest.mark.parametrize(
    ("url", "model", "said"),
    [
        ("ftp://host", "people", "expected an http"),
        ("http://me:secret@host", "people", "expected an http"),
        ("http://host:port", "people", "expected an http"),
        ("http://host/?q", "people", "expected an http"),
        ("{address}", "nobody", "model nobody: answers 404: nothing at /v2/models/nobody/ready"),
        ("{address}", "../../v2/health", "model ../../v2/health: answers 404"),
        ("http://127.0.0.1:9", "people", "cannot be reached"),
    ],
)
def test_what_cannot_be_one_is_told_and_not_added(capsys, server, known_model, monkeypatch, url, model, said):
    monkeypatch.setattr(client, "OPENING_S", 0.0)
    address = url.format(address=server.address)
    assert main(["models", "add", "remote", known_model, "--server", address, "--model-name", model]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert said in line
    with pytest.raises(ModelError):
        zoo.find("remote")


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ([{"name": "image", "datatype": "FP32", "shape": [1, 3, -1, 160]}], "with fixed sides"),
        ([{"name": "image", "datatype": "BYTES", "shape": [1, 3, 96, 160]}], "found image BYTES [1, 3, 96, 160]"),
        ([{"name": "image", "datatype": "FP32", "shape": "1,3"}], "its metadata: inputs: found"),
        (None, "its metadata: inputs: found None"),
    ],
)
def test_what_is_not_of_the_contract_is_not_added(server, known_model, inputs, said):
    server.metadata["inputs"] = inputs
    with pytest.raises(ModelError) as told:
        add_served("remote", known_model, url=server.address, model="people")
    assert said in str(told.value)


def test_a_batch_of_any_size_may_be_of_one_picture(server, known_model):
    server.metadata["inputs"] = [{"name": "image", "datatype": "FP32", "shape": [-1, 3, 96, 160]}]
    add_served("remote", known_model, url=server.address, model="people")
    assert server.inputs[-1].shape == (1, 3, 96, 160)


def test_nothing_of_the_page_adds_a_network():
    """Its visitors would choose what this machine asks."""
    web = Path(annotator.__file__).parent / "web"
    for path in web.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                names = {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
                assert not any(name.endswith((".own_model", ".adding")) for name in names if name), path
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                assert (node.value.id, node.attr) != ("zoo", "add"), path
