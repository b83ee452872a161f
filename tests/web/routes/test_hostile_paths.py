"""No path and no event of the page leads to what is not one's own."""

import http.server
import json
import threading

import pytest

from tests.web.routes.hostile import CANARY, require_polite, require_polite_gradio, require_untold


@pytest.fixture(scope="module")
def canary_address():
    """A server that nobody may be made to ask: its address, and how often it was asked."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(CANARY.encode())

        do_POST = do_HEAD = do_GET

        def log_message(self, *_):
            pass

    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{listener.server_port}/latest/meta-data", asked
    listener.shutdown()


PROBES = [
    "/gradio_api/file=/etc/passwd",
    "/gradio_api/file={folder}/secret.txt",
    "/gradio_api/file={folder}/visitors/{other}/project.db",
    "/gradio_api/file=..%2f..%2f..%2fetc%2fpasswd",
    "/gradio_api/file/{folder}/secret.txt",
    "/gradio_api/file={address}",
    "/file={folder}/secret.txt",
    "//gradio_api//file={folder}/secret.txt",
    "/gradio_api/proxy={address}",
    "/gradio_api/proxy=https://someone.hf.space/x",
    "/gradio_api/stream/{folder}/secret.txt",
    "/gradio_api/custom_component/1/client/component/..%2f..%2fsecret.txt",
    "/gradio_api/upload_progress?upload_id=1",
    "/static/..%2f..%2f..%2f..%2fetc%2fpasswd",
    "/assets/..%2f..%2f..%2f..%2fetc%2fpasswd",
    "/svelte/..%2f..%2f..%2fetc%2fpasswd",
    "/theme.css?x=/etc/passwd",
    "/annotator/static/..%2froutes.py",
    "/annotator/static/..%2f..%2f..%2fapp.py",
    "/annotator/{key}/exports/..%2fproject.db",
    "/annotator/{key}/exports/project.db",
    "/annotator/{key}/exports/%2fetc%2fpasswd",
    "/annotator/{key}/exports/..%2f..%2f{other}%2fexports%2finstances.json",
    "/annotator/{key}/../{other}/exports/instances.json?key={key}",
    "/annotator/..%2fvisitors%2f{other}/queue",
    "/annotator/{key}%2f..%2f{other}/queue",
    "/annotator/{key}/pictures/..%2f..%2fproject.db",
    "/annotator/{key}/thumbnails/..%2f..%2fproject.db",
    "/annotator/{key}/pictures/99",
    "/monitoring",
    "/gradio_api/openapi.json",
    "/gradio_api/vibe-code",
    "/gradio_api/call/predict/1",
]


@pytest.mark.parametrize("path", ["run/predict", "run/export_project", "api/predict", "call/predict", "call/v2/x"])
def test_no_event_jumps_the_queue(server, path):
    for number in range(20):
        body = {"data": ["x"] * 7, "fn_index": number, "session_hash": "s"}
        answer = server.client.post(f"/gradio_api/{path}", json=body)
        assert answer.status_code == 404
        require_polite(answer, server)


@pytest.mark.parametrize("path", ["queue/join", "cancel", "reset"])
@pytest.mark.parametrize(
    "body",
    [b'{"data":[],"fn_index":1e400}', b'{"fn_index":99999,"data":[],"session_hash":"s"}', b"[]", b"\xff", b"NaN"],
)
def test_what_is_no_event_is_refused_in_one_line(server, path, body):
    answer = server.client.post(f"/gradio_api/{path}", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    require_polite(answer, server)


@pytest.mark.parametrize("probe", PROBES)
def test_no_path_leads_to_what_is_not_ones_own(server, probe, canary_address):
    address, asked = canary_address
    path = probe.format(folder=server.folder, key=server.key, other=server.other, address=address)
    if "/../" in path:  # a client would walk it; the server must see it as it is
        path = path.replace("/../", "/%2e%2e/")
    answer = server.client.get(path)
    assert "root:x:" not in answer.text
    assert b"SQLite format" not in answer.content
    assert "import annotations" not in answer.text
    if "theme.css" not in path:
        assert answer.status_code in (400, 403, 404, 405), (answer.status_code, answer.text[:200])
    require_polite(answer, server)
    assert asked == []


HOSTILE_DATA = [
    {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}},
    {"path": "{folder}/secret.txt", "meta": {"_type": "gradio.FileData"}},
    {"path": "{address}", "url": "{address}", "meta": {"_type": "gradio.FileData"}},
    {"__type__": "file", "path": "/etc/passwd"},
    [["x"] * 100],
    "{other}/../{other}",
    "\ud800",
    10**400,
    float("nan"),
    None,
]


@pytest.mark.parametrize("data", HOSTILE_DATA, ids=lambda data: f"{data!s:.30}")
def test_no_event_of_the_page_leads_to_what_is_not_ones_own(server, data, canary_address):
    address, asked = canary_address
    text = json.dumps(data).replace("{folder}", str(server.folder)).replace("{other}", server.other)
    hostile = text.replace("{address}", address)
    functions = server.client.get("/config").json()["dependencies"]
    for function in functions:
        if not function["backend_fn"]:
            continue
        values = ",".join([hostile] * len(function["inputs"]))
        body = f'{{"data": [{values}], "fn_index": {function["id"]}, "session_hash": "s{function["id"]}"}}'
        joined = server.client.post(
            "/gradio_api/queue/join", content=body.encode(), headers={"content-type": "application/json"}
        )
        require_polite_gradio(joined, server)
        if joined.status_code == 200 and "event_id" in joined.json():
            with server.client.stream("GET", f"/gradio_api/queue/data?session_hash=s{function['id']}") as stream:
                for line in stream.iter_lines():
                    require_untold(line, server)
                    if "close_stream" in line or "process_completed" in line:
                        break
    assert asked == []
