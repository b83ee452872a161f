"""Connections that ask for nothing are closed, answers are not held back, and files are not short."""

import asyncio
import contextlib
import resource
import socket
import subprocess
import sys
import threading
import time

import pytest
import uvicorn

from annotator.web.sharing import sockets
from tests.machine import free_port


@pytest.fixture
def port(monkeypatch):
    """A server that looks every fifth of a second, and answers after half a second what is asked of it."""
    monkeypatch.setattr(sockets, "LOOK_S", 0.2)

    async def application(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"transfer-encoding", b"chunked")]})
        for _ in range(10):
            await asyncio.sleep(0.1)
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    found = free_port()
    config = uvicorn.Config(application, port=found, http=sockets.ImpatientProtocol, lifespan="off", log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield found
    server.should_exit = True
    thread.join()


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n"])
def test_a_connection_that_asks_for_nothing_is_closed(port, said):
    with socket.create_connection(("127.0.0.1", port), timeout=5) as silent:
        silent.sendall(said)
        began = time.monotonic()
        with contextlib.suppress(ConnectionResetError):
            assert silent.recv(100) == b""
        assert 0.15 < time.monotonic() - began < 3


def test_a_header_that_drips_is_not_waited_for(port):
    def drip(connection):
        connection.sendall(b"GET / HTTP/1.1\r\n")
        for _ in range(100):
            time.sleep(0.05)
            connection.sendall(b"X")

    with socket.create_connection(("127.0.0.1", port), timeout=5) as slow, pytest.raises(OSError, match=r"pipe|reset"):
        drip(slow)


def test_an_answer_that_takes_long_and_a_connection_that_asks_again_are_not_cut(port):
    with socket.create_connection(("127.0.0.1", port), timeout=5) as asking:
        for _ in range(2):
            asking.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            content = b""
            while not content.endswith(b"0\r\n\r\n"):
                content += asking.recv(1000)
            assert content.count(b"x\r\n") == 10


def test_the_second_half_of_an_answer_does_not_wait_for_the_first_to_be_confirmed():
    seen = []

    class Noted(sockets.ImpatientProtocol):
        def connection_made(self, transport):
            super().connection_made(transport)
            asked = transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            seen.append(bool(asked))
            transport.abort()

    async def nothing(scope, receive, send): ...

    config = uvicorn.Config(nothing, port=0, http=Noted, lifespan="off", log_level="error")
    with config.bind_socket() as listener:  # as `serve` makes it
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=[[listener]], daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        with socket.create_connection(listener.getsockname(), timeout=5) as connection, contextlib.suppress(OSError):
            connection.recv(1)
        server.should_exit = True
        thread.join(timeout=10)
    assert seen == [True]


def test_a_server_may_open_as_many_files_as_the_system_lets_it():
    asked = (
        "import resource; from annotator.web.sharing.sockets import allow_many_files;"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (256, resource.getrlimit(resource.RLIMIT_NOFILE)[1]));"
        "allow_many_files(); print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    )
    found = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert int(found.stdout) == (sockets.MOST_FILES if hard < 0 else min(sockets.MOST_FILES, hard))
