"""Behind a proxy, as docs/hosting.md says and as it is often done, in a browser.

nginx and Caddy are run. Traefik is no package of Debian: what it does of a request is done by a small proxy here.
"""

import os
import re
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from annotator.core.settings import BATCH
from tests.e2e.conftest import Server
from tests.e2e.forwarding import Forwarding
from tests.e2e.screen import open_export, picture, wait_for
from tests.machine import CADDY, CHROMIUM, NGINX, free_port

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "hosting.md").read_text()
DOCUMENTED = re.findall(r"```sh\nannotator serve ([^\n]*)\n```\n\n```(nginx|caddy|yaml)\n(.*?)```", PAGE, re.DOTALL)

PLAIN = """server {{
    listen 443 ssl;
    server_name www.example.org;
    ssl_certificate x;
    ssl_certificate_key x;
    location {place} {{ proxy_pass http://127.0.0.1:7860{target}; {headers} }}
}}"""
HOST = "proxy_set_header Host $http_host;"
OFTEN = {
    "the upstream's own name": ("", PLAIN.format(place="/", target="", headers="")),
    "the upstream's own name below a path": ("", PLAIN.format(place="/tools/", target="/", headers="")),
    "X-Forwarded-Host": (
        "--allowed-hosts www.example.org",
        PLAIN.format(place="/", target="", headers="proxy_set_header X-Forwarded-Host $http_host;"),
    ),
    "a path that is taken off and told as well": (
        "--root-path https://www.example.org/annotator",
        PLAIN.format(place="/annotator/", target="/", headers=HOST),
    ),
    "a path that is taken off without its slash": (
        "--allowed-hosts www.example.org",
        PLAIN.format(place="/tools", target="/", headers=HOST),
    ),
    "a path that stays on and is told": (
        "--allowed-hosts www.example.org",
        PLAIN.format(place="/tools", target="", headers=f"{HOST} proxy_set_header X-Forwarded-Prefix /tools;"),
    ),
}
STRIPPING = """
http:
  routers:
    annotator:
      rule: "Host(`www.example.org`) && PathPrefix(`/annotator`)"
      middlewares: [strip]
  middlewares:
    strip:
      stripPrefix: { prefixes: ["/annotator"] }
"""
CASES = {
    f"documented {number}, {kind}": (options, kind, block)
    for number, (options, kind, block) in enumerate(DOCUMENTED, 1)
}
CASES |= {name: (options, "nginx", block) for name, (options, block) in OFTEN.items()}
CASES["Traefik takes the path off"] = ("--allowed-hosts www.example.org", "yaml", STRIPPING)
WHOLE = ("documented 2, nginx", "Traefik takes the path off")
"""Cases in which everything is done; in the others, what a proxy can break alone."""

MISSING = {"nginx": NGINX is None and "nginx-light", "caddy": CADDY is None and "caddy"}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificate")
    made = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "chain.pem")]
    asked = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=*.example.org"]
    subprocess.run([*asked, *made], check=True, capture_output=True)
    return folder


@contextmanager
def running(command, folder, port):
    """A proxy that listens on this port by the time the block begins."""
    process = subprocess.Popen(command, env=os.environ | {"HOME": str(folder), "XDG_DATA_HOME": str(folder)})
    try:
        for _ in range(200):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
                break
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


@contextmanager
def behind_nginx(block, folder, certificate, *, upstream):
    """nginx with this block of a server: its name, the path, and the port that it listens on."""
    port = free_port()
    name = re.search(r"server_name (\S+);", block)[1]
    path = re.search(r"location (\S+) \{", block)[1].rstrip("/")
    block = block.replace("listen 443", f"listen 127.0.0.1:{port}").replace("127.0.0.1:7860", f"127.0.0.1:{upstream}")
    block = re.sub(r"ssl_certificate .*;", f"ssl_certificate {certificate}/chain.pem;", block)
    block = re.sub(r"ssl_certificate_key .*;", f"ssl_certificate_key {certificate}/key.pem;", block)
    paths = "".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log off; {paths} {block} }}"
    )
    log = str(folder / "error.log")
    with running([NGINX, "-c", str(folder / "nginx.conf"), "-p", str(folder), "-e", log], folder, port):
        yield name, path, port


@contextmanager
def behind_caddy(block, folder, certificate, *, upstream):
    """Caddy with this block of a site, as above."""
    port = free_port()
    name = re.match(r"\S+", block)[0]
    found = re.search(r"handle_path (\S+)/\*", block)
    block = block.replace("127.0.0.1:7860", f"127.0.0.1:{upstream}")
    block = block.replace(
        f"{name} {{", f"https://{name}:{port} {{\n tls {certificate}/chain.pem {certificate}/key.pem", 1
    )
    (folder / "Caddyfile").write_text(f"{{\n admin off\n auto_https off\n}}\n{block}")
    with running([CADDY, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"], folder, port):
        yield name, "" if found is None else found[1], port


@contextmanager
def behind_traefik(block, folder, certificate, *, upstream):
    """What Traefik does with this router, as above."""
    name = re.search(r"Host\(`([^`]+)`\)", block)[1]
    path = re.search(r"PathPrefix\(`([^`]+)`\)", block)[1]
    with Forwarding(certificate, upstream=upstream, path=path, strips="stripPrefix" in block) as proxy:
        yield name, path, proxy.port


PROXIES = {"nginx": behind_nginx, "caddy": behind_caddy, "yaml": behind_traefik}


@pytest.fixture(scope="module")
def browser(chromium):
    """A browser for which every name that ends in .example.org is this computer's."""
    browser = chromium.browser_type.launch(
        executable_path=CHROMIUM, args=["--no-sandbox", "--host-resolver-rules=MAP *.example.org 127.0.0.1"]
    )
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Gives the server of these options, on a project without pictures. Cases of the same options share it."""
    folder = tmp_path_factory.mktemp("served")
    started = {}

    def serve(options):
        if options not in started:
            started[options] = Server(folder / str(len(started)), folder / "home", options=options.split())
            started[options].start()
        server = started[options]
        with server.store() as store:
            assert wait_for(lambda: store.setting(BATCH) is None)
            for image in store.images():
                store.remove_image(image.id)
            store.empty_bin()
        return server

    yield serve
    for server in started.values():
        server.kill()


def test_the_page_has_blocks_for_a_name_and_for_paths():
    assert [kind for _, kind, _ in DOCUMENTED] == ["nginx", "nginx", "nginx", "caddy", "caddy", "yaml"]


@contextmanager
def opened(case, *, served, browser, certificate, folder):
    """The page behind the proxy of this case; on leaving, whatever failed or was asked for elsewhere fails the test."""
    options, kind, block = CASES[case]
    if MISSING.get(kind):
        pytest.skip(f"no {kind} here: install Debian's package {MISSING[kind]}")
    with PROXIES[kind](block, folder, certificate, upstream=served(options).port) as (name, path, port):
        below = f"https://{name}:{port}{path}/"
        context = browser.new_context(locale="en-US", ignore_https_errors=True)
        context.set_default_timeout(120_000)
        page = context.new_page()
        failed, asked = [], []
        page.on("response", lambda answer: failed.append((answer.status, answer.url)) if answer.status >= 400 else None)
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: failed.append(str(error)))
        # What a page without its slash began to ask for, before the one with it was opened, does not count.
        page.on("framenavigated", lambda _: (failed.clear(), asked.clear()))
        page.goto(below.removesuffix("/"))
        try:
            yield page
            assert page.url.partition("?")[0] == below
        finally:
            context.close()
    assert [url for url in asked if not url.startswith((below, "data:", "blob:"))] == []
    assert asked
    assert failed == []


def upload(page):
    page.locator("[data-choose=files]").set_input_files(
        {"name": "own.png", "mimeType": "image/png", "buffer": picture()}
    )


def prelabel_and_save(page):
    """Pre-label the open picture, which an event stream tells of, and accept what is found."""
    page.locator("#prelabel-one").click()
    page.wait_for_function("/pictures? pre-labelled[.]/.test(document.querySelector('#progress').textContent)")
    with page.expect_response("**/gestures"):
        page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.an-status').dataset.kind === 'saved'")


@pytest.mark.parametrize("case", WHOLE)
def test_the_whole_job_is_done_behind_a_proxy(case, served, browser, certificate, tmp_path):
    with opened(case, served=served, browser=browser, certificate=certificate, folder=tmp_path) as page:
        page.get_by_text("Try an example").click()
        page.wait_for_selector(".an-picture.is-ready")
        page.wait_for_function("/^shows [1-9]/.test(document.querySelector('.an-threshold-count').textContent)")
        prelabel_and_save(page)  # with the batch of the example, where it still runs
        upload(page)
        page.locator(".an-queue-row", has_text="own.png").wait_for()
        open_export(page)
        page.locator("#export-button").click()
        with page.expect_download() as download:
            page.get_by_role("link", name="instances.json").click()
        assert Path(download.value.path()).stat().st_size > 100


@pytest.mark.parametrize("case", [case for case in CASES if case not in WHOLE])
def test_page_upload_picture_events_and_saving_pass_through_a_proxy(case, served, browser, certificate, tmp_path):
    with opened(case, served=served, browser=browser, certificate=certificate, folder=tmp_path) as page:
        page.get_by_text("Try an example").wait_for()
        page.locator("[data-choose=files]").set_input_files(
            {"name": "a.png", "mimeType": "image/png", "buffer": picture()}
        )
        page.wait_for_selector(".an-picture.is-ready")
        prelabel_and_save(page)
