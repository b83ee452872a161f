"""Names are users' own: whatever they hold, they stay text in JSON, in the page and in exports."""

import json
from html.parser import HTMLParser

import pytest

from annotator.prelabel.journey import Failure
from annotator.storage.store import Store
from annotator.web.jobs import Job
from annotator.web.page import fragments
from annotator.web.projects import Projects
from tests.conftest import picture
from tests.web.conftest import client_of
from tests.web.served import Served

PATIENCE_MS = 30_000

PAYLOADS = [
    "<script>window.fired=1;alert(1)</script>",
    "<img src=x onerror=window.fired=2>",
    '"><svg onload=window.fired=3>',
    "' autofocus onfocus=window.fired=4 x='",
    "<iframe srcdoc='<script>parent.fired=5</script>'>",
    "javascript:window.fired=6",
    "{{constructor.constructor('window.fired=7')()}}",
    "${window.fired=8}`${window.fired=8}`",
    "</textarea></title></style><script>window.fired=9</script>",
    "<details open ontoggle=window.fired=10>",
    "<math><mtext><img src onerror=window.fired=11></mtext></math>",
    "&lt;img src=x onerror=window.fired=12&gt;&#60;script&#62;",
]


PARTS = [[[[5, 5], [30, 5], [9, 40]]]]


class Tags(HTMLParser):
    """The elements of a piece of a page, with their attributes."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, sorted(name for name, _ in attrs)))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_name_is_text_in_every_piece_of_the_page(payload):
    plain = "name"
    for make in (
        fragments.line,
        lambda name: fragments.line(error=name),
        lambda name: fragments.job_line(Job("k", name, [], 3, failures=[Failure(name, name)], failed=1, running=False)),
        lambda name: fragments.job_line(Job("k", name, [1, 2], 3, stage="loading")),
        lambda name: fragments.job_line(Job("k", name, [], 3, error=name)),
    ):
        assert Tags(make(payload)).found == Tags(make(plain)).found


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A server whose project has the payloads for names of pictures, categories and failures."""
    folder = tmp_path_factory.mktemp("names")
    projects = Projects(local=folder / "project")
    client, base = client_of(projects), f"/annotator/{projects.local_key}"
    for seed, payload in enumerate(PAYLOADS):
        added = client.post(f"{base}/images", params={"name": f"{payload}.png"}, content=picture(seed=seed)).json()
        category = client.post(f"{base}/categories", json={"name": payload}).json()
        assert (added["name"], category["name"]) == (f"{payload}.png", payload)
        drawn = {"key": f"k{seed}", "category": category["id"], "state": "accepted", "parts": PARTS}
        sent = {"client": "t", "number": seed, "revision": 0, "verb": "add", "changes": [drawn], "reviewed": True}
        assert client.post(f"{base}/images/{added['id']}/gestures", json=sent).status_code == 200
    projects.close()
    server = Served(folder / "project", folder / "home", ANNOTATOR_EXPORTS=str(folder / "exports"))
    server.key, server.project = projects.local_key, folder / "project"
    yield server
    server.stop()


def test_names_come_back_as_they_were_given(served):
    _, queue = served.call(f"/annotator/{served.key}/queue")
    assert [row["name"] for row in queue["images"]] == [f"{payload}.png" for payload in PAYLOADS]
    _, document = served.call(f"/annotator/{served.key}/images/1")
    assert set(PAYLOADS) <= {category["name"] for category in document["categories"]}


def test_no_name_is_ever_run_by_a_browser(served, browse):
    browse(lambda browser: look_around(served, browser))


def look_around(served, browser):
    # What cannot be read is named in the line of the batch's failures.
    with Store.open(served.project) as store:
        for row in store.queue()[:3]:
            store.content_path(row.image.sha256).write_bytes(b"gone bad")
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    dialogs, asked, refused = [], [], []
    page.on("response", lambda answer: refused.append(answer.url) if answer.status >= 400 else None)
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(served.address)
    page.wait_for_selector(".annotator img, .annotator canvas", timeout=PATIENCE_MS)
    page.get_by_text(PAYLOADS[1], exact=False).first.wait_for(timeout=PATIENCE_MS, state="attached")
    page.get_by_text("Pre-label all").click()
    page.wait_for_selector("#progress .bad", timeout=PATIENCE_MS)
    page.keyboard.press("ArrowDown")
    page.get_by_role("tab", name="Export").click()
    page.locator("#export-button").click()
    page.wait_for_selector("#export-report .an-export-report, #export-report [role=alert]", timeout=PATIENCE_MS)
    page.get_by_role("tab", name="Annotate").click()
    page.wait_for_timeout(500)
    assert dialogs == []
    assert page.evaluate("window.fired") is None
    assert all(url.startswith((served.address, "data:", "blob:")) for url in asked)
    # Nothing that the page itself needs stands behind a closed door; only the pictures that went bad are refused.
    assert [url for url in refused if "/pictures/" not in url and "/mask" not in url] == []
    page.close()


def test_names_are_text_in_exports(served):
    from annotator.exchange import coco

    with Store.open(served.project) as store:
        target = served.project.parent / "out" / "instances.json"
        coco.write(store.dataset(), target)
    written = json.loads(target.read_text())
    assert {image["file_name"] for image in written["images"]} == {f"{payload}.png" for payload in PAYLOADS}
    assert set(PAYLOADS) <= {category["name"] for category in written["categories"]}
    _, headers = served.get("/annotator/static/editor.js")
    assert headers["X-Content-Type-Options"] == "nosniff"
