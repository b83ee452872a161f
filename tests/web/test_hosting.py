"""Where a server listens and is shown: the command line first, then what every Gradio application knows."""

import pytest

from annotator.core.errors import AnnotatorError
from annotator.web.hosting import Hosting
from annotator.web.sharing.hosts import Reach

VARIABLES = (
    "GRADIO_SERVER_NAME",
    "GRADIO_SERVER_PORT",
    "GRADIO_ROOT_PATH",
    "GRADIO_SHARE",
    "GRADIO_NUM_PORTS",
    "ANNOTATOR_ALLOWED_HOSTS",
    "SPACE_ID",
    "SPACE_HOST",
)


@pytest.fixture(autouse=True)
def _plain(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def chosen(monkeypatch, variables, **asked):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return Hosting.choose(**asked)


def test_by_default_only_this_computer_is_answered():
    assert Hosting.choose() == Hosting("127.0.0.1", 7860, "", (), share=False, ports=100)
    assert Hosting.choose().hosts(shared=False).reach is Reach.HERE


def test_gradios_variables_mean_what_they_mean_everywhere(monkeypatch):
    variables = {
        "GRADIO_SERVER_NAME": "0.0.0.0",
        "GRADIO_SERVER_PORT": "8001",
        "GRADIO_ROOT_PATH": "/tools/annotator/",
        "GRADIO_SHARE": "True",
    }
    found = chosen(monkeypatch, variables)
    assert found == Hosting("0.0.0.0", 8001, "/tools/annotator", (), share=True, ports=100)
    assert found.address == "http://localhost:8001/tools/annotator/"
    assert found.hosts(shared=False).answers("abc123.gradio.live")


def test_the_command_line_wins(monkeypatch):
    variables = {
        "GRADIO_SERVER_NAME": "0.0.0.0",
        "GRADIO_SERVER_PORT": "nonsense",
        "GRADIO_ROOT_PATH": "/a",
        "GRADIO_SHARE": "true",
        "ANNOTATOR_ALLOWED_HOSTS": "a.example.org",
    }
    found = chosen(
        monkeypatch,
        variables,
        host="::1",
        port=9,
        root_path="",
        allowed_hosts="b.example.org, c.example.org",
        share=False,
    )
    assert found == Hosting("::1", 9, "", ("b.example.org", "c.example.org"), share=False)


def test_a_root_path_may_be_a_whole_address_whose_host_is_answered(monkeypatch):
    found = chosen(monkeypatch, {"GRADIO_ROOT_PATH": "https://Annotate.example.org/tools/"})
    assert found.root_path == "/tools"
    assert found.hosts(shared=False).answers("annotate.example.org")


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("::1", "http://[::1]:7860"),
        ("[::1]", "http://[::1]:7860"),
        ("::", "http://localhost:7860"),
        ("0.0.0.0", "http://localhost:7860"),
        ("192.168.1.5", "http://192.168.1.5:7860"),
    ],
)
def test_the_address_that_is_printed_opens(host, address):
    assert Hosting.choose(host=host).address == address


def test_a_space_is_asked_from_outside_and_knows_its_name(monkeypatch):
    found = chosen(monkeypatch, {"SPACE_ID": "a/b", "SPACE_HOST": "a-b.hf.space", "GRADIO_SHARE": "True"})
    assert found == Hosting("0.0.0.0", 7860, "", ("a-b.hf.space",), share=False)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("GRADIO_SERVER_PORT", "http"),
        ("GRADIO_SERVER_PORT", "70000"),
        ("GRADIO_ROOT_PATH", "/a b"),
        ("GRADIO_ROOT_PATH", "/a/../b"),
        ("GRADIO_ROOT_PATH", "ftp://a/b?c"),
        ("GRADIO_ROOT_PATH", "/a\r\nX: y"),
    ],
)
def test_a_variable_that_makes_no_sense_is_told(monkeypatch, variable, value):
    with pytest.raises(AnnotatorError, match=r"found .*expected a p"):
        chosen(monkeypatch, {variable: value})
