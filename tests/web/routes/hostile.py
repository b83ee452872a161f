"""The whole application for hostile clients, with something to hide, and what each of its answers must be."""

from fastapi.testclient import TestClient

from annotator.web.projects import Projects
from annotator.web.server import build_server
from tests.web.conftest import png

CANARY = "canary-5b1e-do-not-tell"


class Server:
    """The whole application for visitors, two of whom are here, with something to hide."""

    def __init__(self, folder):
        self.folder = folder
        self.projects = Projects(visitors=folder / "visitors")
        self.client = TestClient(build_server(self.projects), raise_server_exceptions=False)
        self.key, self.other = self.projects.create(), self.projects.create()
        for key, seed in ((self.key, 0), (self.other, 1)):
            answer = self.client.post(f"/annotator/{key}/images", params={"name": "a.png"}, content=png(seed=seed))
            assert answer.status_code == 200
        self.client.post(f"/annotator/{self.key}/categories", json={"name": "person"})
        self.client.post(f"/annotator/{self.other}/categories", json={"name": CANARY})
        exports = self.projects.export_folder(self.other, folder / "exports")
        exports.mkdir()
        (exports / "instances.json").write_text(CANARY)
        (folder / "secret.txt").write_text(CANARY)

    def document(self):
        return self.client.get(f"/annotator/{self.key}/images/1").json()


def require_polite(answer, server, *, allowed=()):
    """No failure of the server, one line, and nothing of what lies there."""
    assert answer.status_code < 500 or answer.status_code in allowed, answer.text
    for told in ("Traceback", str(server.folder), "site-packages", '.py"', CANARY):
        assert told not in answer.text
    if answer.status_code >= 400 and answer.content and answer.headers.get("content-type") == "application/json":
        found = answer.json()
        line = found.get("error", found.get("detail"))  # Gradio's own has a detail
        assert isinstance(line, str), answer.text
        assert "\n" not in line
        assert len(line) < 1000


def require_untold(text, server):
    for told in ("Traceback", str(server.folder), "site-packages", CANARY, "root:x:"):
        assert told not in text


def require_polite_gradio(answer, server):
    assert answer.status_code < 500 or answer.status_code == 503, answer.text
    require_untold(answer.text, server)
