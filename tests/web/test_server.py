"""The server as it is started: its page, its guards, its end."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from annotator.storage.store import Store
from tests.machine import free_port
from tests.web.served import Served


def test_it_says_where_it_runs(served):
    assert served.said == f"Annotator runs on {served.address} (Ctrl+C stops it)\n"


def test_the_page_loads_nothing_from_elsewhere(served):
    page, headers = served.get()
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    named = set(re.findall(r"""(?:src|href)=["'](?:https?:)?//([^/"']+)""", page))
    assert named == set()
    assert "annotator/static/editor.js" in page


def test_the_key_is_not_in_the_page(served, tmp_path):
    page, _ = served.get()
    assert not re.search(r"annotator/[A-Za-z0-9_-]{32}/", page)


@pytest.mark.parametrize("name", ["evil.example", "evil.example:7860"])
def test_another_name_for_this_computer_is_not_answered(served, name):
    with pytest.raises(urllib.error.HTTPError) as refused:
        served.get(Host=name)
    assert refused.value.code == 400


def test_a_body_beyond_every_cap_is_refused_before_it_is_read(served):
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection:
        head = (
            f"POST /gradio_api/upload HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nContent-Length: 5000000000\r\n\r\n"
        )
        connection.sendall(head.encode())
        assert connection.recv(200).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file=app.py",
        "/gradio_api/file=../../etc/passwd",
        "/monitoring",
        "/docs",
        "/openapi.json",
    ],
)
def test_nothing_but_the_page_is_served(served, path):
    with pytest.raises(urllib.error.HTTPError) as refused:
        served.get(path)
    assert refused.value.code in (403, 404)


def test_requests_that_are_none_do_not_fill_the_log(tmp_path):
    server = Served(tmp_path / "project", tmp_path / "home")
    for _ in range(300):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            connection.sendall(b"\x16\x03\x01\x00\xa5\x01\x00")  # how TLS begins
            connection.recv(100)
    said = server.stop()[1]
    assert said.count("Invalid HTTP request") == 1


def test_a_port_that_is_taken_is_told_in_one_line(served, tmp_path):
    again = subprocess.run(
        [sys.executable, "-m", "annotator", "serve", "--port", str(served.port), "--project", str(tmp_path / "p")],
        env=os.environ | {"ANNOTATOR_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert again.returncode == 1
    errors = [line for line in again.stderr.splitlines() if line.startswith("error: ")]
    assert errors == [f"error: port {served.port} on 127.0.0.1 is taken: choose another with --port"]


@pytest.mark.parametrize("host", ["203.0.113.9", "no.such.host.invalid"])
def test_an_address_that_is_not_this_computers_is_told_in_one_line(tmp_path, host):
    refused = subprocess.run(
        [sys.executable, "-m", "annotator", "serve", "--host", host, "--port", str(free_port())],
        env=os.environ | {"ANNOTATOR_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert refused.returncode == 1
    errors = [line for line in refused.stderr.splitlines() if line.startswith("error: ")]
    assert errors == [f"error: {host} is no address of this computer: choose another with --host"]


def test_a_project_that_cannot_be_opened_is_told_in_one_line(tmp_path):
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "project.db").write_bytes(b"this is no database at all" * 100)
    refused = subprocess.run(
        [
            sys.executable,
            "-m",
            "annotator",
            "serve",
            "--port",
            str(free_port()),
            "--project",
            str(tmp_path / "project"),
        ],
        env=os.environ | {"ANNOTATOR_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: ")
    assert refused.stderr.count("\n") == 1


def decoders_of(process):
    """Process ids of the children that decode pictures for a server; None where the system does not tell."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.exists():
        return None
    every = [int(id) for path in children.parents[1].glob("*/children") for id in path.read_text().split()]
    return [
        id for id in every if b"annotator.vision.pictures.decoder_child" in Path(f"/proc/{id}/cmdline").read_bytes()
    ]


def test_a_killed_server_has_lost_nothing_that_it_acknowledged(tmp_path):
    from tests.conftest import picture

    server = Served(tmp_path / "project", tmp_path / "home")
    with Store.open(tmp_path / "project") as store:
        key = store.key
    decoders = []
    for index in range(5):
        added = f"/annotator/{key}/images?name={index}.png"
        assert server.call(added, picture(seed=index), method="POST")[0] == 200
        if index == 2:
            # Each picture is decoded in a child, which may be killed at any time: the next one gets another child.
            decoders = decoders_of(server.process)
            for id in decoders or ():
                os.kill(id, signal.SIGKILL)
    assert decoders != []
    server.process.kill()
    server.process.communicate(timeout=20)
    with Store.open(tmp_path / "project") as store:
        assert [row.image.file_name for row in store.queue()] == [f"{index}.png" for index in range(5)]
        assert all(store.content_path(row.image.sha256).is_file() for row in store.queue())


def test_a_space_gives_each_visitor_a_project_and_ends_while_a_page_is_open(tmp_path):
    (tmp_path / "visitors").mkdir()  # of an earlier start
    server = Served(None, tmp_path, SPACE_ID="someone/annotator")
    try:
        assert "runs on" in server.said
        server.get()
        assert not (tmp_path / "projects").exists()
        page = urllib.request.urlopen(f"{server.address}/gradio_api/heartbeat/page", timeout=20)
        assert b"ALIVE" in page.readline()
    finally:
        server.stop()
    assert server.process.returncode is not None


def test_a_space_whose_folder_cannot_be_written_says_so_in_one_line(tmp_path):
    (tmp_path / "home").write_text("a file, which even root can make no folder in")
    refused = subprocess.run(
        [sys.executable, "app.py", "--port", str(free_port())],
        env=os.environ | {"SPACE_ID": "someone/annotator", "ANNOTATOR_HOME": str(tmp_path / "home" / "annotator")},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"error: {tmp_path / 'home' / 'annotator'}: ")
    assert "set ANNOTATOR_HOME" in refused.stderr
    assert refused.stderr.count("\n") == 1


@pytest.mark.skipif(not Path(".git").exists(), reason="no checkout")
def test_every_binary_file_goes_where_the_hub_takes_it():
    tracked = subprocess.run(["git", "ls-files", "-z"], capture_output=True, check=True).stdout.split(b"\0")[:-1]
    binary = [name for name in tracked if b"\0" in Path(os.fsdecode(name)).read_bytes()[:8000]]
    asked = ["git", "check-attr", "-z", "--stdin", "filter"]
    found = subprocess.run(asked, input=b"\0".join(binary), capture_output=True, check=True).stdout.split(b"\0")
    assert len(binary) >= 4
    assert set(found[2::3]) == {b"lfs"}
