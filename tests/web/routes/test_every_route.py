"""Every route that the application has, under every odd request: polite, and about one's own only."""

import itertools
import socket
import string
import threading
import time

import pytest
import uvicorn
from fastapi.routing import APIRoute

from annotator.web.jobs import Prelabelling
from annotator.web.projects import Projects
from annotator.web.routes.router import build_routes
from annotator.web.server import build_server
from annotator.web.sharing.guard import is_closed
from tests.machine import free_port
from tests.web.conftest import png

CANARY = "canary-77aa-do-not-tell"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "A" * 60)
PLACES = (
    "1",
    "-1",
    "99",
    "1e3",
    "0x1",
    "%00",
    "%2e%2e",
    "..%2f..%2fproject.db",
    "1%0d%0aX:y",
    "%ff",
    "\u0661",
    "1;x",
    "a" * 3000,
)
WHOLE = "GET", "POST", "DELETE"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A server for visitors on a port, with two projects."""
    folder = tmp_path_factory.mktemp("routes")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANNOTATOR_HOME", str(folder / "home"))
        projects = Projects(visitors=folder / "visitors")
        mine, other = projects.create(), projects.create()
        for key in (mine, other):
            with projects.use(key) as store:
                store.add_image(png(), file_name=f"{CANARY if key == other else 'mine'}.png", width=64, height=48)
                store.add_category(CANARY if key == other else "person")
        port = free_port()
        config = uvicorn.Config(build_server(projects), port=port, log_level="critical")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.05)
        yield port, mine, other, folder
        server.should_exit = True
        thread.join()


def raw(port, request, *, patience=10.0):
    """Everything that the server answers to these bytes, until it is silent for a moment or hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as connection:
        connection.sendall(request)
        connection.settimeout(1.5)
        answer = b""
        while True:
            try:
                piece = connection.recv(65_536)
            except (TimeoutError, ConnectionResetError):
                return answer
            answer += piece
            if not piece:
                return answer


def asked(method, path, *, headers="", body=b""):
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
    return head.encode("utf-8", "surrogateescape") + body


def require_polite(answer, folder):
    assert answer.startswith(b"HTTP/1.1 "), answer[:200]
    status = int(answer[9:12])
    assert status < 500 or status == 507, answer[:400]
    for told in (b"Traceback", str(folder).encode(), b"site-packages", CANARY.encode(), b"SQLite format"):
        assert told not in answer
    assert b"\nX:y" not in answer
    return status


def our_routes(folder):
    projects = Projects(visitors=folder / "none")
    routes = build_routes(projects, Prelabelling(projects)).routes
    return [(route.path, sorted(route.methods)) for route in routes if isinstance(route, APIRoute)]


def filled(path, key, place):
    """The route's path with its names replaced."""
    names = [name for _, name, _, _ in string.Formatter().parse(path) if name]
    values = {name: key if name == "key" else place for name in names if ":" not in name}
    for name, value in values.items():
        path = path.replace(f"{{{name}}}", value)
    return path.replace("{rest:path}", place)


def test_there_is_no_route_that_these_tests_do_not_know(tmp_path):
    paths = {path for path, _ in our_routes(tmp_path)}
    assert len(paths) >= 18
    assert {"/annotator/{key}/queue", "/annotator/{key}/bin", "/annotator/{key}/presence"} <= paths


def test_every_route_is_polite_to_every_method_and_place(served):
    port, mine, _, folder = served
    for path, methods in our_routes(folder):
        for method, place in itertools.chain(
            ((method, "99") for method in METHODS), ((method, place) for method in methods for place in PLACES)
        ):
            if method in ("DELETE", "POST") and (place == "1" or path.endswith(("/bin", "/bin/restore", "/example"))):
                continue  # that would do what it is for
            answer = raw(port, asked(method, filled(path, mine, place).replace("\u0661", "%D9%A1")))
            if method in ("CONNECT", "A" * 60, "get") and not answer:
                continue  # the server hangs up on what is no HTTP
            require_polite(answer, folder)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "x",
        "A" * 32,
        "{other}x",
        "{other}%00",
        "%2e%2e",
        "..",
        "{other}/../{mine}",
        "{other}%2f",
        "{OTHER}",
        " {other}",
    ],
)
def test_no_route_opens_to_a_key_that_is_not_one(served, key):
    port, mine, other, folder = served
    another = other[:31] + ("y" if other.endswith("x") else "x")
    key = key.replace("{other}x", another).replace("{other}", other).replace("{mine}", mine)
    key = key.replace("{OTHER}", other.swapcase()).replace(" ", "%20")
    for path, methods in our_routes(folder):
        if "{key}" not in path:
            continue
        for method in methods:
            if "/../" in key:
                key = key.replace("/../", "/%2e%2e/")
            status = require_polite(raw(port, asked(method, filled(path, key, "1"), body=b"{}")), folder)
            assert status >= 400, (method, path, key)


QUEUE, CATEGORIES = "/annotator/{key}/queue", "/annotator/{key}/categories"
CHUNKED = b"POST /annotator/{key}/categories HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
PLAIN = b"GET /annotator/{key}/queue HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
TOO_MUCH = {
    "a header of 100 kB": asked("GET", QUEUE, headers=f"X: {'a' * 100_000}\r\n"),
    "ten thousand headers": asked("GET", QUEUE, headers="".join(f"X{i}: y\r\n" for i in range(10_000))),
    "a path of 100 kB": asked("GET", "/annotator/{key}/" + "a" * 100_000),
    "a query of 100 kB": asked("POST", "/annotator/{key}/images?name=" + "a" * 60_000),
    "two lengths": asked("POST", CATEGORIES, headers="Content-Length: 5\r\n", body=b"{}"),
    "length and chunks": asked("POST", CATEGORIES, headers="Transfer-Encoding: chunked\r\n", body=b"0\r\n\r\n"),
    "chunks of nonsense": CHUNKED + b"zz\r\n",
    "a chunk of 2^64": CHUNKED + b"ffffffffffffffff\r\nx",
    "no host": b"GET /annotator/{key}/queue HTTP/1.1\r\n\r\n",
    "HTTP/3 in text": b"GET / HTTP/3.0\r\n\r\n",
    "a web socket": asked("GET", "/gradio_api/queue/join", headers="Upgrade: websocket\r\nConnection: Upgrade\r\n"),
    "no HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(300),
    "a cookie of 15 kB": asked("GET", QUEUE, headers="Cookie: " + "a=b; " * 3_000 + "\r\n"),
    "a cookie of bytes": PLAIN + b"Cookie: session=\xff\xfe\r\n\r\n",
    "an address of bytes": PLAIN + b"X-Forwarded-For: \xff\xfe,,,\r\n\r\n",
    "gzip that is said to be": asked("POST", CATEGORIES, headers="Content-Encoding: gzip\r\n", body=b"\x1f\x8b"),
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_a_request_meant_to_hurt_is_refused_or_harmless(served, name):
    port, mine, _, folder = served
    answer = raw(port, TOO_MUCH[name].replace(b"{key}", mine.encode()))
    if answer:
        require_polite(answer, folder)
    assert raw(port, asked("GET", f"/annotator/{mine}/queue")).startswith(b"HTTP/1.1 200")


def test_many_clients_that_send_slowly_hold_up_nobody(served):
    port, mine, _, _ = served
    held = []
    head = f"POST /annotator/{mine}/categories HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{{"
    try:
        for _ in range(150):
            held.append(socket.create_connection(("127.0.0.1", port), timeout=10))
            held[-1].sendall(head.encode())
        began = time.monotonic()
        assert raw(port, asked("GET", f"/annotator/{mine}/queue")).startswith(b"HTTP/1.1 200")
        assert time.monotonic() - began < 10
    finally:
        for connection in held:
            connection.close()


def test_what_gradio_adds_is_known(served):
    """A new version may bring doors: each is closed, or looked at and named here."""
    port, _, _, folder = served
    projects = Projects(visitors=folder / "none")
    server = build_server(projects)
    mounted = next(route.app for route in server.routes if hasattr(route, "app") and hasattr(route.app, "blocks"))
    found = set()
    for route in getattr(mounted, "routes", []):
        for inner in getattr(getattr(route, "original_router", None), "routes", [route]):
            found.add(getattr(inner, "path", ""))
    looked_at = {
        "/",
        "/config",
        "/config/",
        "/info",
        "/info/",
        "/theme.css",
        "/robots.txt",
        "/manifest.json",
        "/favicon.ico",
    }
    open_doors = sorted(path for path in found if path and path not in looked_at and not is_closed(path))
    for path in open_doors:
        answer = raw(port, asked("GET", path.replace("{", "").replace("}", "").replace(":path", "")))
        if answer:
            require_polite(answer, folder)
