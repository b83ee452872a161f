"""The real application in a process of its own, and a browser on it."""

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from urllib.parse import urljoin

import pytest

from annotator.core.settings import BATCH, EXPORTED, NAME, THRESHOLD
from annotator.storage.store import Store
from annotator.system import paths
from tests.e2e.screen import Project, Screen, wait_for
from tests.machine import CHROMIUM, free_port

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

START_S = 180
PATIENCE_MS = 60_000
"""For each thing that a test waits for on a page: a busy machine is slow, and not wrong."""


class Server:
    """`annotator serve` on a project (None: on what the environment says), which may be killed and started again."""

    def __init__(self, folder, home, *, options=(), **environment):
        self.folder = folder
        self.home = home
        self._options = options
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}/"
        self._environment = {
            **os.environ,
            "ANNOTATOR_HOME": str(home),
            "ANNOTATOR_EXPORTS": str(home / "exports"),
            "ANNOTATOR_MODELS": str(home / "models"),
            # A port that nobody answers on: the tests fetch nothing, wherever they run.
            "ANNOTATOR_MIRROR": "http://127.0.0.1:9/",
            "PYTHONUNBUFFERED": "1",
            **environment,
        }
        self._process = None

    def start(self):
        command = [sys.executable, "-m", "annotator", "serve", "--port", str(self.port)]
        command += ["--project", str(self.folder)] if self.folder else []
        command += self._options
        self.home.mkdir(parents=True, exist_ok=True)
        self._log = (self.home / "serve.log").open("ab")
        self._process = subprocess.Popen(command, env=self._environment, stdout=self._log, stderr=self._log)
        patience = time.monotonic() + START_S
        while True:
            try:
                urllib.request.urlopen(self.address, timeout=5).close()
                return
            except OSError as error:
                if isinstance(error, urllib.error.HTTPError) and error.code == 401:  # it asks who one is
                    return
                if self._process.poll() is not None or time.monotonic() > patience:
                    raise RuntimeError((self.home / "serve.log").read_text()) from None
                time.sleep(0.1)

    def store(self):
        """The served project, beside the server."""
        return Store.open(self.folder)

    def kill(self):
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._log.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served") / "project"
    running = Server(folder, tmp_path_factory.mktemp("home"))
    running.start()
    yield running
    running.kill()


LARGE = {"viewport": {"width": 1280, "height": 800}}


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    """A browser with a profile on disk: the page's scripts are compiled once, and not by each test."""
    if CHROMIUM is None:
        pytest.skip("no Chromium here: install Debian's package chromium, or set ANNOTATOR_CHROMIUM")
    with playwright.sync_playwright() as driver:
        profile = driver.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("profile"),
            executable_path=CHROMIUM,
            args=["--no-sandbox"],
            locale="en-US",
            **LARGE,
        )
        yield profile.browser
        profile.close()


@contextmanager
def profile_for(chromium, address, **options):
    """A browser context in which nobody has opened the address before.

    The first large window has the profile on disk, after its memory of the address is emptied; all else a fresh one.
    """
    kept = chromium.contexts[0]
    is_kept = options == LARGE and len(kept.pages) == 1
    context = kept if is_kept else chromium.new_context(locale="en-US", **options)
    context.set_default_timeout(PATIENCE_MS)
    if is_kept:
        forget(context, address)
    try:
        yield context
    finally:
        if is_kept:
            for page in context.pages[1:]:
                page.close()
            context.unroute_all()
            context.set_extra_http_headers({})
        else:
            context.close()


def forget(context, address):
    """Empty what the profile keeps of this address: cookies and every storage of scripts, but no file it loaded."""
    asking = context.new_cdp_session(context.pages[0])
    asking.send("Storage.clearDataForOrigin", {"origin": urljoin(address, "/").rstrip("/"), "storageTypes": "all"})
    asking.detach()
    context.clear_cookies()


@pytest.fixture
def project(server):
    """The served project, empty, without a batch or a setting that the test before may have left."""
    with Store.open(server.folder) as store:
        for row in store.queue():
            store.remove_image(row.image.id)
        store.empty_bin()
        wait_for(lambda: store.setting(BATCH) is None, seconds=60)
        for setting in (BATCH, THRESHOLD, EXPORTED):
            store.set_setting(setting, None)
        yield Project(store)


@pytest.fixture
def screen(server, project, chromium):
    with watched(chromium, server.address, **LARGE) as screen:
        yield screen


@pytest.fixture
def unanswered(server):
    """The served project where no network answers clicks: the bundled one is described anew, and not here."""
    folder = server.home / "models" / "starter-click"
    folder.mkdir(parents=True)
    described = (paths.bundled_models() / "mobile-sam" / "model.toml").read_text()
    (folder / "model.toml").write_text(described.replace("mobile-sam", "starter-click"))
    yield
    shutil.rmtree(folder)


@contextmanager
def watched(chromium, address, *, color_scheme="light", **profile):
    """The page in an empty browser profile. A request to another host or an error of a script fails the test."""
    foreign, errors = [], []
    with profile_for(chromium, address, **profile) as context:
        page = context.new_page()
        page.emulate_media(color_scheme=color_scheme)
        page.on("request", lambda request: foreign.append(request.url) if is_foreign(request.url) else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield Screen(page, address)
    assert foreign == []
    assert errors == []


def is_foreign(url):
    return not url.startswith(("http://127.0.0.1:", "data:", "blob:"))


# --- several projects -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """`annotator serve` over a folder of projects."""
    running = Server(None, tmp_path_factory.mktemp("projects") / "home")
    running.projects = running.home / "projects"
    running.start()
    yield running
    running.kill()


@pytest.fixture
def home(served):
    """Makes projects of so many pictures in the served folder, where no other test's are in the way."""
    stores = {}

    def make(**counts):
        for name, count in counts.items():
            store = stores[name] = Store.open(served.projects / name)
            for number in range(count):
                Project(store).add(f"{name}-{number}.jpg")
            store.set_setting(NAME, name)
        return [stores[name] for name in counts]

    yield make
    for folder in served.projects.iterdir():
        if (folder / "project.db").is_file():
            (folder / "project.db").rename(folder / "gone.db")
    for store in stores.values():
        store.close()


@pytest.fixture
def tab(served, chromium):
    """Opens tabs of one browser; an error of a script fails the test."""
    errors = []
    with profile_for(chromium, served.address, **LARGE) as context:

        def open_tab(address=""):
            page = context.new_page()
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.goto(served.address + address)
            page.locator(".an-project-name").wait_for()
            return page

        yield open_tab
    assert errors == []
