"""Two servers of a project behind a proxy, as docs/hosting.md says: one is killed, the page goes on with the other."""

import re
import ssl
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from annotator.storage.locations import location_of, write_location
from annotator.storage.store import Store
from tests.e2e.conftest import Server
from tests.e2e.screen import wait_for
from tests.e2e.test_proxies import MISSING, PAGE, PROXIES, browser, certificate
from tests.storage.builders import HEIGHT, WIDTH, add_image, suggestion
from tests.storage.databases import schemas
from tests.storage.postgres_server import PASSWORD
from tests.web.conftest import png

__all__ = ["browser", "certificate", "schemas"]

SECTION = PAGE.partition("## Several servers behind one address")[2].partition("\n## ")[0]
BLOCKS = dict(re.findall(r"```(caddy|nginx)\n(.*?)```", SECTION, re.DOTALL))
SAVES = re.compile(r'annotator_requests_total\{noun="images",method="POST",status="200"\} (\d+)')


@pytest.fixture
def project(schemas, tmp_path):
    """A folder that names the project on the server, of three pictures with a suggestion each."""
    write_location(tmp_path / "project", location_of(schemas.address(schemas.fresh_name())))
    with Store.open(tmp_path / "project", pictures=f"file://{tmp_path}/pictures") as store:
        store.add_category("person")
        for seed in range(3):
            image = add_image(store, png(WIDTH, HEIGHT, seed=seed), f"{seed}.png")
            store.set_suggestions(image.id, [suggestion()], by="starter-person@1")
    return tmp_path / "project"


@pytest.fixture
def workers(project, tmp_path):
    environment = {
        "PGPASSWORD": PASSWORD,
        "ANNOTATOR_MONITORING": "1",
        "ANNOTATOR_ALLOWED_HOSTS": "annotate.example.org",
    }
    started = []
    for name in ("one", "two"):
        write_location(tmp_path / name, location_of((project / "project.toml").read_text().split('"')[1]))
        started.append(Server(tmp_path / name, tmp_path / f"home-{name}", **environment))
        started[-1].start()
    yield started
    for worker in started:
        worker.kill()


def saves(worker):
    with urllib.request.urlopen(f"{worker.address}metrics", timeout=20) as answer:
        found = SAVES.search(answer.read().decode())
    return int(found[1]) if found else 0


def behind(kind, ports, folder, certificate):
    """The documented proxy in front of servers on these ports."""
    if MISSING.get(kind):
        pytest.skip(f"no {kind} here: install Debian's package {MISSING[kind]}")
    block = BLOCKS[kind]
    for port, documented in zip(ports, ("127.0.0.1:7861", "127.0.0.1:7862"), strict=True):
        block = block.replace(documented, f"127.0.0.1:{port}")
    return PROXIES[kind](block, folder, certificate, upstream=0)


def test_where_one_of_two_servers_dies_the_page_goes_on_with_the_other(
    project, workers, browser, certificate, tmp_path
):
    proxy = behind("caddy", [worker.port for worker in workers], tmp_path, certificate)
    with proxy as (name, _, port), Store.open(project) as store:
        context = browser.new_context(locale="en-US", ignore_https_errors=True)
        context.set_default_timeout(120_000)
        page = context.new_page()
        page.goto(f"https://{name}:{port}/")

        def accept(number):
            page.wait_for_selector(".an-picture.is-ready")
            page.locator(".an-queue-row[aria-current=true]", has_text=f"{number}.png").wait_for()
            page.keyboard.press("Enter")
            assert wait_for(lambda: len(store.decisions()) == number + 1, page=page)

        accept(0)
        accept(1)
        counts = [saves(worker) for worker in workers]
        assert min(counts) == 0  # one of them had all
        chosen = counts.index(max(counts))
        workers[chosen].kill()
        accept(2)
        page.wait_for_function("document.querySelector('.an-status').dataset.kind === 'saved'")
        page.reload()
        page.wait_for_selector(".an-picture.is-ready")
        page.locator("#prelabel-one").click()
        page.wait_for_function("/pictures? pre-labelled[.]/.test(document.querySelector('#progress').textContent)")
        context.close()
        assert [image.reviewed for image in store.images()] == [True, True, True]
        assert [one.image_id for one in store.decisions()] == [1, 2, 3]  # once each
        workers[chosen].start()


class Named(BaseHTTPRequestHandler):
    """Answers with its own port."""

    def do_GET(self):
        said = str(self.server.server_port).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_POST = do_GET

    def log_message(self, *_):
        """Nothing."""


def test_nginx_sends_a_browser_to_the_same_server_and_to_the_other_where_that_is_gone(certificate, tmp_path):
    servers = {}
    for _ in range(2):
        one = ThreadingHTTPServer(("127.0.0.1", 0), Named)
        servers[str(one.server_port)] = one
        threading.Thread(target=one.serve_forever, daemon=True).start()
    with behind("nginx", list(servers), tmp_path, certificate) as (name, _, port):

        def ask(path="", cookie=None, body=None):
            asked = {"Host": name} | ({} if cookie is None else {"Cookie": cookie})
            request = urllib.request.Request(f"https://127.0.0.1:{port}/{path}", body, asked)
            with urllib.request.urlopen(request, context=ssl._create_unverified_context(), timeout=60) as answer:
                return answer.read().decode(), answer.headers["Set-Cookie"].partition(";")[0]

        first, cookie = ask()
        assert {ask(cookie=cookie) for _ in range(10)} == {(first, cookie)}
        assert wait_for(lambda: ask()[0] != first)  # whoever comes new goes to either
        servers[first].shutdown()
        servers[first].server_close()
        assert {ask(cookie=cookie, body=b"sent once")[0] for _ in range(3)} == set(servers) - {first}
        with pytest.raises(urllib.error.HTTPError, match="404"):
            ask("metrics")
    servers.pop(first)
    (other,) = servers.values()
    other.shutdown()
    other.server_close()
