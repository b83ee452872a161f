"""Two servers of a project behind a proxy, as docs/hosting.md says: one is killed, the page goes on with the other."""

import re
import urllib.request

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


@pytest.mark.parametrize("kind", BLOCKS)
def test_where_one_of_two_servers_dies_the_page_goes_on_with_the_other(
    kind, project, workers, browser, certificate, tmp_path
):
    if MISSING.get(kind):
        pytest.skip(f"no {kind} here: install Debian's package {MISSING[kind]}")
    block = BLOCKS[kind]
    for worker, documented in zip(workers, ("127.0.0.1:7861", "127.0.0.1:7862"), strict=True):
        block = block.replace(documented, f"127.0.0.1:{worker.port}")
    with PROXIES[kind](block, tmp_path, certificate, upstream=0) as (name, _, port), Store.open(project) as store:
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
        assert sorted(counts) == [0, 2]  # one of them had both
        workers[counts.index(2)].kill()
        accept(2)
        page.wait_for_function("document.querySelector('.an-status').dataset.kind === 'saved'")
        page.locator("#prelabel-one").click()
        page.wait_for_function("/pictures? pre-labelled[.]/.test(document.querySelector('#progress').textContent)")
        context.close()
        assert [image.reviewed for image in store.images()] == [True, True, True]
        assert [one.image_id for one in store.decisions()] == [1, 2, 3]  # once each
        workers[counts.index(2)].start()
