"""The compose file for a team, as far as it can be held without starting its containers: its commands are run here."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request

import pytest
import yaml

from annotator.cli import build_parser
from annotator.web.monitoring import ROUTES
from tests.machine import CADDY, free_port
from tests.storage.databases import schemas
from tests.storage.postgres_server import PASSWORD
from tests.test_compose import DOCKERFILE, PORT, ROOT

__all__ = ["schemas"]

COMPOSE = yaml.safe_load((ROOT / "compose.team.yaml").read_text())
SERVICES = COMPOSE["services"]
WORKERS = SERVICES["one"], SERVICES["two"]
HOSTING = (ROOT / "docs" / "hosting.md").read_text()


def test_what_it_names_is_there_and_the_proxy_alone_is_reached_from_outside():
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    named = {volume.partition(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert named == set(COMPOSE["volumes"])
    assert {one["source"] for each in SERVICES.values() for one in each.get("configs", [])} == set(COMPOSE["configs"])
    for service in SERVICES.values():
        for other, how in service.get("depends_on", {}).items():
            is_healthy = how["condition"] == "service_healthy"
            assert "healthcheck" in SERVICES[other] if is_healthy else other == "bucket"
    folder = re.search(r"^VOLUME (\S+)$", DOCKERFILE, re.MULTILINE)[1]
    assert [worker["volumes"] for worker in WORKERS] == [[f"one:{folder}"], [f"two:{folder}"]]


def test_its_variables_are_documented_and_secrets_stand_in_the_file_that_is_neither_kept_nor_copied():
    documented = (ROOT / "docs" / "reference" / "environment.md").read_text()
    own = [name for name in WORKERS[0]["environment"] if name.startswith("ANNOTATOR_")]
    assert [name for name in own if f"`{name}`" not in documented] == []
    asked = set(re.findall(r"\$\{(\w+)", (ROOT / "compose.team.yaml").read_text()))
    example = re.search(r"```\n(NAME=.*?)```", HOSTING, re.DOTALL)[1]
    assert asked == set(re.findall(r"^(\w+)=", example, re.MULTILINE)) - {
        name for name in re.findall(r"^(\w+)=", example, re.MULTILINE) if name.startswith("ANNOTATOR_")
    }
    for name in (".gitignore", ".dockerignore"):
        assert "team.env" in (ROOT / name).read_text().splitlines()


@pytest.mark.skipif(CADDY is None, reason="no caddy here: install Debian's package caddy")
def test_the_proxy_sends_each_browser_to_the_same_worker_and_asks_whether_it_is_ready(tmp_path):
    (tmp_path / "Caddyfile").write_text(COMPOSE["configs"]["caddyfile"]["content"].replace("$$", "$"))
    command = [CADDY, "adapt", "--config", str(tmp_path / "Caddyfile"), "--adapter", "caddyfile"]
    there = os.environ | {"NAME": "annotate.example.org"}
    done = subprocess.run(command, env=there, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    (site,) = next(iter(json.loads(done.stdout)["apps"]["http"]["servers"].values()))["routes"]
    inside, rest = site["handle"][0]["routes"]
    assert set(inside["match"][0]["path"]) == set(ROUTES)
    (proxy,) = rest["handle"]
    assert proxy["upstreams"] == [{"dial": f"{name}:{PORT}"} for name in ("one", "two")]
    assert proxy["load_balancing"]["selection_policy"]["policy"] == "cookie"
    assert proxy["health_checks"]["active"]["uri"] in ROUTES


def test_the_store_lets_the_workers_in():
    (identity,) = json.loads(COMPOSE["configs"]["store"]["content"])["identities"]
    environment = WORKERS[0]["environment"]
    (key,) = identity["credentials"]
    assert key["accessKey"] == environment["AWS_ACCESS_KEY_ID"]
    assert key["secretKey"] == environment["AWS_SECRET_ACCESS_KEY"].partition(":?")[0] + "}" == "${STORE_PASSWORD}"


def test_its_bucket_is_made_and_its_worker_keeps_pictures_there(schemas, tmp_path):
    for library in ("s3fs", "moto", "flask", "flask_cors"):
        pytest.importorskip(library, reason="the extra s3 is not installed")
    from tests.storage.s3_server import S3

    store, port = S3(), free_port()
    environment = os.environ | store.environment | {"ANNOTATOR_HOME": str(tmp_path), "ANNOTATOR_MONITORING": "1"}
    environment |= {"PGPASSWORD": PASSWORD}
    program, *rest = SERVICES["bucket"]["command"]
    assert program == "python"
    for _ in range(2):  # it runs at each start
        subprocess.run([sys.executable, *rest], env=environment, check=True, timeout=60)
    program, *arguments = WORKERS[0]["command"]
    options = build_parser().parse_args(arguments[:2])
    assert (program, arguments[0], str(options.port)) == ("annotator", "serve", PORT)
    address = schemas.server.address(schema=schemas.fresh_name()).replace("annotator:a%20p%40ss%2Fword@", "annotator@")
    here = [one.replace(PORT, str(port)) for one in arguments]
    here = [re.sub("--project=.*", f"--project={address}", one) for one in here]
    worker = subprocess.Popen([sys.executable, "-m", "annotator", *here], env=environment, stdout=subprocess.DEVNULL)
    try:
        program, *health = WORKERS[0]["healthcheck"]["test"][1:]
        asked = [sys.executable, *(one.replace(PORT, str(port)) for one in health)]
        end = time.monotonic() + 90
        while subprocess.run(asked, check=False, stderr=subprocess.DEVNULL, timeout=60).returncode:
            assert worker.poll() is None
            assert time.monotonic() < end
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60) as page:
            assert page.status == 200
    finally:
        worker.terminate()
        worker.wait(timeout=60)
        store.stop()
    assert any(path.startswith("/pictures/team/") for _, path, _ in store.asked)
