"""The compose file, as far as it can be held without starting its containers."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from annotator.web.monitoring import ROUTES
from tests.machine import CADDY

ROOT = Path(__file__).resolve().parents[1]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
PAGE, PROXY = (COMPOSE["services"][name] for name in ("annotator", "proxy"))
DOCKERFILE = (ROOT / "Dockerfile").read_text()
PORT = re.search(r"^EXPOSE (\d+)$", DOCKERFILE, re.MULTILINE)[1]


def test_the_proxy_alone_is_reached_from_outside_and_what_is_written_stays():
    assert "ports" not in PAGE
    assert PROXY["ports"] == ["80:80", "443:443"]
    folder = re.search(r"^VOLUME (\S+)$", DOCKERFILE, re.MULTILINE)[1]
    assert PAGE["volumes"] == [f"data:{folder}"]
    assert set(COMPOSE["volumes"]) == {"data", "certificates"}


def test_its_variables_are_known_and_its_health_is_a_route_that_they_open():
    documented = (ROOT / "docs" / "reference" / "environment.md").read_text()
    assert [name for name in PAGE["environment"] if f"`{name}`" not in documented] == []
    assert PAGE["environment"]["ANNOTATOR_MONITORING"] == "1"
    asked = re.search(r"http://127\.0\.0\.1:(\d+)(/\w+)", PAGE["healthcheck"]["test"][-1])
    assert asked[1] == PORT
    assert asked[2] in ROUTES


@pytest.mark.skipif(CADDY is None, reason="no caddy here: install Debian's package caddy")
def test_caddy_reads_its_file_and_passes_on_everything_but_what_is_for_the_inside(tmp_path):
    (tmp_path / "Caddyfile").write_text(COMPOSE["configs"]["caddyfile"]["content"].replace("$$", "$"))
    command = [CADDY, "adapt", "--config", str(tmp_path / "Caddyfile"), "--adapter", "caddyfile"]
    there = os.environ | {"NAME": "annotate.example.org"}
    done = subprocess.run(command, env=there, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    (site,) = next(iter(json.loads(done.stdout)["apps"]["http"]["servers"].values()))["routes"]
    assert site["match"] == [{"host": ["annotate.example.org"]}]
    inside, rest = site["handle"][0]["routes"]
    assert set(inside["match"][0]["path"]) == set(ROUTES)
    assert inside["handle"][0] == {"handler": "static_response", "status_code": 404}
    assert rest["handle"][0]["upstreams"] == [{"dial": f"annotator:{PORT}"}]
