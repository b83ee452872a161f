"""Pages of other origins, with a real browser's own rules: what they may send, and what they may read."""

import http.server
import threading

import pytest

from tests.e2e.conftest import Server
from tests.machine import CHROMIUM

ATTACK = """<!doctype html><script>
const tried = async ([name, run]) => {
  try { return [name, await run()]; } catch (error) { return [name, "refused: " + error.name]; }
};
const text = async (path, init) => (await fetch(BASE + path, init)).text();
const stream = () => new Promise((resolve) => {
  const source = new EventSource(BASE + "gradio_api/queue/data?session_hash=evil");
  source.onmessage = (event) => resolve(event.data);
  source.onerror = () => { source.close(); resolve("refused"); };
});
const join = { method: "POST", headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ data: [""], fn_index: 0, session_hash: "evil" }) };
window.attack = () => Promise.all(Object.entries({
  config: () => text("config"),
  page: () => text(""),
  join: () => text("gradio_api/queue/join", join),
  joinSimply: () => text("gradio_api/queue/join", { ...join, headers: {}, mode: "no-cors" }),
  stream,
  queue: () => text("annotator/KEY/queue"),
  bin: () => text("annotator/KEY/bin", { method: "POST" }),
  binSimply: () => text("annotator/KEY/bin", { method: "POST", mode: "no-cors" }),
  empty: () => text("annotator/KEY/bin", { method: "DELETE" }),
  beacon: () => String(navigator.sendBeacon(BASE + "annotator/KEY/bin", "")),
}).map(tried));
</script>
<form method="post" target="taken" action="BASEannotator/KEY/bin"></form><iframe name="taken"></iframe>"""


@pytest.fixture(scope="module", params=["127.0.0.1", "0.0.0.0"])
def running(request, tmp_path_factory):
    """A server with one picture, which nobody here can remove."""
    folder = tmp_path_factory.mktemp("origins")
    running = Server(folder / "project", folder / "home", GRADIO_SERVER_NAME=request.param)
    with running.store() as store:
        store.add_image(b"picture", file_name="a.png", width=4, height=4)
    running.start()
    yield running
    running.kill()


@pytest.fixture
def elsewhere():
    """A web server on another port, and what it shows."""

    class Page(http.server.BaseHTTPRequestHandler):
        content = ""

        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(self.content.encode())

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    server.page = Page
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def started(chromium):
    """A browser for which every name that ends in .test is this computer's."""
    rules = "--host-resolver-rules=MAP *.test 127.0.0.1"
    started = chromium.browser_type.launch(executable_path=CHROMIUM, args=["--no-sandbox", rules])
    yield started
    started.close()


@pytest.fixture
def browser(started):
    yield started
    for context in started.contexts:
        context.close()


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "evil.test"])
def test_a_page_elsewhere_cannot_read_or_remove_a_project_even_with_its_key(running, elsewhere, browser, name):
    with running.store() as store:
        key = store.key
    base = f"http://127.0.0.1:{running.port}/"
    elsewhere.page.content = ATTACK.replace("BASE +", f"'{base}' +").replace("BASE", base).replace("KEY", key)
    address = f"http://{name}:{elsewhere.server_port}/"
    page = browser.new_page()
    page.goto(address)
    found = dict(page.evaluate("attack()"))
    # A beacon says that it was sent, and not that it was refused.
    assert {what: answer for what, answer in found.items() if not answer.startswith("refused")} == {"beacon": "true"}
    with page.expect_response(lambda response: response.request.method == "POST") as posted:
        page.evaluate("document.querySelector('form').submit()")
    assert posted.value.status == 403
    framed = browser.new_page()
    framed.goto(address)
    framed.set_content(f"<iframe src='{base}'></iframe>")
    framed.wait_for_timeout(500)
    assert framed.frames[1].query_selector("gradio-app") is None
    # A name that was pointed at this computer is not answered, whatever its page would be allowed.
    assert browser.new_page().goto(f"http://{name}:{running.port}/").status == (400 if name == "evil.test" else 200)
    with running.store() as store:
        assert [row.image.file_name for row in store.queue()] == ["a.png"]
        assert not store.bin()
        assert not store.categories()
