"""Behind nginx, as docs/hosting.md says and as it is often done: the whole job in a browser."""

import re
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.conftest import Server
from tests.machine import CHROMIUM, NGINX, free_port

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "hosting.md").read_text()
DOCUMENTED = re.findall(r"```sh\nannotator serve ([^\n]*)\n```\n\n```nginx\n(.*?)```", PAGE, re.DOTALL)

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
}
CASES = {f"documented {number}": case for number, case in enumerate(DOCUMENTED, 1)} | OFTEN

pytestmark = pytest.mark.skipif(NGINX is None, reason="no nginx here: install Debian's package nginx-light")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificate")
    made = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "chain.pem")]
    asked = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=*.example.org"]
    subprocess.run([*asked, *made], check=True, capture_output=True)
    return folder


@contextmanager
def proxied(block, folder, certificate, *, upstream):
    """nginx with this block of a server; the port that it listens on."""
    port = free_port()
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
    process = subprocess.Popen(
        [NGINX, "-c", str(folder / "nginx.conf"), "-p", str(folder), "-e", str(folder / "error.log")]
    )
    try:
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture
def browser(chromium):
    browser = chromium.browser_type.launch(
        executable_path=CHROMIUM, args=["--no-sandbox", "--host-resolver-rules=MAP *.example.org 127.0.0.1"]
    )
    yield browser
    browser.close()


def test_the_page_has_blocks_for_a_name_and_for_paths():
    assert len(DOCUMENTED) == 3


@pytest.mark.parametrize("case", CASES)
def test_the_whole_job_is_done_behind_a_proxy(case, browser, certificate, tmp_path):
    options, block = CASES[case]
    server = Server(tmp_path / "project", tmp_path / "home", options=options.split())
    server.start()
    name = re.search(r"server_name (\S+);", block)[1]
    path = re.search(r"location (\S+) \{", block)[1].rstrip("/")
    with proxied(block, tmp_path, certificate, upstream=server.port) as port:
        origin = f"https://{name}:{port}"
        context = browser.new_context(locale="en-US", ignore_https_errors=True)
        page = context.new_page()
        failed, asked = [], []
        page.on("response", lambda answer: failed.append((answer.status, answer.url)) if answer.status >= 400 else None)
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: failed.append(str(error)))
        # What a page without its slash began to ask for, before the one with it was opened, does not count.
        page.on("framenavigated", lambda _: (failed.clear(), asked.clear()))
        page.goto(f"{origin}{path}")
        page.get_by_text("Try an example").click()
        page.wait_for_selector(".an-picture.is-ready")
        assert page.url == f"{origin}{path}/"
        page.locator("#prelabel-one").click()
        page.wait_for_function("document.querySelector('#progress').textContent.includes('1 picture pre-labelled.')")
        page.wait_for_function("/^shows [1-9]/.test(document.querySelector('.an-threshold-count').textContent)")
        page.keyboard.press("Enter")
        page.wait_for_function("document.querySelector('.an-status').dataset.kind === 'saved'")
        page.get_by_role("tab", name="Export").click()
        page.locator("#export-button").click()
        with page.expect_download(timeout=60_000) as download:
            page.get_by_role("link", name="instances.json").click(timeout=60_000)
        assert Path(download.value.path()).stat().st_size > 100
        context.close()
    server.kill()
    beyond = [url for url in asked if not url.startswith((f"{origin}{path}/", "data:", "blob:"))]
    assert beyond == []
    assert asked
    assert failed == []
