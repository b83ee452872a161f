"""What everybody expects of a Gradio application: variables, ports, reloading, a client, mounting."""

import contextlib
import json
import os
import re
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from annotator.core.errors import AnnotatorError
from annotator.system.paths import EXAMPLES
from annotator.web.hosting import Hosting
from annotator.web.listening import listen
from annotator.web.projects import Projects
from annotator.web.server import build_server
from tests.machine import free_port
from tests.web.served import Served

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "docs" / "examples"
PATIENCE_S = 240


@pytest.fixture
def taken():
    """A port that somebody listens on, with a free one behind it."""
    while True:
        with socket.socket() as holder, socket.socket() as next_one:
            holder.bind(("127.0.0.1", 0))
            holder.listen()
            port = holder.getsockname()[1]
            try:
                next_one.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            next_one.close()
            yield port
            return


def test_the_next_free_port_is_taken_where_nobody_asked_for_one(taken, monkeypatch):
    monkeypatch.setenv("GRADIO_SERVER_PORT", str(taken))
    bound, hosting = listen(Hosting.choose())
    bound.close()
    assert hosting.port == taken + 1
    assert hosting.address == f"http://127.0.0.1:{taken + 1}"


def test_a_port_that_was_asked_for_is_the_only_one(taken):
    with pytest.raises(AnnotatorError, match=f"port {taken} on 127.0.0.1 is taken: choose another with --port"):
        listen(Hosting.choose(port=taken))


def test_how_many_ports_are_tried_may_be_said(taken, monkeypatch):
    monkeypatch.setenv("GRADIO_SERVER_PORT", str(taken))
    monkeypatch.setenv("GRADIO_NUM_PORTS", "1")
    with pytest.raises(AnnotatorError, match="is taken"):
        listen(Hosting.choose())
    monkeypatch.setenv("GRADIO_NUM_PORTS", "none")
    with pytest.raises(AnnotatorError, match="GRADIO_NUM_PORTS: found 'none', expected how many ports"):
        Hosting.choose()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    running = Served(home / "project", home, GRADIO_TEMP_DIR=str(home / "sent"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def client(server):
    return Client(server.address, verbose=False)


def test_the_api_lists_only_what_clients_may_call(client):
    assert list(client.view_api(return_format="dict")["named_endpoints"]) == ["/suggest"]


def test_the_example_of_a_client_sends_a_picture_and_gets_coco(server, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANNOTATOR_ADDRESS", server.address)
    shutil.copy(EXAMPLES / "two-cyclists.jpg", "photo.jpg")
    runpy.run_path(str(EXAMPLE / "gradio_client_example.py"))
    document = json.loads(Path("photo.json").read_text())
    assert document["images"][0]["file_name"] == "photo.jpg"
    assert len(document["annotations"]) >= 2
    assert capsys.readouterr().out == f"{len(document['annotations'])} people\n"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"picture": {"path": "/etc/passwd"}}, "expected one that was sent before"),
        ({"picture": {"path": "http://127.0.0.1:9/photo.jpg"}}, "expected one that was sent before"),
        ({"picture": {"path": "/tmp/gradio"}}, "expected one that was sent before"),
        ({"picture": None}, "expected one that was sent before"),
        ({"picture": handle_file(str(ROOT / "LICENSE"))}, "LICENSE"),
        ({"picture": handle_file(str(EXAMPLES / "surfer.jpg")), "model": "nobody"}, "model 'nobody': not known"),
        ({"picture": handle_file(str(EXAMPLES / "surfer.jpg")), "threshold": 2.0}, "threshold: found 2.0"),
    ],
)
def test_what_a_client_may_not_ask_is_told_in_one_line(client, asked, said):
    with pytest.raises(AppError, match=re.escape(said)):
        client.predict(**asked, api_name="/suggest")


def test_visitors_send_nothing_to_the_api(tmp_path):
    projects = Projects(visitors=tmp_path / "visitors")
    with TestClient(build_server(projects), base_url="http://127.0.0.1") as client:
        assert client.post("/gradio_api/upload", files={"files": b"a picture"}).status_code == 404


def test_gradio_reloads_what_it_runs(tmp_path):
    shutil.copy(ROOT / "app.py", tmp_path)
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "ANNOTATOR_HOME": str(tmp_path / "home"),
        "GRADIO_SERVER_PORT": str(free_port()),
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-c", "from gradio.cli.commands.reload import run; run()", "app.py"]
    running = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    )

    def end():
        """`gradio`, and the server that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGINT)

    patience = threading.Timer(PATIENCE_S, end)
    patience.start()
    try:
        line_with(running.stdout, "Annotator runs on")
        (tmp_path / "app.py").write_text(
            (ROOT / "app.py").read_text().replace("if __name__", "print('edited')\nif __name__")
        )
        line_with(running.stdout, "Code has changed: starting again")
        line_with(running.stdout, "edited")
        line_with(running.stdout, "Annotator runs on")
    finally:
        patience.cancel()
        end()
        running.communicate(timeout=60)


def line_with(stream, text):
    for line in stream:
        if text in line:
            return
    raise AssertionError(f"never said {text!r}")


def test_the_page_is_mounted_into_another_application(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))
    app = runpy.run_path(str(EXAMPLE / "mounted.py"))["app"]
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        assert client.get("/health").json() == "ok"
        page = client.get("/annotator/")
        assert page.status_code == 200
        assert "annotator/static/editor.js" in page.text
        assert client.get("/annotator", follow_redirects=False).status_code in (307, 308)
        assert client.get("/annotator/annotator/static/editor.js").status_code == 200
        assert client.get("/annotator/config").json()["root"] == "http://127.0.0.1:8000/annotator"
        assert client.get("/annotator/", headers={"host": "evil.example"}).status_code == 400
    assert (tmp_path / "people" / "project.db").is_file()
