"""A push to a Hub that stands on this machine: what arrives, and one line where it does not."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from annotator.core.errors import ExportError
from annotator.exchange import hub, pack
from annotator.exchange.formats import DEFAULT, Options
from annotator.exchange.leaving import Written
from tests.exchange.formats.conftest import content, dataset_of, disc


class Hub(BaseHTTPRequestHandler):
    """As much of the Hub's API as a push needs; `seen` keeps what came."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.server.seen.append((self.path, self.headers.get("Authorization"), body))
        if self.server.status != 200:
            self.answer({"error": "Invalid username or password."}, self.server.status)
        elif self.path == "/api/repos/create":
            self.answer({"url": f"{self.server.address}/datasets/somebody/helmets"})
        elif self.path.endswith("/preupload/main"):
            asked = json.loads(body)["files"]
            found = [{"path": one["path"], "uploadMode": "regular", "shouldIgnore": False} for one in asked]
            self.answer({"files": found})
        else:
            address = f"{self.server.address}/datasets/somebody/helmets/commit/1"
            self.answer({"commitUrl": address, "commitOid": "1" * 40, "commitMessage": "x"})

    def do_HEAD(self):
        self.answer_card()

    def do_GET(self):
        if self.path.endswith("/README.md"):
            self.answer_card()
            return
        self.answer({"id": "somebody/helmets", "sha": "1" * 40, "siblings": [], "private": True})

    def answer_card(self):
        card = self.server.card
        self.answer(b"" if card is None else card.encode(), 404 if card is None else 200)

    def answer(self, found, status=200):
        content = found if isinstance(found, bytes) else json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Repo-Commit", "1" * 40)
        self.send_header("ETag", '"1"')
        if status == 404:
            self.send_header("X-Error-Code", "EntryNotFound")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    made = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    made.seen, made.status, made.card = [], 200, None
    made.address = f"http://127.0.0.1:{made.server_port}"
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", made.address)
    # The library reads the variable once, when it is imported.
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", made.address)
    template = f"{made.address}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def exported(tmp_path):
    """An export, and something beside it that is not of it."""
    whole = dataset_of(disc(20, 20, 9))
    packed = pack.write({"train": whole}, tmp_path, format=DEFAULT, options=Options(), pictures=content)
    (tmp_path / "diary.txt").write_text("private")
    lines = ("train: 2 images", "every mask is exact")
    return tmp_path, Written(DEFAULT, packed.files, lines, {"train": whole}, packed.outcome.pictures)


def push(exported, name="somebody/helmets", **more):
    folder, written = exported
    return hub.push(written, folder, name=name, **more)


def committed(server):
    body = next(body for path, _, body in server.seen if "/commit/" in path)
    found = [json.loads(line) for line in body.splitlines()]
    return {
        one["value"]["path"]: base64.b64decode(one["value"]["content"]).decode()
        for one in found
        if one["key"] == "file"
    }


def test_the_files_of_the_export_arrive_with_a_card(server, exported):
    assert push(exported) == f"{server.address}/datasets/somebody/helmets"
    made = json.loads(next(body for path, _, body in server.seen if path == "/api/repos/create"))
    assert made["type"] == "dataset"
    assert made.get("private") is True or made.get("visibility") == "private"
    assert {token for _, token, _ in server.seen} == {"Bearer hf_secret"}
    found = committed(server)
    assert set(found) == {
        "annotations/instances_train.json", "report_train.txt", "report_train.proof", "rows/train.jsonl", "README.md",
    }  # fmt: skip
    sent = (exported[0] / "annotations/instances_train.json").read_text()
    assert found["annotations/instances_train.json"] == sent
    assert found["README.md"].startswith("---\ntask_categories:\n- image-segmentation\n")
    assert "train: 2 images\nevery mask is exact" in found["README.md"]


def test_a_card_that_somebody_wrote_stays(server, exported):
    server.card = "# Mine"
    push(exported)
    assert "README.md" not in committed(server)


def test_a_card_of_an_earlier_push_is_replaced(server, exported):
    push(exported)
    server.card = committed(server)["README.md"]
    server.seen.clear()
    push(exported)
    assert committed(server)["README.md"] == server.card


def test_a_refused_token_says_what_to_do(server, exported):
    server.status = 401
    with pytest.raises(ExportError, match=r"somebody/helmets: cannot be pushed .*hf auth login") as error:
        push(exported)
    assert "\n" not in str(error.value)
    assert "hf_secret" not in str(error.value)


@pytest.mark.parametrize("status", [403, 409, 500])
def test_a_hub_that_refuses_is_one_line(server, exported, status):
    server.status = status
    with pytest.raises(ExportError, match="cannot be pushed") as error:
        push(exported)
    assert "\n" not in str(error.value)


def test_a_hub_that_is_not_there_is_one_line(exported, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with pytest.raises(ExportError, match=r"cannot be pushed to http://127\.0\.0\.1:9"):
        push(exported)


@pytest.mark.parametrize("name", ["a b", "a/b/c", "../x", ""])
def test_a_name_that_is_none_is_one_line(server, exported, name):
    with pytest.raises(ExportError, match="expected USER/NAME"):
        push(exported, name)
    assert server.seen == []
